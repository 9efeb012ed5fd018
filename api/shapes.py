"""How our things look as JSON."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from portfolio.fitting import Line, Outlook
from portfolio.links import Links
from portfolio.models import (
    Assessment,
    Card,
    Decision,
    Edition,
    Event,
    Iteration,
    LearningRequest,
    Measure,
    Project,
    Reading,
    Report,
)
from portfolio.next_questions import Worth
from portfolio.rules.effect import Change, EffectSize, Ratio
from portfolio.rules.forecasting import FORMULA_VERSION, Forecast, Throughput
from portfolio.rules.proof import Proof
from portfolio.similar import Found


def moment(at: datetime | None) -> str | None:
    """RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def learning_request(one: LearningRequest, links: Links) -> dict[str, Any]:
    return {
        "id": one.id,
        "number": one.number,
        "title": one.title,
        "status": one.status.value,
        "status_since": moment(one.status_since),
        "submitted_at": moment(one.submitted_at),
        "unit": one.unit.name if one.unit else None,
        "goal": one.goal_id,
        "source": one.source,
        "snoozed_until": one.snoozed_until.isoformat() if one.snoozed_until else None,
        "joined_to": one.joined_to_id,
        "tracking_url": links.tracking(one),
        "chance_in_plan": one.chance_in_plan if one.is_open else None,
        "assessment": assessment(one.assessment),
    }


def found(one: Found) -> dict[str, Any]:
    """Something like what was typed."""
    return {
        "id": one.id,
        "number": one.number,
        "title": one.title,
        "score": one.score,
        "reason": one.reason,
        "likely": one.likely,
    }


def assessment(one: Assessment | None) -> dict[str, Any] | None:
    """The short form lists carry: ranges, quadrants, fit and reasons."""
    if one is None:
        return None
    return {
        **{name: _range(one, name) for name in ("impact", "effort_hours", "manager_hours", "leverage")},
        "quadrants": one.quadrants,
        "quadrant": one.quadrant,
        "fit": one.fit,
        "reasons": [reason["text"] for reason in one.reasons],
    }


def question(one: Worth | None) -> dict[str, Any] | None:
    """The next best question; `worth` in impact points."""
    return None if one is None else {"question": one.question.key, "why": one.because, "worth": one.worth}


def whole_assessment(
    one: Assessment | None, chance_in_plan: float | None = None, next_question: Worth | None = None
) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        **(assessment(one) or {}),
        "chance_in_plan": chance_in_plan,
        "next_question": question(next_question),
        "rubric_version": one.rubric_version,
        "seed": one.seed,
        "draws": one.draws,
        "flow_run_id": one.flow_run_id,
        "scored_at": moment(one.scored_at),
        "working": one.working,
    }


def plan(one: Outlook) -> dict[str, Any]:
    """What fits: the chosen set, everything else with its reason, and what an hour is worth."""
    stretch, marginal = one.stretch, one.marginal
    return {
        "sentence": one.sentence,
        "weeks": stretch.weeks,
        "hours_per_week": stretch.hours_per_week,
        "starts_on": stretch.starts_on.isoformat(),
        "ends_on": stretch.ends_on.isoformat(),
        "hours": {
            "given": stretch.given,
            "leave": stretch.leave_hours,
            "interrupts": stretch.interrupt_hours,
            "available": stretch.hours,
            "used": one.plan.manager.used,
            "left": one.plan.manager.left,
            "over": one.plan.manager.over,
        },
        "experts": [
            {"person": person.person_id, "name": person.name, "hours": person.hours}
            for person in stretch.experts
        ],
        "value": one.plan.value,
        "proven": one.plan.proven,
        "gap": one.plan.gap,
        "chosen": [_line(line) for line in one.chosen],
        "left_out": [_line(line) for line in one.left_out],
        "cut_value": one.cut.points_per_hour,
        "marginal_value_of_hour": marginal.value_added if marginal else None,
        "what_more_buys": [
            {
                "label": bought.more.label,
                "manager_hours": bought.more.manager_hours,
                "expert_hours": sum(bought.more.expert_hours.values()),
                "comes_in": [*bought.comes_in],
                "goes_out": [*bought.goes_out],
                "value_added": bought.value_added,
                "points_per_hour": bought.points_per_hour,
            }
            for bought in one.options
        ],
        "draws": one.draws,
        "unscored": one.unscored,
    }


