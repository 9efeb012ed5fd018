"""What the people of the invented company asked for in a year, and what became of it. All of it is invented.

`fate` is what happens after sending, in order: a verdict, or `reply`, `withdraw`, `reopen`, `wake` by the requester or the
clock. `words` are what the manager writes for each verdict, in order; where they run out, a usual sentence is taken.
`when` is the place in the year, 0 to 1; None means anywhere, as the months have it. `days_ago` is for what is fresh.
"""

from dataclasses import dataclass, field
from typing import Any

from portfolio.states import Stage

Text = str


@dataclass(frozen=True)
class Work:
    """The project an accepted request becomes: how far it gets and what it moves.

    `effect` is the share of the wanted change that comes true; `before` and `after` count readings; `comparison` says
    that a second group is read too. `experts` are places in the list of experts, `costs` (kind, amount, note).
    """

    solution: str
    until: Stage
    effect: float = 0.0
    noise: float = 0.08
    before: int = 3
    after: int = 3
    comparison: bool = False
    worthwhile: float | None = None
    value_per_unit: float | None = None
    experts: tuple[tuple[int, float], ...] = ()
    costs: tuple[tuple[str, float, str], ...] = ()
    learners: int = 0
    stop_words: str = ""
    hours_saved: float | None = None
    health: tuple[str, str] | None = None
    verified_words: str = ""


@dataclass(frozen=True)
class Ask:
    """One request as it was typed, and its fate."""

    unit: str
    title: Text
    problem: Text
    fate: str
    words: tuple[Text, ...] = ()
    reason: str = ""
    behaviour: Text = ""
    who: Text = ""
    count: float | str | None = None
    measure: tuple[Text, float | str | None, float | str | None, int | None] | None = None
    if_nothing: Text = ""
    deadline: tuple[int, Text] | None = None
    goal: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    note: Text = ""
    reply: Text = ""
    reply_answers: dict[str, Any] = field(default_factory=dict)
    joins: Text = ""
    resource: Text = ""
    when: float | None = None
    days_ago: float | None = None
    audit: bool = False
    work: Work | None = None


