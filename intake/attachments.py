"""Files that go with a draft, a request or a message."""

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from intake.opening import OpenedDep, OpenedDraftDep
from portfolio import files
from portfolio.models import Draft, File, Message
from web.responses import NotFound
from web.session import SessionDep
from web.uploads import download, of_request

router = APIRouter(include_in_schema=False)


@router.get("/drafts/{number}/{key}/files/{file_number}")
def download_from_draft(session: SessionDep, draft: OpenedDraftDep, file_number: int) -> Response:
    return download(of_draft(session, draft, file_number))


@router.get("/requests/{number}/{key}/files/{file_number}")
def download_from_request(session: SessionDep, found: OpenedDep, file_number: int) -> Response:
    """Whatever goes with the request, but nothing of the managers' own notes."""
    file = of_request(session, found, file_number)
    line = session.get(Message, file.message_id) if file.message_id else None
    if line is not None and line.internal:
        raise NotFound
    return download(file)


def of_draft(session: Session, draft: Draft, number: int) -> File:
    """The draft's own file of this number."""
    found = files.find(session, number)
    if found is None or found.draft_id != draft.id:
        raise NotFound
    return found
