"""A survey as whoever answers it sees it, by whichever link: its questions, what is chosen so far, and how it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.datastructures import FormData

from portfolio.models import Survey
from portfolio.rules.survey_questions import MANY, Question, questions_of
from portfolio.submission import clean
from web.forms import Errors

ASK, THANKS, ALREADY, CLOSED = "ask", "thanks", "already", "closed"


@dataclass(frozen=True)
class Asked:
    """A question as it is shown, with what is chosen or typed so far."""

    question: Question
    chosen: tuple[str, ...] = ()
    error: str = ""

    @property
    def name(self) -> str:
        return f"a_{self.question.key}"


@dataclass(frozen=True)
class AnswerPage:
    """A survey to answer. `once` marks one look at an open link, so that a second press counts no second time; `other` is
    somebody else at a browser that has answered; `heard` says that it has, and `sent` that it may have just now."""

    survey: Survey
    heading: str
    intro: str
    path: str
    state: str = ASK
    asked: tuple[Asked, ...] = ()
    errors: Errors = field(default_factory=Errors)
    once: str = ""
    other: bool = False
    heard: bool = False
    sent: bool = False
    refusal: str = ""
    quick: Asked | None = None
    is_preview: bool = False

    @property
    def is_nameless(self) -> bool:
        return not self.refusal and not self.is_preview


def preview_of(survey: Survey) -> AnswerPage:
    """What people will see, for who makes it."""
    return page_of(survey, path="", is_preview=True)


def page_of(survey: Survey, **more: Any) -> AnswerPage:
    words = survey.words or {}
    return AnswerPage(
        survey,
        heading=words.get("subject") or survey.name,
        intro=words.get("intro", ""),
        asked=tuple(Asked(one) for one in questions_of(survey.questions)),
        **more,
    )


def in_state(view: AnswerPage, state: str) -> AnswerPage:
    return replace(view, state=state, asked=())


def chosen(view: AnswerPage, key: str, number: str) -> AnswerPage:
    """With the answer the mail's link names chosen already, and its question first."""
    place = int(number) if number.isascii() and number.isdigit() and len(number) < 3 else 0
    hit = next((one for one in view.asked if one.question.key == key and one.question.by_press), None)
    if hit is None or not 0 < place <= len(hit.question.options):
        return view
    picked = Asked(hit.question, (hit.question.options[place - 1],))
    others = [one for one in view.asked if one is not hit]
    alone = not any(one.question.required for one in others)
    return replace(view, asked=(picked, *others), quick=picked if alone and others else None)


def as_typed(
    view: AnswerPage, given: Mapping[str, Any], problems: Mapping[str, str] | None = None
) -> AnswerPage:
    """With what was sent still in it, and words beside what is wrong; "" stands for the whole."""
    wrong = problems or {}
    asked = tuple(
        Asked(one.question, _as_chosen(given.get(one.question.key)), wrong.get(one.question.key, ""))
        for one in view.asked
    )
    errors = Errors((f"a_{key}" if key else "questions", words) for key, words in wrong.items())
    return replace(view, asked=asked, errors=errors)


def given_in(survey: Survey, form: FormData) -> dict[str, Any]:
    """What was said by question. What the page doesn't ask is no answer to anything."""
    given: dict[str, Any] = {}
    for question in questions_of(survey.questions):
        said = [clean(one) for one in form.getlist(f"a_{question.key}") if isinstance(one, str)]
        given[question.key] = said if question.kind == MANY else next(iter(said), "")
    return given


def _as_chosen(value: Any) -> tuple[str, ...]:
    if value in (None, ""):
        return ()
    return tuple(value) if isinstance(value, list) else (str(value),)
