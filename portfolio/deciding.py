"""Deciding on a learning request: a verdict carried out, taken back, and what brings a request back to be decided anew."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portfolio import history, letters, phrases, projects, supporters
from portfolio.database import hold
from portfolio.learning_requests import move, write_to
from portfolio.links import Links
from portfolio.models import Decision, LearningRequest, Mail, Person, Resource, Revisit
from portfolio.states import LEADS_TO, RequestStatus, Verdict, check_move

UNDO_WITHIN = timedelta(seconds=30)
"""How long a decision can be undone, and its mails are held."""

COMES_BACK = frozenset({Verdict.SNOOZE, Verdict.DECLINE})
"""Verdicts after which a request may come back by itself."""


class DecisionRefused(ValueError):
    """The decision lacks something; `field` says what."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Ruling:
    """A verdict with all it needs: a reason code to count by, words for the requester, and what it points to.

    One that is put aside or declined comes back on the day `until` or when `condition` holds (portfolio/revisits.py).
    """

    verdict: Verdict
    words: str = ""
    reason: str = ""
    until: date | None = None
    join_to: LearningRequest | None = None
    resource: Resource | None = None
    solution_type: str = "workshop"
    condition: dict[str, Any] | None = None


def decide(
    session: Session,
    learning_request: LearningRequest,
    ruling: Ruling,
    *,
    links: Links,
    by: Person,
    at: datetime,
    batch: str = "",
) -> Decision:
    """Carry a verdict out: state, project, mail and history. Raises DecisionRefused or states.MoveRefused.

    The mails are held while it can be undone (portfolio/undoing.py); decisions of one `batch` are undone together.
    """
    hold(session, learning_request)
    check_move(learning_request.status, LEADS_TO[ruling.verdict])
    _check_ruling(learning_request, ruling, at.date())
    before = _before(learning_request, batch)
    decision = _kept(session, learning_request, ruling, by=by, at=at)
    move(
        session,
        learning_request,
        LEADS_TO[ruling.verdict],
        by=by,
        at=at,
        verdict=ruling.verdict.value,
        reason=ruling.reason,
        decision=decision.id,
    )
    learning_request.first_decided_at = learning_request.first_decided_at or at
    learning_request.snoozed_until = ruling.until if ruling.verdict is Verdict.SNOOZE else None
    learning_request.joined_to_id = decision.joined_to_id
    before["revisits"] = _end_revisits(session, learning_request, at)
    if ruling.verdict in COMES_BACK and (ruling.until or ruling.condition):
        before["revisit"] = _revisit(session, learning_request, ruling, by=by, at=at)
    if ruling.verdict is Verdict.ACCEPT:
        projects.start(session, learning_request, ruling.solution_type, by=by, at=at)
    held = _tell(session, learning_request, _with_resource(ruling, links), links=links, at=at)
    if ruling.join_to is not None:
        supporters.bring(session, learning_request, ruling.join_to, by=by, at=at)
    session.flush()
    decision.before = {**before, "mails": [mail.id for mail in held], "event": history.last(session)}
    return decision


def reopen(session: Session, learning_request: LearningRequest, *, by: Person, at: datetime) -> None:
    """Back into the inbox. Raises states.MoveRefused."""
    check_move(learning_request.status, RequestStatus.SUBMITTED)
    if learning_request.joined_to is not None:
        supporters.take_back(session, learning_request, learning_request.joined_to, by=by, at=at)
    learning_request.joined_to_id = None
    bring_back(session, learning_request, by=by, at=at)


def bring_back(
    session: Session, learning_request: LearningRequest, *, by: Person | None, at: datetime, **details: Any
) -> None:
    """Into the inbox again, to be scored as things stand now. Raises states.MoveRefused."""
    check_move(learning_request.status, RequestStatus.SUBMITTED)
    learning_request.snoozed_until = None
    _end_revisits(session, learning_request, at)
    move(session, learning_request, RequestStatus.SUBMITTED, by=by, at=at, **details)
    learning_request.score_wanted_at = at


def park(session: Session, learning_request: LearningRequest, *, at: datetime) -> None:
    """Put aside, without a day, what nobody answers for. Raises states.MoveRefused."""
    check_move(learning_request.status, RequestStatus.SNOOZED)
    learning_request.snoozed_until = None
    move(session, learning_request, RequestStatus.SNOOZED, by=None, at=at, parked=True)


def join_other(
    session: Session, learning_request: LearningRequest, other: LearningRequest, *, by: Person, at: datetime
) -> None:
    """Its requester finds that another asks for the same, and stands behind that one. Raises states.MoveRefused."""
    check_move(learning_request.status, RequestStatus.JOINED)
    learning_request.joined_to_id = other.id
    learning_request.snoozed_until = None
    _end_revisits(session, learning_request, at)
    move(session, learning_request, RequestStatus.JOINED, by=by, at=at)
    supporters.bring(session, learning_request, other, by=by, at=at)


def restore(
    session: Session, learning_request: LearningRequest, decision: Decision, *, by: Person, at: datetime
) -> None:
    """Put a request back as it was before a decision; portfolio/undoing.py says when that may be."""
    before = decision.before or {}
    if learning_request.joined_to is not None:
        supporters.take_back(session, learning_request, learning_request.joined_to, by=by, at=at)
    to = RequestStatus(before["status"])
    move(session, learning_request, to, by=by, at=at, undone=decision.id)
    learning_request.status_since = datetime.fromisoformat(before["status_since"])
    first, until = before["first_decided_at"], before["snoozed_until"]
    learning_request.first_decided_at = datetime.fromisoformat(first) if first else None
    learning_request.snoozed_until = date.fromisoformat(until) if until else None
    learning_request.joined_to_id = before["joined_to"]
    _restore_revisits(session, before)


