"""What the invented manager and her colleagues write when they have to write often: reviews, goals, usual sentences."""

GOALS = (
    "See the torque problem with our own eyes and try the first sheet",
    "Get the quotes practice ready for the first group",
    "Ramp: practise with both shifts before the inspectorate comes",
    "First phishing lesson out, buddies for new assemblers named",
    "Audit first: everything the auditor will ask for is ready",
    "Audit: close the findings, then back to the list",
    "Learn early whether the negotiation course is needed",
    "Finish what is begun: two projects to their measure",
    "Painters: three things the good ones do",
    "Twelve English sentences, tried on real calls",
    "Less at once: no more than six cards under way",
    "Cargo bikes: watch two Saturdays, write the first part",
    "Forklift check at the truck instead of the film",
    "Ready for the ERP pilot hour",
    "Tickets and personal data: first lesson with real tickets",
    "ERP pilot with the six, and the numbers for the board",
    "Catch up after the crowded weeks",
    "Team leads: first round of talks, complaint calls tried",
    "One thing for each live project, and the quarter's report",
    "Shift handover on Line 3, build the cargo bike course",
)

REVIEWS = (
    ("The one-page sheet at station 4; Ruth laughed because it is what she tells people anyway.", "Keep: an hour at the line before anything is written. I'd have written the wrong sheet.", "Try it with the two newest people."),
    ("A quote written in 40 minutes by Jonas, who joined three weeks ago.", "Discount rules aren't hard, they were in five places. Change: one table, owned by Petra.", "Run it for the second half of the team."),
    ("Practice at ramp 3 with a real truck. 26 people, ten minutes each.", "People follow the hand sign when the driver waits for it, so we practise with the drivers first. The near-miss box was at the wrong door.", "Night shift; move the box."),
    ("Three real phishing mails side by side. The board's assistant found the fake one last.", "Short works: nobody complained about ten minutes. Two cards waited a week for the works council; ask earlier next time.", "Send the first test mail."),
    ("The evidence folder for the auditor, with records for all trainings by law.", "Too much at once. I said yes to five things in one week and two of them were somebody else's job.", "Kill: trainings by list. Keep: the folder."),
    ("Closed 11 of 13 audit findings that had to do with training.", "The audit took a whole iteration and nobody had planned it. Put it in the calendar for next year, now.", "Back to the ranked list."),
    ("What nine buyers do in a negotiation: they do it well.", "Stopping early felt odd and saved a month. The problem was in the contract template.", "Tell Purchasing, with the numbers."),
    ("Loose-motor returns down to four a month; Line 2 without the sheet still at ten.", "A second group that gets it later costs nothing and convinces everybody. Do it whenever there are two lines or shifts.", "Give Line 2 the sheet."),
    ("Milan showing how he holds the gun; three painters copied it with water.", "Watching experts beats interviewing them: neither of the two could say what they do differently.", "Practise on scrap frames."),
    ("Twelve sentences on a card, two calls solved with them.", "People want to practise with somebody they like. Pairs chosen by themselves worked better than mine.", "Fifteen minutes on Tuesdays."),
    ("Finished seven cards, none of them big.", "A limit of three under way helps me and annoys everybody else. Keep it.", "Fewer, smaller cards: nothing above six hours."),
    ("Two Saturdays of filming in the shops; the three questions.", "The best sellers ask and stay silent. The others explain gears.", "Write the first part with shop 4."),
    ("The daily check at the truck, done by the drivers themselves.", "The film can go. Nobody will miss it.", "Ask the inspectorate whether the record will do."),
    ("Nothing to show: the test system was down and I was ill for two days.", "A plan without slack isn't a plan. Next time at most 90 % of the hours.", "The same goal again."),
    ("A lesson made of eight blacked-out tickets. Two people found a mistake in mine.", "Real tickets make people talk about limits, which was the point.", "Build the rest; ask the data protection officer to look."),
    ("Six people booked a wrong delivery on the scanner; five without help.", "Practice at the ramp beats the supplier's slides. The label on the scanner was missing.", "Decide about the other 28."),
    ("Four cards moved over, one since two iterations.", "Forty-five hours don't fit into thirty-six. I knew that on the Monday.", "Say no earlier, with the waiting list as the answer."),
    ("First team lead talk held, on a bench outside.", "Preparing one real talk is worth more than an afternoon of theory.", "Second round; captions for Gregor."),
    ("The board saw the two pages and asked one question, about hours.", "They read the table of what we declined. Keep it on page two.", "Ask for two more hours a week of an expert."),
)  # fmt: skip
"""What was shown, what was learned, what comes next: one for each closed iteration."""

