"""What is kept about a person: shown, taken along, and erased, with every count left as it was.

The row of an erased person stays, without name and address, because requests, costs and answers point to it: so reach, response
rates and hours stay right. What can't be erased is said: frozen editions and backups keep what they were made with.
"""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Table, delete, func, or_, select, update
from sqlalchemy.orm import Session

from portfolio.history import record
from portfolio.links import Links
from portfolio.models import (
    Arrival,
    Base,
    BenefitEstimate,
    Comment,
    Draft,
    EvaluationStep,
    Invitation,
    LearningRecord,
    LearningRequest,
    Mail,
    Message,
    Organisation,
    OutdatedReport,
    Participant,
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
)
from portfolio.states import Role

NOT_SHOWN = frozenset({"sign_in_links", "visits", "api_tokens", "kept_answers"})
"""Keys to get in: told of by number, never handed out."""
HIDDEN_COLUMNS = frozenset({"password_hash", "secret", "token_digest", "address"})
BY_ADDRESS = (("drafts", "email"), ("suggestions", "email"), ("outdated_reports", "email"), ("arrivals", "sender"), ("mails", "recipient"),
              ("projects", "sponsor_email"), ("evaluation_steps", "owner_email"))  # fmt: skip
"""Where an address stands without pointing to the person."""
GONE = "(erased)"


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
    rows["people"] = [
        _plain(dict(row))
        for row in session.execute(_shown(people).where(people.c.id == person.id)).mappings()
    ]
    return {name: rows[name] for name in sorted(rows) if rows[name]}


def erase(session: Session, person: Person, *, links: Links, by: Person, at: datetime) -> None:
    """Take away name, address, words and keys of a person, for good. Counts, hours and answers stay, and lead to nobody.

    What they answered stays in its pairs under a new pseudonym that nobody can work out. Raises NotErasable for oneself
    and for managers.
    """
    _check(person, by)
    was = person.email
    _cut_pseudonyms(session, person, links)
    _cut_keys(session, person)
    _cut_words(session, person)
    _cut_addresses(session, was)
    person.email, person.name, person.password_hash = f"erased-{person.id}@erased.invalid", "", None
    person.roles, person.hours_per_week, person.ask_limit = Role.REQUESTER.value, None, None
    person.feed_version += 1
    person.unnamed, person.no_surveys_at, person.erased_at = True, at, at
    session.flush()
    record(session, "person.erased", person, by=by, at=at)


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


def _cut_keys(session: Session, person: Person) -> None:
    for model in (Visit, SignInLink, SavedView):
        session.execute(delete(model).where(model.person_id == person.id))
    session.execute(update(Invitation).where(Invitation.person_id == person.id).values(next_on=None))


def _cut_words(session: Session, person: Person) -> None:
    """What they wrote to somebody. What they asked for stays: the work it led to rests on it."""
    session.execute(update(Message).where(Message.by_id == person.id).values(words=GONE))
    session.execute(update(Comment).where(Comment.by_id == person.id).values(words=GONE))
    session.execute(update(Supporter).where(Supporter.person_id == person.id).values(words=""))
    for case in named_in_cases(session, person):
        case.who, case.may_quote, case.quote = case.who.replace(person.name, "Somebody"), False, ""


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
    """Each gets one that chance made, so that pairs stay pairs and the way back is gone."""
    for was in _pseudonyms(session, person, links):
        now = secrets.token_urlsafe(16)
        for model, column in (
            (Response, Response.pseudonym),
            (BenefitEstimate, BenefitEstimate.pseudonym),
            (Reading, Reading.subject),
            (LearningRecord, LearningRecord.pseudonym),
        ):
            session.execute(update(model).where(column == was).values({column.key: now}))
    session.execute(
        update(LearningRecord).where(LearningRecord.person_id == person.id).values(person_id=None, raw=None)
    )


def _pseudonyms(session: Session, person: Person, links: Links) -> set[str]:
    """All that stand for somebody: one a project, one a survey without a project, those of learning systems."""
    asked = session.execute(
        select(Invitation.survey_id, Survey.project_id)
        .join(Survey, Survey.id == Invitation.survey_id)
        .where(Invitation.person_id == person.id)
    ).all()
    projects = {project for _, project in asked if project is not None}
    projects |= set(session.scalars(select(Participant.project_id).where(Participant.person_id == person.id)))
    with_files = select(Survey.project_id).join(Response).where(Response.import_id.is_not(None)).distinct()
    projects |= {project for project in session.scalars(with_files) if project is not None}
    records = session.scalars(select(LearningRecord.pseudonym).where(LearningRecord.person_id == person.id))
    return {
        *(links.key("pseudonym", project, person.id) for project in projects),
        *(links.key("pseudonym", "survey", survey, person.id) for survey, _ in asked),
        *(one for one in records if one),
    }
