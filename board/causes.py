"""The cause table: what each answer speaks for, edited, tried out and published; and what it says about one request."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from fastapi import APIRouter, Request, Response

from portfolio import causes
from portfolio.causes import NAMES, Stale
from portfolio.models import CauseTable
from portfolio.rules.fit import CAUSES, TRAINABLE, WAYS, Causes, Fit, Route, diagnose
from portfolio.submission import number_in
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, number_of, some_text
from web.people import ManagerDep
from web.responses import by_htmx, see_other, there
from web.session import SessionDep
from web.templating import page, partial

router = APIRouter(prefix="/settings/causes")

LEAST, MOST = 1, 99
SAYABLE = (("", "Not answered"), ("yes", "Yes"), ("no", "No"), ("unsure", "Not sure"))
STALE = "Somebody else published another table meanwhile. What you typed is still here; publish again to put it in force."


@dataclass(frozen=True)
class Bar:
    """One cause: its chance, and what it was before anything was said."""

    cause: str
    name: str
    chance: float
    prior: float


@dataclass(frozen=True)
class Diagnosis:
    """What answers say about the causes, for a manager: the bars, the words, and where it leads."""

    bars: list[Bar]
    fit: float
    answered: int
    version: int
    plain: str | None
    routes: list[Route]


@dataclass(frozen=True)
class Row:
    """One question of the table."""

    key: str
    words: str
    is_asked: bool


@dataclass(frozen=True)
class CausesPage:
    """The table with what has been typed over it, and what it says of the answers tried."""

    seen: int
    in_force: int
    rows: list[Row]
    values: Fields
    tried: Diagnosis | None
    versions: list[CauseTable]
    published: str = ""
    errors: Errors = field(default_factory=Errors)
    names: dict[str, str] = field(default_factory=lambda: NAMES)
    meanings: dict[str, str] = field(default_factory=lambda: CAUSES)
    ways: tuple[tuple[str, str], ...] = tuple(WAYS.items())
    sayable: tuple[tuple[str, str], ...] = SAYABLE

    def rest(self, name: str) -> str:
        """What a "yes" leaves for "no", in percent."""
        yes = number_in(self.values[name])
        return "–" if yes is None else f"{100 - yes:g}"


@dataclass(frozen=True)
class TablePage:
    """A published table, to read."""

    table: Causes
    kept: CauseTable | None
    rows: list[Row]
    names: dict[str, str] = field(default_factory=lambda: NAMES)
    ways: dict[str, str] = field(default_factory=lambda: WAYS)


@router.get("")
def show(request: Request, session: SessionDep, _manager: ManagerDep, published: str = "") -> Response:
    table = causes.current(session)
    view = _page(session, table.version, _typed(session, table), Errors(), published=published)
    return page(request, "causes/show.html", view)


@router.post("/preview")
def try_out(request: Request, session: SessionDep, _manager: ManagerDep, fields: FormDep) -> Response:
    """What the table as typed says of the answers tried. Nothing is kept."""
    view = _page(session, _seen(fields), fields, Errors())
    if by_htmx(request):
        return partial(request, "causes/_tried.html", view)
    return page(request, "causes/show.html", view)


@router.post("/publication")
def publish(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep
) -> Response:
    errors = Errors()
    table = _read(session, fields, errors)
    if table is not None and not errors:
        try:
            published = causes.publish(session, table, seen=_seen(fields), by=manager, at=now)
        except Stale as stale:
            errors["stale"] = STALE
            view = _page(session, stale.causes.version, fields, errors)
            return page(request, "causes/show.html", view, 409)
        return see_other(f"/settings/causes?published={published.version}")
    return page(request, "causes/show.html", _page(session, _seen(fields), fields, errors), 422)


@router.post("/reset")
def reset(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep
) -> Response:
    try:
        published = causes.reset(session, seen=_seen(fields), by=manager, at=now)
    except Stale as stale:
        view = _page(
            session,
            stale.causes.version,
            _typed(session, stale.causes),
            Errors(stale="Somebody else published another table meanwhile. This is it."),
        )
        return page(request, "causes/show.html", view, 409)
    return see_other(f"/settings/causes?published={published.version}")


@router.get("/versions/{number}")
def show_version(request: Request, session: SessionDep, _manager: ManagerDep, number: int) -> Response:
    table = there(causes.of_version(session, number) if 0 < number < 2**31 else None)
    kept = {one.version: one for one in causes.versions(session)}
    rows = [row for row in _rows(session, table) if row.key in dict(table.yes)]
    return page(request, "causes/version.html", TablePage(table, kept.get(number), rows))


# For the request's page


def diagnosis(found: Fit, table: Causes) -> Diagnosis:
    """What a fit shows a manager; the routes of the likelier causes first."""
    prior = dict(table.prior)
    bars = [Bar(cause, NAMES[cause], found.causes[cause], prior[cause]) for cause in CAUSES]
    likely = sorted(CAUSES, key=lambda cause: -found.causes[cause])
    routes = [table.route(cause) for cause in likely if found.causes[cause] >= 0.2] or [
        table.route(likely[0])
    ]
    return Diagnosis(bars, found.fit, found.answered, table.version, causes.plain(found), routes)


# Reading what was typed


def _seen(fields: Fields) -> int:
    return number_of(fields["seen"])


def _read(session: SessionDep, fields: Fields, errors: Errors) -> Causes | None:
    """The table as typed; None where a number is missing or the prior doesn't add up."""
    before = causes.current(session)
    prior = {cause: _share(fields, f"prior__{cause}", errors) for cause in CAUSES}
    yes = {
        row.key: {cause: _share(fields, f"yes__{row.key}__{cause}", errors) for cause in CAUSES}
        for row in _rows(session, before)
    }
    total = sum(share or 0 for share in prior.values())
    if all(share is not None for share in prior.values()) and abs(total - 1) > 0.0005:
        errors["prior"] = f"These add up to {100 * total:g} %. Please make them 100 %."
    routes = tuple(_read_route(fields, cause, errors) for cause in CAUSES)
    if errors:
        return None
    return replace(
        before,
        prior=_pairs(prior),
        yes=tuple((key, _pairs(shares)) for key, shares in yes.items()),
        routes=routes,
    )


