"""The words we write to people: subject and text of every mail, in plain English."""

from collections.abc import Sequence
from datetime import date, datetime
from html import escape

from portfolio.models import Draft, ExpertAsk, LearningRequest, Outlet, Resource
from portfolio.questions import Question
from portfolio.rules.reminding import MOST_REMINDERS
from portfolio.states import Verdict


def sign_in(address: str) -> tuple[str, str]:
    return (
        "Your link to sign in",
        f"Open this link to sign in. It works once, for one hour.\n\n{address}\n\n"
        "If you didn't ask for it, you can ignore this message.",
    )


def received(learning_request: LearningRequest, address: str) -> tuple[str, str]:
    return (
        f"We have your request {learning_request.id}: {learning_request.title}",
        f"Thank you. Your request is number {learning_request.id}.\n\n"
        f"Follow it, add to it or withdraw it here. The link is private; share it only with people you trust:\n{address}\n\n"
        "We'll write when there is news.",
    )


DRAFTS: dict[Verdict, str] = {
    Verdict.ACCEPT: "Good news: we're taking this on. You'll hear from us before the first step.",
    Verdict.ASK: "Before we decide, one question: ",
    Verdict.JOIN: "Others have asked for the same, so we've joined your request with theirs. You'll hear everything they hear.",
    Verdict.ANSWER: "Something that answers this exists already. Please have a look and tell us if it doesn't do.",
    Verdict.REDIRECT: "From what you describe, people know how, and something else gets in the way. We think this helps sooner: ",
    Verdict.WAITLIST: "This is worth doing, and it doesn't fit right now. It's on the waiting list; you can see its place on your page.",
    Verdict.SNOOZE: "This is worth another look later. We'll come back to it on the date shown on your page.",
    Verdict.DECLINE: "We won't take this on for now, because ",
}
"""What the manager starts from; always edited freely before it is sent."""


def decided(learning_request: LearningRequest, words: str, address: str) -> tuple[str, str]:
    return (
        f"News about your request {learning_request.id}: {learning_request.title}",
        f"{words}\n\nEverything about your request:\n{address}",
    )


def message(learning_request: LearningRequest, words: str, address: str) -> tuple[str, str]:
    return (
        f"A message about your request {learning_request.id}: {learning_request.title}",
        f"{words}\n\nAnswer here:\n{address}",
    )


def wrote(learning_request: LearningRequest, who: str, words: str, address: str) -> tuple[str, str]:
    """To the manager, about new words from who asked."""
    return (
        f"{who} wrote about request {learning_request.id}: {learning_request.title}",
        f"{words}\n\nThe request, and where to answer:\n{address}",
    )


def new_link(learning_request: LearningRequest, address: str) -> tuple[str, str]:
    return (
        f"A new link to your request {learning_request.id}",
        f"The old link no longer works. This one does:\n{address}",
    )


def link_again(learning_request: LearningRequest, address: str) -> tuple[str, str]:
    return (
        f"Your link to request {learning_request.id}: {learning_request.title}",
        f"Here is the page of your request again. The link is private; share it only with people you trust:\n{address}",
    )


def your_links(lines: Sequence[tuple[str, str]]) -> tuple[str, str]:
    listed = "\n\n".join(f"{title}\n{address}" for title, address in lines)
    return (
        "Your links",
        f"These are your private links. Share them only with people you trust.\n\n{listed}\n\n"
        "If you didn't ask for them, you can ignore this message.",
    )


def draft_link(draft: Draft, address: str, until: datetime) -> tuple[str, str]:
    title = draft.values.get("title") or "your request"
    return (
        f"Almost there: {title}",
        "This request for training is not sent yet. Go on with it here; whoever has the link can read and change it:\n"
        f"{address}\n\nIt is kept until {until:%d %B %Y}.",
    )


def outdated(resource: Resource, words: str, address: str, settling: str) -> tuple[str, str]:
    said = f"They say:\n\n{words}\n\n" if words else ""
    then = (
        f"When you have looked, say so here:\n{settling}"
        if settling
        else "When you have mended it, or if it is right as it stands, tell your L&D manager."
    )
    return (
        f"Out of date? {resource.title}",
        f"Somebody thinks this is out of date: {resource.title}\n{address}\n\n{said}{then}",
    )


