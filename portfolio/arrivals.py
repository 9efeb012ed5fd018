"""Mails that came in: received once, kept whole, and made a draft, a line in a conversation, or put aside with a reason."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portfolio import (
    conversations,
    drafts,
    files,
    forms,
    learning_requests,
    letters,
    mails,
    organisation,
    people,
    post,
    supporters,
)
from portfolio.history import record
from portfolio.links import Links
from portfolio.models import Arrival, Draft, LearningRequest, Message, Person
from portfolio.organisation import AddressRefused
from portfolio.post import Attachment, Letter
from portfolio.rules import arrivals as rules
from portfolio.rules.arrivals import Facts
from portfolio.settings import Settings
from portfolio.states import ArrivalStatus

LARGEST_BYTES = 25 * 1024 * 1024
LONGEST_LINE = 8000
MOST_WORDS = 5000
LATELY = timedelta(hours=1)
LET_IN = (ArrivalStatus.DRAFTED, ArrivalStatus.THREADED)


class ArrivalSettled(ValueError):
    """Something became of this mail already."""


def receive(
    session: Session,
    raw: bytes,
    *,
    links: Links,
    settings: Settings,
    at: datetime,
    size_bytes: int | None = None,
) -> Arrival | None:
    """Keep a mail and do with it what the rule says. None where it is here already.

    `size_bytes` is given where the mail is larger than what was fetched of it.
    """
    letter = post.read(raw)
    arrival = _keep(session, raw, letter, size_bytes or len(raw), at)
    if arrival is None:
        return None
    thread = _thread(session, letter)
    is_cut = arrival.size_bytes > len(raw)
    fate = rules.becomes(_facts(session, letter, thread, settings, at, is_cut=is_cut))
    arrival.learning_request_id = thread.learning_request.id if thread.learning_request else None
    _settle(session, arrival, fate.status, fate.why, by=None, at=at)
    if fate.status in LET_IN:
        _let_in(session, arrival, letter, thread, links=links, at=at)
    return arrival


def keep_aside(session: Session, raw: bytes, *, why: str, at: datetime) -> Arrival | None:
    """Keep a mail for the manager when taking it in failed. None where it is here already."""
    arrival = _keep(session, raw, post.read(raw), len(raw), at)
    if arrival is not None:
        _settle(session, arrival, ArrivalStatus.QUARANTINED, why, by=None, at=at)
    return arrival


def accept(session: Session, arrival: Arrival, *, links: Links, by: Person, at: datetime) -> None:
    """Let a mail in after all: into the conversation it answers, else as a draft whose link its sender gets.

    Raises ArrivalSettled, or AddressRefused where there is nobody to write to.
    """
    _check_waits(arrival, ArrivalStatus.QUARANTINED, ArrivalStatus.DROPPED)
    if not arrival.sender:
        raise AddressRefused("This mail names no sender we could answer. Enter the request yourself.")
    letter = post.read(arrival.raw)
    thread = _thread(session, letter)
    status = ArrivalStatus.THREADED if thread.learning_request else ArrivalStatus.DRAFTED
    _settle(session, arrival, status, "You let it in.", by=by, at=at)
    _let_in(session, arrival, letter, thread, links=links, at=at)


def drop(session: Session, arrival: Arrival, *, by: Person, at: datetime) -> None:
    """Put a mail away. It stays listed, and can still be let in. Raises ArrivalSettled."""
    _check_waits(arrival, ArrivalStatus.QUARANTINED)
    _settle(session, arrival, ArrivalStatus.DROPPED, f"{arrival.why} You dropped it."[:300], by=by, at=at)


# Queries


def find(session: Session, number: int) -> Arrival | None:
    return session.get(Arrival, number) if 0 < number < 2**31 else None


def waiting(session: Session, limit: int = 50) -> list[Arrival]:
    """What the manager has to look at, oldest first."""
    return list(
        session.scalars(
            select(Arrival)
            .where(Arrival.status == ArrivalStatus.QUARANTINED)
            .order_by(Arrival.arrived_at, Arrival.id)
            .limit(limit)
        )
    )


def waiting_count(session: Session) -> int:
    return session.scalar(select(func.count()).where(Arrival.status == ArrivalStatus.QUARANTINED)) or 0


def settled(session: Session, limit: int = 100) -> list[Arrival]:
    """What something became of, latest first."""
    return list(
        session.scalars(
            select(Arrival)
            .where(Arrival.status != ArrivalStatus.QUARANTINED)
            .order_by(Arrival.arrived_at.desc(), Arrival.id.desc())
            .limit(limit)
        )
    )


def drafts_of(session: Session, listed: list[Arrival]) -> dict[int, Draft]:
    """The drafts these mails became, by number."""
    ids = {arrival.draft_id for arrival in listed if arrival.draft_id}
    return {draft.id: draft for draft in session.scalars(select(Draft).where(Draft.id.in_(ids)))}


# Below: how it is done


@dataclass(frozen=True)
class _Thread:
    """What a mail answers: a request, or a draft not sent yet; and who got the mail of ours that it names."""

    learning_request: LearningRequest | None = None
    draft: Draft | None = None
    recipient: str = ""

    @property
    def is_ours(self) -> bool:
        return self.learning_request is not None or self.draft is not None


def _keep(session: Session, raw: bytes, letter: Letter, size_bytes: int, at: datetime) -> Arrival | None:
    """Insert unless it is here: two workers may fetch one mailbox at once."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    number = session.execute(
        dialect.insert(Arrival)
        .values(
            source_key=post.key(raw),
            sender=letter.sender[:254],
            sender_name=letter.sender_name,
            subject=letter.subject[:300],
            words=letter.words[:MOST_WORDS],
            attachments=[{"name": one.name, "size_bytes": len(one.content)} for one in letter.attachments],
            raw=raw,
            size_bytes=size_bytes,
            status=ArrivalStatus.QUARANTINED,
            why="",
            arrived_at=at,
        )
        .on_conflict_do_nothing()
        .returning(Arrival.id)
    ).scalar()
    return None if number is None else session.get_one(Arrival, number)


