"""The files that came with a request, for the manager."""

from fastapi import APIRouter, Response

from portfolio import learning_requests
from web.people import ManagerDep
from web.responses import there
from web.session import SessionDep
from web.uploads import download, of_request

router = APIRouter()


@router.get("/requests/{number:int}/files/{file_number:int}")
def show_file(session: SessionDep, _manager: ManagerDep, number: int, file_number: int) -> Response:
    found = there(learning_requests.find(session, number))
    return download(of_request(session, found, file_number))