ACCEPTED = (
    Ask(
        "Assembly", "Motor bolts at the wrong torque",
        "On the e-bike line the four motor bolts are tightened by feel when it gets hectic. In the last three months 31 bikes came back because the motor had worked loose, and two riders nearly fell. New people copy whoever stands next to them.",
        "accept",
        ("We're taking this on. I'd like to stand at the line for an hour first and see how Line 1 does it, because they have hardly any returns.",),
        behaviour="Set the wrench to 28 Nm, tighten crosswise, mark each bolt with the yellow pen before the bike moves on.",
        who="Assemblers on the e-bike lines", count="60-75",
        measure=("Loose-motor returns a month", 10.3, 3, 6),
        if_nothing="Sooner or later somebody is hurt. Each return costs us about 240 in freight and work.",
        deadline=(150, "The season starts and output doubles"),
        goal="warranty", answers={"cause_could": "no", "cause_obstacle": "no", "risk": 5, "value_per_year": "20000-45000", "who_does_it_well": "Line 1, Ruth's shift"},
        note="Line 2 gets the aid six weeks later anyway, so we have a comparison group for free.", when=0.02,
        work=Work("job_aid", Stage.DONE, 0.82, 0.07, 4, 4, comparison=True, worthwhile=3, value_per_unit=2900, experts=((0, 6),), costs=(("development", 180, "Printing, laminated, 40 pieces"), ("expert", 360, "Six hours of the line lead")), learners=68,
                  verified_words="Three months without a loose motor on Line 1. The new people point at the sheet when the old ones skip the pen. Thank you."),
    ),
    Ask(
        "Sales", "Quotes take four days",
        "Dealers ask for a quote for a fleet and wait four days on average. Half of that is our own new people asking around for discount rules and delivery times. Dealers tell us they order elsewhere meanwhile.",
        "accept",
        ("Yes. We'll look at how the three quickest write a quote and practise on real ones.",),
        behaviour="Write a standard fleet quote within a day without asking anybody.",
        who="New sales people and inside sales", count=24,
        measure=("Days until a quote is out", 4.1, 1.5, 7),
        if_nothing="We lose about two fleet customers a month, 15,000 to 30,000 each.",
        deadline=(120, "Fleet tenders come out"),
        goal="quotes", answers={"cause_could": "no", "cause_did": "no", "value_per_year": "100000-250000", "expert_hours": "8-12", "sponsor": "Head of Sales"}, when=0.06,
        work=Work("workshop", Stage.DONE, 0.7, 0.06, 8, 9, worthwhile=1, value_per_unit=38000, experts=((1, 10),), costs=(("delivery", 420, "Room and coffee, two half days"), ("participants", 5600, "24 people, half a day each"), ("expert", 900, "Ten hours of a senior in sales")), learners=24,
                  verified_words="We measured again last week: 2.1 days. The quote template with the discount table is what people use most."),
    ),
    Ask(
        "Warehouse", "Near misses at the loading ramp",
        "Pickers walk behind reversing forklifts at ramps 3 and 4. We had nine near misses in the log in two months and I think the true number is higher because people don't write them down.",
        "accept",
        ("This comes first. I've spoken to the safety officer; she will film the ramp on Thursday so that we practise on what really happens.",),
        behaviour="Stop at the yellow line, make eye contact, walk only after the driver's hand sign. And log each near miss.",
        who="Pickers and drivers, both shifts", count="55-70",
        measure=("Near misses a month at the ramps", 4.5, 1, 6),
        if_nothing="Somebody will be run over.",
        deadline=(45, "The labour inspectorate comes in six weeks"),
        goal="safety", answers={"cause_could": "yes", "cause_obstacle": "yes", "risk": 5, "mandatory": "Accident prevention rule for industrial trucks", "who_does_it_well": "Night shift of ramp 1"}, when=0.11,
        work=Work("workshop", Stage.DONE, 0.6, 0.14, 4, 5, worthwhile=1.5, experts=((2, 8),), costs=(("participants", 4300, "62 people, one hour each"), ("purchase", 260, "Floor tape and mirrors")), learners=57),
    ),
    Ask(
        "IT", "A third clicked the phishing mail",
        "Our last test mail: 34 % clicked, 11 % typed their password. Nobody used the report button. The insurer wants to see improvement or the premium goes up.",
        "accept",
        ("Agreed, and short: ten minutes, real mails from our own inbox, then another test mail every month.",),
        behaviour="Press Report when in doubt, never type a password after a link.",
        who="Everybody with a mailbox", count="820-860",
        measure=("Share that clicks, %", 34, 12, 8),
        if_nothing="Higher premium (18,000 a year) and one day a locked ERP.",
        deadline=(170, "The insurance is renewed"),
        goal="erp", answers={"cause_could": "no", "value_per_year": 18000, "risk": 4, "format": "elearning", "finished_hours": 0.2}, when=0.16,
        work=Work("elearning", Stage.DONE, 0.88, 0.05, 3, 5, worthwhile=8, value_per_unit=820, experts=((3, 5),), costs=(("purchase", 1900, "Test mails for a year"), ("participants", 5200, "840 people, ten minutes each")), learners=840,
                  verified_words="13 % clicked in the last test and 41 % reported it. The insurer accepted it."),
    ),
    Ask(
        "HR", "New assemblers leave in the first three months",
        "Of 58 assemblers hired last year 21 left within 90 days. In the exit talks they say: nobody had time for me, I was put at the line on day two, I did not know who to ask.",
        "ask reply accept",
        ("Before we decide, one question: do those who had a named buddy stay longer than those who had none?", "Thank you, that settles it. We'll build a first-week path around the buddies and start with the next group."),
        behaviour="Buddies explain one station a day and check it off together; the shift lead says hello on day one, five and thirty.",
        who="New assemblers and their buddies", count="50-60",
        measure=("Leave within 90 days, %", 36, 20, 9),
        if_nothing="Each one costs us about 6,000 to replace.",
        goal="keep", answers={"cause_did": "no", "value_per_year": "60000-110000", "tried": "A welcome folder. Nobody opened it.", "sponsor": "Plant manager"},
        reply="I looked it up: 7 of 31 with a buddy left, 14 of 27 without.", reply_answers={"cause_could": "no", "who_does_it_well": "Shift B, 2 of 14 left"}, when=0.22,
        work=Work("path", Stage.DONE, 0.42, 0.2, 3, 4, worthwhile=8, value_per_unit=5400, experts=((4, 12), (0, 4)), costs=(("development", 350, "Checklists and badges"), ("participants", 7800, "Time of 31 buddies"), ("expert", 720, "Twelve hours of a shift lead")), learners=41),
    ),
    Ask(
        "Customer Service", "Warranty photos nobody can use",
        "Dealers send photos of broken parts on which the serial number or the crack can't be seen. We ask again in every second case, and each case takes three days longer.",
        "accept",
        ("That is a nice small one. One page with three good and three bad photos, in the reply people get anyway.",),
        behaviour="Take three photos: whole bike, serial number, damage with a coin beside it.",
        who="Dealers' workshop staff", count="180-220",
        measure=("Cases with a second request, %", 52, 25, 4),
        if_nothing="We keep asking twice.", goal="recommend",
        answers={"cause_could": "yes", "cause_obstacle": "no", "format": "job_aid", "expert_hours": 2}, when=0.29,
        work=Work("job_aid", Stage.DONE, 0.93, 0.06, 3, 4, worthwhile=10, value_per_unit=310, experts=((5, 2),), costs=(("development", 60, "Photos"),), learners=0),
    ),
    Ask(
        "Warehouse", "Stock lists copied by hand in Excel",
        "Every Friday four of us copy the stock figures from one Excel list to another, line by line. There is surely a quicker way but nobody knows how. Mistakes are found at the stock-taking.",
        "accept",
        ("Let's do this as a peer session: Timo from Purchasing does it with two formulas and is happy to show it.",),
        behaviour="Use a lookup instead of copying.", who="Stock clerks", count=8,
        if_nothing="Four times three hours each Friday.", answers={"cause_could": "no", "format": "peer_session", "who_does_it_well": "Timo in Purchasing"}, when=0.36,
        work=Work("peer_session", Stage.DONE, before=0, after=0, experts=((6, 2),), learners=8),
    ),
    Ask(
        "Frame Shop", "Weld seams pass the inspection and crack later",
        "Visual inspection lets seams through that crack on the test bench. The five inspectors don't agree with each other: on the same 40 seams they differed on 13.",
        "accept",
        ("Accepted as a bought course plus our own 40 seams as test pieces, so that we can see whether it helps.",),
        behaviour="Judge seams by the gauge and the picture card, and write the class down.",
        who="Inspectors in the frame shop", count=5, measure=("Seams cracked on the bench, per 1,000", 7.8, 4, 6),
        if_nothing="Recall risk.", deadline=(110, "Audit of the welding certificate"),
        goal="warranty", answers={"risk": 5, "cause_could": "unsure", "mandatory": "EN ISO 3834, certificate of the plant", "budget": "4,000"}, when=0.335, audit=True,
        work=Work("workshop", Stage.DONE, 0.06, 0.1, 6, 6, worthwhile=2, value_per_unit=5200, experts=((7, 6),), costs=(("purchase", 3400, "Course by the welding institute"), ("participants", 1600, "Five people, two days"), ("expert", 540, "Test pieces")), learners=5),
    ),
    Ask(
        "Purchasing", "Negotiation training for the buyers",
        "Prices for aluminium tubes went up 14 % and our buyers accepted it. We should train negotiation.",
        "accept",
        ("We'll start with two conversations and last year's contracts before we choose a course.",),
        who="Buyers", count=9, measure=("Price increase accepted, %", 14, 6, 6),
        goal="", answers={"cause_could": "unsure", "budget": "12,000", "sponsor": "Head of Purchasing"}, when=0.4,
        work=Work("workshop", Stage.STOPPED, stop_words="We stopped early, and that is a good result. All nine buyers negotiate well; the contract template has an index clause that gives the increase away before anybody talks. Legal is changing the clause. The course would have cost 12,000 and about 34 hours of mine.", hours_saved=34, experts=((6, 2),)),
    ),
    Ask(
        "Marketing", "A video studio for micro-learning",
        "Other companies have short learning videos. We could set up a small studio and every expert records their knowledge in two minutes.",
        "accept",
        ("Worth a small try: three videos with a phone, and we count who watches them.",),
        who="All experts", count="30-50", goal="", answers={"budget": "9,000"}, when=0.46,
        work=Work("elearning", Stage.STOPPED, stop_words="Stopped after the prototype. Of 212 people who got one of the three videos 19 watched to the end, and they preferred the one-page version. The three pages are in the library. This saves the studio and about 52 hours.", hours_saved=52, experts=((1, 2), (5, 1)), costs=(("purchase", 90, "Microphone"),)),
    ),
    Ask(
        "Quality", "Scrap in the paint shop",
        "8.4 % of the frames are painted twice because of runs and dust. The two experienced painters have 3 %, the six others 9 to 12 %.",
        "accept",
        ("Yes. The gap between your painters is the best sign that practice helps. We start with the two good ones showing three things.",),
        behaviour="Wipe, check the viscosity, and hold the gun at the distance of the gauge.",
        who="Painters", count=8, measure=("Frames painted twice, %", 8.4, 5, 6),
        if_nothing="About 1,100 frames a year at 45 each.", goal="warranty",
        answers={"cause_could": "no", "cause_obstacle": "no", "value_per_year": "25000-50000", "who_does_it_well": "Milan and Ivana", "expert_hours": "10-16"}, when=0.51,
        work=Work("workshop", Stage.MEASURE, 0.5, 0.1, 4, 2, worthwhile=2, value_per_unit=11000, experts=((8, 14),), costs=(("participants", 2100, "Six painters, one day"), ("expert", 1300, "Two painters, one day")), learners=8),
    ),
    Ask(
        "Customer Service", "Service calls in English",
        "Since we deliver to Scandinavia a fifth of the calls are in English. Some colleagues write instead of speaking, so a call of five minutes becomes three days of mails.",
        "accept",
        ("We do it in small: the twelve sentences that make most calls, practised in pairs, fifteen minutes a week.",),
        behaviour="Take the call, use the twelve sentences, offer a call back when stuck.",
        who="First line", count=16, measure=("English cases solved at the first contact, %", 41, 65, 6),
        if_nothing="Complaints from the north go on.", goal="recommend",
        answers={"cause_could": "no", "cause_did": "no", "language": "English", "tried": "An app licence; two used it"}, when=0.54,
        work=Work("peer_session", Stage.MEASURE, 0.55, 0.08, 3, 2, worthwhile=10, experts=((5, 6),), costs=(("purchase", 480, "Two sessions with a coach"),), learners=16),
    ),
    Ask(
        "Warehouse", "Forklift refresher every year",
        "The yearly refresher for drivers is a film from 2009. Everybody signs, nobody watches. The inspectorate asked what people do differently afterwards.",
        "accept",
        ("The rule asks for it and the film doesn't help, so we make it twenty minutes at the truck.",),
        behaviour="Check brakes, horn and forks before the first drive, and write it down.",
        who="Drivers", count=38, measure=("Trucks with a daily check on record, %", 22, 90, 5),
        deadline=(75, "Certificates run out"), goal="safety",
        answers={"mandatory": "DGUV rule for industrial trucks", "risk": 4, "format": "workshop"}, when=0.58,
        work=Work("workshop", Stage.LAUNCH, 0, 0, 2, 0, worthwhile=30, experts=((2, 6),), costs=(("participants", 1500, "38 drivers, forty minutes"),), learners=0),
    ),
    Ask(
        "Sales", "Rounding errors in order entry",
        "Orders with cents per spoke or per metre are rounded wrongly when typed in. Finance corrects 60 to 80 invoices a month.",
        "ask reply accept",
        ("Is it the same few people or everybody?", "Thanks. If everybody does it we make the card for the screen, and I ask IT whether the field can round by itself."),
        behaviour="Enter the quantity in the pack unit and let the system do the price.",
        who="Order entry", count=14, measure=("Corrected invoices a month", 70, 20, 4),
        goal="erp", answers={"cause_obstacle": "yes"}, reply="Everybody, also me. Those from the old shop system are better at it.", reply_answers={"cause_could": "no"}, when=0.62,
        work=Work("job_aid", Stage.LAUNCH, 0, 0, 3, 0, worthwhile=25, value_per_unit=140, experts=((3, 3),), costs=(("development", 40, "Cards"),)),
    ),
    Ask(
        "Shops", "Advising on cargo bikes",
        "Customers come for a cargo bike and leave with a brochure. Our people know the frames but not how to find out what a family needs: the test ride is offered to one in five.",
        "accept",
        ("Good. We watch two of your best sellers on a Saturday and build the practice from that.",),
        behaviour="Ask the three questions (who rides, what is carried, where does it sleep) and offer a test ride.",
        who="Sales staff in the nine shops", count="48-54", measure=("Test rides per 100 cargo bike talks", 19, 45, 8),
        if_nothing="Cargo bikes are our best margin and we sell 140 instead of 300.", deadline=(140, "The big sale"),
        goal="quotes", answers={"cause_could": "no", "value_per_year": "80000-200000", "format": "live_virtual", "expert_hours": "6-10", "sponsor": "Head of Shops"}, when=0.65,
        work=Work("elearning", Stage.BUILD, 0, 0, 2, 0, worthwhile=10, value_per_unit=4200, experts=((1, 8),), costs=(("development", 300, "Filming two Saturdays"),), health=("at_risk", "One of the two experts is on parental leave for two more months.")),
    ),
    Ask(
        "Customer Service", "Personal data in ticket notes",
        "In a spot check 23 of 100 tickets held things we must not keep: health, quarrels, copies of ID cards. The data protection officer gave us a hundred days.",
        "accept",
        ("Accepted. We'll work with real, blacked-out tickets.",),
        behaviour="Write what is needed to solve the case, and nothing else; delete copies on closing.",
        who="First and second line", count="28-32", measure=("Tickets with data we must not keep, %", 23, 3, 5),
        if_nothing="A fine, and a report to the authority.", deadline=(100, "Date set by the data protection officer"),
        goal="recommend", answers={"risk": 5, "mandatory": "GDPR article 5", "cause_could": "yes"}, when=0.69,
        work=Work("elearning", Stage.BUILD, 0, 0, 3, 0, worthwhile=10, experts=((5, 4),), health=("on_track", "Tickets for practice are collected.")),
    ),
    Ask(
        "Warehouse", "New ERP: goods receipt",
        "Soon goods receipt is booked on the scanner in the new ERP. In the pilot two of six could do it alone after the supplier's three-hour training.",
        "accept",
        ("We'll pilot a practice hour at the real ramp with the six before we decide about the rest.",),
        behaviour="Book a delivery with one wrong quantity on the scanner without help, in under four minutes.",
        who="Goods receipt, both shifts", count=34, measure=("Receipts booked right first time, %", 58, 90, 5),
        if_nothing="The go-live is postponed again; each week costs 9,000.", deadline=(85, "ERP go-live"),
        goal="erp", answers={"cause_could": "no", "risk": 4, "waiting": 5, "value_per_year": "60000-120000", "expert_hours": 20}, when=0.72,
        work=Work("workshop", Stage.PILOT, 0, 0, 3, 0, worthwhile=15, experts=((3, 16), (2, 4)), health=("off_track", "The test system was down for nine days.")),
    ),
    Ask(
        "Assembly", "From colleague to team lead",
        "Five assemblers became team leads this year. They still do the work themselves, evaluate nobody and avoid talks. The plant manager hears of problems too late.",
        "accept",
        ("We take this as practice at work with one real talk a fortnight, not as a course.",),
        behaviour="Hold a fifteen-minute talk with each person a month and hand over at least one task.",
        who="New team leads", count="5-8", measure=("Team leads who held all talks, of 5", 1, 5, 6),
        goal="keep", answers={"cause_did": "no", "sponsor": "Plant manager", "access_needs": "One lead is hard of hearing: captions"}, when=0.75,
        work=Work("path", Stage.PILOT, 0, 0, 1, 0, worthwhile=2, experts=((4, 6),)),
    ),
    Ask(
        "Customer Service", "Complaint calls that escalate",
        "One complaint in nine ends with the team lead. The calls I listened to go wrong in the first minute: we explain instead of listening.",
        "accept",
        ("Yes. Send me five calls (with names cut out), we'll practise on those.",),
        behaviour="First repeat what went wrong for the customer, then offer two ways out.",
        who="First line", count=16, measure=("Complaints passed to the team lead, %", 11, 6, 6),
        goal="recommend", answers={"cause_could": "no", "cause_obstacle": "no", "who_does_it_well": "Ayşe and Bruno"}, when=0.79,
        work=Work("live_virtual", Stage.PROTOTYPE, 0, 0, 2, 0, worthwhile=2.5, experts=((5, 5),)),
    ),
    Ask(
        "Assembly", "Handover between shifts",
        "The late shift starts blind: half-built bikes without a note, missing parts nobody mentioned. Forty minutes are lost each day on three lines.",
        "accept",
        ("Interesting because Line 1 hands over in five minutes. We try their board on Line 3.",),
        behaviour="Five minutes at the board: open bikes, missing parts, what was odd.",
        who="Shift leads and deputies", count=12, measure=("Minutes lost at the shift change", 40, 10, 4),
        goal="warranty", answers={"cause_could": "yes", "cause_obstacle": "unsure", "value_per_year": "30000-60000"}, when=0.83,
        work=Work("job_aid", Stage.PROTOTYPE, 0, 0, 2, 0, worthwhile=15, experts=((0, 3), (4, 3))),
    ),
    Ask(
        "HR", "Feedback talks are put off",
        "Last time 61 % of the yearly talks had been held when they were due. Leads say they don't know how to say hard things.",
        "waitlist accept",
        ("This is worth doing and it doesn't fit before the ERP pilot. It stands on the waiting list, fairly high.", "Now it fits. We begin with three leads who hold theirs on time."),
        behaviour="Say one thing to keep and one to change, with an example of the last month.",
        who="Everybody who leads people", count="85-95", measure=("Talks held on time, %", 61, 90, 10),
        goal="keep", answers={"cause_could": "unsure", "sponsor": "Head of HR"}, when=0.7,
        work=Work("workshop", Stage.DISCOVER, 0, 0, 1, 0, worthwhile=15, experts=((4, 4),)),
    ),
    Ask(
        "Marketing", "Manuals that everybody can read",
        "From next summer on our manuals and web pages must be accessible. None of the twelve people who write them know what that means. Two customers who use screen readers have complained.",
        "accept",
        ("We start small: one manual, with one of the two customers at the table.",),
        behaviour="Use headings, alternative texts and plain words, and test with the keyboard.",
        who="People who write manuals and pages", count=12, measure=("Pages that pass the check, of 20", 3, 18, 8),
        deadline=(210, "European Accessibility Act"), goal="recommend",
        answers={"mandatory": "European Accessibility Act", "risk": 4, "cause_did": "no"}, when=0.89,
        work=Work("path", Stage.DISCOVER, 0, 0, 1, 0, worthwhile=5),
    ),
)  # fmt: skip


