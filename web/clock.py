"""What time it is, read once a request, so that tests can say it."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends


def read_clock() -> datetime:
    return datetime.now(UTC)


NowDep = Annotated[datetime, Depends(read_clock)]
