"""Whether a request is still needed, by a link: the choice the mail named is there, a press confirms it."""

from dataclasses import dataclass, field, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from portfolio import nudges
from portfolio.models import LearningRequest, Nudge
from portfolio.nudges import ANSWERS, JOIN, AnswerRefused
from portfolio.similar import Found
from web.clock import NowDep
from web.forms import Errors, FormDep, number_of
from web.responses import NotFound, see_other
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class NudgePage:
    """A request, what can be said about it, and what the link chose; once answered, a thank you."""

    asked: Nudge
    about: LearningRequest
    path: str
    tracking: str
    is_over: bool
    chosen: str
    alike: list[Found]
    join_id: str = ""
    errors: Errors = field(default_factory=Errors)
    answers: tuple[tuple[str, str], ...] = ANSWERS

    @property
    def is_chosen(self) -> bool:
        """Whether the link named what is offered here, so that a press confirms it."""
        return bool(self.chosen) and not self.errors and (self.chosen != JOIN or bool(self.alike))


def opened(session: SessionDep, number: int, key: str, links: LinksDep) -> Nudge:
    """The nudge this link opens."""
    found = nudges.find(session, number)
    about = session.get(LearningRequest, found.learning_request_id) if found else None
    if found is None or about is None or not links.fits(key, "nudge", found.id, about.link_version):
        raise NotFound
    return found


NudgeDep = Annotated[Nudge, Depends(opened, scope="function")]


@router.get("/nudges/{number:int}/{key}")
def show(
    request: Request, session: SessionDep, asked: NudgeDep, links: LinksDep, answer: str = ""
) -> Response:
    return page(request, "nudges/show.html", _page(session, asked, links, answer))


@router.post("/nudges/{number:int}/{key}")
def answer_it(
    request: Request, session: SessionDep, asked: NudgeDep, links: LinksDep, now: NowDep, fields: FormDep
) -> Response:
    join_to = number_of(fields["join_id"]) or None
    view = _page(session, asked, links, fields["answer"])
    if view.is_over:
        return see_other(view.path)
    try:
        nudges.answer(session, asked, fields["answer"], join_to=join_to, links=links, at=now)
    except AnswerRefused as refused:
        name = "join_id" if fields["answer"] == JOIN else "answer"
        wrong = replace(view, errors=Errors({name: str(refused)}), join_id=fields["join_id"])
        return page(request, "nudges/show.html", wrong, 422)
    return see_other(view.path)


def _page(session: SessionDep, asked: Nudge, links: LinksDep, answer: str) -> NudgePage:
    about = session.get_one(LearningRequest, asked.learning_request_id)
    is_over = nudges.is_over(asked, about)
    return NudgePage(
        asked=asked,
        about=about,
        path=links.nudge_path(asked, about),
        tracking=links.tracking_path(about),
        is_over=is_over,
        chosen=answer if answer in dict(ANSWERS) else "",
        alike=[] if is_over else nudges.joinable(session, about),
    )
