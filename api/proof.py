"""What is known of a project over the API: what it changed, cost and brought, how sure that is, and how it will be seen."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from api import shapes
from api.body import OnceDep, parse, takes
from api.callers import LeaderCaller, ManagerCaller, name_of
from api.lists import Number
from api.projects import find_project
from portfolio import evaluating, levels, organisation, proving
from portfolio.models import Evaluation, EvaluationStep
from portfolio.proving import Measured, NothingToConclude
from portfolio.rules.levels import Evidence
from portfolio.rules.money import Balance, Benefits, Loaded, Return, Span, is_enough
from portfolio.states import EvidenceGrade
from portfolio.submission import Prose, Strict
from web.clock import NowDep
from web.problems import ProblemFound
from web.session import SessionDep

router = APIRouter(prefix="/projects/{number}", tags=["proof"])


class NewConclusion(Strict):
    words: Prose(1000) = ""  # type: ignore[valid-type] # pydantic builds the type at run time


@router.get("/proof")
def prove(session: SessionDep, caller: LeaderCaller, number: Number) -> dict[str, Any]:
    """Each measure's change with its interval, grade and verdict; costs, benefits and return; the levels; what was concluded.

    Money a year, in `currency`; null is what isn't known, isn't printed below the grade that was set, or would show what fewer
    than five people said.
    """
    project = find_project(session, number)
    found = proving.of_project(session, project, in_steps=not caller.manages)
    ours = organisation.current(session)
    return {
        "project": project.id,
        "hypothesis": project.hypothesis,
        "verdict": found.main.proof.verdict.outcome.value if found.main else None,
        "currency": ours.currency if ours else None,
        "measures": [_measured(one, found.least) for one in found.measured],
        "costs": _costs(found.costs),
        "benefits": _benefits(found.benefits, found.least),
        "return": _return(found.balance),
        "break_even": {
            "benefit": found.costs.total or None,
            "changes": [
                {"measure": one.words, "unit": one.unit, "change": one.change}
                for one in found.balance.breaks_even
            ],
        },
        "levels": [_level(one) for one in found.levels.best],
        "concluded": [_concluded(one, found.least) for one in found.concluded],
    }


@router.post("/conclusions", status_code=201)
@takes(NewConclusion)
def conclude(
    session: SessionDep, once: OnceDep, caller: ManagerCaller, now: NowDep, number: Number
) -> JSONResponse:
    """Freeze what is known at each level. With nothing changed since the last time nothing is added; 409 where nothing is known."""
    project = find_project(session, number)
    given = parse(NewConclusion, once.body)

    def write() -> tuple[int, dict[str, Any]]:
        try:
            made = proving.conclude(session, project, words=given.words, by=caller, at=now)
        except NothingToConclude as refused:
            raise ProblemFound(409, str(refused)) from refused
        ours = organisation.current(session)
        least = ours.least_grade if ours else EvidenceGrade.ESTIMATE
        return 201, {"project": project.id, "concluded": [_concluded(one, least) for one in made]}

    return once.answer(session, name_of(caller), write)


@router.get("/evaluation-plan")
def show_plan(session: SessionDep, caller: LeaderCaller, number: Number) -> dict[str, Any]:
    """How it will be seen whether it worked: the lines of the plan in their order. Addresses of their owners are for managers."""
    steps = evaluating.of(session, find_project(session, number))
    return {"items": [_step(one, with_address=caller.manages) for one in steps], "next": None}


def _measured(one: Measured, least: EvidenceGrade) -> dict[str, Any]:
    told = one.in_money is not None and is_enough(one.proof.grade.grade, least)
    return {
        "measure": one.measure.id,
        "name": one.measure.name,
        "unit": one.measure.unit,
        "readings": one.readings,
        **shapes.proof(one.proof),
        "in_money": _span(one.in_money) if told else None,
    }


def _costs(one: Loaded) -> dict[str, Any]:
    """All costs so far with overhead; hours without a rate count as nothing in the total."""
    return {
        "total": one.total,
        "by_kind": {kind.value: amount for kind, amount in one.by_kind.items()},
        "unpriced_hours": one.unpriced_hours,
    }


def _benefits(one: Benefits, least: EvidenceGrade) -> dict[str, Any] | None:
    """What people say it was worth in its first year."""
    if not one.answered:
        return None
    may_add_up = is_enough(EvidenceGrade.ESTIMATE, least)
    return {
        "asked": one.asked,
        "answered": one.answered,
        "in_floor": one.in_floor,
        "floor": one.floor if may_add_up else None,
        "central": _span(one.central) if may_add_up else None,
    }


def _return(one: Balance) -> dict[str, Any]:
    """What came back, or in `reason` why that can't be told. ROI in percent."""
    return {
        "source": one.source or None,
        "grade": one.grade.value,
        "reason": one.reason or None,
        "benefit_floor": one.benefit_floor,
        "benefit": _span(one.benefit),
        "floor": _came_back(one.floor),
        "central": _came_back(one.central),
        "roi_percent_low": one.low.roi_percent if one.low else None,
        "roi_percent_high": one.high.roi_percent if one.high else None,
    }


def _came_back(one: Return | None) -> dict[str, float | None] | None:
    if one is None:
        return None
    return {
        "roi_percent": one.roi_percent,
        "benefit_cost_ratio": one.benefit_cost_ratio,
        "payback_months": one.payback_months,
    }


def _span(one: Span | None) -> dict[str, float | None] | None:
    return None if one is None else {"low": one.low, "likely": one.likely, "high": one.high}


def _level(one: Evidence) -> dict[str, Any]:
    """The best there is to say at a level (1 reaction .. 5 ROI); `tier` is LTEM's."""
    return {
        "level": one.level,
        "words": one.words,
        "tier": one.tier,
        "grade": one.grade.value,
        "base": one.base,
        "verdict": one.verdict or None,
        "supports_success": one.supports_success,
        "concluded_on": one.concluded_on.isoformat() if one.concluded_on else None,
    }


def _concluded(one: Evaluation, least: EvidenceGrade) -> dict[str, Any]:
    """What was concluded, as far as it is told."""
    return {
        "id": one.id,
        "level": one.level,
        "measure": one.measure_id,
        "result": levels.words_of(one, least),
        "words": one.figures.get("words") or None,
        "grade": one.grade.value,
        "verdict": levels.verdict_of(one, least) or None,
        "concluded_at": shapes.moment(one.concluded_at),
    }


def _step(one: EvaluationStep, *, with_address: bool) -> dict[str, Any]:
    said = {
        "id": one.id,
        "level": one.level,
        "tier": one.tier,
        "what": one.what,
        "source": one.source,
        "method": one.method,
        "days_after": one.days_after,
        "due_on": one.due_on.isoformat() if one.due_on else None,
        "owner": one.owner,
        "template": one.template,
        "measure": one.measure_id,
        "asked_at": shapes.moment(one.asked_at),
        "problem": one.problem or None,
        "done_at": shapes.moment(one.done_at),
    }
    return {**said, "owner_email": one.owner_email or None} if with_address else said