def report_settled(resource: Resource, *, mended: bool) -> tuple[str, str]:
    found = "It has been mended." if mended else "We had a look, and it is right as it stands."
    return (
        f"We looked at what you reported: {resource.title}",
        f"You told us this is out of date: {resource.title}\n\n{found} Thank you for telling us.",
    )


def joined(learning_request: LearningRequest, address: str) -> tuple[str, str]:
    return (
        f"You joined request {learning_request.id}: {learning_request.title}",
        f"Thank you. You stand behind request {learning_request.id} now, and hear all that is said about it.\n\n"
        "See where it stands, add to your words or leave it here. The link is yours alone; share it only with people "
        f"you trust:\n{address}",
    )


def new_support_link(learning_request: LearningRequest, address: str) -> tuple[str, str]:
    return (
        f"A new link to request {learning_request.id}, which you joined",
        f"The old link no longer works. This one does:\n{address}",
    )


def delivered(learning_request: LearningRequest, address: str) -> tuple[str, str]:
    return (
        f"It's there: {learning_request.title}",
        f"What was asked for in request {learning_request.id} is there.\n\nSee it, and tell us whether it helped:\n{address}",
    )


def demand(title: str, people: int, units: int, address: str) -> tuple[str, str]:
    return (
        f"{people} people ask for something like this: {title}",
        f"{people} people from {units} {'unit' if units == 1 else 'units'} ask for something like this: {title}\n\n"
        f"See who they are, and join what belongs together:\n{address}\n\nNothing is joined by itself.",
    )


def mail_arrived(title: str, address: str, until: datetime, left_out: list[str]) -> tuple[str, str]:
    """To who sent a mail that became a draft."""
    missing = "\n\nWhat we couldn't take along:\n" + "\n".join(left_out) if left_out else ""
    return (
        f"Your request is almost there: {title}",
        "Thank you for your mail. It became a request for training that isn't sent yet. A few questions are left; open it here "
        f"and send it. Whoever has the link can read and change it:\n{address}\n\nIt is kept until {until:%d %B %Y}.{missing}",
    )


def one_question(
    learning_request: LearningRequest,
    question: Question,
    options: Sequence[tuple[str, str]],
    address: str,
    until: datetime,
) -> tuple[str, str]:
    """One question; `options` are (words, address) of each answer where one press gives it."""
    if options:
        lines = "\n\n".join(f"{words}:\n{where}" for words, where in options)
        how = f"Open what is true; nothing is sent before you confirm it there.\n\n{lines}"
    else:
        how = f"Answer here:\n{address}"
    return (
        f"One question about your request {learning_request.id}: {learning_request.title}",
        f"{question.label}\n\n{how}\n\n"
        "Your answer could change whether this fits into our plan; that's why we ask this and nothing else. You'll see at once "
        f"what it changed. No account is needed, and the links work until {until:%d %B %Y}.",
    )


def edition(title: str, address: str, words: str, said: str = "") -> tuple[str, str]:
    """`said` is what the report says of itself in plain words."""
    opening = f"{words}\n\n" if words else ""
    told = f"{said.strip()}\n\n" if said else ""
    return (
        title,
        f"{opening}{told}The report is attached.\n\nWith the tables behind every chart:\n{address}",
    )


def edition_html(frozen: str, address: str, words: str) -> str:
    """A frozen report's mail with what somebody wrote above it and the address of its page."""
    style = "margin:0 0 16px;font-size:16px;line-height:1.5;"
    opening = f'<p class="ink" style="{style}white-space:pre-line;">{escape(words)}</p>' if words else ""
    link = (
        f'<p style="{style}margin-top:24px;"><a class="link" href="{escape(address)}" style="color:#0f6b5c;font-weight:600;">'
        "Read the report with the tables behind every chart</a><br>It is attached as a PDF as well.</p>"
    )
    return frozen.replace("<!--words-->", opening, 1).replace("<!--address-->", link, 1)


