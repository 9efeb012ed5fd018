"""Plans: make one for the coming weeks, accept it in one step; then the queries."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, joinedload

from portfolio import deciding, fitting, letters
from portfolio.contenders import key_of
from portfolio.database import hold
from portfolio.deciding import Ruling
from portfolio.fitting import Outlook, Terms
from portfolio.history import record
from portfolio.links import Links
from portfolio.models import Assessment, Decision, LearningRequest, Person, Plan
from portfolio.rules.robustness import Standing
from portfolio.rules.rubric import DEFAULT
from portfolio.rules.what_if import Bought
from portfolio.states import RequestStatus, Verdict, words

ACCEPTABLE = frozenset({RequestStatus.SUBMITTED, RequestStatus.WAITLISTED})
"""What accepting a plan takes on. What waits for an answer or sleeps keeps its place in the plan and is accepted by hand."""
LEFT_OUT_KEPT = 300
"""Reasons kept with a plan, those nearest to the line first; every request keeps its chance."""
DRAFTED = letters.DRAFTS
AS_IT_IS = Terms()
SOLUTIONS = frozenset(kind.key for kind in DEFAULT.work_types)


class PlanChanged(ValueError):
    """Requests of the plan changed since it was made, so it can't be accepted as it stands; `told` says which and how."""

    def __init__(self, told: Iterable[str]) -> None:
        self.told = tuple(told)
        super().__init__(" ".join(self.told))


@dataclass(frozen=True)
class Accepted:
    """What accepting did: taken on now, put on the waiting list, and left to be decided by hand (numbers)."""

    taken_on: tuple[int, ...] = ()
    waitlisted: tuple[int, ...] = ()
    by_hand: tuple[int, ...] = ()


def make(
    session: Session,
    *,
    why: str,
    by: Person | None,
    at: datetime,
    terms: Terms = AS_IT_IS,
    outlook: Outlook | None = None,
) -> Plan:
    """Keep the best set for the coming weeks, and copy to each open request its chance to be in it.

    `why`: "night", "asked", "accepted". `outlook` is what was worked out already on these terms. Raises NotPlannable.
    """
    found = outlook or fitting.look(session, terms, now=at)
    plan = Plan(
        made_at=at,
        why=why,
        starts_on=found.stretch.starts_on,
        weeks=found.stretch.weeks,
        capacity_hours=found.stretch.hours,
        hours=found.plan.manager.used,
        value=found.plan.value,
        cut_value=found.cut.points_per_hour,
        body=_body(found),
    )
    session.add(plan)
    session.flush()
    if found.terms == AS_IT_IS:
        _copy_chances(session, found)
    record(
        session,
        "plan.made",
        plan,
        by=by,
        at=at,
        why=why,
        chosen=[line.id for line in found.chosen],
        hours=round(plan.capacity_hours, 2),
        value=round(plan.value, 2),
    )
    return plan


def refresh_chances(session: Session, outlook: Outlook) -> None:
    """Give each open request its chance as it stands now, between two plans. Nothing else is kept."""
    _copy_chances(session, outlook)


def accept(
    session: Session,
    plan: Plan,
    *,
    links: Links,
    by: Person,
    at: datetime,
    waitlist_the_rest: bool = False,
) -> Accepted:
    """Take on every chosen request that is submitted or on the waiting list, in one step; on wish put what is surely out on
    the waiting list. Who asked is told with the drafted words. A second time does nothing.

    Raises PlanChanged, before anything is written, where a chosen request was changed, scored anew or decided otherwise.
    """
    hold(session, plan)
    if plan.accepted_at is not None:
        return Accepted()
    chosen = _requests(session, [one["id"] for one in plan.body["chosen"]])
    told = [news for said in plan.body["chosen"] if (news := _changed(said, chosen.get(said["id"])))]
    if told:
        raise PlanChanged(told)
    ours = [one for one in chosen.values() if one.status in ACCEPTABLE]
    for one in ours:
        ruling = Ruling(Verdict.ACCEPT, DRAFTED[Verdict.ACCEPT], reason="plan", solution_type=_solution(one))
        deciding.decide(session, one, ruling, links=links, by=by, at=at)
    waitlisted = _waitlist(session, plan, links=links, by=by, at=at) if waitlist_the_rest else ()
    plan.accepted_at, plan.accepted_by_id = at, by.id
    by_hand = tuple(one.id for one in chosen.values() if one.is_open)
    taken_on = tuple(one.id for one in ours)
    record(session, "plan.accepted", plan, by=by, at=at, taken_on=taken_on, waitlisted=waitlisted)
    return Accepted(taken_on, waitlisted, by_hand)


def accept_shown(
    session: Session,
    terms: Terms,
    stamp: str,
    *,
    links: Links,
    by: Person,
    at: datetime,
    waitlist_the_rest: bool = False,
) -> Accepted:
    """Make and accept the plan a page showed, known by its stamp. Raises PlanChanged where it would be another one now."""
    if any(plan.body.get("stamp") == stamp for plan in accepted(session, limit=20)):
        return Accepted()
    found = fitting.look(session, terms, now=at)
    if stamp_of(found) != stamp:
        raise PlanChanged(
            ["The plan has changed since you looked, so nothing was accepted. Here is how it stands now."]
        )
    plan = make(session, why="accepted", by=by, at=at, terms=terms, outlook=found)
    return accept(session, plan, links=links, by=by, at=at, waitlist_the_rest=waitlist_the_rest)


def stamp_of(outlook: Outlook) -> str:
    """Tells one chosen set from another, and from the same one after a new score or a decision."""
    said = [[line.id, line.assessment_id, line.status.value] for line in outlook.chosen]
    return hashlib.sha256(json.dumps([outlook.stretch.weeks, said]).encode()).hexdigest()[:16]


