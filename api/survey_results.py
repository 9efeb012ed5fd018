"""What people answered over the API: distributions with their base, as far as they may be shown."""

from typing import Any

from fastapi import APIRouter

from api.callers import LeaderCaller
from api.lists import Number
from portfolio import survey_results, survey_scales, surveys
from portfolio.rules.distributions import Distribution
from portfolio.survey_results import Breakdown
from portfolio.survey_scales import Scale
from web.clock import NowDep
from web.problems import ProblemFound
from web.session import SessionDep

router = APIRouter(prefix="/surveys", tags=["surveys"])


@router.get("/{number}/results")
def results(session: SessionDep, _caller: LeaderCaller, now: NowDep, number: Number) -> dict[str, Any]:
    """A survey's answers as counts and shares; nothing while it is open unless it is shown in steps of five, nothing of fewer than five people, no single answer.

    `share` is of those who answered the question (`answered`), never of all who were asked.
    """
    survey = surveys.find(session, number)
    if survey is None:
        raise ProblemFound(404)
    found = survey_results.shown(session, survey, now=now)
    broken = survey_results.breakdown(session, survey, now=now) if found.is_shown else None
    scales = survey_scales.of(session, survey, found) if found.is_shown else ()
    return {
        "survey": survey.id,
        "shown": found.is_shown,
        "why_not": found.why_not,
        "asked": found.asked or None,
        "answered": found.answered,
        "response_rate": found.rate,
        "bases": found.bases,
        "questions": [{**_question(one), "groups": _groups(one, broken)} for one in found.questions],
        "broken_down_by": broken.by if broken else None,
        "scales": [_scale(one) for one in scales],
    }


def _scale(one: Scale) -> dict[str, Any]:
    """Cronbach's alpha of questions with the same steps; `alpha_turned` with those turned round that seem reversed."""
    found = one.found
    return {
        "questions": [item.key for item in found.items],
        "alpha": found.alpha,
        "low": found.low,
        "high": found.high,
        "people": found.people,
        "seem_reversed": list(found.seem_reversed),
        "alpha_turned": found.alpha_turned,
        "sentence": one.sentence,
    }


def _question(one: Distribution) -> dict[str, Any]:
    return {
        "key": one.key,
        "label": one.label,
        "kind": one.kind,
        "answered": None if one.hidden else one.answered,
        "kept_back": one.kept_back,
        "hidden": one.hidden,
        "sentence": one.sentence,
        "options": [{"option": bar.option, "people": bar.people, "share": bar.share} for bar in one.bars],
        "middle": {"low": one.middle.low, "middle": one.middle.middle, "high": one.middle.high}
        if one.middle
        else None,
        "promoters": {
            "promoters": one.promoters.promoters,
            "passives": one.promoters.passives,
            "detractors": one.promoters.detractors,
            "score": one.promoters.score,
            "low": one.promoters.low,
            "high": one.promoters.high,
        }
        if one.promoters
        else None,
        "reverse": one.reverse,
    }


def _groups(one: Distribution, broken: Breakdown | None) -> list[dict[str, Any]]:
    return [
        {
            "group": part.name,
            "answered": part.distribution.answered,
            "options": [
                {"option": bar.option, "people": bar.people, "share": bar.share}
                for bar in part.distribution.bars
            ],
        }
        for part in (broken.parts.get(one.key, ()) if broken else ())
    ]
