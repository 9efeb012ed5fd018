"""How well we judge: estimates against what happened, as pictures, and what of it counts from now on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import log

from fastapi import APIRouter, Request, Response

from portfolio import assessments, calibrations, causes, promises
from portfolio.calibrations import InForce, Learned, Piece, Stale
from portfolio.causes import NAMES
from portfolio.models import Calibration
from portfolio.promises import TrackRecord
from portfolio.rules.calibration import Factor, Share
from portfolio.rules.fit import CAUSES
from web.clock import NowDep
from web.forms import Errors, FormDep, number_of
from web.people import ManagerDep
from web.responses import see_other
from web.session import SessionDep
from web.templating import page

router = APIRouter(prefix="/settings/calibration")

STALE = "Somebody else put another calibration in force meanwhile. This is how it stands now."
TIMES = ((0.25, "¼"), (0.5, "½"), (1.0, "1"), (2.0, "2"), (4.0, "4"))
PARTS_OF_CLAIM = ((-1.0, "−1"), (0.0, "0"), (1.0, "1"), (2.0, "2"))
ABOUT = 0.05


@dataclass(frozen=True)
class Strip:
    """One group in a picture, in hundredths of its width: where the next ones will lie, the factor, and each piece."""

    label: str
    factor: Factor
    left: float
    right: float
    at: float
    dots: list[float]


@dataclass(frozen=True)
class Scale:
    """A picture's axis: where "as said" lies, and its ticks."""

    as_said: float
    ticks: list[tuple[float, str]]


@dataclass(frozen=True)
class Bar:
    """One cause: its chance by own cases, and as we started."""

    cause: str
    name: str
    chance: float
    prior: float


@dataclass(frozen=True)
class Bars:
    bars: list[Bar]


@dataclass(frozen=True)
class CalibrationPage:
    learned: Learned
    in_force: InForce | None
    seen: int
    sentence: str
    hours: list[Strip]
    hours_scale: Scale
    claims: list[Strip]
    claims_scale: Scale
    found: Bars
    dates: TrackRecord
    labels: dict[str, str]
    versions: Sequence[Calibration]
    saved: str = ""
    errors: Errors = field(default_factory=Errors)

    @property
    def kept(self) -> list[tuple[float, Share]]:
        """The chance each kind of date was told with, and how often it held."""
        return [(0.5, self.dates.kept_50), (0.85, self.dates.kept_85), (0.95, self.dates.kept_95)]

    def is_on(self, part: str) -> bool:
        return self.in_force is not None and part in self.in_force.applies


@router.get("")
def show(
    request: Request, session: SessionDep, _manager: ManagerDep, now: NowDep, saved: str = ""
) -> Response:
    return page(request, "calibration/show.html", _page(session, now, saved=saved))


@router.post("")
def publish(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep
) -> Response:
    """Put what is learned today in force, as far as it is ticked."""
    seen = number_of(fields["seen"])
    parts = [part for part in calibrations.PARTS if fields[f"use__{part}"] == "yes"]
    try:
        version = calibrations.publish(
            session, calibrations.learn(session), parts, seen=seen, by=manager, at=now
        )
    except Stale:
        return page(request, "calibration/show.html", _page(session, now, errors=Errors(stale=STALE)), 409)
    return see_other(f"/settings/calibration?saved={version}")


def _page(
    session: SessionDep, now: NowDep, *, saved: str = "", errors: Errors | None = None
) -> CalibrationPage:
    rubric = assessments.published_rubric(session)
    labels = {kind.key: kind.label for kind in rubric.work_types}
    learned = calibrations.learn(session)
    kept = calibrations.versions(session)
    return CalibrationPage(
        learned=learned,
        in_force=calibrations.current(session),
        seen=kept[0].version if kept else 0,
        sentence=_sentence(learned),
        hours=_strips(learned.effort, learned.pieces, labels, _on_times),
        hours_scale=Scale(_on_times(1), [(_on_times(value), words) for value, words in TIMES]),
        claims=_strips(learned.impact, learned.claims, {}, _on_claims),
        claims_scale=Scale(_on_claims(1), [(_on_claims(value), words) for value, words in PARTS_OF_CLAIM]),
        found=_bars(learned, causes.current(session).prior),
        dates=promises.track_record(session, until=now),
        labels=labels,
        versions=kept,
        saved=saved if saved.isdecimal() else "",
        errors=errors or Errors(),
    )


def _sentence(learned: Learned) -> str:
    """How estimates have done so far, in a sentence."""
    count = len(learned.pieces)
    if not count:
        return "Nothing finished yet that says what it took, so estimates stay as they are."
    took = sum(one.was for one in learned.pieces) / sum(one.said for one in learned.pieces)
    pieces = "The one finished project" if count == 1 else f"Your {count} finished projects"
    if abs(took - 1) <= ABOUT:
        said = f"{pieces} took about the hours that were estimated."
    elif took > 1:
        said = f"{pieces} took {took:.1f} times the hours that were estimated."
    else:
        said = f"{pieces} took {round(100 * took)} % of the hours that were estimated."
    more = " Some cards have no hours noted, so it may be more."
    return said + (more if any(one.note for one in learned.pieces) else "")


def _strips(
    factors: Sequence[Factor],
    pieces: Sequence[Piece],
    labels: dict[str, str],
    place: Callable[[float], float],
) -> list[Strip]:
    """The groups something is known of, the best known first."""
    return [
        Strip(
            labels.get(one.group, one.group),
            one,
            place(one.low),
            place(one.high),
            place(one.factor),
            [place(piece.ratio) for piece in pieces if piece.group == one.group],
        )
        for one in sorted(factors, key=lambda one: (-one.pieces, one.group))
        if one.pieces
    ]


def _on_times(value: float) -> float:
    """Where so many times what was said lies, 0 to 100: a fifth on the left, five times on the right, in equal ratios."""
    return round(100 * min(1.0, max(0.0, (log(max(value, 1e-9)) / log(5) + 1) / 2)), 1)


def _on_claims(value: float) -> float:
    """Where so much of what was claimed lies, 0 to 100: a loss of 1.5 times on the left, 2.5 times on the right."""
    return round(100 * min(1.0, max(0.0, (value + 1.5) / 4)), 1)


def _bars(learned: Learned, before: tuple[tuple[str, float], ...]) -> Bars:
    started, now = dict(before), dict(learned.prior.prior)
    return Bars([Bar(cause, NAMES[cause], now[cause], started[cause]) for cause in CAUSES])
