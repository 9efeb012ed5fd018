"""What is kept about a person: shown, taken along, and erased, with every count left as it was.

The row of an erased person stays, without name and address, because requests, costs and answers point to it: so reach, response
rates and hours stay right. What can't be erased is said: frozen editions and backups keep what they were made with.
"""

import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, String, Table, cast, delete, func, or_, select, update
from sqlalchemy.orm import Session

from portfolio import history, traces
from portfolio.history import record
from portfolio.links import Links
from portfolio.models import (
    Absence,
    ApiToken,
    Arrival,
    Base,
    BenefitEstimate,
    Comment,
    Draft,
    ErasedAddress,
    EvaluationStep,
    ExpertAsk,
    Invitation,
    KeptAnswer,
    LearningRecord,
    LearningRequest,
    Mail,
    Measure,
    Message,
    Organisation,
    OutdatedReport,
    Person,
    Project,
    Reading,
    Report,
    Response,
    SavedView,
    SignInLink,
    SuccessCase,
    Suggestion,
    Supporter,
    Survey,
    Visit,
    WithdrawnReading,
    WorkLog,
)
from portfolio.rules.learning import of_mailbox
from portfolio.states import Role
from portfolio.traces import Place, scrubbed

NOT_SHOWN = frozenset({"sign_in_links", "visits", "api_tokens", "kept_answers"})
"""Keys to get in: told of by number, never handed out."""
HIDDEN_COLUMNS = frozenset({"password_hash", "secret", "old_secret", "token_digest", "address", "cursor"})
KEYS = re.compile(r"(https?://[^\s\"'<>]*?/)[A-Za-z0-9_-]{20,}")
"""Addresses that let in whoever has them, as mails carry them: what is theirs alone stays theirs."""
BY_ADDRESS = (("drafts", "email"), ("suggestions", "email"), ("outdated_reports", "email"), ("arrivals", "sender"), ("mails", "recipient"),
              ("projects", "sponsor_email"), ("evaluation_steps", "owner_email"))  # fmt: skip
"""Where an address stands without pointing to the person."""
GONE = "(erased)"
AT_ONCE = 400


class NotErasable(ValueError):
    """This person can't be erased now; the message says what to do first."""


@dataclass(frozen=True)
class Kept:
    """How much one table holds about a person."""

    table: str
    rows: int


def found(session: Session, text: str, limit: int = 50) -> list[Person]:
    """People whose name or address contains the words; the latest first where there are none. Erased ones are left out."""
    query = select(Person).where(Person.erased_at.is_(None))
    if words := text.strip():
        query = query.where(
            or_(Person.name.icontains(words, autoescape=True), Person.email.icontains(words, autoescape=True))
        )
    return list(session.scalars(query.order_by(Person.id.desc()).limit(limit)))


def kept(session: Session, person: Person) -> list[Kept]:
    """Where rows point to a person or carry their address, and how many."""
    counts = (
        Kept(table.name, session.scalar(select(func.count()).select_from(table).where(clause)) or 0)
        for table, clause in _places(person)
    )
    return [one for one in counts if one.rows]


def export(session: Session, person: Person) -> dict[str, Any]:
    """All that is kept about a person, by table, as JSON takes it. Passwords, keys and files' contents are left out."""
    rows: dict[str, Any] = {
        table.name: [_plain(dict(row)) for row in session.execute(_shown(table).where(clause)).mappings()]
        for table, clause in _places(person)
        if table.name not in NOT_SHOWN
    }
    people = Base.metadata.tables["people"]
    for mail in rows.get("mails", []):
        mail.update({part: KEYS.sub(r"\1…", mail[part]) for part in ("text", "html") if mail[part]})
    rows["people"] = [
        _plain(dict(row))
        for row in session.execute(_shown(people).where(people.c.id == person.id)).mappings()
    ]
    return {name: rows[name] for name in sorted(rows) if rows[name]}


def erase(
    session: Session, person: Person, *, links: Links, outbox: Path | None = None, by: Person, at: datetime
) -> None:
    """Take away name, address, words and keys of a person, for good. Counts, hours and answers stay, and lead to nobody.

    What they answered stays in its pairs under a new pseudonym that nobody can work out. Where others named them is kept as places,
    without the name. Mails kept in the folder `outbox` go as well. Raises NotErasable for oneself, for managers, and while a file
    that names them is being taken in.
    """
    _check(person, by)
    was, words = person.email, traces.words_of(person)
    try:
        files = traces.forget_files(session, words, by=by, at=at)
    except traces.StillBeingTaken as why:
        raise NotErasable(str(why)) from None
    _cut_pseudonyms(session, person, links)
    _cut_keys(session, person, at=at)
    _cut_words(session, person)
    _cut_copies(session, person)
    _cut_addresses(session, was)
    session.flush()
    named = traces.places(session, words)
    mails = traces.forget_mails(outbox, words) if outbox is not None else 0
    _remember(session, was, links, at=at)
    person.email, person.name, person.password_hash = f"erased-{person.id}@erased.invalid", "", None
    person.roles, person.hours_per_week, person.ask_limit = Role.REQUESTER.value, None, None
    person.feed_version += 1
    person.unnamed, person.no_surveys_at, person.erased_at = True, at, at
    session.flush()
    record(
        session, "person.erased", person, by=by, at=at, files=files, mails=mails,
        places=[[one.table, one.number, one.path] for one in named],
    )  # fmt: skip