RETROSPECTIVES = (
    ("Ask early: the works council answered within a day.", "Small asks ate Tuesday and Wednesday.", "Small asks only before ten o'clock."),
    ("Half days without mail.", "I took in two cards in the middle and finished neither.", "One in, one out."),
    ("Trying things with two people before building them.", "Cards of eight hours and more stood for a week.", "Nothing above six hours."),
    ("The review with coffee and three guests.", "Nobody but me knew what waited for whom.", "Write whom a card waits for."),
    ("Stopped at four on Friday, with everything noted.", "More planned than there were hours, again.", "Plan to the line, not past it."),
)  # fmt: skip
"""What went well, what went badly, what to try next; in turn."""

USUAL = {
    "accept": ("Good news: we're taking this on. I'll call you this week about the first step.", "Yes, we do this. Before anything is made I'd like to watch the work for an hour."),
    "join": ("Others have asked for the same, so I've joined your request with theirs. You'll hear all they hear, and your people are counted.", "This is the same need as an open request, so I've put the two together. It makes that one stronger.", "Thanks. There is a request about this already and you are now part of it; I'll invite you to the try-out."),
    "answer": ("There is something that answers this. Please try it, and tell me if it doesn't do.", "We have this in the library. Have a look, and write to me if a piece is missing.", "Good timing: this exists. Twenty minutes, and you can start today."),
    "waitlist": ("This is worth doing and it doesn't fit right now. It's on the waiting list; your page shows its place.", "I'd like to do this. There are a few with more effect per hour before it, so it waits. You see its place on your page.", "On the waiting list. If something changes (a date, a number, a complaint), add it on your page: it moves the place."),
    "ask": ("Before we decide, one question: what would I see people do differently?",),
    "snooze": ("This is worth another look later. We'll come back to it on the date on your page.",),
}  # fmt: skip

CHASES = (
    ("Is there any news about this?", "It waits behind the ERP pilot. I expect to look at it again within six weeks, and I'll write either way."),
    ("Just so you know, it happened again last week.", "Thank you, that helps: I've added it to the request."),
    ("Could we at least get a short version?", "Good idea. If one page would do, tell me the three things that must be on it."),
    ("My boss asks when this starts.", "Honestly: not this quarter. The page shows the place it has, and why."),
    ("Two more colleagues would need this too.", "Noted, the number is changed."),
)  # fmt: skip

INTERNAL = (
    "Called back. The pain is real, the number is a guess.",
    "Third request from this unit this quarter. Talk to the head of unit about priorities.",
    "Nobody named who owns the measure. Ask before planning.",
    "Sounds like a leadership matter between two people. Careful with words.",
    "Could be done by the supplier for free, it is in the contract.",
    "Good expert available, but only after the season.",
    "If we do the shift handover first this may vanish.",
)

EXTRA_CARDS = (
    ("Captions for the film", 2.0), ("Ask the works council", 1.0), ("Second round of photos", 1.5), ("Book the room and the bikes", 1.0),
    ("Translate the sheet into Polish", 2.5), ("Mend the two mistakes people found", 1.0), ("Short version for shift leads", 1.5),
    ("Invite the comparison group", 1.0), ("Get the numbers from Controlling", 1.5), ("Thank the experts", 0.5),
)  # fmt: skip

OTHER_CARDS = (
    ("Numbers for the board", 3.0), ("Tidy the library: out goes what is outdated", 4.0), ("Answer the works council about survey data", 1.5),
    ("Budget for next year", 3.0), ("Evidence folder for the audit", 5.0), ("Records of legal trainings", 4.0),
    ("Talk to the new plant manager", 1.0), ("Apprentices' day: an hour about learning", 2.0), ("Contract of the phishing supplier", 1.0),
    ("Show the board the two pages", 1.5), ("Meet the L&D people of the region", 3.0),
)  # fmt: skip

CROWDED_CARDS = (
    ("Budget for next year, three versions", 4.0), ("ERP go-live: dates and rooms for 60 people", 4.5), ("Works council: agreement about survey data", 3.0),
    ("Yearly figures for the authority", 3.5), ("Translation contract", 2.0), ("Interviews for the new apprentice trainer", 4.0),
)  # fmt: skip
