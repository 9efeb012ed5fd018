"""The same verbs as JSON: thin routes over the same actions, with no rule of their own."""

from api import (
    cards,
    cases,
    costs,
    document,
    estimates,
    events,
    export,
    forecast,
    form,
    goals,
    interrupts,
    iterations,
    learning,
    learning_requests,
    measures,
    plan,
    projects,
    proof,
    reports,
    similar,
    survey_results,
    surveys,
)
from web.doors import Door

router = Door(prefix="/api/v1")
for part in (cards, learning_requests, form, projects, iterations, measures, goals, reports, events, export):
    router.include_router(part.router)
router.include_router(similar.router)
router.include_router(plan.router)
router.include_router(forecast.router)
router.include_router(interrupts.router)
router.include_router(surveys.router)
router.include_router(survey_results.router)
router.include_router(learning.router)
for part in (costs, estimates, proof, cases):
    router.include_router(part.router)
router.include_router(document.router)

__all__ = ["router"]
