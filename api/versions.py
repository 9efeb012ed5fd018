"""Versions, as ETag and If-Match tell them, so that nobody overwrites what somebody else changed meanwhile."""

from typing import Annotated

from fastapi import Header
from sqlalchemy.orm import Session

from portfolio.database import hold
from portfolio.models import Measure, Project
from web.problems import ProblemFound

IfMatch = Annotated[str | None, Header(max_length=40)]


def version_in(if_match: str | None) -> int | None:
    """The version an If-Match names; -1, which no version is, where it can't be read."""
    if if_match is None or if_match.strip() == "*":
        return None
    digits = if_match.strip().removeprefix("W/").strip('"')
    return int(digits) if digits.isdecimal() and len(digits) < 10 else -1


def check_version(session: Session, found: Measure | Project, if_match: str | None) -> None:
    """With If-Match only the version it names is changed, and nobody slips in between this look and the change: else 412."""
    version = version_in(if_match)
    if version is not None:
        hold(session, found)
        if version != found.version:
            raise ProblemFound(412)