def wake_snoozed(session: Session, *, today: date, at: datetime) -> int:
    """Bring requests whose snooze is over back into the inbox; returns how many."""
    due = session.scalars(
        select(LearningRequest).where(
            LearningRequest.status == RequestStatus.SNOOZED, LearningRequest.snoozed_until <= today
        )
    ).all()
    for learning_request in due:
        waits = session.scalar(_waiting_revisits(learning_request).limit(1))
        come_back(session, learning_request, waits, "The day you chose has come.", at=at)
    return len(due)


def come_back(
    session: Session, learning_request: LearningRequest, revisit: Revisit | None, why: str, *, at: datetime
) -> None:
    """Into the inbox by itself, since what it waited for has happened; the manager reads why. Raises states.MoveRefused."""
    if revisit is not None:
        revisit.came_back_at, revisit.why = at, why[:200]
    bring_back(
        session, learning_request, by=None, at=at, **({"revisit": revisit.id} if revisit is not None else {})
    )


# How


def _check_ruling(learning_request: LearningRequest, ruling: Ruling, today: date) -> None:
    needs_words = {Verdict.ASK, Verdict.DECLINE, Verdict.REDIRECT}
    if ruling.verdict in needs_words and not ruling.words.strip():
        raise DecisionRefused("words", "Please write a sentence for the requester.")
    if ruling.resource is None and phrases.breaks_off(ruling.words):
        raise DecisionRefused("words", "These words stop in the middle of a sentence. Please finish it.")
    if ruling.verdict is Verdict.SNOOZE and ruling.until is None and ruling.condition is None:
        raise DecisionRefused("until", "Please give a day after today to come back to it, or a condition.")
    if ruling.verdict in COMES_BACK and ruling.until is not None and ruling.until <= today:
        raise DecisionRefused("until", "Please give a day after today to come back to it.")
    if ruling.verdict is Verdict.JOIN:
        if ruling.join_to is None:
            raise DecisionRefused("join_id", "Please give the number of the request to join it to.")
        if ruling.join_to.id == learning_request.id or ruling.join_to.joined_to_id is not None:
            raise DecisionRefused(
                "join_id", "Please choose another request, one that isn't joined to a third."
            )
    if ruling.verdict is Verdict.ANSWER and ruling.resource is None and not ruling.words.strip():
        raise DecisionRefused("words", "Please name or link what answers it.")


def _before(learning_request: LearningRequest, batch: str) -> dict[str, Any]:
    """What undoing brings back."""
    first, until = learning_request.first_decided_at, learning_request.snoozed_until
    return {
        "status": learning_request.status.value,
        "status_since": learning_request.status_since.isoformat(),
        "first_decided_at": first.isoformat() if first else None,
        "snoozed_until": until.isoformat() if until else None,
        "joined_to": learning_request.joined_to_id,
        "batch": batch,
        "revisit": None,
    }


def _revisit(
    session: Session, learning_request: LearningRequest, ruling: Ruling, *, by: Person, at: datetime
) -> int:
    revisit = Revisit(
        learning_request_id=learning_request.id,
        due_on=ruling.until,
        condition=ruling.condition,
        by_id=by.id,
        at=at,
    )
    session.add(revisit)
    session.flush()
    return revisit.id


def _end_revisits(session: Session, learning_request: LearningRequest, at: datetime) -> list[int]:
    """What it waited for counts no more; the ids."""
    waiting = session.scalars(_waiting_revisits(learning_request)).all()
    for revisit in waiting:
        revisit.cancelled_at = at
    return [revisit.id for revisit in waiting]


def _waiting_revisits(learning_request: LearningRequest) -> Select[Revisit]:
    return select(Revisit).where(
        Revisit.learning_request_id == learning_request.id,
        Revisit.came_back_at.is_(None),
        Revisit.cancelled_at.is_(None),
    )


def _restore_revisits(session: Session, before: dict[str, Any]) -> None:
    for number in before.get("revisits", ()):
        session.get_one(Revisit, number).cancelled_at = None
    if before.get("revisit"):
        session.delete(session.get_one(Revisit, before["revisit"]))


def _kept(
    session: Session, learning_request: LearningRequest, ruling: Ruling, *, by: Person, at: datetime
) -> Decision:
    decision = Decision(
        learning_request_id=learning_request.id,
        verdict=ruling.verdict,
        reason=ruling.reason,
        words=ruling.words,
        until=ruling.until,
        joined_to_id=ruling.join_to.id if ruling.join_to else None,
        resource_id=ruling.resource.id if ruling.resource else None,
        decided_by_id=by.id,
        decided_at=at,
    )
    session.add(decision)
    session.flush()
    return decision


def _tell(
    session: Session, learning_request: LearningRequest, words: str, *, links: Links, at: datetime
) -> list[Mail]:
    """The mails to all who asked, held while the decision can be undone; none where there are no words."""
    held = []
    for person, address in supporters.recipients(session, learning_request, links) if words else ():
        subject, text = letters.decided(learning_request, words, address)
        held.append(
            write_to(session, person, subject, text, learning_request, at, not_before=at + UNDO_WITHIN)
        )
    return held


def _with_resource(ruling: Ruling, links: Links) -> str:
    """The words of a decision, with what answers it and where that is."""
    if ruling.resource is None:
        return ruling.words
    return f"{ruling.words}\n\n{ruling.resource.title}:\n{links.resource(ruling.resource)}".strip()
