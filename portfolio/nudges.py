"""Polite forgetting: who has been silent for long is asked whether it is still needed, once, and nobody is lost by it.

With W the weeks of silence that the organisation set: warned at three quarters of W, asked at W, put aside a quarter of W after
that. Each step waits its quarter also where a late start finds requests that have been silent for longer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, joinedload

from portfolio import (
    conversations,
    deciding,
    learning_requests,
    letters,
    mails,
    organisation,
    similar,
    supporters,
)
from portfolio.database import hold
from portfolio.history import record
from portfolio.links import Links
from portfolio.models import (
    Answer,
    AskedQuestion,
    Decision,
    LearningRequest,
    Message,
    Nudge,
    Organisation,
    Person,
    Revisit,
    Supporter,
)
from portfolio.next_questions import REST
from portfolio.similar import Found
from portfolio.states import RequestStatus

WARNING, STILL_NEEDED, PARKED = "warning", "still_needed", "parked"
NEEDED, SOLVED, JOIN = "needed", "solved", "join"
ANSWERS = (
    (NEEDED, "Still needed"),
    (SOLVED, "Solved, or no longer needed"),
    (JOIN, "Somebody else asks for the same; join us"),
)
AT_MOST = 20
"""Mails a run; the others follow on the next days."""
MOST_WEEKS = 104


class AnswerRefused(ValueError):
    """This can't be answered so; the message says why."""


@dataclass(frozen=True)
class Step:
    """What is due for a silent request: a warning, the question, or putting it aside."""

    learning_request: LearningRequest
    kind: str
    heard_at: datetime


@dataclass
class _Silence:
    heard_at: datetime
    said: dict[str, Nudge] = field(default_factory=dict)


def look(session: Session, *, now: datetime, limit: int = AT_MOST) -> list[Step]:
    """What is due, the longest silence first; at most one mail to a person. Changes nothing."""
    ours = organisation.current(session)
    if ours is None or not ours.silence_weeks:
        return []
    whole = timedelta(weeks=ours.silence_weeks)
    waiting = session.scalars(
        select(LearningRequest)
        .where(_waits_long(), LearningRequest.submitted_at <= now - 0.75 * whole)
        .where(LearningRequest.requester_id.not_in(_asked_lately(now)))
        .options(joinedload(LearningRequest.requester))
    ).all()
    silences = _silences(session, waiting)
    due: list[Step] = []
    for one in sorted(waiting, key=lambda one: (silences[one.id].heard_at, one.id)):
        kind = _due(silences[one.id], whole, now)
        known = {step.learning_request.requester_id for step in due}
        if kind and one.requester_id not in known:
            due.append(Step(one, kind, silences[one.id].heard_at))
    return due[:limit]


def nudge(session: Session, *, links: Links, at: datetime, limit: int = AT_MOST) -> dict[str, int]:
    """Take every step that is due, and write to who asked; returns how many of each kind. At once again: none."""
    counts = dict.fromkeys((WARNING, STILL_NEEDED, PARKED), 0)
    for step in look(session, now=at, limit=limit):
        _take(session, step, links=links, at=at)
        counts[step.kind] += 1
    return counts


def answer(
    session: Session, asked: Nudge, choice: str, *, join_to: int | None, links: Links, at: datetime
) -> None:
    """Who asked says how things are; counts for every mail of this silence. Raises AnswerRefused.

    Needed: it stays, or comes back where it was put aside. Solved: it is withdrawn, or, where others stand behind it, they
    keep it. Join: it goes together with the one chosen.
    """
    about = session.get_one(LearningRequest, asked.learning_request_id)
    by = about.requester
    hold(session, about)
    hold(session, asked)
    if is_over(asked, about):
        raise AnswerRefused("This is settled already, or the request is closed.")
    if choice not in dict(ANSWERS):
        raise AnswerRefused("Please choose one of these.")
    if choice == NEEDED:
        learning_requests.confirm(session, about, by=by, at=at)
        if _is_parked(session, about):
            deciding.bring_back(session, about, by=by, at=at)
    elif choice == SOLVED and supporters.listed(session, about):
        words = "It's solved for me. Others stand behind this request too, so please ask them."
        learning_requests.confirm(session, about, by=by, at=at)
        conversations.say(session, about, words, links=links, by=by, at=at)
    elif choice == SOLVED:
        learning_requests.withdraw(session, about, by=by, at=at)
    else:
        _join(session, about, join_to, by=by, at=at)
    for one in of(session, about):
        if one.answered_at is None:
            one.answered_at, one.answer = at, choice
    record(session, "learning_request.nudge_answered", about, by=by, at=at, answer=choice, nudge=asked.id)


def set_silence(session: Session, ours: Organisation, weeks: int, *, by: Person, at: datetime) -> None:
    """After how many weeks without a word who asked is asked; 0 never."""
    ours.silence_weeks = weeks
    record(session, "organisation.silence_set", ours, by=by, at=at, weeks=weeks)


# Queries


def find(session: Session, number: int) -> Nudge | None:
    return session.get(Nudge, number) if 0 < number < 2**31 else None


def of(session: Session, about: LearningRequest) -> list[Nudge]:
    """What was written about a request's silence, oldest first."""
    return list(
        session.scalars(select(Nudge).where(Nudge.learning_request_id == about.id).order_by(Nudge.id))
    )


def is_over(asked: Nudge, about: LearningRequest) -> bool:
    """Whether it is settled, so that nothing is asked any more."""
    return asked.answered_at is not None or not about.is_open


