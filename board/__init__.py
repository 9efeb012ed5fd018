"""The door for deciding and doing: inbox, backlog, board, iterations, projects, settings."""

from fastapi import APIRouter

from board import (
    arrivals,
    backlog,
    board,
    cards,
    causes,
    form,
    imports,
    inbox,
    iterations,
    projects,
    settings,
)

router = APIRouter(include_in_schema=False)
for part in (
    inbox,
    arrivals,
    backlog,
    board,
    cards,
    iterations,
    projects,
    imports,
    form,
    causes,
    settings,
):
    router.include_router(part.router)

__all__ = ["router"]