def _line(one: Line) -> dict[str, Any]:
    return {
        "id": one.id,
        "number": one.number,
        "title": one.title,
        "status": one.status.value,
        "chance_in_plan": one.chance,
        "standing": one.standing.value.replace(" ", "_").replace("-", "_"),
        "impact": one.value,
        "manager_hours": one.hours,
        "expert_hours": one.expert_hours,
        "expert": one.expert_id,
        "must_do": one.must_do,
        "not_before": one.not_before.isoformat() if one.not_before else None,
        "place": {"low": one.place.low, "likely": one.place.likely, "high": one.place.high}
        if one.place
        else None,
        "reason": one.why,
    }


def decision(one: Decision) -> dict[str, Any]:
    return {
        "decision": one.verdict.value,
        "reason": one.reason,
        "words": one.words,
        "until": one.until.isoformat() if one.until else None,
        "join_id": one.joined_to_id,
        "resource_id": one.resource_id,
        "decided_at": moment(one.decided_at),
    }


def event(one: Event) -> dict[str, Any]:
    return {
        "id": one.id,
        "at": moment(one.at),
        "action": one.action,
        "subject": {"type": one.subject_type, "id": one.subject_id},
        "by": one.by_id,
        "details": one.details,
    }


def project(one: Project) -> dict[str, Any]:
    return {
        "id": one.id,
        "number": one.number,
        "name": one.name,
        "request": one.learning_request_id,
        "goal": one.goal_id,
        "solution_type": one.solution_type,
        "stage": one.stage.value,
        "health": one.health.value,
        "health_note": one.health_note,
        "hypothesis": one.hypothesis,
        "hypothesis_parts": one.hypothesis_parts,
        "audience": one.audience,
        "worthwhile_change": one.worthwhile_change,
        "stop_rule": one.stop_rule,
        "stop_on": one.stop_on.isoformat() if one.stop_on else None,
        "sponsor": one.sponsor,
        "sponsor_email": one.sponsor_email,
        "baseline_on": one.baseline_on.isoformat() if one.baseline_on else None,
        "begun_at": moment(one.begun_at),
        "estimate_hours": one.estimate_hours,
        "due_on": one.due_on.isoformat() if one.due_on else None,
        "created_at": moment(one.created_at),
        "ended_at": moment(one.ended_at),
        "hours_saved": one.hours_saved,
        "version": one.version,
    }


def card(one: Card) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": one.title,
        "notes": one.notes,
        "project": one.project_id,
        "iteration": one.iteration_id,
        "column": one.column_id,
        "estimate_hours": one.estimate_hours,
        "actual_hours": one.actual_hours,
        "blocked_by": one.blocked_by,
        "owner": one.owner_id,
        "due_on": one.due_on.isoformat() if one.due_on else None,
        "created_at": moment(one.created_at),
        "entered_at": moment(one.entered_at),
        "archived_at": moment(one.archived_at),
        "started_at": moment(one.started_at),
        "done_at": moment(one.done_at),
        "version": one.version,
    }


def iteration(one: Iteration) -> dict[str, Any]:
    return {
        "id": one.id,
        "number": one.number,
        "goal": one.goal,
        "starts_on": one.starts_on.isoformat(),
        "ends_on": one.ends_on.isoformat(),
        "status": one.status.value,
        "capacity_hours": one.capacity_hours,
        "commitment": one.commitment,
        "shown": one.shown,
        "learned": one.learned,
        "next_step": one.next_step,
        "projects": one.review,
        "retrospective": one.retrospective,
        "record": one.record,
        "version": one.version,
    }


