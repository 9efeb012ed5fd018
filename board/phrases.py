"""The words decisions begin with: what is there, and changing it."""

from dataclasses import dataclass, field

from fastapi import APIRouter, Request, Response

from portfolio import phrases
from portfolio.phrases import Line, PhraseRefused
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep
from web.people import ManagerDep
from web.responses import see_other, there
from web.session import SessionDep
from web.templating import page

router = APIRouter()


@dataclass(frozen=True)
class PhrasesPage:
    """Every phrase by verdict; with what was typed where it can't be kept."""

    lines: list[Line]
    saved: bool = False
    typed: Fields = field(default_factory=Fields)
    errors: Errors = field(default_factory=Errors)
    reasons: dict[str, str] = field(default_factory=lambda: dict(phrases.REASONS))
    blanks: dict[str, str] = field(default_factory=lambda: phrases.BLANKS)


@router.get("/settings/phrases")
def show_phrases(request: Request, session: SessionDep, _manager: ManagerDep, saved: str = "") -> Response:
    return page(request, "phrases/show.html", PhrasesPage(phrases.listed(session), saved == "1"))


@router.post("/settings/phrases/{name}")
def edit_phrase(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, name: str
) -> Response:
    line = there(next((one for one in phrases.listed(session) if one.name == name), None))
    words = "" if fields["what"] == "first" else fields["words"].strip()
    try:
        phrases.edit(session, line.verdict, line.reason, words, by=manager, at=now)
    except PhraseRefused as refused:
        view = PhrasesPage(
            phrases.listed(session),
            typed=Fields({name: fields["words"]}),
            errors=Errors({name: str(refused)}),
        )
        return page(request, "phrases/show.html", view, 422)
    return see_other(f"/settings/phrases?saved=1#{name}")