# Queries


def latest(session: Session) -> Plan | None:
    return session.scalar(select(Plan).order_by(Plan.id.desc()).limit(1))


def newest(session: Session) -> tuple[int, int]:
    """The latest score and the latest decision that stands: chances hold until either is another."""
    scored = session.scalar(select(func.max(Assessment.id))) or 0
    return scored, session.scalar(select(func.max(Decision.id)).where(Decision.undone_at.is_(None))) or 0


def accepted(session: Session, limit: int = 5) -> list[Plan]:
    """The plans accepted last, newest first."""
    query = select(Plan).where(Plan.accepted_at.is_not(None))
    return list(session.scalars(query.order_by(Plan.accepted_at.desc(), Plan.id.desc()).limit(limit)))


def _body(found: Outlook) -> dict[str, Any]:
    """The plan as JSON: ids and numbers, no words about people."""
    by_id = {line.id: line for line in found.lines}
    out = {one.id: one for one in found.plan.left_out}
    stretch = found.stretch
    return {
        "stamp": stamp_of(found),
        "terms": {
            "weeks": stretch.weeks,
            "hours_per_week": stretch.hours_per_week,
            "drop": sorted(found.terms.drop),
            "goals": dict(found.terms.goals),
            "begun_off": found.terms.take_begun_off,
        },
        "hours": {
            "given": stretch.given,
            "days_away": stretch.days_away,
            "leave": stretch.leave_hours,
            "interrupts": stretch.interrupt_hours,
            "begun": stretch.begun_hours,
            "left": stretch.hours,
        },
        "experts": {
            str(one.person_id): {
                "hours": one.hours,
                "used": found.plan.experts[key].used if (key := key_of(one.person_id)) in found.plan.experts else 0.0,
            }
            for one in stretch.experts
        },
        "chosen": [
            {
                "id": line.id,
                "assessment": line.assessment_id,
                "status": line.status.value,
                "value": round(line.value, 4),
                "hours": round(line.hours, 4),
                "chance": line.chance,
                "must_do": line.must_do,
            }
            for line in found.chosen
        ],
        "left_out": [
            {
                "id": line.id,
                "assessment": line.assessment_id,
                "chance": line.chance,
                "standing": line.standing.value,
                "why": line.why_code,
                "others": [*out[line.id].others] if line.id in out else [],
            }
            for line in found.left_out[:LEFT_OUT_KEPT]
        ],
        "open": len(by_id),
        "draws": found.draws,
        "bound": found.plan.bound,
        "proven": found.plan.proven,
        "buys": [_bought(one) for one in found.options],
    }  # fmt: skip


def _bought(one: Bought) -> dict[str, Any]:
    return {
        "hours": one.more.manager_hours,
        "experts": {**one.more.expert_hours},
        "comes_in": [*one.comes_in],
        "goes_out": [*one.goes_out],
        "points": one.value_added,
    }


def _copy_chances(session: Session, found: Outlook) -> None:
    """Each open request gets its chance; what is open no longer has none."""
    chances = {line.id: round(line.chance, 4) for line in found.lines}
    rows = select(LearningRequest.id, LearningRequest.chance_in_plan).where(
        LearningRequest.chance_in_plan.is_not(None)
    )
    before: dict[int, float | None] = dict(session.execute(rows).all())
    gone = dict.fromkeys(before.keys() - chances.keys())
    changed = [
        {"id": one, "chance_in_plan": chance}
        for one, chance in {**chances, **gone}.items()
        if before.get(one) != chance
    ]
    if changed:
        session.execute(update(LearningRequest), changed)


def _requests(session: Session, numbers: list[int]) -> dict[int, LearningRequest]:
    rows = session.scalars(
        select(LearningRequest)
        .where(LearningRequest.id.in_(numbers))
        .options(joinedload(LearningRequest.requester), joinedload(LearningRequest.assessment), joinedload(LearningRequest.answers))
        .order_by(LearningRequest.id)
        .execution_options(populate_existing=True)
    )  # fmt: skip
    return {one.id: one for one in rows.unique()}


def _changed(said: dict[str, Any], now: LearningRequest | None) -> str:
    """What happened to a chosen request since, as a sentence; nothing where it stands as it was or is taken on already."""
    if now is None:
        return f"Request {said['id']} is gone."
    if now.status is RequestStatus.ACCEPTED:
        return ""
    if now.status.value != said["status"]:
        return f"“{now.title}” is {words(now.status)} now."
    if now.score_wanted_at is not None:
        return f"“{now.title}” was changed and is being scored."
    if now.assessment_id != said["assessment"]:
        return f"“{now.title}” was scored anew."
    return ""


def _waitlist(session: Session, plan: Plan, *, links: Links, by: Person, at: datetime) -> tuple[int, ...]:
    """Put on the waiting list what is surely out and nobody has decided on yet."""
    out = [one["id"] for one in plan.body["left_out"] if one["standing"] == Standing.SURELY_OUT.value]
    waiting = [one for one in _requests(session, out).values() if one.status is RequestStatus.SUBMITTED]
    ruling = Ruling(Verdict.WAITLIST, DRAFTED[Verdict.WAITLIST], reason="plan")
    for one in waiting:
        deciding.decide(session, one, ruling, links=links, by=by, at=at)
    return tuple(one.id for one in waiting)


def _solution(one: LearningRequest) -> str:
    """What the request says it would become; a workshop where it doesn't."""
    said = one.said("format")
    return said if said in SOLUTIONS else "workshop"
