"""Learning requests: submit, say, withdraw ...; then the queries about them. Deciding on them is portfolio/deciding.py."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, insert, select, true
from sqlalchemy.orm import Session, joinedload

from portfolio import (
    assessments,
    forms,
    goals,
    history,
    letters,
    mails,
    people,
    suggestions,
    supporters,
)
from portfolio.history import record
from portfolio.links import Links
from portfolio.models import (
    Answer,
    Assessment,
    Decision,
    Goal,
    LearningRequest,
    Mail,
    Message,
    Person,
    Project,
    Unit,
)
from portfolio.questions import FORM_VERSION
from portfolio.rules.information import QuestionWorth, questions_worth
from portfolio.states import (
    INBOX,
    OPEN,
    RequestStatus,
    check_move,
)
from portfolio.submission import ChangedAnswers, Submission


class RequestClosed(ValueError):
    """It has its outcome, so its answers stay as they are."""


@dataclass(frozen=True)
class Source:
    """Where a request came from; name and key together make a second import of the same row a no-op. `ask` names the
    writing it came of, as the ledger of suggestions knows it."""

    kind: str = "form"
    name: str | None = None
    key: str | None = None
    original: dict[str, Any] | None = None
    ask: str = ""


def submit(
    session: Session,
    submission: Submission,
    *,
    links: Links,
    by: Person | None,
    at: datetime,
    source: Source = Source(),
    tell: bool = True,
    form_version: int = FORM_VERSION,
) -> LearningRequest:
    """Take a request in: the person, the answers, the history line, the scoring mark and the mail, all or nothing.

    `form_version` says which form was asked, so that each answer keeps its question.
    """
    asker = submission.requester
    requester = people.meet(session, asker.email, at=at, name=asker.name, unit=asker.unit)
    values = submission.values()
    learning_request = LearningRequest(
        title=submission.title,
        status=RequestStatus.SUBMITTED,
        status_since=at,
        requester_id=requester.id,
        unit_id=requester.unit_id or (requester.unit.id if requester.unit else None),
        goal_id=_goal(session, values.get("goal")),
        submitted_at=at,
        source=source.kind,
        source_name=source.name,
        source_key=source.key,
        original=source.original,
        score_wanted_at=at,
    )
    session.add(learning_request)
    session.flush()
    _keep_answers(session, learning_request, values, by=requester, at=at, form_version=form_version)
    record(
        session,
        "learning_request.submitted",
        learning_request,
        by=by or requester,
        at=at,
        source=source.kind,
        form_version=form_version,
    )
    suggestions.sent_anyway(session, ask=source.ask, email=requester.email, at=at, words=_words(submission))
    if tell:
        subject, text = letters.received(learning_request, links.tracking(learning_request))
        mails.queue(
            session, to=requester.email, subject=subject, text=text, about=_about(learning_request), at=at
        )
    return learning_request


def change_answers(
    session: Session,
    learning_request: LearningRequest,
    changed: ChangedAnswers,
    *,
    by: Person | None,
    at: datetime,
    form_version: int = FORM_VERSION,
) -> list[str]:
    """Keep new answers beside the old ones and have the request scored again; returns the questions that changed."""
    if learning_request.status not in OPEN:
        raise RequestClosed("This request is closed, so its answers stay as they are.")
    before = {answer.question: answer for answer in learning_request.answers}
    values = {
        question: value
        for question, value in changed.values().items()
        if question not in before or before[question].value != value
    }
    for question, value in values.items():
        if question in before:
            answer = before[question]
            answer.value, answer.said_by_id, answer.said_at = value, by.id if by else None, at
            answer.form_version, answer.grade = form_version, None
    new = {question: value for question, value in values.items() if question not in before}
    _keep_answers(session, learning_request, new, by=by, at=at, form_version=form_version)
    if "goal" in values:
        learning_request.goal_id = _goal(session, values["goal"])
    if values:
        learning_request.score_wanted_at = at
        record(session, "learning_request.answered", learning_request, by=by, at=at, questions=sorted(values))
        _heard_back(session, learning_request, by=by, at=at)
    return sorted(values)


def take_back_answers(
    session: Session, learning_request: LearningRequest, keys: Collection[str], *, by: Person, at: datetime
) -> None:
    """Drop a manager's own answers to some questions and have the request scored again."""
    dropped = [answer for answer in learning_request.answers if answer.question in keys]
    if dropped:
        for answer in dropped:
            learning_request.answers.remove(answer)
        learning_request.score_wanted_at = at
        questions = sorted(answer.question for answer in dropped)
        record(
            session, "learning_request.answers_dropped", learning_request, by=by, at=at, questions=questions
        )