def measure(one: Measure, readings: Sequence[Reading]) -> dict[str, Any]:
    """A measure with these of its readings."""
    return {
        "id": one.id,
        "project": one.project_id,
        "name": one.name,
        "unit": one.unit,
        "higher_is_better": one.higher_is_better,
        "family": one.family,
        "by_chance": one.by_chance,
        "chosen_for_value": one.chosen_for_value,
        "baseline": one.baseline,
        "target": one.target,
        "worthwhile_change": one.worthwhile_change,
        "value_per_unit": one.value_per_unit,
        "value_basis": one.value_basis,
        "source": one.source,
        "read_every_days": one.read_every_days,
        "cut_on": one.cut_on.isoformat() if one.cut_on else None,
        "version": one.version,
        "readings": [
            {
                "id": reading.id,
                "value": reading.value,
                "read_on": reading.read_on.isoformat(),
                "after": reading.after,
                "comparison": reading.comparison,
                "subject": reading.subject,
                "exposure": reading.exposure,
                "note": reading.note,
            }
            for reading in readings
        ],
    }


def proof(one: Proof) -> dict[str, Any]:
    """What the readings of a measure prove: its change with the interval, how strong the design is, and the verdict."""
    return {
        "change": _interval(one.change),
        "method": one.change.method if one.change else None,
        "effect_size": _interval(one.effect_size),
        "ratio": _interval(one.ratio),
        "grade": one.grade.grade.value,
        "grade_reason": one.grade.reason,
        "stronger_with": one.grade.needed or None,
        "design": one.design or None,
        "explained": one.explained or None,
        "warnings": list(one.warnings),
        "verdict": one.verdict.outcome.value,
        "verdict_reason": one.verdict.reason,
    }


def edition(one: Edition) -> dict[str, Any]:
    return {
        "id": one.id,
        "number": one.number,
        "kind": one.kind,
        "title": one.title,
        "period_start": one.period_start.isoformat(),
        "period_end": one.period_end.isoformat(),
        "status": one.status.value,
        "error": one.error or None,
        "published_at": moment(one.published_at),
        "data_cut_off_at": moment(one.data_cut_off_at),
        "flow_run_id": one.flow_run_id,
        "formula_version": one.formula_version,
        "seed": one.seed,
        "checksum": one.checksum or None,
        "design": one.report_id,
        "corrects": one.corrects_id,
        "correction": one.correction or None,
    }


def report_design(one: Report) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "audience": one.audience,
        "sections": [section["key"] for section in one.sections if section["on"]],
        "rhythm": one.rhythm or None,
        "rolling_days": one.rolling_days,
        "next_on": one.next_on.isoformat() if one.next_on else None,
        "goal": one.goal_id,
        "project": one.project_id,
        "version": one.version,
    }


def forecast(about: str, number: int, one: Forecast, history: Throughput) -> dict[str, Any]:
    days = {"50": one.likely_on, "85": one.promised_on, "95": one.surely_on}
    return {
        "about": about,
        "id": number,
        "dates": {level: day.isoformat() if day else None for level, day in days.items()},
        "items_left": one.items_left,
        "items": {"low": one.items.low, "likely": one.items.likely, "high": one.items.high},
        "history": {
            "finished": one.sample,
            "weeks": round(history.weeks, 1) if history.counts else 0,
            "per_week": list(history.counts),
        },
        "method": one.method.value,
        "words": one.words,
        "seed": one.seed,
        "formula_version": FORMULA_VERSION,
    }


def _range(one: Assessment, name: str) -> dict[str, float]:
    return {end: getattr(one, f"{name}_{end}") for end in ("low", "likely", "high")}


def _interval(one: Change | EffectSize | Ratio | None) -> dict[str, float | None] | None:
    return None if one is None else {"low": one.low, "likely": one.likely, "high": one.high}