def _thread(session: Session, letter: Letter) -> _Thread:
    mail = mails.named(session, letter.answers) if letter.answers else None
    if mail is None or mail.about is None:
        return _Thread()
    kind, _, number = mail.about.partition(":")
    if kind == "draft":
        draft = drafts.find(session, int(number))
        if draft is None or draft.learning_request_id is None:
            return _Thread(draft=draft, recipient=mail.recipient)
        number = str(draft.learning_request_id)
    return _Thread(learning_requests.find(session, int(number)), recipient=mail.recipient)


def _facts(
    session: Session, letter: Letter, thread: _Thread, settings: Settings, at: datetime, *, is_cut: bool
) -> Facts:
    sender = letter.sender
    person = people.find(session, sender) if sender else None
    return Facts(
        sender=sender,
        machine=rules.written_by_machine(letter.headers, sender, _ours(settings)),
        forged=rules.forged(letter.headers.get("authentication-results", "")),
        is_too_large=is_cut,
        is_empty=letter.is_empty,
        answers_ours=thread.is_ours,
        takes_part=_takes_part(session, sender, person, thread),
        is_known=person is not None and _may_ask(session, sender, person),
        from_our_domains=_is_of_our_domains(session, sender),
        in_the_last_hour=_lately(session, sender, at),
    )


def _ours(settings: Settings) -> set[str]:
    """Our own addresses, without the one a fresh installation has."""
    return {parseaddr(one)[1].lower() for one in (settings.mail_from, settings.intake_address) if one}


def _takes_part(session: Session, sender: str, person: Person | None, thread: _Thread) -> bool:
    if not thread.is_ours:
        return False
    if sender == thread.recipient.lower() or (person is not None and person.manages):
        return True
    if thread.learning_request is None or person is None:
        return False
    behind = supporters.listed(session, thread.learning_request)
    return person.id in {thread.learning_request.requester_id, *(one.person_id for one in behind)}


def _may_ask(session: Session, sender: str, person: Person) -> bool:
    try:
        organisation.check_address(session, sender, by=person)
    except AddressRefused:
        return False
    return True


def _is_of_our_domains(session: Session, sender: str) -> bool:
    """By mail only the domains that are named may ask unknown; an open form doesn't open the mailbox."""
    ours = organisation.current(session)
    return bool(ours and sender and sender.rpartition("@")[2] in ours.intake_domains.lower().split())


def _lately(session: Session, sender: str, at: datetime) -> int:
    """How many mails of this sender were let in within the last hour."""
    return (
        session.scalar(
            select(func.count()).where(
                Arrival.arrived_at > at - LATELY, Arrival.sender == sender, Arrival.status.in_(LET_IN)
            )
        )
        or 0
    )


def _check_waits(arrival: Arrival, *statuses: ArrivalStatus) -> None:
    if arrival.status not in statuses:
        raise ArrivalSettled("Something became of this mail already.")