def serve_goal(
    session: Session, learning_request: LearningRequest, goal: Goal | None, *, by: Person | None, at: datetime
) -> None:
    """Attach a request to a goal, or to none, and have it scored again."""
    learning_request.goal_id = goal.id if goal else None
    learning_request.score_wanted_at = at
    record(
        session, "learning_request.goal_set", learning_request, by=by, at=at, goal=learning_request.goal_id
    )


def withdraw(session: Session, learning_request: LearningRequest, *, by: Person | None, at: datetime) -> None:
    """The requester no longer needs it. Raises states.MoveRefused."""
    check_move(learning_request.status, RequestStatus.WITHDRAWN)
    move(session, learning_request, RequestStatus.WITHDRAWN, by=by, at=at)


def deliver(
    session: Session,
    learning_request: LearningRequest,
    *,
    by: Person | None,
    at: datetime,
    links: Links | None = None,
) -> None:
    """What was asked for is there; with `links`, everybody who asked is told. Raises states.MoveRefused."""
    check_move(learning_request.status, RequestStatus.DELIVERED)
    move(session, learning_request, RequestStatus.DELIVERED, by=by, at=at)
    if links is not None:
        for person, address in supporters.recipients(session, learning_request, links):
            subject, text = letters.delivered(learning_request, address)
            write_to(session, person, subject, text, learning_request, at)


def verify(session: Session, learning_request: LearningRequest, *, by: Person | None, at: datetime) -> None:
    """It was there, and it worked. Raises states.MoveRefused."""
    check_move(learning_request.status, RequestStatus.VERIFIED)
    move(session, learning_request, RequestStatus.VERIFIED, by=by, at=at)


def move(
    session: Session,
    learning_request: LearningRequest,
    to: RequestStatus,
    *,
    by: Person | None,
    at: datetime,
    **details: Any,
) -> None:
    """Into another state, with its line of history. Whether it may is states.check_move's to say."""
    was = learning_request.status
    learning_request.status = to
    learning_request.status_since = at
    record(
        session,
        "learning_request.moved",
        learning_request,
        by=by,
        at=at,
        **{"from": was.value, "to": to.value},
        **details,
    )


def write_to(
    session: Session,
    to: Person,
    subject: str,
    text: str,
    learning_request: LearningRequest,
    at: datetime,
    *,
    not_before: datetime | None = None,
) -> Mail:
    """Queue a mail about a request, so that answers to it find their way back."""
    return mails.queue(
        session,
        to=to.email,
        subject=subject,
        text=text,
        about=_about(learning_request),
        at=at,
        not_before=not_before,
    )


def say(
    session: Session,
    learning_request: LearningRequest,
    words: str,
    *,
    links: Links,
    by: Person | None,
    at: datetime,
    internal: bool = False,
) -> Message:
    """Add a line to the conversation. A manager's line is mailed to the requester and all supporters; a requester's line to
    the manager who decided last, else to all; an internal note to nobody."""
    line = Message(
        learning_request_id=learning_request.id,
        words=words,
        internal=internal,
        by_id=by.id if by else None,
        at=at,
    )
    session.add(line)
    record(session, "learning_request.message_added", learning_request, by=by, at=at, internal=internal)
    _heard_back(session, learning_request, by=by, at=at)
    if not internal and by is not None:
        for person, address in _told_by(session, by, learning_request, links):
            subject, text = letters.message(learning_request, words, address)
            write_to(session, person, subject, text, learning_request, at)
    if not internal and not (by and by.manages):
        _tell_managers(session, learning_request, words, links=links, by=by, at=at)
    return line


