"""All that the door to proof and reports answers, put together."""

from reports import (
    answering,
    cases,
    costs,
    designs,
    estimates,
    measure_files,
    measure_sources,
    measures,
    open_answering,
    participants,
    proof,
    readings,
    routes,
    shares,
    survey_imports,
    survey_results,
    survey_templates,
    surveys,
    worth,
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
    cases,
    worth,
    surveys,
    survey_results,
    survey_imports,
    answering,
    open_answering,
    participants,
    survey_templates,
    measures,
    measure_files,
    measure_sources,
    readings,
):
    router.include_router(part.router)
