"""The questions that would help most, and asking them."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from portfolio import learning_requests, next_questions
from portfolio.next_questions import AskRefused, Worth
from web.clock import NowDep
from web.forms import FormDep, number_of
from web.people import ManagerDep
from web.responses import see_other, there
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page, partial

router = APIRouter()

FEW = 3
MANY = 20
CLOSED = "That question isn't open any more, or its answer would no longer change anything."


@dataclass(frozen=True)
class QuestionsPage:
    """Questions worth asking, best first. `asked` names whom the last one went to."""

    best: list[Worth]
    asked: str = ""
    refused: str = ""


@router.get("/questions")
def show_questions(
    request: Request, session: SessionDep, _manager: ManagerDep, now: NowDep, asked: str = ""
) -> Response:
    about = learning_requests.find(session, number_of(asked))
    view = QuestionsPage(
        next_questions.worth_asking(session, now=now, limit=MANY),
        asked=about.requester.display_name if about else "",
    )
    return page(request, "questions/index.html", view)


@router.get("/questions/best")
def show_best(request: Request, session: SessionDep, _manager: ManagerDep, now: NowDep) -> Response:
    view = QuestionsPage(next_questions.worth_asking(session, now=now, limit=FEW))
    return partial(request, "questions/_best.html", view)


@router.post("/requests/{number:int}/questions")
def ask(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    links: LinksDep,
    now: NowDep,
    fields: FormDep,
    number: int,
) -> Response:
    """Mail one question to whoever made the request."""
    found = there(learning_requests.find(session, number))
    worth = next_questions.of_request(session, found, now=now, limit=MANY)
    wanted = next((one for one in worth if one.question.key == fields["question"]), None)
    if wanted is None:
        view = QuestionsPage(next_questions.worth_asking(session, now=now, limit=MANY), refused=CLOSED)
        return page(request, "questions/index.html", view, 422)
    try:
        next_questions.ask(session, wanted, links=links, by=manager, at=now)
    except AskRefused as refused:
        view = QuestionsPage(next_questions.worth_asking(session, now=now, limit=MANY), refused=str(refused))
        return page(request, "questions/index.html", view, 422)
    return see_other(f"/questions?asked={number}")
