"""Scoring what waits, and the rubric it is scored by."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from portfolio import calibrations, causes, forms, goals, reuses, supporters
from portfolio.calibrations import InForce
from portfolio.history import record
from portfolio.models import (
    Answer,
    Assessment,
    Calibration,
    Event,
    LearningRequest,
    Person,
    Plan,
    Rubric,
    Unit,
)
from portfolio.rules import rubric as rubrics
from portfolio.rules.calibration import calibrated_need
from portfolio.rules.fit import Causes
from portfolio.rules.information import usual_line
from portfolio.rules.need import Need, days_until, gap_of
from portfolio.rules.ranges import Range
from portfolio.rules.scoring import Reason, Score, score
from portfolio.submission import as_range, number_in
from portfolio.waiting import want_all

log = logging.getLogger("outsize")

PUT_OFF = timedelta(hours=1)

USUAL_GRADES: Mapping[str, str] = {
    "measure": "B", "audience": "C", "value_per_year": "D", "finished_hours": "D", "expert_hours": "D",
}  # fmt: skip
"""How well a number is taken to be known where nobody says, by question. A range stated as one keeps its own width."""


def score_waiting(session: Session, *, now: datetime, flow_run_id: str | None, limit: int = 500) -> list[int]:
    """Score up to `limit` waiting requests and store the assessments; returns their ids.

    The rows are held meanwhile, so a change made at the same time is scored in the next round. Running it twice scores
    nothing twice. One that can't be scored is put off for an hour and does not hold up the others. Costs nine statements
    however many wait.
    """
    waiting = session.execute(
        select(
            LearningRequest.id,
            LearningRequest.goal_id,
            LearningRequest.score_wanted_at,
        )
        .where(LearningRequest.score_wanted_at <= now)
        .order_by(LearningRequest.score_wanted_at, LearningRequest.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    if not waiting:
        return []
    ids = [row.id for row in waiting]
    rubric, calibration = _in_force(session)
    facts = _facts(session, ids, now.date(), calibration)
    scores: dict[int, Score] = {}
    for row in waiting:
        try:
            scores[row.id] = score(facts.need(row.id, row.goal_id, rubric), rubric)
        except Exception:
            log.exception("Request %s can't be scored; it is tried again in an hour", row.id)
            _put_off(session, row.id, now)
    if scores:
        _store(session, [*scores], [*scores.values()], now, flow_run_id, _version(calibration))
    return [*scores]


def needs(
    session: Session,
    goals_of: Mapping[int, int | None],
    rubric: rubrics.Rubric,
    *,
    today: date,
    as_claimed: bool = False,
) -> dict[int, Need]:
    """What is known of these requests ({number: goal}), just as it is scored; `as_claimed` leaves a calibration out. Six statements however many they are."""
    facts = _facts(session, [*goals_of], today, None if as_claimed else calibrations.current(session))
    return {number: facts.need(number, goal, rubric) for number, goal in goals_of.items()}


def known(
    session: Session, goals_of: Mapping[int, int | None], rubric: rubrics.Rubric, *, today: date
) -> dict[int, tuple[dict[str, Any], Need]]:
    """The answers of these requests ({number: goal}) and what they come to. Six statements however many they are."""
    facts = _facts(session, [*goals_of], today, calibrations.current(session))
    return {
        number: (facts.answers.get(number, {}), facts.need(number, goal, rubric))
        for number, goal in goals_of.items()
    }


def current_rubric(session: Session) -> rubrics.Rubric:
    """What requests are scored by: the rubric, the cause table and the calibration in force."""
    return _in_force(session)[0]


def uncalibrated(session: Session) -> tuple[rubrics.Rubric, InForce | None]:
    """The rubric in force with its cause table, and beside it the calibration that `current_rubric` applies to it."""
    return _with_causes(published_rubric(session), causes.published(session)), calibrations.current(session)


def published_rubric(session: Session) -> rubrics.Rubric:
    """The rubric in force as it was published: the latest, else the default."""
    latest = session.scalar(select(Rubric.body).order_by(Rubric.version.desc()).limit(1))
    return rubrics.DEFAULT if latest is None else parsed(latest)


def completed(session: Session, rubric: rubrics.Rubric) -> rubrics.Rubric:
    """A rubric with what has versions of its own: the cause table and the calibration in force, where there are any."""
    return _completed(session, rubric, calibrations.current(session))


def parsed(body: dict[str, Any]) -> rubrics.Rubric:
    """The rubric stored as `body`; the same object each time."""
    return _parsed(json.dumps(body))


def line(session: Session, rubric: rubrics.Rubric) -> float:
    """The leverage a request has to beat, points per hour: the cut value of the latest plan; before the first plan, and while
    everything fits, the usual one."""
    cut = session.scalar(select(Plan.cut_value).order_by(Plan.made_at.desc(), Plan.id.desc()).limit(1))
    return cut or usual_line(rubric)


def publish_rubric(session: Session, rubric: rubrics.Rubric, *, by: Person | None, at: datetime) -> Rubric:
    """Put a rubric in force as the next version and mark all open requests for scoring."""
    latest = session.scalar(select(func.max(Rubric.version))) or 0
    body = {**rubric.as_json(), "version": latest + 1}
    published = Rubric(version=latest + 1, body=body, published_at=at, published_by_id=by.id if by else None)
    session.add(published)
    want_all(session, at=at)
    return published


def need_of(
    answers: dict[str, Any], goal_weight: int | None, today: date, grades: Mapping[str, str] = USUAL_GRADES
) -> Need:
    """What a request's answers say to the scoring rule. `grades` are how each number is known, A..E by question."""
    grades = {**USUAL_GRADES, **grades}
    measure = answers.get("measure") or {}
    gap = gap_of(number_in(measure.get("today")), number_in(measure.get("wanted")))
    deadline = answers.get("deadline") or {}
    due = date.fromisoformat(deadline["on"]) if deadline.get("on") else None
    risk = answers.get("risk")
    return Need(
        goal=goal_weight,
        gap=as_range(gap, grades["measure"]),
        people=as_range((answers.get("audience") or {}).get("count"), grades["audience"]),
        value_per_year=as_range(answers.get("value_per_year"), grades["value_per_year"]),
        waiting=answers.get("waiting"),
        risk=max(risk or 0, 4) if answers.get("mandatory") else risk,
        deadline_days=days_until(due, today),
        deadline_has_reason=bool(deadline.get("why")),
        causes={key: value for key, value in answers.items() if key.startswith("cause_")},
        work_type=answers.get("format"),
        finished_hours=as_range(answers.get("finished_hours"), grades["finished_hours"]),
        expert_hours=as_range(answers.get("expert_hours"), grades["expert_hours"]),
    )


