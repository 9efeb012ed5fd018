"""Coming back: a request put aside or declined returns to the inbox on a day, or when what it waited for has happened."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from portfolio import deciding, demand, forms, goals, letters, mails
from portfolio.links import Links
from portfolio.models import Answer, LearningRequest, Message, Revisit
from portfolio.questions import Form
from portfolio.states import INBOX, RequestStatus

SUPPORTERS, UNITS, EVIDENCE, GOAL, CAPACITY = "supporters", "units", "evidence", "goal", "capacity"
KINDS = (
    (SUPPORTERS, "So many people ask"),
    (UNITS, "So many units ask"),
    (EVIDENCE, "An answer comes"),
    (GOAL, "Its goal weighs more"),
    (CAPACITY, "The plan has room"),
)
SLEEPS = {RequestStatus.SNOOZED, RequestStatus.DECLINED}
LIKELY_ENOUGH = 0.5
"""The chance to be in the plan from which on there is room, where nobody says another."""


class ConditionRefused(ValueError):
    """This can't be waited for; `field` says where, the message why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Back:
    """A revisit whose time has come, and why in words for the manager."""

    number: int
    why: str


def condition(
    session: Session,
    about: LearningRequest,
    kind: str,
    *,
    today: date,
    least: int | None = None,
    question: str = "",
    closes: bool = False,
) -> dict[str, Any] | None:
    """What to wait for, as it is kept; None where nothing is. Raises ConditionRefused where it holds already or never can.

    `least` counts people or units, or is a percentage for the plan; `closes` says that the request is declined with it.
    """
    if kind in {SUPPORTERS, UNITS}:
        people, units = demand.count(session, about)
        here = people if kind == SUPPORTERS else units
        if least is None or least <= here:
            raise ConditionRefused("least", f"Please give a number above {here}: so many ask already.")
        return {"kind": kind, "least": least}
    if kind == EVIDENCE:
        if closes and question:
            raise ConditionRefused(
                "question", "Nobody can change the answers of a declined request. Take “any word” instead."
            )
        return {"kind": kind, "question": question}
    if kind == GOAL:
        weight = goals.weight_of(session, about.goal_id, on=today)
        return {"kind": kind, "goal": about.goal_id, "weight": weight or 0}
    if kind == CAPACITY:
        if closes:
            raise ConditionRefused("condition", "What is declined isn't planned with. Put it aside instead.")
        return {"kind": kind, "chance": least / 100 if least else LIKELY_ENOUGH}
    return None


def look(session: Session, *, today: date) -> list[Back]:
    """The revisits whose time has come. Changes nothing; as slow as a search for each that waits for people."""
    rows = session.execute(
        select(Revisit, LearningRequest)
        .join(LearningRequest, LearningRequest.id == Revisit.learning_request_id)
        .where(_waits(), LearningRequest.status.in_(SLEEPS))
        .options(joinedload(LearningRequest.unit))
        .order_by(Revisit.id)
    ).all()
    return [Back(one.id, why) for one, about in rows if (why := _why(session, one, about, today))]


def bring_back(session: Session, found: Sequence[Back], *, links: Links, at: datetime) -> int:
    """Put these into the inbox with their reason; who was declined is told. Returns how many; a second time none."""
    count = 0
    for back in found:
        revisit = session.get(Revisit, back.number)
        if revisit is None or revisit.came_back_at is not None or revisit.cancelled_at is not None:
            continue
        about = session.get_one(LearningRequest, revisit.learning_request_id)
        if about.status not in SLEEPS:
            continue
        if about.status is RequestStatus.DECLINED:
            subject, text = letters.looking_again(about, links.tracking(about))
            mails.queue(
                session,
                to=about.requester.email,
                subject=subject,
                text=text,
                about=f"learning_request:{about.id}",
                at=at,
            )
        deciding.come_back(session, about, revisit, back.why, at=at)
        count += 1
    return count


# Queries