def named_by_others(session: Session, person: Person) -> list[Place]:
    """Where others wrote their name or address; of an erased person, where it stood when they were erased."""
    if person.erased_at is None:
        return traces.places(session, traces.words_of(person))
    lines = history.timeline(session, person, "person.erased")
    told = lines[-1].details.get("places", []) if lines else []
    return [Place(str(table), int(number), str(path)) for table, number, path in told]


def named_in_cases(session: Session, person: Person) -> list[SuccessCase]:
    """Success cases that seem to name this person; the manager decides about their words."""
    if len(person.name) < 3:
        return []
    return list(
        session.scalars(
            select(SuccessCase).where(
                or_(
                    *(
                        getattr(SuccessCase, part).icontains(person.name, autoescape=True)
                        for part in ("who", "used", "result", "evidence", "quote")
                    )
                )
            )
        )
    )


# Where a person is


def pointers() -> list[tuple[Table, str]]:
    """Every column that points to people, by table: what comes later is found as well."""
    people = Base.metadata.tables["people"]
    return [
        (table, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if any(key.column.table is people for key in column.foreign_keys)
    ]


def _places(person: Person) -> list[tuple[Table, ColumnElement[bool]]]:
    clauses: dict[str, list[ColumnElement[bool]]] = {}
    for table, column in pointers():
        clauses.setdefault(table.name, []).append(table.c[column] == person.id)
    for name, column in BY_ADDRESS:
        place = Base.metadata.tables[name].c[column]
        clauses.setdefault(name, []).append(func.lower(place) == person.email)
    clauses.setdefault("answers", []).append(
        Base.metadata.tables["answers"].c.learning_request_id.in_(
            select(LearningRequest.id).where(LearningRequest.requester_id == person.id)
        )
    )
    return [(Base.metadata.tables[name], or_(*parts)) for name, parts in sorted(clauses.items())]


def _shown(table: Table) -> Any:
    return select(
        *(
            column
            for column in table.columns
            if column.name not in HIDDEN_COLUMNS and not isinstance(column.type, LargeBinary)
        )
    )


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(row, default=str))
    return made


# What is cut


def _check(person: Person, by: Person) -> None:
    if person.erased_at is not None:
        raise NotErasable("This person is erased already.")
    if person.id == by.id:
        raise NotErasable("You can’t erase yourself. Another manager can.")
    if person.manages:
        raise NotErasable("Take their manager’s role away first, so that nobody is erased by mistake.")


def _cut_keys(session: Session, person: Person, *, at: datetime) -> None:
    for model in (Visit, SignInLink, SavedView):
        session.execute(delete(model).where(model.person_id == person.id))
    session.execute(
        update(ApiToken)
        .where(ApiToken.person_id == person.id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=at)
    )
    session.execute(update(Invitation).where(Invitation.person_id == person.id).values(next_on=None))


def _cut_words(session: Session, person: Person) -> None:
    """What they wrote to somebody. What they asked for stays: the work it led to rests on it."""
    session.execute(update(Message).where(Message.by_id == person.id).values(words=GONE))
    session.execute(update(Comment).where(Comment.by_id == person.id).values(words=GONE))
    session.execute(update(Supporter).where(Supporter.person_id == person.id).values(words=""))
    session.execute(update(ExpertAsk).where(ExpertAsk.person_id == person.id).values(words=""))
    for model in (Absence, WorkLog):
        session.execute(update(model).where(model.person_id == person.id).values(note=""))
    for case in named_in_cases(session, person):
        case.who = re.sub(re.escape(person.name), "Somebody", case.who, flags=re.IGNORECASE)
        case.may_quote, case.quote = False, ""


def _cut_copies(session: Session, person: Person) -> None:
    """Name and address where they came with what stays: rows of imported files, mails as they were, what was told to others."""
    words = traces.words_of(person)
    named = re.compile("|".join(map(re.escape, words)), re.IGNORECASE)
    mine = select(LearningRequest.id).where(LearningRequest.requester_id == person.id)
    for asked in session.scalars(select(LearningRequest).where(LearningRequest.id.in_(mine))):
        asked.original = scrubbed(asked.original, named)
    for draft in session.scalars(select(Draft).where(Draft.learning_request_id.in_(mine))):
        draft.values, draft.original = scrubbed(draft.values, named), scrubbed(draft.original, named)
    told = or_(
        *(part.icontains(word, autoescape=True) for part in (Mail.subject, Mail.text) for word in words)
    )
    for mail in session.scalars(select(Mail).where(told)):
        if mail.sent_at is not None or mail.given_up_at is not None:
            mail.subject, mail.text, mail.html = GONE, GONE, None
        else:
            mail.subject, mail.text = named.sub("somebody", mail.subject), named.sub("somebody", mail.text)
            mail.html = named.sub("somebody", mail.html) if mail.html else None
    body = cast(KeptAnswer.body, String)
    spelt = {*words, *(json.dumps(word)[1:-1] for word in words)}
    session.execute(delete(KeptAnswer).where(or_(*(body.icontains(word, autoescape=True) for word in spelt))))


