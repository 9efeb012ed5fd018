"""The door for deciding and doing: inbox, backlog, board, iterations, projects, library, settings."""

from fastapi import APIRouter

from board import (
    arrivals,
    attachments,
    backlog,
    board,
    calendar,
    calibration,
    card_parts,
    cards,
    causes,
    columns,
    draws,
    form,
    imports,
    inbox,
    iterations,
    library,
    methods,
    outlets,
    phrases,
    placements,
    plan,
    projects,
    questions,
    reuses,
    rubric,
    settings,
)

router = APIRouter(include_in_schema=False)
for part in (
    inbox,
    draws,
    reuses,
    arrivals,
    attachments,
    backlog,
    plan,
    board,
    columns,
    placements,
    cards,
    card_parts,
    iterations,
    projects,
    questions,
    library,
    methods,
    imports,
    form,
    causes,
    rubric,
    calibration,
    calendar,
    outlets,
    settings,
):
    router.include_router(part.router)

__all__ = ["router"]
