"""All that the door to proof and reports answers, put together."""

from reports import (
    answering,
    costs,
    designs,
    estimates,
    participants,
    proof,
    routes,
    shares,
    survey_templates,
    surveys,
)
from web.doors import Door

router = Door(include_in_schema=False)
for part in (
    designs,  # before routes: "designs" is no number
    routes,
    shares,
    proof,
    costs,
    estimates,
    surveys,
    answering,
    participants,
    survey_templates,
):
    router.include_router(part.router)
