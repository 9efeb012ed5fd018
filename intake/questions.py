"""One question by a link: answered without an account, in one press more than a look."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from intake.forms import read_answers
from portfolio import forms, next_questions
from portfolio.learning_requests import RequestClosed
from portfolio.models import AskedQuestion
from portfolio.questions import Question
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep
from web.responses import NotFound, see_other
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class QuestionPage:
    """The question, with the answer the link names chosen already; once answered, what that changed."""

    asked: AskedQuestion
    question: Question | None
    path: str
    tracking: str
    values: Fields
    errors: Errors
    is_over: bool
    changed: str

    @property
    def is_chosen(self) -> bool:
        """Whether the link named an answer, so that a press confirms it."""
        return self.question is not None and bool(self.values[self.question.key]) and not self.errors


def opened(session: SessionDep, number: int, key: str, links: LinksDep) -> AskedQuestion:
    """The question this link opens."""
    found = next_questions.find(session, number)
    if found is None or not links.opens_question(found, key):
        raise NotFound
    return found


AskedDep = Annotated[AskedQuestion, Depends(opened, scope="function")]


@router.get("/questions/{number:int}/{key}")
def show(
    request: Request, session: SessionDep, asked: AskedDep, links: LinksDep, now: NowDep, answer: str = ""
) -> Response:
    view = _page(session, asked, links, now, answer)
    return page(request, "questions/show.html", view, 410 if view.is_over else 200)


@router.post("/questions/{number:int}/{key}")
def answer_it(
    request: Request, session: SessionDep, asked: AskedDep, links: LinksDep, now: NowDep, fields: FormDep
) -> Response:
    view = _page(session, asked, links, now, "")
    if asked.answered_at or view.is_over or view.question is None:
        return see_other(view.path)
    form = forms.current(session)
    names = {view.question.key, *view.question.fields}
    typed = Fields({name: value for name, value in fields.items() if name in names})
    changed, errors = read_answers(form, _in_context(asked).over(typed))
    if changed is not None and asked.question not in changed.values():
        errors = Errors({view.question.fields[0]: "Please give an answer."})
    if changed is not None and not errors:
        try:
            next_questions.answer(session, asked, changed, at=now, form_version=form.version)
        except RequestClosed:
            return see_other(view.path)
    if errors:
        view = _page(session, asked, links, now, "", typed, errors)
        return page(request, "questions/show.html", view, 422)
    return see_other(view.path)


def _page(
    session: SessionDep,
    asked: AskedQuestion,
    links: LinksDep,
    now: NowDep,
    answer: str,
    typed: Fields | None = None,
    errors: Errors | None = None,
) -> QuestionPage:
    question = next_questions.question_of(session, asked.question)
    chosen = answer if question and answer in dict(question.options) else ""
    is_over = asked.answered_at is None and (question is None or next_questions.is_over(asked, now=now))
    return QuestionPage(
        asked=asked,
        question=question,
        path=links.question_path(asked),
        tracking=links.tracking_path(asked.learning_request),
        values=typed or Fields({asked.question: chosen}),
        errors=errors or Errors(),
        is_over=is_over,
        changed=next_questions.what_changed(asked),
    )


def _in_context(asked: AskedQuestion) -> Fields:
    """What decides whether the question applies at all."""
    about = asked.learning_request
    return Fields(requester_unit=about.unit.name if about.unit else "", type=about.said("type") or "")
