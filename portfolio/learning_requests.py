"""Learning requests: submit, change, withdraw, deliver ...; then what is known of one.

Deciding on them is portfolio/deciding.py, lists of them are portfolio/backlog.py and inbox.py, words about them are
portfolio/conversations.py.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, true
from sqlalchemy.orm import Session, joinedload

from portfolio import history, letters, mails, people, suggestion_ledger, supporters
from portfolio.history import record
from portfolio.links import Links
from portfolio.models import Answer, Decision, Goal, LearningRequest, Mail, Person, Project
from portfolio.questions import FORM_VERSION
from portfolio.states import OPEN, RequestStatus, check_move
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
    suggestion_ledger.sent_anyway(
        session, ask=source.ask, email=requester.email, at=at, words=_words(submission)
    )
    if tell:
        subject, text = letters.received(learning_request, links.tracking(learning_request))
        write_to(session, requester, subject, text, learning_request, at)
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
        heard_back(session, learning_request, by=by, at=at)
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


def heard_back(
    session: Session, learning_request: LearningRequest, *, by: Person | None, at: datetime
) -> None:
    """A question that its requester answered brings the request back into the inbox."""
    if (
        learning_request.status is RequestStatus.NEEDS_INFO
        and by is not None
        and by.id == learning_request.requester_id
    ):
        move(session, learning_request, RequestStatus.SUBMITTED, by=by, at=at)


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
        about=about(learning_request),
        at=at,
        not_before=not_before,
    )


def about(learning_request: LearningRequest) -> str:
    """What the mails about a request name as their subject."""
    return f"learning_request:{learning_request.id}"


def renew_link(
    session: Session, learning_request: LearningRequest, *, links: Links, by: Person | None, at: datetime
) -> None:
    """Make the private link useless and mail a new one."""
    learning_request.link_version += 1
    record(session, "learning_request.link_renewed", learning_request, by=by, at=at)
    subject, text = letters.new_link(learning_request, links.tracking(learning_request))
    write_to(session, learning_request.requester, subject, text, learning_request, at)


def mail_link(session: Session, learning_request: LearningRequest, *, links: Links, at: datetime) -> None:
    """Send the private link once more, to the requester and nobody else."""
    subject, text = letters.link_again(learning_request, links.tracking(learning_request))
    write_to(session, learning_request.requester, subject, text, learning_request, at)


def confirm(session: Session, learning_request: LearningRequest, *, by: Person | None, at: datetime) -> None:
    """Its requester says it is still needed."""
    learning_request.confirmed_at = at
    record(session, "learning_request.confirmed", learning_request, by=by, at=at)


# Queries


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


def project_of(session: Session, learning_request: LearningRequest) -> Project | None:
    return session.scalar(select(Project).where(Project.learning_request_id == learning_request.id))


# Below: how the verbs above do it


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


def _words(submission: Submission) -> str:
    return f"{submission.title} {submission.problem} {submission.behaviour}"[:2000]