def standing(session: Session, about: LearningRequest) -> tuple[Revisit | None, str]:
    """What this request waits for, if anything; and, where it waits in the inbox, why it came back there."""
    last = session.scalar(
        select(Revisit)
        .where(Revisit.learning_request_id == about.id, Revisit.cancelled_at.is_(None))
        .order_by(Revisit.id.desc())
        .limit(1)
    )
    if last is None or last.came_back_at is None:
        return last, ""
    is_here = about.status in INBOX and last.came_back_at >= about.status_since
    return None, last.why if is_here else ""


def came_back(session: Session, ids: Collection[int]) -> dict[int, str]:
    """Why those of these that wait in the inbox came back there, by number."""
    rows = session.execute(
        select(Revisit.learning_request_id, Revisit.why)
        .join(LearningRequest, LearningRequest.id == Revisit.learning_request_id)
        .where(
            Revisit.learning_request_id.in_(ids),
            LearningRequest.status.in_(INBOX),
            Revisit.came_back_at >= LearningRequest.status_since,
        )
    )
    return {number: why for number, why in rows}  # noqa: C416 - dict() of rows is not typed


def questions(form: Form) -> list[tuple[str, str]]:
    """The questions of a form whose answer may be waited for, as (key, words)."""
    return [(one.key, one.label) for one in form.questions if not one.internal]


def words(session: Session, waits: dict[str, Any] | None) -> str:
    """What is waited for, to follow "when"; empty where nothing is."""
    kind = waits["kind"] if waits else ""
    if waits is None or kind not in dict(KINDS):
        return ""
    if kind in {SUPPORTERS, UNITS}:
        return f"{waits['least']} {'people' if kind == SUPPORTERS else 'units'} ask"
    if kind == EVIDENCE:
        question = forms.current(session).question(waits["question"]) if waits["question"] else None
        return f"“{question.label}” is answered" if question else "any word comes from who asked"
    if kind == GOAL:
        return "its goal weighs more" if waits["goal"] else "it serves a goal"
    return f"the plan has room for it with a chance of {waits['chance']:.0%}".replace("%", " %")


def _waits() -> ColumnElement[bool]:
    return Revisit.came_back_at.is_(None) & Revisit.cancelled_at.is_(None)


def _why(session: Session, revisit: Revisit, about: LearningRequest, today: date) -> str:
    """What happened that brings it back, as a sentence; empty where nothing has."""
    if revisit.due_on is not None and revisit.due_on <= today:
        return "The day you chose has come."
    waits = revisit.condition or {"kind": ""}
    kind = waits["kind"]
    if kind in {SUPPORTERS, UNITS}:
        people, units = demand.count(session, about)
        here = people if kind == SUPPORTERS else units
        return (
            f"{here} {'people' if kind == SUPPORTERS else 'units'} ask now." if here >= waits["least"] else ""
        )
    if kind == EVIDENCE:
        return _evidence(session, revisit, about, waits["question"])
    if kind == GOAL:
        weight = goals.weight_of(session, about.goal_id, on=today) or 0
        return f"Its goal weighs {weight} now; it was {waits['weight']}." if weight > waits["weight"] else ""
    if kind == CAPACITY and (about.chance_in_plan or 0) >= waits["chance"]:
        return f"The plan has room: the chance is {about.chance_in_plan:.0%}.".replace("%", " %")
    return ""


def _evidence(session: Session, revisit: Revisit, about: LearningRequest, question: str) -> str:
    since = select(func.count()).select_from(Answer)
    answers = since.where(Answer.learning_request_id == about.id, Answer.said_at > revisit.at)
    if question:
        asked = forms.current(session).question(question)
        answered = session.scalar(answers.where(Answer.question == question))
        return f"“{asked.label if asked else question}” is answered now." if answered else ""
    said = (
        select(func.count())
        .select_from(Message)
        .where(
            Message.learning_request_id == about.id,
            Message.at > revisit.at,
            Message.internal.is_(False),
            Message.by_id == about.requester_id,
        )
    )
    return "Who asked has written since." if session.scalar(answers) or session.scalar(said) else ""
