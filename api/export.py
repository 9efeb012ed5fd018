"""Everything, as one file."""

import tempfile
from collections.abc import Iterator
from typing import IO

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from api.callers import ManagerCaller
from portfolio import archive
from web.clock import NowDep
from web.session import SessionDep

router = APIRouter(prefix="/export", tags=["export"])

IN_MEMORY = 8_000_000
PIECE = 256_000


@router.get("", response_class=StreamingResponse)
def export(session: SessionDep, _caller: ManagerCaller, now: NowDep) -> StreamingResponse:
    """Everything but secrets, as a zip of CSV and JSON Lines that `outsize import` takes back."""
    packed = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by the one who sends it
    archive.export(session, packed, at=now)
    packed.seek(0)
    name = f"outsize-{now:%Y-%m-%d}.zip"
    return StreamingResponse(
        _pieces(packed),
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _pieces(packed: IO[bytes]) -> Iterator[bytes]:
    with packed:
        while piece := packed.read(PIECE):
            yield piece