def _remember(session: Session, email: str, links: Links, *, at: datetime) -> None:
    """A digest of the address, so that a learning system that tells of them again makes nobody new of them."""
    digest = links.key("erased", of_mailbox(email).key)
    if session.get(ErasedAddress, digest) is None:
        session.add(ErasedAddress(digest=digest, erased_on=at.date()))


def _cut_addresses(session: Session, email: str) -> None:
    def here(column: Any) -> ColumnElement[bool]:
        return func.lower(column) == email

    drafts = select(Draft.id).where(here(Draft.email), Draft.learning_request_id.is_(None))
    session.execute(update(Draft).where(Draft.id.in_(drafts)).values(values={}, email=None, original=None))
    session.execute(update(Draft).where(here(Draft.email)).values(email=None))
    session.execute(update(Suggestion).where(here(Suggestion.email)).values(email=None))
    session.execute(update(OutdatedReport).where(here(OutdatedReport.email)).values(email=None))
    session.execute(delete(Mail).where(here(Mail.recipient)))
    session.execute(
        update(Arrival)
        .where(here(Arrival.sender))
        .values(sender="", sender_name="", subject=GONE, words="", raw=b"", attachments=[])
    )
    session.execute(update(Project).where(here(Project.sponsor_email)).values(sponsor_email="", sponsor=""))
    session.execute(
        update(EvaluationStep).where(here(EvaluationStep.owner_email)).values(owner_email="", owner="")
    )
    for one in session.scalars(select(Organisation)):
        one.report_recipients = _without(one.report_recipients, email)
    for report in session.scalars(select(Report).where(Report.recipients != "")):
        report.recipients = _without(report.recipients, email)


def _without(addresses: str, email: str) -> str:
    return ", ".join(
        one for one in addresses.replace(",", " ").replace(";", " ").split() if one.lower() != email
    )


def _cut_pseudonyms(session: Session, person: Person, links: Links) -> None:
    """Each gets one that chance made, so that pairs stay pairs and the way back is gone. Each table is looked through once."""
    every = sorted(_pseudonyms(session, person, links))
    new: dict[str, str] = {}
    for model, column in (
        (Response, Response.pseudonym),
        (BenefitEstimate, BenefitEstimate.pseudonym),
        (Reading, Reading.subject),
        (WithdrawnReading, WithdrawnReading.subject),
        (LearningRecord, LearningRecord.pseudonym),
    ):
        found = {
            one
            for part in range(0, len(every), AT_ONCE)
            for one in session.scalars(
                select(column).where(column.in_(every[part : part + AT_ONCE])).distinct()
            )
            if one
        }
        for was in found:
            now = new.setdefault(was, secrets.token_urlsafe(16))
            session.execute(update(model).where(column == was).values({column.key: now}))
    for read in (Reading, WithdrawnReading):
        session.execute(
            update(read)
            .where(func.lower(read.subject) == person.email)
            .values(subject=secrets.token_urlsafe(16))
        )
    session.execute(
        update(LearningRecord).where(LearningRecord.person_id == person.id).values(person_id=None, raw=None)
    )


def _pseudonyms(session: Session, person: Person, links: Links) -> set[str]:
    """All that may stand for somebody: one a project, one a survey or measure without a project, those of learning systems. Where
    their address came before they did, it may be the address that a key was made of."""
    answered = select(Survey.id, Survey.project_id).join(Response).where(Response.pseudonym.is_not(None))
    measured, withdrawn = (
        select(Measure.id, Measure.project_id)
        .join(read, read.measure_id == Measure.id)
        .where(read.subject.is_not(None))
        for read in (Reading, WithdrawnReading)
    )
    surveys = session.execute(answered.distinct()).all()
    measures = session.execute(measured.union(withdrawn)).all()
    valued = session.scalars(
        select(BenefitEstimate.project_id).where(BenefitEstimate.pseudonym.is_not(None)).distinct()
    )
    owners: set[object] = {project for _, project in (*surveys, *measures) if project is not None} | set(
        valued
    )
    owners |= {f"measure {number}" for number, project in measures if project is None}
    alone = [number for number, project in surveys if project is None]
    records = session.scalars(select(LearningRecord.pseudonym).where(LearningRecord.person_id == person.id))
    return {
        *(links.key("pseudonym", owner, who) for owner in owners for who in (person.id, person.email)),
        *(links.key("pseudonym", "survey", one, who) for one in alone for who in (person.id, person.email)),
        links.key("pseudonym", "learning", of_mailbox(person.email).key),
        *(one for one in records if one),
    }
