"""Automations: sentences with gaps, each switched on and off; and what they did."""

from dataclasses import dataclass, field
from datetime import datetime
from string import Formatter

from fastapi import APIRouter, Request, Response

from portfolio import automations
from portfolio.automations import BadBlank, Standing
from portfolio.models import AutomationRun
from portfolio.routines import BY_KEY, Blank, Routine
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep
from web.people import ManagerDep
from web.responses import NotFound, see_other, there
from web.session import SessionDep
from web.templating import page

router = APIRouter(prefix="/settings/automations")

PER_PAGE = 50
PAGES = {
    "cards": "/cards/{}",
    "projects": "/projects/{}",
    "learning_requests": "/requests/{}",
    "iterations": "/iterations/{}",
    "resources": "/library/{}",
}


@dataclass(frozen=True)
class Gap:
    """A blank as it is shown: what it holds now, and what fits."""

    blank: Blank
    field: str
    value: str
    words: str
    options: list[tuple[int | str, str]]


@dataclass(frozen=True)
class Piece:
    """A stretch of a sentence: words, then perhaps a gap."""

    words: str
    gap: Gap | None = None


@dataclass(frozen=True)
class Line:
    """One automation on the page."""

    routine: Routine
    is_on: bool
    pieces: list[Piece]
    acted: int
    last_at: datetime | None
    error: str = ""
    wrong: str = ""

    @property
    def sentence(self) -> str:
        """As it reads now, gaps and all."""
        return "".join(piece.words + (piece.gap.words or "…" if piece.gap else "") for piece in self.pieces)


@dataclass(frozen=True)
class AutomationsPage:
    groups: list[tuple[str, list[Line]]]
    on: int
    saved: str = ""
    errors: Errors = field(default_factory=Errors)


@dataclass(frozen=True)
class Done:
    """One line of the log."""

    run: AutomationRun
    sentence: str
    page: str


@dataclass(frozen=True)
class LogPage:
    lines: list[Done]
    key: str
    sentence: str
    older: int
    before: int


@router.get("")
def show(request: Request, session: SessionDep, _manager: ManagerDep, saved: str = "") -> Response:
    return page(request, "automations/show.html", _page(session, saved=saved))


@router.get("/log")
def show_log(
    request: Request, session: SessionDep, _manager: ManagerDep, key: str = "", before: int = 0
) -> Response:
    if key and key not in BY_KEY:
        raise NotFound
    earlier = before if 0 < before < 2**31 else 0
    found = automations.runs(session, key, before=earlier, limit=PER_PAGE + 1)
    lines = {line.routine.key: line for line in _lines(session)}
    done = [
        Done(
            run,
            lines[run.key].sentence if run.key in lines else run.key,
            PAGES.get(run.subject_type, "").format(run.subject_id),
        )
        for run in found[:PER_PAGE]
    ]
    older = found[PER_PAGE - 1].id if len(found) > PER_PAGE else 0
    sentence = lines[key].sentence if key else ""
    return page(request, "automations/log.html", LogPage(done, key, sentence, older, earlier))


@router.post("/{key}")
def switch(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, key: str
) -> Response:
    """Fill the gaps and switch it on or off; saving leaves it as it is."""
    routine = there(BY_KEY.get(key))
    given = {blank.name: fields[f"{key}-{blank.name}"] for blank in routine.blanks}
    on = fields["what"] == "on"
    try:
        automations.switch(session, routine, on=on, given=given, by=manager, at=now)
    except BadBlank as bad:
        view = _page(session, fields, Errors({f"{key}-{bad.name}": str(bad)}))
        return page(request, "automations/show.html", view, 422)
    return see_other(f"/settings/automations?saved={'on' if on else 'off'}#{key}")


def _page(
    session: SessionDep, typed: Fields | None = None, errors: Errors | None = None, *, saved: str = ""
) -> AutomationsPage:
    lines = _lines(session, typed, errors)
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(line.routine.group, []).append(line)
    return AutomationsPage([*groups.items()], sum(line.is_on for line in lines), saved, errors or Errors())


def _lines(session: SessionDep, typed: Fields | None = None, errors: Errors | None = None) -> list[Line]:
    options, counts = automations.options(session), automations.counts(session)
    return [
        _line(one, options, counts.get(one.routine.key), typed or Fields(), errors or Errors())
        for one in automations.listed(session)
    ]


def _line(
    one: Standing,
    options: dict[str, list[tuple[int | str, str]]],
    counted: tuple[int, datetime] | None,
    typed: Fields,
    errors: Errors,
) -> Line:
    key = one.routine.key
    blanks = {blank.name: blank for blank in one.routine.blanks}
    pieces = [
        Piece(words, _gap(one, blanks[name], options, typed) if name else None)
        for words, name, _, _ in Formatter().parse(one.routine.sentence)
    ]
    wrong = next((name for name in errors if name.startswith(f"{key}-")), "")
    acted, last_at = counted or (0, None)
    return Line(one.routine, one.is_on, pieces, acted, last_at, errors[wrong] if wrong else "", wrong)


def _gap(one: Standing, blank: Blank, options: dict[str, list[tuple[int | str, str]]], typed: Fields) -> Gap:
    name = f"{one.routine.key}-{blank.name}"
    value = typed.get(name, str(one.blanks[blank.name]))
    fits = options.get(blank.kind, [])
    words = next((words for option, words in fits if str(option) == value), "" if fits else value)
    return Gap(blank, name, value, words, fits)