def edition_failed(title: str, reason: str, address: str) -> tuple[str, str]:
    """To the manager, once for each report that could not be built."""
    return (
        f"A report could not be built: {title}",
        f"We tried three times to build “{title}”, and each time something went wrong. Nothing is lost; the data are all there.\n\n"
        f"The last attempt said: {reason}\n\nSee it, and try again:\n{address}",
    )


def mentioned(title: str, who: str, words: str, address: str) -> tuple[str, str]:
    """To somebody named in a comment; without an address for those who see no board."""
    where = f"\n\nRead on and answer here:\n{address}" if address else ""
    return f"{who} wrote to you: {title}", f"{who} named you in a comment on “{title}”:\n\n{words}{where}"


def expert_asked(asked: ExpertAsk, who: str, address: str, all_asks: str) -> tuple[str, str]:
    why = f"Why you: {asked.why}\n\n" if asked.why else ""
    return (
        f"{who} asks for your help: {asked.card.title}",
        f"Hello {_first_name(asked)},\n\n{who} could use what you know: {asked.card.title}\n\n{why}{_frame(asked)}"
        f"Everything is on one page, and there you also say that it's done, or that you can't. No account is needed:\n{address}\n\n"
        f"Can't do it? Saying so early helps just as much.\n\n{_all_asks(all_asks)}",
    )


def expert_reminded(asked: ExpertAsk, today: date, address: str, all_asks: str) -> tuple[str, str]:
    if asked.due_on is None:
        lead = "this is still open with you. There is no date on it; when would suit you?"
    elif asked.due_on > today:
        lead = f"a friendly word ahead: this is wanted by {_day(asked.due_on)}."
    elif asked.due_on == today:
        lead = "this is wanted by today."
    else:
        lead = f"this was wanted by {_day(asked.due_on)}. If it doesn't fit any more, say so, and somebody else is asked."
    last = "\n\nThis is the last reminder." if asked.reminders >= MOST_REMINDERS else ""
    return (
        f"A reminder: {asked.card.title}",
        f"Hello {_first_name(asked)},\n\n{lead}\n\n{asked.card.title}\n\n"
        f"Say “done” or “I can't” here, in a minute and without an account:\n{address}{last}\n\n{_all_asks(all_asks)}",
    )


def expert_new_link(asked: ExpertAsk, address: str, all_asks: str) -> tuple[str, str]:
    return (
        f"A new link: {asked.card.title}",
        f"Hello {_first_name(asked)},\n\nthe links you had no longer work. This one does:\n{address}\n\n{_all_asks(all_asks)}",
    )


def expert_freed(asked: ExpertAsk) -> tuple[str, str]:
    return (
        f"No longer needed: {asked.card.title}",
        f"Hello {_first_name(asked)},\n\nyou were asked for “{asked.card.title}”. It isn't needed any more, so there is nothing "
        "left for you to do. Thank you for being there.",
    )


def expert_done(asked: ExpertAsk, words: str, address: str) -> tuple[str, str]:
    said = f"They say:\n\n{words}\n\n" if words else ""
    name = asked.person.display_name
    return f"{name} has done it: {asked.card.title}", f"{name} says it's done.\n\n{said}The card:\n{address}"


def expert_declined(asked: ExpertAsk, reason: str, address: str) -> tuple[str, str]:
    name = asked.person.display_name
    return (
        f"{name} can't: {asked.card.title}",
        f"{name} can't do this, and says why:\n\n{reason}\n\nAsk somebody else, or take it on yourself:\n{address}#experts",
    )


def expert_wrote(asked: ExpertAsk, words: str, address: str) -> tuple[str, str]:
    name = asked.person.display_name
    return (
        f"{name} wrote about “{asked.card.title}”",
        f"{words}\n\nAnswer with @{name} on the card, and they get it by mail:\n{address}#comments",
    )


def _frame(asked: ExpertAsk) -> str:
    """How long and by when, in one line."""
    hours = f"About {asked.hours:g} {'hour' if asked.hours == 1 else 'hours'}" if asked.hours else ""
    by = f"wanted by {_day(asked.due_on)}" if asked.due_on else ""
    line = ", ".join(part for part in (hours, by) if part)
    return f"{line[0].upper()}{line[1:]}.\n\n" if line else ""


