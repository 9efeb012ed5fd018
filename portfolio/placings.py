"""Places in the queue: written down every night with what moved them, and what would move a request into the plan."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, null, select, update
from sqlalchemy.orm import Session

from portfolio import assessments, goals
from portfolio.models import LearningRequest, Placing, PlacingDay, Unit
from portfolio.rules import fit
from portfolio.rules import rubric as rubrics
from portfolio.rules.calibration import Calibration, calibrated, calibrated_need, from_json
from portfolio.rules.counterfactual import what_would_move_it
from portfolio.rules.ledger import Backlog, Entry, explain_places
from portfolio.rules.need import Need, days_until
from portfolio.rules.ranges import Range
from portfolio.rules.rubric import Rubric
from portfolio.rules.sampling import draws_of
from portfolio.states import OPEN

LONGEST = 400


@dataclass(frozen=True)
class Look:
    """The places of a day as found, ready to be kept."""

    backlog: Backlog
    rows: list[dict[str, Any]]


def look(session: Session, *, on: date) -> Look:
    """The place of every open request on a day, and what moved it since the last day kept. Changes nothing.

    Under three seconds for 2,000 open requests, so it is done while reading and kept in one short transaction.
    """
    now, before = _now(session, on), _last(session, on)
    changes = {}
    if before is not None:
        before = _with_what_stayed(before, now)
        changes = {change.request: change for change in explain_places(before, now)}
    leverages = {
        name: changes[name].leverage_after if name in changes else _leverage(entry, now)
        for name, entry in now.entries.items()
    }
    ranked = sorted(leverages, key=lambda name: (-leverages[name], name))
    rows = []
    for place, name in enumerate(ranked, start=1):
        change = changes.get(name)
        rows.append(
            {
                "learning_request_id": int(name),
                "taken_on": on,
                "place": place,
                "of": len(ranked),
                "leverage": leverages[name],
                "parts": {part.cause: round(part.places, 3) for part in change.parts} if change else {},
                "because": change.because[:LONGEST] if change else "",
                "inputs": _stored(now.entries[name]),
            }
        )
    return Look(now, rows)


def keep(session: Session, found: Look, *, at: datetime) -> int:
    """Keep the places of a day in place of those kept for it before; returns how many. Inputs are kept of two days."""
    on = found.backlog.on
    session.execute(delete(Placing).where(Placing.taken_on == on))
    session.execute(delete(PlacingDay).where(PlacingDay.taken_on == on))
    earlier = session.scalar(select(func.max(PlacingDay.taken_on)).where(PlacingDay.taken_on < on))
    if earlier is not None:
        worn = update(Placing).where(Placing.taken_on < earlier, Placing.inputs.is_not(None))
        session.execute(worn.values(inputs=null()))
    day = PlacingDay(
        taken_on=on,
        taken_at=at,
        rubric=_body(found.backlog.rubric),
        goal_weights=dict(found.backlog.goal_weights),
        calibration=_kept(found.backlog.calibration),
    )
    session.add(day)
    if found.rows:
        session.execute(insert(Placing), found.rows)
    return len(found.rows)


def take(session: Session, *, on: date, at: datetime) -> int:
    """Look and keep at once."""
    return keep(session, look(session, on=on), at=at)


def of(session: Session, learning_request: LearningRequest, limit: int = 14) -> list[Placing]:
    """The latest days' places of a request, newest first."""
    return list(
        session.scalars(
            select(Placing)
            .where(Placing.learning_request_id == learning_request.id)
            .order_by(Placing.taken_on.desc())
            .limit(limit)
        )
    )


def way_in(session: Session, learning_request: LearningRequest, *, today: date) -> str:
    """What would bring an open request over the line, in a sentence; empty where it is over or no single change would."""
    if learning_request.assessment is None or not learning_request.is_open:
        return ""
    rubric, number = assessments.current_rubric(session), learning_request.id
    need = assessments.needs(session, {number: learning_request.goal_id}, rubric, today=today)[number]
    found = what_would_move_it(need, rubric, assessments.line(session, rubric))
    return found.because if found.moves else ""


def _now(session: Session, on: date) -> Backlog:
    rubric, calibration = assessments.uncalibrated(session)
    rows = session.execute(
        select(LearningRequest.id, LearningRequest.goal_id, Unit.name)
        .outerjoin(LearningRequest.unit)
        .where(LearningRequest.status.in_(OPEN), LearningRequest.assessment_id.is_not(None))
    ).all()
    needs = assessments.needs(
        session, {row.id: row.goal_id for row in rows}, rubric, today=on, as_claimed=True
    )
    entries = {_name(row.id): _as_entry(needs[row.id], row.goal_id, row.name or "", on) for row in rows}
    weights = {str(number): weight for number, weight in goals.weights(session, on=on).items()}
    return Backlog(on, rubric, entries, weights, calibration.counted if calibration else None)


def _with_what_stayed(before: Backlog, now: Backlog) -> Backlog:
    """The same objects for what is the same, so that draws made for one serve the other."""
    if _body(before.rubric) == _body(now.rubric):
        before = replace(before, rubric=now.rubric)
    if _kept(before.calibration) == _kept(now.calibration):
        before = replace(before, calibration=now.calibration)
    return before


def _as_entry(need: Need, goal_id: int | None, unit: str, on: date) -> Entry:
    """What the goal weighs and how near the date is follow from the day, so that neither counts as an edit. A date gone by stays gone by."""
    deadline = on + timedelta(days=need.deadline_days) if need.deadline_days else None
    goal = None if goal_id is None else str(goal_id)
    own = replace(
        need, goal=None if goal else need.goal, deadline_days=None if deadline else need.deadline_days
    )
    return Entry(own, goal=goal, deadline=deadline, unit=unit)


def _last(session: Session, on: date) -> Backlog | None:
    """The latest day kept before this one."""
    day = session.scalar(
        select(PlacingDay).where(PlacingDay.taken_on < on).order_by(PlacingDay.taken_on.desc()).limit(1)
    )
    if day is None:
        return None
    rows = session.execute(
        select(Placing.learning_request_id, Placing.inputs).where(
            Placing.taken_on == day.taken_on, Placing.inputs.is_not(None)
        )
    )
    entries = {_name(number): _entry(inputs) for number, inputs in rows}
    calibration = _calibration(day.calibration)
    return Backlog(day.taken_on, _rubric(day.rubric), entries, day.goal_weights, calibration)


def _name(number: int) -> str:
    """Names in the order of numbers, by which equals are placed."""
    return f"{number:09d}"


def _leverage(entry: Entry, backlog: Backlog) -> float:
    need = entry.need
    if entry.goal is not None:
        need = replace(need, goal=backlog.goal_weights.get(entry.goal))
    if entry.deadline is not None:
        need = replace(need, deadline_days=days_until(entry.deadline, backlog.on))
    rubric = backlog.rubric
    if backlog.calibration is not None:
        need = calibrated_need(need, entry.unit, backlog.calibration)
        rubric, _ = calibrated(rubric, backlog.calibration)
    return Range.of(draws_of(need, rubric).leverage).likely


RANGES = ("gap", "people", "value_per_year", "finished_hours", "expert_hours", "new_share")


def _stored(entry: Entry) -> dict[str, Any]:
    """What is known of a request, without what nobody said. The goal's weight and the days left follow from the day's."""
    need = {
        one.name: value
        for one in fields(Need)
        if (value := getattr(entry.need, one.name)) is not None and value is not False
    }
    need |= {name: [need[name].low, need[name].likely, need[name].high] for name in RANGES if name in need}
    deadline = entry.deadline.isoformat() if entry.deadline else None
    return {"need": need, "goal": entry.goal, "deadline": deadline, "unit": entry.unit}


def _entry(stored: Mapping[str, Any]) -> Entry:
    need = {**stored["need"]}
    need |= {name: Range(*need[name]) for name in RANGES if name in need}
    deadline = date.fromisoformat(stored["deadline"]) if stored["deadline"] else None
    return Entry(Need(**need), goal=stored["goal"], deadline=deadline, unit=stored["unit"])


def _body(rubric: Rubric) -> dict[str, Any]:
    """The rubric with the table of causes, which has versions of its own."""
    return {**rubric.as_json(), "causes": asdict(rubric.causes) if rubric.causes else None}


def _kept(calibration: Calibration | None) -> dict[str, Any] | None:
    """What counted of a calibration; its version alone moves nobody."""
    body = calibration.as_json() if calibration else None
    return json.loads(json.dumps(body)) if body else None


def _calibration(kept: dict[str, Any] | None) -> Calibration | None:
    if kept is None:
        return None
    prior = tuple((cause, chance) for cause, chance in kept["prior"])
    return replace(from_json(kept), prior=prior)


def _rubric(body: Mapping[str, Any]) -> Rubric:
    causes = body["causes"]
    plain = rubrics.from_json({**body, "causes": None})
    return replace(plain, causes=fit.from_json(causes) if causes else None)