def renew_link(
    session: Session, learning_request: LearningRequest, *, links: Links, by: Person | None, at: datetime
) -> None:
    """Make the private link useless and mail a new one."""
    learning_request.link_version += 1
    record(session, "learning_request.link_renewed", learning_request, by=by, at=at)
    subject, text = letters.new_link(learning_request, links.tracking(learning_request))
    mails.queue(
        session,
        to=learning_request.requester.email,
        subject=subject,
        text=text,
        about=_about(learning_request),
        at=at,
    )


def mail_link(session: Session, learning_request: LearningRequest, *, links: Links, at: datetime) -> None:
    """Send the private link once more, to the requester and nobody else."""
    subject, text = letters.link_again(learning_request, links.tracking(learning_request))
    write_to(session, learning_request.requester, subject, text, learning_request, at)


def confirm(session: Session, learning_request: LearningRequest, *, by: Person | None, at: datetime) -> None:
    """Its requester says it is still needed."""
    learning_request.confirmed_at = at
    record(session, "learning_request.confirmed", learning_request, by=by, at=at)


# Queries


def next_questions(
    session: Session, learning_request: LearningRequest, *, now: datetime, leave_out: Collection[str] = ()
) -> tuple[QuestionWorth, ...]:
    """The questions whose answers are worth most a minute, best first: three at most, none that was answered.

    Judged by the rule that also chooses whom to ask by mail, but for the cost of asking: this person is here already.
    """
    if learning_request.status not in OPEN:
        return ()
    known, today = forms.known(session), now.date()
    said = known.count_in(forms.said_in(learning_request))
    unit = learning_request.unit.name if learning_request.unit else ""
    could = forms.still_open(known.current, said, unit=unit, kind=said.get("type") or "")
    stated = goals.weighed(session, on=today)
    if learning_request.goal_id is None and not all(one.is_over for one in stated.values()):
        could["goal"] = "goal"
    served = stated.get(learning_request.goal_id) if learning_request.goal_id else None
    need = assessments.need_of(said, served.weight if served else None, today)
    rubric = assessments.current_rubric(session)
    best = questions_worth(
        {learning_request.id: need},
        rubric,
        assessments.line(session, rubric),
        offered={learning_request.id: [given for given, key in could.items() if key not in leave_out]},
        cost_per_minute=0,
        at_most=3,
    )
    return tuple(replace(one, question=could[one.question]) for one in best)


def find(session: Session, number: int) -> LearningRequest | None:
    """One request with all that its pages show."""
    if not 0 < number < 2**31:
        return None
    return session.scalar(
        select(LearningRequest)
        .where(LearningRequest.id == number)
        .options(
            joinedload(LearningRequest.requester),
            joinedload(LearningRequest.unit),
            joinedload(LearningRequest.goal),
            joinedload(LearningRequest.assessment),
            joinedload(LearningRequest.answers),
        )
    )


def from_source(session: Session, name: str, key: str) -> LearningRequest | None:
    """The request that came from this row of this source, if it is here already."""
    return session.scalar(
        select(LearningRequest).where(LearningRequest.source_name == name, LearningRequest.source_key == key)
    )


def inbox(session: Session, limit: int = 200) -> list[LearningRequest]:
    """What nobody has decided on yet, oldest first."""
    return _listed(
        session,
        _with_face()
        .where(LearningRequest.status.in_(INBOX))
        .order_by(LearningRequest.submitted_at, LearningRequest.id)
        .limit(limit),
    )


def next_in_inbox(session: Session, than: LearningRequest) -> int | None:
    """The number of the request to decide after this one: the next newer, else the oldest. None when it was the last."""
    others = select(func.min(LearningRequest.id)).where(
        LearningRequest.status.in_(INBOX), LearningRequest.id != than.id
    )
    return session.scalar(others.where(LearningRequest.id > than.id)) or session.scalar(others)


def is_new(session: Session) -> bool:
    """Whether nobody has asked for anything yet."""
    return session.scalar(select(LearningRequest.id).limit(1)) is None


def inbox_count(session: Session) -> int:
    return session.scalar(select(func.count()).where(LearningRequest.status.in_(INBOX))) or 0


def unscored_count(session: Session) -> int:
    """How many wait to be scored."""
    return session.scalar(select(func.count()).where(LearningRequest.score_wanted_at.is_not(None))) or 0