JOINED = (
    Ask("Sales", "Discount rules, again", "I joined last month and ask Petra five times a day which discount I may give. Everybody new does.", "join", joins="Quotes take four days", who="New people", count=5, when=0.07),
    Ask("Shops", "Fleet quotes from the shops", "Shops send fleet enquiries to head office because we don't know the discount table. It takes a week.", "join", joins="Quotes take four days", behaviour="Write the quote in the shop", count=18, who="Shop managers", when=0.11),
    Ask("Quality", "Loose motors on e-bikes", "Returns show bolts at 12 to 20 Nm instead of 28. Please train the assemblers.", "join", joins="Motor bolts at the wrong torque", measure=("Returns a month", 10, 3, 6), count=70, when=0.04, answers={"risk": 5}),
    Ask("Engineering", "Torque wrenches", "People don't use the torque wrench properly.", "join", joins="Motor bolts at the wrong torque", when=0.1),
    Ask("Warehouse", "People walk behind forklifts", "Ramp 4, every day. Somebody has to tell them.", "join", joins="Near misses at the loading ramp", answers={"risk": 5}, when=0.13),
    Ask("Assembly", "Pedestrian paths in hall 2", "Assemblers cut through the forklift lane on the way to the canteen.", "join", joins="Near misses at the loading ramp", count="100-150", who="Hall 2", answers={"risk": 4}, when=0.17),
    Ask("Finance", "Fake invoices by mail", "Two of us nearly paid a fake invoice from a supplier. Could we get a training on such mails?", "join", joins="A third clicked the phishing mail", count=11, who="Accounts payable", answers={"risk": 4, "value_per_year": "10000-60000"}, when=0.19),
    Ask("HR", "Awareness of scam mails for managers", "The board's assistants get very good fake mails.", "join", joins="A third clicked the phishing mail", count=7, when=0.23),
    Ask("Frame Shop", "Welders leave after four weeks", "Three of the last seven welders left within a month. They say it is loud and nobody explains.", "join", joins="New assemblers leave in the first three months", count="10-15", who="New welders", goal="keep", when=0.27),
    Ask("Customer Service", "Phoning in English", "My English is fine for mails, but on the phone I freeze.", "join", joins="Service calls in English", count=1, when=0.58),
    Ask("Sales", "English for the trade fair", "We talk to Danish and Dutch dealers there and sound like schoolchildren.", "join", joins="Service calls in English", count=6, deadline=(40, "Trade fair"), when=0.565),
    Ask("Shops", "How to sell a Kargo 2", "A family came in three times and bought the competitor's. I would like to know how to lead such a talk.", "join", joins="Advising on cargo bikes", count=4, goal="quotes", when=0.67),
    Ask("Marketing", "Cargo bike knowledge for the hotline", "The hotline gets questions about cargo bikes and passes them on to shops.", "join", joins="Advising on cargo bikes", count=6, when=0.71),
    Ask("Purchasing", "Scanner training goods receipt", "If goods receipt books wrongly, we order twice. Please train them well.", "join", joins="New ERP: goods receipt", count=34, goal="erp", when=0.735),
    Ask("Assembly", "ERP training for material handlers", "We use the same scanners as goods receipt and nobody asked us.", "join", joins="New ERP: goods receipt", count=15, who="Material handlers", goal="erp", deadline=(60, "ERP go-live"), when=0.78),
    Ask("Quality", "Difficult phone calls with dealers", "Dealers shout at us about returns, and I shout back. Not proud of it.", "join", joins="Complaint calls that escalate", count=4, goal="recommend", when=0.82),
    Ask("Frame Shop", "Talks with my people", "I am to hold yearly talks with 14 welders. How does one do that?", "join", joins="Feedback talks are put off", count=1, who="Me", goal="keep", when=0.81),
    Ask("Engineering", "Yearly talks for lab leads", "Our lab leads find the talks a waste of time and do them by mail.", "join", joins="Feedback talks are put off", count=5, when=0.86),
    Ask("IT", "Accessible web shop", "The shop must be accessible by summer; the developers need to know WCAG.", "join", joins="Manuals that everybody can read", count=4, answers={"mandatory": "European Accessibility Act"}, when=0.92),
    Ask("Assembly", "Shift handover Line 2", "Same trouble as on Line 3, I hear you try something there. Can we have it too?", "join", joins="Handover between shifts", count=10, when=0.88),
)  # fmt: skip


