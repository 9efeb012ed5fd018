"""Lists: `?limit=&cursor=` in, `{"items": [...], "next": cursor or null}` out."""

from typing import Annotated, Any

from fastapi import Query

from portfolio.submission import Problem
from web.problems import ProblemFound

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=100)]
Number = int


def listed(items: list[Any], following: str | int | None) -> dict[str, Any]:
    """A page of a list."""
    return {"items": items, "next": None if following is None else str(following)}


def number_cursor(cursor: str | None) -> int:
    """The number a list continues after; 0 at the start."""
    if cursor is None:
        return 0
    if not cursor.isdecimal() or not 0 < len(cursor) < 19:
        raise ProblemFound(422, errors=[Problem(("cursor",), "This is not a cursor we gave out.")])
    return int(cursor)