@dataclass(frozen=True)
class Page:
    """A stretch of a list, and where the next one starts."""

    items: list[LearningRequest]
    next: str | None


@dataclass(frozen=True)
class Wanted:
    """Which requests a list shows. `sort`: rank (leverage), impact, submitted."""

    statuses: Sequence[RequestStatus] = ()
    unit: str = ""
    goal: int | None = None
    text: str = ""
    sort: str = "rank"
    limit: int = 50
    after: tuple[float, int] | None = None


def search(session: Session, wanted: Wanted) -> Page:
    """Requests in order, `limit` at a time; `next` continues where this page ends. Costs rows shown, not rows kept."""
    query = _with_face()
    if wanted.statuses:
        query = query.where(LearningRequest.status.in_(wanted.statuses))
    if wanted.unit:
        query = query.join(LearningRequest.unit).where(func.lower(Unit.name) == wanted.unit.lower())
    if wanted.goal is not None:
        query = query.where(LearningRequest.goal_id == wanted.goal)
    if wanted.text:
        query = query.where(LearningRequest.title.icontains(wanted.text, autoescape=True))
    query = _ordered(query, wanted)
    found = _listed(session, query.limit(wanted.limit + 1))
    more = len(found) > wanted.limit
    items = found[: wanted.limit]
    return Page(items, _cursor(items[-1], wanted.sort) if more else None)


@dataclass(frozen=True)
class Place:
    """Where a request stands among the open ones: best and worst place its doubt allows, and how many there are."""

    best: int
    likely: int
    worst: int
    of: int


def place(session: Session, learning_request: LearningRequest) -> Place | None:
    """The place in the queue as a range. None until scored, or when no longer open.

    Others that beat this one's high leverage are surely before it; those that beat its low may be. One indexed count.
    """
    assessment = learning_request.assessment
    if assessment is None or not learning_request.is_open:
        return None
    row = session.execute(
        select(
            func.count().filter(LearningRequest.leverage > assessment.leverage_high),
            func.count().filter(LearningRequest.leverage > assessment.leverage_likely),
            func.count().filter(LearningRequest.leverage > assessment.leverage_low),
            func.count(),
        ).where(LearningRequest.status.in_(OPEN), LearningRequest.id != learning_request.id)
    ).one()
    return Place(row[0] + 1, row[1] + 1, row[2] + 1, row[3] + 1)


def conversation(session: Session, learning_request: LearningRequest, *, internal: bool) -> list[Message]:
    """The messages, oldest first; internal notes only where asked for."""
    query = select(Message).where(Message.learning_request_id == learning_request.id)
    if not internal:
        query = query.where(Message.internal.is_(False))
    return list(session.scalars(query.options(joinedload(Message.by)).order_by(Message.at, Message.id)))


def decisions(
    session: Session, learning_request: LearningRequest, *, also_undone: bool = False
) -> list[Decision]:
    """The decisions on a request, oldest first; those undone only where asked for."""
    return list(
        session.scalars(
            select(Decision)
            .where(
                Decision.learning_request_id == learning_request.id,
                true() if also_undone else Decision.undone_at.is_(None),
            )
            .options(joinedload(Decision.decided_by))
            .order_by(Decision.id)
        )
    )


def moves(session: Session, learning_request: LearningRequest) -> list[Any]:
    """The request's own history lines that its requester may see; what was undone was never said."""
    found = history.timeline(
        session, learning_request, "learning_request.submitted", "learning_request.moved"
    )
    undone = {event.details["undone"] for event in found if "undone" in event.details}
    return [
        event
        for event in found
        if "undone" not in event.details and event.details.get("decision") not in undone
    ]


def of_requester(session: Session, person: Person) -> list[LearningRequest]:
    """A person's own requests, newest first."""
    return _listed(
        session,
        _with_face()
        .where(LearningRequest.requester_id == person.id)
        .order_by(LearningRequest.id.desc())
        .limit(200),
    )


def joined(session: Session, learning_request: LearningRequest) -> int:
    """How many other requests have been joined to this one."""
    return (
        session.scalar(select(func.count()).where(LearningRequest.joined_to_id == learning_request.id)) or 0
    )