REDIRECTED = (
    Ask("Warehouse", "Training for the label printer", "The label printer prints the wrong label about ten times a shift. People need training in how to use it.", "redirect", ("From what you describe, people know how: it prints the wrong label when two jobs come at once. IT has the ticket now (they can set the queue to one job). If it still happens after that, write to me and we look again.",), reason="tool", who="Packers", count=22, measure=("Wrong labels a shift", 10, 1, 2), answers={"cause_could": "yes", "cause_did": "yes", "cause_obstacle": "yes"}, note="Stood there for 20 minutes. It's the driver, clearly."),
    Ask("Finance", "Travel expenses are filed wrongly", "Four of ten travel claims come back. Please train all travellers.", "redirect", ("I tried the form myself and failed twice: it asks for the cost centre before it shows the list. Finance and IT are going to turn the two fields round. That helps 300 people at once.",), reason="process", who="Travellers", count="280-320", measure=("Claims sent back, %", 40, 10, 4), answers={"cause_could": "yes", "cause_obstacle": "yes"}),
    Ask("Assembly", "Motivation for the night shift", "The night shift makes 20 % fewer bikes. They need a motivation training.", "redirect", ("The figures show that the night shift waits for parts 50 minutes a night because the store closes at ten. I've asked the warehouse about a night key. A training would tell people they are lazy, and they aren't.",), reason="process", who="Night shift", count=45, measure=("Bikes a shift", 120, 150, 3), answers={"cause_did": "yes", "cause_obstacle": "yes"}, note="Careful: plant manager likes the motivation speaker. Talked to him first."),
    Ask("Sales", "Time management", "My team is always late with the forecast. I would like a time management seminar.", "redirect", ("The forecast is due on Monday at nine and the figures arrive on Monday at eight. Controlling has agreed to send them on Friday. Let's see whether anything is left after that.",), reason="process", who="My team", count=7, answers={"cause_obstacle": "yes"}),
    Ask("Customer Service", "Typing course", "Tickets take too long. Perhaps a typing course?", "ask reply redirect", ("How many windows do you have open for one ticket?", "Seven windows is the problem, not the typing. I've passed your list to the ERP team, who are choosing the new ticket screen this month, and you'll be asked to test it."), reason="tool", count=16, reply="Seven! And I copy the number from one to the next.", reply_answers={"cause_obstacle": "yes", "cause_could": "yes"}),
    Ask("Purchasing", "Suppliers deliver without papers", "Train goods receipt to send back deliveries without papers.", "redirect", ("They know how; the rule of 2019 forbids it because of the ramp fees. Only Purchasing can change the rule, so this goes back to you, with my draft of a new one.",), reason="expectations", count=34),
    Ask("Frame Shop", "Safety glasses are not worn", "A quarter don't wear their glasses. Safety training needed.", "redirect", ("I asked eleven welders: all know the rule, and nine say the glasses fog up. The safety officer is testing three coated models. The shift leads will also say thank you when they see them worn.",), reason="tool", who="Welders", count=40, goal="safety", answers={"cause_could": "yes", "cause_did": "yes", "cause_obstacle": "yes", "risk": 4}, audit=True),
    Ask("Engineering", "Drawings are released too late", "Engineers need training in project management, drawings are released two weeks late.", "redirect", ("In nine of the ten late ones the drawing waited for one signature. Your head of department is naming a deputy who may sign. I'd be glad to hear in a month how it went.",), reason="capacity", who="Engineers", count=35, measure=("Days late at release", 14, 3, 6), answers={"cause_could": "yes", "cause_obstacle": "yes"}),
    Ask("Shops", "Cash differences", "The till is wrong nearly every evening. Please repeat the till training.", "redirect", ("It is the two vouchers that the till counts twice; IT could show it in five minutes. A fix comes with the update in two weeks.",), reason="tool", count="40-50", who="Shop staff", answers={"cause_did": "yes", "cause_obstacle": "yes"}),
    Ask("Quality", "Test reports incomplete", "Lab staff forget fields in test reports.", "redirect", ("Four of the missing fields aren't on the form that the lab uses. I've sent both versions to your document owner; the new form makes the fields compulsory.",), reason="process", count=9, measure=("Incomplete reports, %", 30, 5, 3)),
    Ask("HR", "Meetings are too long", "We should train everybody in efficient meetings.", "redirect", ("I'd rather begin with an expectation than a course: the board has agreed that meetings end five minutes early and need a question in the invitation. If you like, we look at it together in a few months.",), reason="expectations", count="200-400", who="Office staff"),
    Ask("Assembly", "Bad air in hall 3", "People can't concentrate, there are more mistakes. Maybe a concentration training?", "redirect", ("Please don't learn to concentrate in bad air. The measurement is ordered for Tuesday; the safety officer will write to you.",), reason="tool", who="Hall 3", count=80, answers={"cause_obstacle": "yes", "risk": 3}),
    Ask("IT", "Users don't write good tickets", "Train users to describe their problem: half of the tickets say 'does not work'.", "redirect", ("1,200 people write two tickets a year each; they will have forgotten a course by then. Three questions in the ticket form will do more. I've drafted them for you.",), reason="process", count=1200, who="Everybody", answers={"cause_could": "unsure"}),
    Ask("Finance", "Approvals by the deputies", "Invoices wait for approval while managers are on leave. Train the managers to name a deputy.", "redirect", ("They know; the system lets only IT enter a deputy. IT will open that for managers.",), reason="process", count=60, measure=("Invoices over 30 days", 210, 60, 4), answers={"cause_could": "yes", "cause_obstacle": "yes"}),
    Ask("Warehouse", "Parcel damages in transport", "Packers should be trained to pack better, 2.5 % of parcels arrive damaged.", "redirect", ("We opened 30 damaged parcels together with your lead: 26 had the thin carton that is bought of late. Purchasing is going back to the old one.",), reason="tool", who="Packers", count=30, measure=("Damaged parcels, %", 2.5, 1, 4), answers={"cause_did": "yes", "cause_could": "yes"}),
)  # fmt: skip


