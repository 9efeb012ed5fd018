"""Files on their way in, by whichever door: the upload, how far it is, and what became of it. What a file is and does, the doors say."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Protocol

from fastapi import Depends, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile

from portfolio import imports
from portfolio.imports import Listed
from portfolio.models import Import
from portfolio.sheets import Unreadable
from web.forms import Errors
from web.templating import page

BEGINS_WITHIN = timedelta(seconds=30)
SHOWN = 50


class Start(Protocol):
    """Keeps a file with a first mapping. Raises Unreadable."""

    def __call__(self, *, name: str, content: bytes) -> Import: ...


async def read_upload(request: Request) -> AsyncIterator[FormData]:
    """The form with its file, which is closed afterwards. Read before a transaction begins: uploads may be slow."""
    async with request.form(max_files=1, max_fields=3000, max_part_size=imports.MOST_BYTES + 1) as form:
        yield form


UploadDep = Annotated[FormData, Depends(read_upload)]


@dataclass(frozen=True)
class Uploading:
    """The place to bring a file of one kind, with those brought lately."""

    recent: list[Listed]
    most_megabytes: int
    errors: Errors = field(default_factory=Errors)

    @classmethod
    def of(cls, session: Session, kind: str, *, most_bytes: int, errors: Errors | None = None) -> "Uploading":
        recent = [one for one in imports.recent(session) if one.kind == kind]
        return cls(recent, most_bytes // 1024**2, errors or Errors())


@dataclass(frozen=True)
class Taken:
    """A file that was taken or dropped."""

    file: Import
    shown: int = SHOWN


@dataclass(frozen=True)
class Progress:
    """How far a long file is."""

    file: Import
    now: datetime

    @property
    def is_running(self) -> bool:
        return self.file.wanted_at is not None

    @property
    def is_late(self) -> bool:
        """Whether nobody began for so long that nobody may be there."""
        wanted = self.file.wanted_at
        return wanted is not None and self.file.rows_in_all is None and self.now - wanted > BEGINS_WITHIN


def begun(session: Session, form: FormData, start: Start, *, most_bytes: int) -> tuple[int, Errors]:
    """The number of the import that the form's file begins; 0 and words where it can't."""
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return 0, Errors(file="Please choose a file.")
    try:
        return start(name=file.filename, content=file.file.read(most_bytes + 1)).number, Errors()
    except Unreadable as problem:
        session.rollback()
        return 0, Errors(file=str(problem))


def gone_on(request: Request, file: Import, now: datetime, *, template: str) -> Response | None:
    """The page of a file that is being taken, or was taken or dropped, which is `template`; None while it waits."""
    if file.wanted_at is not None:
        return page(request, "imports/taking.html", Progress(file, now))
    if file.content is None or not imports.waits(file):
        return page(request, template, Taken(file))
    return None


def as_csv(lines: Iterator[str], name: str = "account") -> Response:
    return StreamingResponse(
        (line.encode("utf-8", "replace") for line in lines),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )
