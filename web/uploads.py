"""Files on their way in and out: checked and kept with whatever they belong to, handed out as downloads."""

from collections.abc import Iterable
from datetime import datetime

from fastapi import Response
from sqlalchemy.orm import Session

from portfolio import files
from portfolio.files import FileRefused
from portfolio.models import Draft, File, LearningRequest, Message, Person
from portfolio.questions import Form, Kind
from web.forms import Errors, Upload
from web.responses import NotFound


def download(file: File) -> Response:
    """The file, to be saved and never shown."""
    return Response(file.content, media_type=file.media_type, headers=files.download_headers(file))


def of_request(session: Session, learning_request: LearningRequest, number: int) -> File:
    """The request's own file of this number."""
    found = files.find(session, number)
    if found is None or found.learning_request_id != learning_request.id:
        raise NotFound
    return found


def names_of(uploads: Iterable[Upload]) -> str:
    """The files' names as words."""
    return ", ".join(files.plain_name(upload.name) for upload in uploads)


def keys_of(asked: Form, uploads: Iterable[Upload]) -> set[str]:
    """The file questions that these files answer."""
    questions = {one.key for one in asked.questions if one.kind is Kind.FILE}
    return {upload.field for upload in uploads if upload.field in questions}


def refusals(uploads: Iterable[Upload]) -> Errors:
    """Words for each file that can't be taken, by its field."""
    errors = Errors()
    for upload in uploads:
        try:
            files.check(files.plain_name(upload.name), upload.content)
        except FileRefused as refused:
            errors[upload.field] = str(refused)
    return errors


def keep_uploads(
    session: Session,
    asked: Form,
    uploads: Iterable[Upload],
    *,
    by: Person | None,
    at: datetime,
    draft: Draft | None = None,
    learning_request: LearningRequest | None = None,
    message: Message | None = None,
) -> Errors:
    """Keep the files that can be taken; words for each that can't, by its field."""
    errors = Errors()
    for upload in uploads:
        try:
            files.keep(
                session,
                name=upload.name,
                content=upload.content,
                question="".join(keys_of(asked, [upload])),
                draft=draft,
                learning_request=learning_request,
                message=message,
                by=by,
                at=at,
            )
        except FileRefused as refused:
            errors[upload.field] = str(refused)
    return errors