ANSWERED = (
    Ask("Finance", "Pivot tables", "I'd like to learn pivot tables for the monthly figures.", "answer", resource="Pivot tables in twenty minutes", who="Me and two colleagues", count=3),
    Ask("Marketing", "Excel for beginners", "Several of us use Excel only as a table. A beginners' course would be great.", "answer", resource="Excel from zero, six short lessons", count=6, who="Marketing"),
    Ask("Purchasing", "Lookup formula", "How do I match two lists? There must be a formula.", "answer", resource="Match two lists: XLOOKUP on one page", count=1),
    Ask("HR", "Data protection basics for the new ones", "New colleagues in HR need the GDPR basics.", "answer", resource="Data protection at Fernweh", count=3, answers={"mandatory": "GDPR"}, audit=True),
    Ask("Engineering", "First aid refresher", "My first aid certificate runs out soon.", "answer", resource="First aid: dates and sign-up", count=1, audit=True),
    Ask("IT", "How do I write an accessible PDF", "A dealer asked for an accessible price list.", "answer", resource="Accessible documents: a checklist", count=2),
    Ask("Shops", "Brake bleeding", "New mechanic in shop 4 has never bled the new brakes.", "answer", resource="Bleeding the HX brake (video and sheet)", count=1, answers={"cause_could": "no"}),
    Ask("Shops", "Software of the motor diagnosis", "How do I read out error code 503?", "answer", resource="Motor diagnosis: codes and what to do", count="9-12", who="Mechanics"),
    Ask("Sales", "Presenting figures", "I have to present to the board and my slides are ugly.", "answer", resource="Five slides that work", count=1, deadline=(12, "Board meeting")),
    Ask("Quality", "What is an 8D report", "A customer demands an 8D report until Friday and nobody here has ever written one.", "answer", ("This has a good example inside. If you get stuck at D4, call Marek, he has written a dozen.",), resource="8D report with an example", count=2, deadline=(4, "Customer's date")),
    Ask("Customer Service", "Short breaks and stretching", "We sit eight hours with a headset. Is there something for the back?", "answer", resource="Ten minutes for the back", count=16),
    Ask("Warehouse", "Lifting heavy parcels", "Back pain in the team, please a lifting training.", "answer", ("The sheet is good, and the physiotherapist shows it at the ramp on the first Monday of the month. Just come.",), resource="Ten minutes for the back", count=20, answers={"risk": 3, "cause_could": "no"}),
    Ask("Assembly", "Reading wiring diagrams", "Two of us can't read the new diagrams.", "answer", resource="Reading our wiring diagrams", count=2),
    Ask("Finance", "Working with the new time sheet", "Where do I enter half a day of parental leave?", "answer", resource="Time sheet: the ten usual questions", count=1),
    Ask("Purchasing", "Incoterms", "What is the difference between DAP and DDP and who pays customs?", "answer", resource="Incoterms on one page", count=4, if_nothing="We paid customs twice this year, 3,200 in all."),
    Ask("Engineering", "Tolerances for the apprentices", "Apprentices need the basics of ISO tolerances.", "answer", resource="ISO tolerances with our own parts", count=6, who="Apprentices"),
)  # fmt: skip


DECLINED = (
    Ask("Sales", "Body language seminar", "A friend went to a seminar on body language and was thrilled.", "decline", ("We won't take this on: you name no problem that it would solve, and seminars of this kind show little effect at work. If there is a situation in which you feel unsure, tell me about it and we find something.",), reason="no_need_stated", count="10-12"),
    Ask("Marketing", "Team event in a climbing hall", "To strengthen our team we would like to go climbing.", "decline", ("A nice idea, and it belongs to the team budget of your lead rather than here. Enjoy it.",), reason="not_learning", count=11),
    Ask("HR", "Certificate in systemic coaching", "I'd like to become a certified coach (two years, 9,800).", "decline", ("We won't fund it this year: it serves no goal of the plan, and for 9,800 we can do four projects. The unpaid leave you asked about is fine with your lead.",), reason="too_costly", count=1, answers={"budget": "9,800"}),
    Ask("IT", "Learning platform with artificial intelligence", "We should buy a learning platform with AI, the demo was great.", "decline", ("Not now: a platform is an answer, and we have not found the question yet. Our bottleneck is my hours, which it doesn't change. I've kept the offer for the next budget talk.",), reason="no_need_stated", who="All", count=1200, answers={"budget": "45,000 a year"}),
    Ask("Finance", "Chinese course", "I am interested in Chinese.", "decline", ("We have no customers or suppliers with whom you would speak it, so it isn't for working time. The evening school gives our people 20 % off.",), reason="no_goal", count=1),
    Ask("Engineering", "Conference in Lisbon", "A conference on frame design, three days. I would report to the team.", "decline", ("Travel to conferences is decided and paid by your department. If you go, I'd love to have your three best finds for the library.",), reason="not_learning", count=1, answers={"budget": "2,400"}),
    Ask("Assembly", "Yoga at noon", "Could we have yoga?", "decline", ("That's health care and not learning; Sabine of the works council is collecting names.",), reason="not_learning", count="15-40"),
    Ask("Shops", "E-learning about our history", "New colleagues don't know our history. A course of 60 minutes would be nice.", "decline", ("A minute of everybody's time costs us about 40 hours in all; an hour of history would cost a lot and change nothing a customer sees. The two-page story is in the library.",), reason="low_impact", count=200, answers={"format": "elearning", "finished_hours": 1}),
    Ask("Purchasing", "Mindfulness", "Stress is high, a mindfulness app for all would help.", "decline", ("I don't think an app is fair when four people do the work of six. Your head has the figures now, and two posts are advertised. The company doctor sees people on Thursdays, without an appointment.",), reason="not_training", count=1200, answers={"budget": "14,000"}, note="Sensitive. Called first, wrote second."),
    Ask("Customer Service", "Knowledge quiz with prizes", "A quiz app with points and prizes motivates people to learn.", "decline", ("Points get people to click; we have no sign that they get customers helped. Let's keep the calls as the measure.",), reason="low_impact", count=30),
    Ask("Sales", "MBA", "Part-time MBA, 28,000.", "decline", ("That is far beyond what the plan can carry for one person. HR can tell you about the staff loan.",), reason="too_costly", count=1, answers={"budget": "28,000"}),
    Ask("Quality", "Six Sigma black belt for everyone", "All quality people should become black belts.", "decline reopen waitlist", ("For everybody it is more than we need: 14 people, four weeks each. If there are two projects that need it, tell me which ones.", "With the two projects you name it makes sense for two people. It's on the waiting list."), reason="too_costly", count=14, reply="Two people would do: for the paint shop and the spoke machine."),
    Ask("Frame Shop", "Second welding robot course", "Course by the maker for the second robot.", "decline", ("The robot has been ordered for next year, so this comes too early; half would be forgotten. Please ask again six weeks before it is set up.",), reason="too_early", count=4),
    Ask("Marketing", "Photoshop for all", "Everybody should be able to edit pictures.", "decline", ("Two people in your team do it well and quickly; teaching nine more costs more than it saves. If the two are overloaded, that is another request, and a good one.",), reason="low_impact", count=9, answers={"cause_could": "no"}),
    Ask("HR", "Generation Z workshop", "Managers don't understand young people. There is a keynote speaker.", "decline", ("What our exit talks say is the same for all ages: nobody had time in the first week. That's what we are working on (request about new assemblers).",), reason="covered_elsewhere", count=90, answers={"budget": "6,500"}),
    Ask("Warehouse", "Forklift licences for everyone", "If everybody had a licence we would be more flexible.", "decline", ("We looked at the rota together: five more drivers are enough, and those five are signed up through your safety officer.",), reason="covered_elsewhere", count=60, goal="safety"),
    Ask("Assembly", "Lean game", "A consultant offers a simulation game on lean production.", "decline", ("A day with a game moves no measure that you name. I'd rather have that day for the shift handover.",), reason="no_measure", count=40, answers={"budget": "5,200"}),
    Ask("Finance", "Speed reading", "We have to read so much.", "decline", ("There is good evidence that speed reading costs understanding. Shorter papers help more; the board's rule of two pages applies to you too.",), reason="low_impact", count=11),
    Ask("IT", "Prompting course", "Everybody talks about prompting. We need a course.", "decline reopen waitlist", ("For what would you use it? With one task that takes you long I can judge it. Until then I'd rather not.", "That is a good case, thank you. On the waiting list, quite near the top."), reason="no_need_stated", count="20-400", when=0.8, reply="Concretely: the twelve people who write test reports. We tried it, an hour becomes ten minutes."),
    Ask("Customer Service", "Emotional intelligence", "For better team spirit.", "decline", ("I can't find out from this what people would do differently. If there is a quarrel behind it, please call me, that's what I am here for too.",), reason="no_need_stated", count=16),
    Ask("Shops", "Barista training", "Customers who get good coffee stay longer.", "decline", ("Charming. It serves no goal of this year, and the machine in shop 2 is broken anyway.",), reason="no_goal", count=9),
)  # fmt: skip