def _read_route(fields: Fields, cause: str, errors: Errors) -> Route:
    words = some_text(fields, f"words__{cause}", errors, longest=2000)
    if not words and f"words__{cause}" in fields:
        errors[f"words__{cause}"] = "Please write a few words for the requester."
    return Route(
        cause,
        tuple(way for way in WAYS if fields[f"ways__{cause}__{way}"]),
        words,
        some_text(fields, f"owner__{cause}", errors, longest=120),
        some_text(fields, f"owns__{cause}", errors, longest=120),
        some_text(fields, f"address__{cause}", errors, longest=254),
    )


def _share(fields: Fields, name: str, errors: Errors) -> float | None:
    """A percentage as a share of one."""
    percent = number_in(fields[name])
    if percent is None:
        errors[name] = "Please give a percentage."
        return None
    if not LEAST <= percent <= MOST:
        errors[name] = f"Please give {LEAST} to {MOST} %: nothing is ever certain."
        return None
    return round(percent / 100, 6)


def _pairs(shares: dict[str, float | None]) -> tuple[tuple[str, float], ...]:
    return tuple((cause, share) for cause, share in shares.items() if share is not None)


def _typed(session: SessionDep, table: Causes) -> Fields:
    """A table as its page shows it."""
    values = Fields({f"prior__{cause}": f"{100 * share:g}" for cause, share in table.prior})
    for row in _rows(session, table):
        said = table.said_yes(row.key)
        values.update({f"yes__{row.key}__{cause}": f"{100 * said[cause]:g}" for cause in CAUSES})
    for route in table.routes:
        values[f"words__{route.cause}"] = route.words
        values[f"owner__{route.cause}"] = route.owner
        values[f"owns__{route.cause}"] = route.owns
        values[f"address__{route.cause}"] = route.address
        values.update({f"ways__{route.cause}__{way}": "yes" for way in route.ways})
    return values


# What the page shows


def _rows(session: SessionDep, table: Causes) -> list[Row]:
    return [Row(*row) for row in causes.questions_of(session, table)]


def _page(
    session: SessionDep, seen: int, values: Fields, errors: Errors, *, published: str = ""
) -> CausesPage:
    in_force = causes.current(session)
    rows = _rows(session, in_force)
    typed_wrong = Errors()
    table = _read(session, values, typed_wrong)
    said = {row.key: values[f"say__{row.key}"] for row in rows}
    return CausesPage(
        seen=seen,
        in_force=in_force.version,
        rows=rows,
        values=values,
        tried=diagnosis(diagnose(table, said), table) if table else None,
        versions=list(causes.versions(session)),
        published=published if published.isdecimal() else "",
        errors=errors or (typed_wrong if table is None else Errors()),
    )


def elsewhere_first(found: Fit) -> Iterable[str]:
    """The causes in the order a manager would point by: those training does nothing about, likeliest first."""
    return sorted(CAUSES, key=lambda cause: (cause in TRAINABLE, -found.causes[cause]))