def _settle(
    session: Session, arrival: Arrival, status: ArrivalStatus, why: str, *, by: Person | None, at: datetime
) -> None:
    arrival.status, arrival.why = status, why
    arrival.settled_at = None if status is ArrivalStatus.QUARANTINED else at
    arrival.settled_by_id = by.id if by else None
    record(session, f"arrival.{status.value}", arrival, by=by, at=at)


def _let_in(
    session: Session, arrival: Arrival, letter: Letter, thread: _Thread, *, links: Links, at: datetime
) -> None:
    if thread.learning_request is not None:
        left_out = _say(session, arrival, letter, thread.learning_request, links=links, at=at)
    elif thread.draft is not None:
        left_out = _add_to_draft(session, arrival, letter, thread.draft, at=at)
    else:
        left_out = _begin_draft(session, arrival, letter, links=links, at=at)
    if left_out:
        arrival.why = f"{arrival.why} Left in the mail: {', '.join(left_out)}."[:300]


def _say(
    session: Session, arrival: Arrival, letter: Letter, asked: LearningRequest, *, links: Links, at: datetime
) -> list[str]:
    """Put a reply into the conversation, in its own words."""
    person = people.meet(session, arrival.sender, at=at, name=letter.sender_name[:120])
    words, rest = _fitting(post.own_words(letter.words) or "(no words)", LONGEST_LINE)
    line = conversations.say(session, asked, words, links=links, by=person, at=at)
    session.flush()
    arrival.learning_request_id, arrival.message_id = asked.id, line.id
    left_out = _keep_files(session, [*letter.attachments, *rest], at, by=person, asked=asked, line=line)
    return [name for name, _ in left_out]


def _add_to_draft(
    session: Session, arrival: Arrival, letter: Letter, draft: Draft, *, at: datetime
) -> list[str]:
    """Who answers the link instead of opening it has said more: add it to the draft."""
    form = forms.current(session)
    said = draft.values.get("problem", "")
    words, rest = _fitting(f"{said}\n\n{post.own_words(letter.words)}".strip(), LONGEST_LINE)
    drafts.save(session, draft, {**draft.values, "problem": words}, form=form, revision=draft.revision, at=at)
    arrival.draft_id = draft.id
    left_out = _keep_files(session, [*letter.attachments, *rest], at, draft=draft)
    return [name for name, _ in left_out]


def _begin_draft(
    session: Session, arrival: Arrival, letter: Letter, *, links: Links, at: datetime
) -> list[str]:
    """A draft of subject and words, and its link for the sender."""
    words, rest = _fitting(letter.words, LONGEST_LINE)
    title = rules.plain_subject(letter.subject) or words.split("\n")[0]
    values = {
        "title": title[:200],
        "problem": words,
        "requester_email": arrival.sender,
        "requester_name": letter.sender_name[:120],
    }
    original = {"arrival": arrival.id, "subject": letter.subject, "text": letter.words}
    draft = drafts.begin(
        session,
        values,
        form=forms.current(session),
        email=arrival.sender,
        source="mail",
        original=original,
        by=people.find(session, arrival.sender),
        at=at,
    )
    arrival.draft_id = draft.id
    left_out = _keep_files(session, [*letter.attachments, *rest], at, draft=draft)
    subject, text = letters.mail_arrived(
        title[:200], links.draft(draft), drafts.expires_at(draft), [why for _, why in left_out]
    )
    about = f"draft:{draft.id}"
    mails.queue(
        session,
        to=arrival.sender,
        subject=subject,
        text=text,
        about=about,
        in_reply_to=letter.message_id,
        at=at,
    )
    return [name for name, _ in left_out]


def _fitting(words: str, longest: int) -> tuple[str, list[Attachment]]:
    """Words that fit, and where they didn't, all of them as a file."""
    if len(words) <= longest:
        return words, []
    note = "\n\n(It goes on in the file “mail.txt”.)"
    whole = Attachment("mail.txt", "text/plain", words.encode())
    return words[: longest - len(note)].rsplit(maxsplit=1)[0] + note, [whole]


def _keep_files(
    session: Session,
    given: list[Attachment],
    at: datetime,
    *,
    by: Person | None = None,
    draft: Draft | None = None,
    asked: LearningRequest | None = None,
    line: Message | None = None,
) -> list[tuple[str, str]]:
    """Keep what can be kept; returns names of the others with why not. They stay in the mail."""
    refused = []
    for one in given:
        try:
            files.keep(
                session,
                name=one.name,
                content=one.content,
                at=at,
                by=by,
                draft=draft,
                learning_request=asked,
                message=line,
            )
        except files.FileRefused as problem:
            refused.append((one.name, str(problem)))
    return refused