WAITLISTED = (
    Ask("Engineering", "Design reviews without surprises", "In every second project the supplier finds a mistake that a review should have found. Changes then cost 5,000 to 20,000 each.", "waitlist", behaviour="Use the checklist and invite somebody from the frame shop.", who="Design engineers", count=22, measure=("Changes after release, per project", 6.5, 3, 9), goal="warranty", answers={"cause_could": "unsure", "value_per_year": "40000-120000"}),
    Ask("Frame Shop", "More people who can weld titanium", "Two of 40 welders may weld titanium. When one is ill the line stands.", "waitlist", behaviour="Pass the titanium test.", who="Welders", count="4-6", measure=("Welders with the titanium certificate", 2, 6, 12), if_nothing="Delivery times of 14 weeks.", goal="quotes", answers={"risk": 3, "cause_could": "no", "expert_hours": "60-100", "mandatory": "EN ISO 9606-5"}),
    Ask("Finance", "Costing for non-accountants", "Project leads plan with wrong hourly rates.", "waitlist", who="Project leads", count="15-25", measure=("Projects over budget, %", 38, 20, 12)),
    Ask("HR", "Interviews that choose better", "A third of our hires leave in the first year. Interviews are chats.", "waitlist", behaviour="Ask all applicants the same five questions and score the answers before talking about them.", who="Managers who hire", count="40-60", measure=("First-year leavers, %", 31, 20, 12), goal="keep", answers={"cause_could": "no", "cause_did": "no", "value_per_year": "80000-200000", "sponsor": "Head of HR"}),
    Ask("Quality", "Problem solving at the line", "We firefight. The same faults come back every month.", "waitlist", who="Line leads", count="18-24", measure=("Repeated faults a month", 27, 12, 8), goal="warranty", answers={"cause_could": "no"}),
    Ask("Shops", "Repairs that are right the first time", "12 % of repairs come back within 14 days.", "waitlist", who="Mechanics", count=36, measure=("Repeat repairs, %", 12, 6, 8), goal="recommend", answers={"cause_obstacle": "unsure", "who_does_it_well": "Shop 7: 4 %"}),
    Ask("Customer Service", "Chat instead of phone", "We get chat in a few months and have never chatted with customers.", "waitlist", who="First line", count=16, deadline=(130, "Chat goes live"), goal="recommend", answers={"format": "live_virtual"}),
    Ask("Assembly", "Cross-training on the wheel station", "Only six can build wheels. When two are away, lines wait.", "waitlist", behaviour="Build a wheel within tolerance in 20 minutes.", who="Assemblers", count="8-12", measure=("People who can build wheels", 6, 14, 6), goal="quotes", answers={"cause_could": "no", "expert_hours": 40, "format": "workshop"}),
    Ask("Marketing", "Plain language", "Our texts are hard to read. Customers call because they don't understand the manual.", "waitlist", who="Writers", count=12, measure=("Calls about the manual a month", 140, 80, 9), goal="recommend"),
    Ask("IT", "Incident drills", "At the last big outage nobody knew who decides.", "waitlist", behaviour="Name a lead in five minutes and write a log.", who="IT and duty managers", count="12-16", if_nothing="Longer outages.", goal="erp", answers={"risk": 4, "cause_did": "no"}),
    Ask("Purchasing", "Sustainability in supplier choice", "From next year we have to report on suppliers. Nobody here knows what to ask.", "waitlist", who="Buyers", count=9, deadline=(200, "First report is due"), answers={"mandatory": "Supply chain act", "risk": 4}),
    Ask("Sales", "Customer system: notes that help", "Notes in the customer system are useless: 'called, will call back'.", "ask reply waitlist", ("What would a good note make possible that you can't do today?", "Thank you. It's on the waiting list; the new screens come first."), who="Sales", count=45, goal="quotes", reply="I could take over a customer without calling the colleague first."),
    Ask("Warehouse", "Dangerous goods: batteries", "Lithium batteries are dangerous goods. Four people hold the certificate, two of them retire.", "waitlist", who="Shippers", count="4-6", deadline=(160, "Certificates run out"), goal="safety", answers={"mandatory": "ADR 1.3", "risk": 5, "budget": "2,800"}, audit=True),
    Ask("Engineering", "Simulation for junior engineers", "Juniors wait for the two seniors who can simulate.", "waitlist", who="Junior engineers", count=5, answers={"cause_could": "no", "expert_hours": 24}),
    Ask("Frame Shop", "Working instructions in pictures", "A third of our welders don't read German well.", "waitlist", behaviour="Follow the picture card without asking.", who="Welders and helpers", count="25-30", measure=("Rework, %", 6.1, 4, 8), goal="warranty", answers={"language": "Polish, Romanian, Arabic", "cause_obstacle": "no", "cause_could": "no"}),
    Ask("HR", "Return from parental leave", "People who come back after a year don't know the new systems and feel lost.", "waitlist", who="Those who come back", count="14-20", goal="keep", if_nothing="A few leave again each year."),
    Ask("Finance", "Month-end in three days", "Closing takes seven days; three of us know all the steps.", "waitlist", who="Accounting", count=9, measure=("Days for the close", 7, 3, 9), answers={"cause_obstacle": "yes"}),
    Ask("Assembly", "Reading key figures", "Leads see figures on the screen and don't know what to do about them.", "waitlist", who="Team leads", count=14, goal="warranty"),
)  # fmt: skip