def _in_force(session: Session) -> tuple[rubrics.Rubric, InForce | None]:
    """What requests are scored by, and the calibration it holds. Two statements."""
    newest = (
        select(one).order_by(table.version.desc()).limit(1).scalar_subquery()
        for table, one in (
            (Rubric, Rubric.body),
            (Calibration, Calibration.body),
            (Calibration, Calibration.applies),
        )
    )
    body, factors, applies = session.execute(select(*newest)).one()
    rubric = rubrics.DEFAULT if body is None else parsed(body)
    calibration = None if factors is None else calibrations.parsed(factors, applies)
    return _completed(session, rubric, calibration), calibration


def _completed(session: Session, rubric: rubrics.Rubric, calibration: InForce | None) -> rubrics.Rubric:
    return calibrations.applied(_with_causes(rubric, causes.published(session)), calibration)


def _version(calibration: InForce | None) -> int | None:
    """What an assessment notes: the calibration it was made with, where any part of one applied."""
    return calibration.version if calibration is not None and calibration.applies else None


@dataclass(frozen=True)
class _Facts:
    """What is said about some requests, read at once."""

    answers: dict[int, dict[str, Any]]
    weights: dict[int, int]
    reaches: dict[int, list[Any]]
    today: date
    calibration: InForce | None
    units: dict[int, str]
    existing: dict[int, Range]
    grades: dict[int, dict[str, str]]

    def need(self, request_id: int, goal_id: int | None, rubric: rubrics.Rubric) -> Need:
        weight = None if goal_id is None else self.weights.get(goal_id)
        grades = self.grades.get(request_id, {})
        need = need_of(self.answers.get(request_id, {}), weight, self.today, grades)
        if self.calibration is not None and request_id in self.units:
            need = calibrated_need(need, self.units[request_id], self.calibration.factors)
        if request_id in self.existing:
            need = replace(need, new_share=_rest(self.existing[request_id]))
        return supporters.counted(need, self.reaches.get(request_id, ()), rubric.people)


def _facts(session: Session, ids: Sequence[int], today: date, calibration: InForce | None) -> _Facts:
    answers, grades = _answers(session, ids)
    return _Facts(
        answers,
        goals.weights(session, on=today),
        supporters.reaches(session, ids),
        today,
        calibration,
        _units(session, ids) if calibration is not None and "impact" in calibration.applies else {},
        reuses.existing_shares(session, ids),
        grades,
    )


def _rest(share: Range) -> Range:
    """What a share leaves of the whole."""
    return Range(1 - share.high, 1 - share.likely, 1 - share.low)