def counts(session: Session) -> dict[RequestStatus, int]:
    """How many requests there are in each state."""
    rows = session.execute(select(LearningRequest.status, func.count()).group_by(LearningRequest.status))
    return dict(rows.all())


def project_of(session: Session, learning_request: LearningRequest) -> Project | None:
    return session.scalar(select(Project).where(Project.learning_request_id == learning_request.id))


# Below: how the verbs above do it


def _with_face() -> Select[LearningRequest]:
    """Requests with what a list line shows, in one query."""
    return select(LearningRequest).options(
        joinedload(LearningRequest.requester),
        joinedload(LearningRequest.unit),
        joinedload(LearningRequest.goal),
        joinedload(LearningRequest.assessment).load_only(
            *(
                getattr(Assessment, f"{what}_{end}")
                for what in ("impact", "effort_hours", "manager_hours", "leverage")
                for end in ("low", "likely", "high")
            ),
            Assessment.quadrants,
            Assessment.reasons,
            Assessment.fit,
        ),
    )


def _listed(session: Session, query: Select[LearningRequest]) -> list[LearningRequest]:
    return list(session.scalars(query))


def _ordered(query: Select[LearningRequest], wanted: Wanted) -> Select[LearningRequest]:
    if wanted.sort == "submitted":
        if wanted.after:
            query = query.where(LearningRequest.id < wanted.after[1])
        return query.order_by(LearningRequest.id.desc())
    key = func.coalesce(LearningRequest.leverage, -1.0)
    if wanted.after:
        leverage, last = wanted.after
        query = query.where((key < leverage) | ((key == leverage) & (LearningRequest.id > last)))
    return query.order_by(key.desc(), LearningRequest.id)


def _cursor(last: LearningRequest, sort: str) -> str:
    leverage = -1.0 if last.leverage is None or sort == "submitted" else last.leverage
    return f"{leverage!r}_{last.id}"


def _keep_answers(
    session: Session,
    learning_request: LearningRequest,
    values: dict[str, Any],
    *,
    by: Person | None,
    at: datetime,
    form_version: int,
) -> None:
    if values:
        session.connection().execute(
            insert(Answer),
            [
                {
                    "learning_request_id": learning_request.id,
                    "question": question,
                    "value": value,
                    "said_by_id": by.id if by else None,
                    "said_at": at,
                    "form_version": form_version,
                }
                for question, value in values.items()
            ],
        )


def _goal(session: Session, goal_id: Any) -> int | None:
    return session.scalar(select(Goal.id).where(Goal.id == goal_id)) if goal_id else None


def _heard_back(
    session: Session, learning_request: LearningRequest, *, by: Person | None, at: datetime
) -> None:
    """A question that its requester answered brings the request back into the inbox."""
    if (
        learning_request.status is RequestStatus.NEEDS_INFO
        and by is not None
        and by.id == learning_request.requester_id
    ):
        move(session, learning_request, RequestStatus.SUBMITTED, by=by, at=at)


def _words(submission: Submission) -> str:
    return f"{submission.title} {submission.problem} {submission.behaviour}"[:2000]


def _told_by(
    session: Session, by: Person, learning_request: LearningRequest, links: Links
) -> list[tuple[Person, str]]:
    """Who gets to hear a line: nobody hears themselves, and who asked is heard on the manager's page."""
    told = supporters.recipients(session, learning_request, links)
    others = [(person, address) for person, address in told if person.id != by.id]
    return others if by.manages or len(others) == len(told) else []


def _tell_managers(
    session: Session,
    learning_request: LearningRequest,
    words: str,
    *,
    links: Links,
    by: Person | None,
    at: datetime,
) -> None:
    """At most one unsent mail a request and manager: who writes a lot fills a page, no mailbox."""
    made = decisions(session, learning_request)
    last = made[-1].decided_by if made else None
    told = [last] if last is not None and last.manages else people.managers(session)
    for manager in told:
        if not mails.is_pending(session, _about(learning_request), manager.email):
            who = by.display_name if by else "Somebody"
            address = links.page(f"/requests/{learning_request.id}")
            subject, text = letters.wrote(learning_request, who, words, address)
            write_to(session, manager, subject, text, learning_request, at)


def _about(learning_request: LearningRequest) -> str:
    return f"learning_request:{learning_request.id}"
