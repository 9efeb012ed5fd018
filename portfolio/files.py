"""Files people give: checked, kept in the database, handed out only as downloads."""

import hashlib
import re
import zipfile
from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from pathlib import PurePosixPath
from urllib.parse import quote

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from portfolio.models import Card, Draft, File, LearningRequest, Message, Person, Resource
from portfolio.submission import one_line

MOST_BYTES = 10 * 1024 * 1024
MOST_FILES = 20
MOST_BYTES_IN_ALL = 50 * 1024 * 1024


class FileRefused(ValueError):
    """The file is too large, or not of a kind we take; the message says which."""


def keep(
    session: Session,
    *,
    name: str,
    content: bytes,
    at: datetime,
    by: Person | None = None,
    question: str = "",
    draft: Draft | None = None,
    learning_request: LearningRequest | None = None,
    message: Message | None = None,
    resource: Resource | None = None,
    card: Card | None = None,
) -> File:
    """Keep a file with whatever it belongs to. The same bytes given twice are kept once. Raises FileRefused."""
    name = plain_name(name)
    media_type = check(name, content)
    digest = hashlib.sha256(content).hexdigest()
    owned = _belongs_to(draft=draft, learning_request=learning_request, resource=resource, card=card)
    if owned is not None:
        there = session.scalar(select(File).where(owned, File.digest == digest, File.question == question))
        if there is not None:
            return there
        _check_room(session, owned, len(content))
    kept = File(
        name=name,
        media_type=media_type,
        size_bytes=len(content),
        digest=digest,
        content=content,
        question=question,
        draft_id=draft.id if draft else None,
        learning_request_id=learning_request.id if learning_request else None,
        message_id=message.id if message else None,
        resource_id=resource.id if resource else None,
        card_id=card.id if card else None,
        given_by_id=by.id if by else None,
        given_at=at,
    )
    session.add(kept)
    session.flush()
    return kept


def check(name: str, content: bytes) -> str:
    """The media type of a file of a kind we take. Raises FileRefused for others, and for content that isn't what its name says."""
    if not content:
        raise FileRefused(f"“{name}” is empty.")
    if len(content) > MOST_BYTES:
        size = len(content) / 1e6
        raise FileRefused(f"“{name}” is {size:.0f} MB; we take at most {MOST_BYTES // 1024**2} MB a file.")
    ending = PurePosixPath(name).suffix.lower().lstrip(".")
    if ending not in TAKEN:
        raise FileRefused(f"We can't take “{name}”. We take {KINDS_IN_WORDS}.")
    media_type, looks_right = TAKEN[ending]
    if not looks_right(content):
        raise FileRefused(f"“{name}” is not what its name says (.{ending}), so we didn't keep it.")
    return media_type


def plain_name(name: str) -> str:
    """A file's name without folders and characters that no file name needs."""
    last = re.split(r"[/\\]", str(one_line(name)))[-1]
    return re.sub(r'[<>:"|?*\x00-\x1f\u202a-\u202e\u2066-\u2069]', "_", last).strip(". ")[-150:] or "file"


def move(session: Session, draft: Draft, learning_request: LearningRequest) -> None:
    """What came with a draft goes with the request it became."""
    session.execute(
        update(File)
        .where(File.draft_id == draft.id)
        .values(draft_id=None, learning_request_id=learning_request.id)
    )


def remove(session: Session, file: File) -> None:
    session.delete(file)


# Queries


def listed(
    session: Session,
    *,
    draft: Draft | None = None,
    learning_request: LearningRequest | None = None,
    resource: Resource | None = None,
    card: Card | None = None,
) -> list[File]:
    """The files of one thing, oldest first, without their content."""
    owned = _belongs_to(draft=draft, learning_request=learning_request, resource=resource, card=card)
    return [] if owned is None else list(session.scalars(select(File).where(owned).order_by(File.id)))


def find(session: Session, number: int) -> File | None:
    return session.get(File, number) if 0 < number < 2**31 else None


def download_headers(file: File) -> dict[str, str]:
    """Headers that make a browser save the file and never show or run it."""
    ascii_name = re.sub(r"[^A-Za-z0-9._ -]", "_", file.name)
    quoted = quote(file.name, safe="")
    return {
        "Content-Disposition": f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quoted}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }


# Below: how it is checked


def _belongs_to(
    *,
    draft: Draft | None,
    learning_request: LearningRequest | None,
    resource: Resource | None,
    card: Card | None,
) -> ColumnElement[bool] | None:
    if draft is not None:
        return File.draft_id == draft.id
    if learning_request is not None:
        return File.learning_request_id == learning_request.id
    if resource is not None:
        return File.resource_id == resource.id
    return None if card is None else File.card_id == card.id


def _check_room(session: Session, owned: ColumnElement[bool], more: int) -> None:
    count, size = session.execute(
        select(func.count(), func.coalesce(func.sum(File.size_bytes), 0)).where(owned)
    ).one()
    if count >= MOST_FILES or size + more > MOST_BYTES_IN_ALL:
        raise FileRefused(
            f"That is more than fits here: at most {MOST_FILES} files and {MOST_BYTES_IN_ALL // 1024**2} MB in all."
        )


def _begins(*marks: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(marks)


def _is_webp(content: bytes) -> bool:
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP"


def _is_text(content: bytes) -> bool:
    return content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" not in content


def _holds(member: str) -> Callable[[bytes], bool]:
    """An office file: a zip with this member in it, and no program."""

    def looks_right(content: bytes) -> bool:
        try:
            with zipfile.ZipFile(BytesIO(content)) as packed:
                names = packed.namelist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            return False
        return member in names and not any(name.endswith("vbaProject.bin") for name in names)

    return looks_right


_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"

TAKEN: dict[str, tuple[str, Callable[[bytes], bool]]] = {
    "pdf": ("application/pdf", _begins(b"%PDF-")),
    "docx": (f"{_OFFICE}.wordprocessingml.document", _holds("[Content_Types].xml")),
    "xlsx": (f"{_OFFICE}.spreadsheetml.sheet", _holds("[Content_Types].xml")),
    "pptx": (f"{_OFFICE}.presentationml.presentation", _holds("[Content_Types].xml")),
    "odt": (f"{_OPEN}.text", _holds("mimetype")),
    "ods": (f"{_OPEN}.spreadsheet", _holds("mimetype")),
    "odp": (f"{_OPEN}.presentation", _holds("mimetype")),
    "png": ("image/png", _begins(b"\x89PNG\r\n\x1a\n")),
    "jpg": ("image/jpeg", _begins(b"\xff\xd8\xff")),
    "jpeg": ("image/jpeg", _begins(b"\xff\xd8\xff")),
    "gif": ("image/gif", _begins(b"GIF87a", b"GIF89a")),
    "webp": ("image/webp", _is_webp),
    "txt": ("text/plain; charset=utf-8", _is_text),
    "md": ("text/plain; charset=utf-8", _is_text),
    "csv": ("text/csv; charset=utf-8", _is_text),
    "ics": ("text/calendar; charset=utf-8", _is_text),
    "eml": ("message/rfc822", _is_text),
}

KINDS_IN_WORDS = "PDF, office documents without macros (docx, xlsx, pptx, odt, ods, odp), pictures (png, jpg, gif, webp) and text (txt, md, csv, ics, eml)"