def joinable(session: Session, about: LearningRequest) -> list[Found]:
    """Open requests much like this one that its requester may join, best first."""
    return [
        one
        for one in similar.similar(
            session, f"{about.title} {about.said('problem') or ''}", leave_out=about.id, limit=5
        ).requests
        if one.likely
    ]


def unanswered(session: Session, *, now: datetime) -> list[tuple[LearningRequest, datetime]]:
    """Requests that were asked after or put aside without an answer, in the last four weeks; the oldest first."""
    rows = session.execute(
        select(LearningRequest, func.max(Nudge.sent_at))
        .join(Nudge, Nudge.learning_request_id == LearningRequest.id)
        .where(
            Nudge.kind.in_([STILL_NEEDED, PARKED]),
            Nudge.answered_at.is_(None),
            Nudge.sent_at > now - timedelta(weeks=4),
            _waits_long(),
        )
        .group_by(LearningRequest.id)
        .order_by(func.max(Nudge.sent_at), LearningRequest.id)
    )
    return [(one, at) for one, at in rows]


# Below: how the verbs above do it


def _waits_long() -> ColumnElement[bool]:
    """Requests that wait for nothing in particular: listed, owed an answer, or put aside without a day."""
    sleeps_for_something = select(Revisit.learning_request_id).where(
        Revisit.came_back_at.is_(None), Revisit.cancelled_at.is_(None)
    )
    aside = (
        (LearningRequest.status == RequestStatus.SNOOZED)
        & LearningRequest.snoozed_until.is_(None)
        & LearningRequest.id.not_in(sleeps_for_something)
    )
    return or_(LearningRequest.status.in_([RequestStatus.WAITLISTED, RequestStatus.NEEDS_INFO]), aside)


def _asked_lately(now: datetime) -> Any:
    """Who was mailed about a silence or asked a question within the week: one thing at a time."""
    nudged = (
        select(LearningRequest.requester_id)
        .join(Nudge, Nudge.learning_request_id == LearningRequest.id)
        .where(Nudge.sent_at > now - REST)
    )
    return nudged.union(select(AskedQuestion.person_id).where(AskedQuestion.asked_at > now - REST))


def _silences(session: Session, waiting: Iterable[LearningRequest]) -> dict[int, _Silence]:
    """When each was last heard of, and what was written about it since. As many statements for many as for one."""
    found = {one.id: _Silence(max(one.submitted_at, one.confirmed_at or one.submitted_at)) for one in waiting}
    heard = (
        (Message.learning_request_id, Message.at, Message.internal.is_(False)),
        (Answer.learning_request_id, Answer.said_at, Answer.said_at.is_not(None)),
        (Supporter.learning_request_id, Supporter.joined_at, Supporter.left_at.is_(None)),
        (Decision.learning_request_id, Decision.decided_at, Decision.undone_at.is_(None)),
    )
    for number, moment, counts in heard:
        rows = select(number, func.max(moment)).where(number.in_([*found]), counts).group_by(number)
        for request_id, at in session.execute(rows):
            found[request_id].heard_at = max(found[request_id].heard_at, at)
    nudges = select(Nudge).where(Nudge.learning_request_id.in_([*found])).order_by(Nudge.id)
    for one in session.scalars(nudges):
        silence = found[one.learning_request_id]
        if one.sent_at >= silence.heard_at and one.answered_at is None:
            silence.said[one.kind] = one
    return found


def _due(silence: _Silence, whole: timedelta, now: datetime) -> str:
    """The step that is due; empty where none is."""
    quarter, said = whole / 4, silence.said
    if PARKED in said:
        return ""
    if STILL_NEEDED in said:
        return PARKED if now >= said[STILL_NEEDED].sent_at + quarter else ""
    if WARNING in said:
        time = max(silence.heard_at + whole, said[WARNING].sent_at + quarter)
        return STILL_NEEDED if now >= time else ""
    return WARNING if now >= silence.heard_at + 3 * quarter else ""


def _take(session: Session, step: Step, *, links: Links, at: datetime) -> None:
    about = step.learning_request
    made = Nudge(learning_request_id=about.id, kind=step.kind, sent_at=at)
    session.add(made)
    session.flush()
    if step.kind == PARKED and about.status is not RequestStatus.SNOOZED:
        deciding.park(session, about, at=at)
    options = [(words, links.nudge(made, about, choice)) for choice, words in ANSWERS]
    ours = organisation.current(session)
    on = _around(at + timedelta(weeks=ours.silence_weeks if ours else 0) / 4)
    subject, text = {
        WARNING: lambda: letters.soon_asked(about, on, options),
        STILL_NEEDED: lambda: letters.still_needed(about, on, options),
        PARKED: lambda: letters.parked(about, options[:1]),
    }[step.kind]()
    mails.queue(
        session,
        to=about.requester.email,
        subject=subject,
        text=text,
        about=f"learning_request:{about.id}",
        at=at,
    )
    record(session, "learning_request.nudged", about, by=None, at=at, kind=step.kind, nudge=made.id)


def _around(moment: datetime) -> str:
    return f"{moment.day} {moment:%B}"


def _is_parked(session: Session, about: LearningRequest) -> bool:
    said: Sequence[str] = [one.kind for one in of(session, about) if one.answered_at is None]
    return about.status is RequestStatus.SNOOZED and PARKED in said


def _join(session: Session, about: LearningRequest, join_to: int | None, *, by: Person, at: datetime) -> None:
    other = learning_requests.find(session, join_to) if join_to else None
    if other is None or other.id not in {one.id for one in joinable(session, about)}:
        raise AnswerRefused("Please choose the one to join.")
    deciding.join_other(session, about, other, by=by, at=at)