def _units(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """Who claims what: the unit of each request that names one."""
    rows = session.execute(
        select(LearningRequest.id, Unit.name)
        .join(Unit, Unit.id == LearningRequest.unit_id)
        .where(LearningRequest.id.in_(ids))
    )
    return dict(rows.all())


def as_score(made: Assessment) -> Score:
    """What an assessment found, as the rules take it; nothing is worked out again."""
    ranges = {
        name: Range(*(getattr(made, f"{name}_{end}") for end in ("low", "likely", "high")))
        for name in ("impact", "effort_hours", "manager_hours", "leverage")
    }
    working = made.working
    return Score(
        **ranges,
        expert_hours=Range(*working["expert_hours"]),
        fit=made.fit,
        likeliest_cause=working["likeliest_cause"],
        causes=working.get("causes", {}),
        cause_table=working.get("cause_table", 1),
        quadrants=made.quadrants,
        reasons=tuple(Reason(one["text"], one["influence"]) for one in made.reasons),
        steps=working["steps"],
        unknown=tuple(working["unknown"]),
        seed=made.seed,
        draws=made.draws,
        rubric_version=made.rubric_version,
    )


def _put_off(session: Session, request_id: int, now: datetime) -> None:
    learning_request = session.get_one(LearningRequest, request_id)
    learning_request.score_wanted_at = now + PUT_OFF
    record(session, "learning_request.scoring_failed", learning_request, by=None, at=now)


@lru_cache(maxsize=8)
def _with_causes(rubric: rubrics.Rubric, table: Causes | None) -> rubrics.Rubric:
    """The same rubric object each time, so that what was drawn for it is found again."""
    return rubric if table is None else replace(rubric, causes=table)


@lru_cache(maxsize=4)
def _parsed(body: str) -> rubrics.Rubric:
    return rubrics.from_json(json.loads(body))


def _answers(
    session: Session, ids: Sequence[int]
) -> tuple[dict[int, dict[str, Any]], dict[int, dict[str, str]]]:
    """What was said in each request, with what the manager's own questions add; and how it is known, where somebody said so."""
    said: dict[int, list[forms.Said]] = {}
    grades: dict[int, dict[str, str]] = {}
    rows = session.execute(
        select(
            Answer.learning_request_id, Answer.grade, Answer.question, Answer.value, Answer.form_version
        ).where(Answer.learning_request_id.in_(ids))
    )
    for request_id, grade, *one in rows:
        said.setdefault(request_id, []).append(forms.Said(*one))
        if grade:
            grades.setdefault(request_id, {})[one[0]] = grade
    known = forms.known(session)
    return {request_id: known.count_in(answers) for request_id, answers in said.items()}, grades


def _store(
    session: Session,
    ids: list[int],
    scores: list[Score],
    now: datetime,
    flow_run_id: str | None,
    calibration: int | None,
) -> None:
    rows = [_row(id_, one, now, flow_run_id, calibration) for id_, one in zip(ids, scores, strict=True)]
    # Straight to the database: thousands of rows need no objects. The newest of each request are those just kept.
    session.connection().execute(insert(Assessment), rows)
    newest = select(Assessment.learning_request_id, func.max(Assessment.id))
    newest = newest.where(Assessment.learning_request_id.in_(ids)).group_by(Assessment.learning_request_id)
    stored = dict(session.execute(newest).all())
    session.execute(
        update(LearningRequest),
        [
            {
                "id": id_,
                "assessment_id": stored[id_],
                "leverage": one.leverage.likely,
                "score_wanted_at": None,
            }
            for id_, one in zip(ids, scores, strict=True)
        ],
    )
    session.connection().execute(
        insert(Event),
        [
            {
                "at": now,
                "action": "learning_request.scored",
                "subject_type": LearningRequest.__tablename__,
                "subject_id": id_,
                "by_id": None,
                "details": {
                    "leverage": round(one.leverage.likely, 4),
                    "quadrant": one.quadrant.value,
                    "rubric_version": one.rubric_version,
                },
            }
            for id_, one in zip(ids, scores, strict=True)
        ],
    )


def _row(
    id_: int, found: Score, now: datetime, flow_run_id: str | None, calibration: int | None
) -> dict[str, Any]:
    ranges = {
        f"{name}_{end}": float(getattr(getattr(found, name), end))
        for name in ("impact", "effort_hours", "manager_hours", "leverage")
        for end in ("low", "likely", "high")
    }
    return {
        "learning_request_id": id_,
        "rubric_version": found.rubric_version,
        "seed": found.seed,
        "draws": found.draws,
        "scored_at": now,
        "flow_run_id": flow_run_id,
        **ranges,
        "fit": found.fit,
        "quadrants": found.quadrants,
        "reasons": [{"text": one.text, "influence": one.influence} for one in found.reasons],
        "working": {
            "steps": found.steps,
            "unknown": list(found.unknown),
            "likeliest_cause": found.likeliest_cause,
            "causes": {cause: round(chance, 4) for cause, chance in found.causes.items()},
            "cause_table": found.cause_table,
            "calibration": calibration,
            "expert_hours": [
                round(hours, 1)
                for hours in (found.expert_hours.low, found.expert_hours.likely, found.expert_hours.high)
            ],
        },
    }