def _all_asks(address: str) -> str:
    return f"All that you are asked for, in one place:\n{address}\n\nBoth links are yours alone; please don't pass this mail on."


def _first_name(asked: ExpertAsk) -> str:
    return asked.person.display_name.split(" ")[0]


def _day(day: date) -> str:
    return f"{day:%A}, {day.day} {day:%B}"


def outlet_stopped(outlet: Outlet, why: str, address: str) -> tuple[str, str]:
    return (
        f"No news goes to {outlet.name} any more",
        f"We stopped sending news to {outlet.name}. {why}\n\nWhat wasn't taken is kept. See what was tried, and go on, here:\n{address}",
    )


def looking_again(learning_request: LearningRequest, address: str) -> tuple[str, str]:
    return (
        f"We're looking at your request {learning_request.id} again: {learning_request.title}",
        "We had said no for the time being. Things have changed since, so we're looking at it once more. You don't have to do "
        f"anything; we'll write when there is news.\n\nIs it no longer needed? Please say so here:\n{address}",
    )


def soon_asked(
    learning_request: LearningRequest, on: str, options: Sequence[tuple[str, str]]
) -> tuple[str, str]:
    """Three quarters of the silence are over; `options` are (words, address)."""
    return (
        f"Does your request {learning_request.id} still matter? {learning_request.title}",
        "Your request waits, and nobody has said anything about it for a good while. There is nothing you have to do now. If we "
        f"hear nothing, we'll ask you around {on}. You can also say at once how things are:\n\n{_listed(options)}",
    )


def still_needed(
    learning_request: LearningRequest, on: str, options: Sequence[tuple[str, str]]
) -> tuple[str, str]:
    return (
        f"Is your request {learning_request.id} still needed? {learning_request.title}",
        "Your request still waits with us, and it has been quiet for long. Things change, so we'd rather ask than guess. Open what "
        f"is true; nothing is sent before you confirm it there.\n\n{_listed(options)}\n\n"
        f"If we hear nothing, we'll put it aside around {on}. Nothing is lost by that, and a word from you brings it back.",
    )


def parked(learning_request: LearningRequest, options: Sequence[tuple[str, str]]) -> tuple[str, str]:
    return (
        f"We've put your request {learning_request.id} aside: {learning_request.title}",
        "We asked whether it is still needed and heard nothing, so it no longer stands in the queue. That's all right, and nothing "
        f"is lost: one press brings it back, whenever you like.\n\n{_listed(options)}",
    )


def _listed(options: Sequence[tuple[str, str]]) -> str:
    return "\n\n".join(f"{words}:\n{address}" for words, address in options)


def monday(sections: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> tuple[str, str]:
    """To the manager: what stands still; `sections` are (heading, lines of (words, address)), none of them empty."""
    parts = [
        f"{heading}\n\n" + "\n\n".join(f"- {words}\n  {address}" for words, address in lines)
        for heading, lines in sections
    ]
    return ("What stands still this Monday", "\n\n\n".join(parts))


def reading_wanted(
    measure: str, *, unit: str, project: str, organisation: str, address: str, reminder: int = 0
) -> tuple[str, str]:
    """To whoever reads a measure: one number, by a link, without an account."""
    what = f"“{measure}”" + (f" (in {unit})" if unit else "")
    lead = (
        f"to see whether “{project}” made a difference{f' at {organisation}' if organisation else ''}, we need one number from you: "
        f"{what} as it is now."
        if not reminder
        else f"this is a reminder: we still need one number from you, {what} as it is now, to see whether “{project}” made a difference."
    )
    last = "\n\nThis is the last reminder." if reminder >= MOST_REMINDERS else ""
    return (
        f"{'A reminder: ' if reminder else ''}One number, please: {measure}",
        f"Hello,\n\n{lead}\n\nType it here, in half a minute and without an account:\n{address}{last}\n\n"
        "The link is yours alone; please don't pass this mail on.",
    )


def evaluation_week(sections: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> tuple[str, str]:
    """To the manager, once a week: what is due of the evaluation plans; `sections` as in `monday`."""
    _, text = monday(sections)
    return "To see whether it worked: what is due this week", text
