"""What time it is, read once a request, so that tests can say it."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request


async def read_clock() -> datetime:
    return datetime.now(UTC)


async def get_now(request: Request, now: Annotated[datetime, Depends(read_clock)]) -> datetime:
    """The request's one moment, also for the page that answers it."""
    request.state.now = now
    return now


NowDep = Annotated[datetime, Depends(get_now)]