SNOOZED = (
    Ask("Shops", "Inventory app", "The new inventory app comes in half a year. Then we need training.", "snooze", ("Agreed: we look again six weeks before the app comes.",), reason="too_early", who="Shop staff", count=80, when=0.84),
    Ask("Engineering", "New CAD release", "The new release changes assemblies completely.", "snooze", ("The release was moved again, so we come back to it then.",), reason="too_early", who="Design engineers", count=22, answers={"cause_could": "no"}, when=0.87),
    Ask("HR", "Pay transparency law", "Soon managers must explain pay. They can't.", "snooze", ("The law text is not final. I come back to this when it is.",), reason="waiting_for_others", who="Managers", count=90, answers={"mandatory": "EU pay transparency directive", "risk": 4}, when=0.91),
    Ask("Purchasing", "New supplier portal", "Suppliers and buyers will need a short introduction.", "snooze", ("The contract isn't signed yet. Let's look again in the new quarter.",), reason="waiting_for_others", count="9-40", when=0.94),
    Ask("Warehouse", "High-rack drivers", "When the new rack is up we need six high-rack drivers.", "snooze wake waitlist", ("The rack comes later than planned. I look at it again then.", "The rack is ordered now. On the list, and I keep the maker's dates free."), reason="too_early", count=6, goal="safety", when=0.42),
    Ask("Assembly", "Belt drive instead of chain", "The new models have a belt drive; nobody here has mounted one.", "snooze wake", ("First bikes come in ten weeks, so I come back to this in six.",), reason="too_early", count=30, when=0.75, behaviour="Mount and tension a belt in six minutes.", goal="warranty", answers={"cause_could": "no", "cause_did": "no"}),
    Ask("Quality", "New standard for child seats", "The standard comes next year; test staff need it.", "snooze", ("Still a draft. I look again when it is published.",), reason="too_early", count=5, audit=True, answers={"mandatory": "EN 14344"}),
)  # fmt: skip


ASKED = (
    Ask("Sales", "Selling to companies", "We want to sell more to companies. Please train us.", "ask", ("What happens today in a talk with a company, and where does it stop? One example is enough.",), count=20, when=0.955, goal="quotes"),
    Ask("Engineering", "Communication between departments", "Communication is bad.", "ask", ("Can you tell me one time in the last month when something went wrong because of it?",), when=0.93),
    Ask("Shops", "Service quality", "Mystery shopping gave us 71 of 100 points, goal is 85.", "ask", ("Which of the 20 points were lost most often? The list should be in the annex.",), count="90-110", who="Shop staff", measure=("Mystery shopping points", 71, 85, 6), goal="recommend", when=0.97),
    Ask("Warehouse", "Teamwork on Saturday shifts", "The Saturday shift doesn't work as a team.", "ask", ("What would I see on a Saturday that shows it?",), count=12, when=0.945),
    Ask("IT", "Agile working", "We work agile now and need training for the scrum roles.", "ask reply", ("Which of the three teams starts, and with what?",), count="8-25", when=0.96, reply="The web shop team, next month, with the new checkout.", reply_answers={"audience": {"who": "Web shop team", "count": 8}}),
    Ask("Finance", "Better cooperation with the shops", "Shops send invoices late and argue.", "ask", ("Is it all nine shops or two or three?",), count="9-20", when=0.985, answers={"cause_obstacle": "unsure"}),
)  # fmt: skip


FRESH = (
    Ask("Frame Shop", "Two frames cracked at the same spot", "Two test frames cracked at the head tube this week, both from the late shift. The heat input is set by ear.", "", behaviour="Set the current by the table and write it on the card.", who="Welders late shift", count=13, measure=("Cracks at the head tube a month", 2, 0, 3), if_nothing="Stop of delivery.", deadline=(21, "Delivery of the test series"), goal="warranty", answers={"risk": 5, "cause_could": "unsure"}, days_ago=0.12),
    Ask("Customer Service", "Returns in the busy weeks", "In the coming weeks returns double and temps don't know the process.", "", who="Temps", count="8-10", deadline=(24, "Temps start"), goal="recommend", answers={"cause_could": "no", "format": "job_aid"}, days_ago=0.9),
    Ask("Sales", "Price talk after the increase", "Next month prices go up 6 %. Our people are afraid of the talk with dealers.", "", behaviour="Say the new price first, then stay silent.", who="Field sales", count=18, measure=("Dealers who accept, %", None, 90, 4), deadline=(40, "Price increase"), goal="quotes", days_ago=1.1),
    Ask("Assembly", "New screwdriver with Bluetooth", "nobody can pair it", "", days_ago=1.2),
    Ask("Finance", "E-invoices become compulsory", "E-invoices become compulsory next month and the suppliers send four different formats. We have not had any training and don't know who checks what.", "", who="Accounts payable and buyers", count=20, deadline=(39, "The law takes effect"), goal="erp", answers={"mandatory": "E-invoice law", "risk": 4, "cause_did": "no"}, days_ago=2.0),
    Ask("HR", "Apprentices: how to learn", "Seven of twelve apprentices failed the mock exam.", "", who="Apprentices in the first year", count=12, measure=("Passed mock exams, of 12", 5, 10, 6), goal="keep", answers={"cause_obstacle": "unsure"}, days_ago=2.2),
    Ask("Marketing", "Short videos from the shops", "Shops film clips that we can't use (sound!).", "", who="One person per shop", count=9, answers={"format": "job_aid", "expert_hours": 3}, days_ago=3.3),
    Ask("Quality", "Calibration of torque wrenches", "Auditor found 6 of 20 wrenches out of date.", "", who="Tool keepers", count=4, goal="warranty", deadline=(28, "Follow-up audit"), answers={"risk": 4, "cause_could": "yes"}, days_ago=4.0),
    Ask("Warehouse", "Wet ramps", "Last year two people slipped. A cleaning plan exists, nobody follows it.", "", who="Early shift", count=15, goal="safety", answers={"cause_could": "yes", "cause_did": "yes", "risk": 4}, days_ago=4.9),
)  # fmt: skip


WITHDRAWN = (
    Ask("Sales", "Route planning", "Field sales drive too much.", "withdraw", reply="We solved it ourselves with a shared calendar.", count=18),
    Ask("Shops", "Second-hand bikes", "How to value used bikes.", "waitlist withdraw", reply="We have stopped buying used bikes. No longer needed, thanks.", count=12),
    Ask("Engineering", "Programming in Python", "For evaluating test data.", "ask withdraw", ("Who would use it in the next month, and for which data?",), reply="Found a good free course, sorry for the noise.", count=3),
    Ask("IT", "Cloud certificate", "Two admins need the certificate for the partner status.", "waitlist withdraw", reply="The supplier pays it now.", count=2, answers={"budget": "3,000"}),
    Ask("Marketing", "Public speaking for the fair", "For our appearance at the fair.", "withdraw", reply="The fair was cancelled for us.", count=3),
    Ask("Assembly", "Introduction to the new canteen system", "how do I book lunch", "withdraw", reply="my mistake, found it", count=1),
)  # fmt: skip

EVERYTHING = (
    *ACCEPTED, *JOINED, *REDIRECTED, *ANSWERED, *DECLINED, *WAITLISTED, *SNOOZED, *ASKED, *FRESH, *WITHDRAWN,
)  # fmt: skip
