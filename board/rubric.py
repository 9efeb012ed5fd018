"""The rubric editor: what counts, what work costs, how wide we are where nobody knows; tried on real requests as it is typed."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from fastapi import APIRouter, Request, Response

from portfolio import organisation, rubrics
from portfolio.models import Rubric as PublishedRubric
from portfolio.rubrics import Desk, Preview, Stale
from portfolio.rules.ranges import Range
from portfolio.rules.rubric import DEFAULT, Criterion, Rubric, WorkType
from portfolio.submission import number_in
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, need_text
from web.people import ManagerDep
from web.responses import NotFound, by_htmx, see_other
from web.session import SessionDep
from web.templating import page, partial

router = APIRouter(prefix="/settings/rubric")

STALE = "Somebody else changed the rubric meanwhile. What you typed is still here; save or publish again to keep it instead."
STALE_BUTTON = "Somebody else changed the rubric meanwhile. This is how it stands now."
ENDS = (("low", "Low"), ("likely", "Likely"), ("high", "High"))


@dataclass(frozen=True)
class Part:
    """One range of the rubric: `factor` is what a stored 1 is shown as, in `unit`."""

    key: str
    label: str
    unit: str
    most: float
    factor: float = 1


PARTS = (
    Part("transfer", "What is still used on the job a year on", "%", 100, 100),
    Part("new_share", "What has to be made new, where nothing fitting was found", "%", 100, 100),
    Part("coordination_hours", "Your hours for meetings, invitations and mails", "hours", 10_000),
    Part("expert_hours", "Hours of experts", "hours", 10_000),
    Part("people", "People reached", "people", 10_000_000),
)
LONGEST_ANCHOR, LONGEST_LABEL = 120, 60


@dataclass(frozen=True)
class RubricPage:
    """The rubric with what has been typed over it, and what it would do."""

    desk: Desk
    values: Fields
    kinds: list[WorkType]
    tried: Preview | None
    versions: Sequence[PublishedRubric]
    currency: str
    saved: str = ""
    errors: Errors = field(default_factory=Errors)
    parts: tuple[Part, ...] = PARTS
    ends: tuple[tuple[str, str], ...] = ENDS

    def share_of(self, key: str) -> float | None:
        """What a part of impact weighs of all, 0 to 1; None where the weights can't be read."""
        weights = {one.key: number_in(self.values[f"weight__{one.key}"]) for one in self.desk.rubric.criteria}
        total = sum(weight or 0 for weight in weights.values())
        return (weights[key] or 0) / total if total > 0 else None

    def is_wrong(self, criterion: Criterion) -> bool:
        """Whether something about a criterion's steps needs another look."""
        begins = tuple(f"{what}__{criterion.key}__" for what in ("prior", "bands", "anchor"))
        return any(name.startswith(begins) for name in self.errors)

    def unit_of(self, criterion: Criterion) -> str:
        """The unit of a criterion's bands."""
        return {"gap": "% of the value wanted", "reach": "people", "value": f"{self.currency} a year"}.get(
            criterion.key, ""
        )


@dataclass(frozen=True)
class VersionPage:
    """A published version, to read."""

    rubric: Rubric
    kept: PublishedRubric
    desk: Desk
    currency: str
    parts: tuple[Part, ...] = PARTS


@router.get("")
def show(
    request: Request, session: SessionDep, _manager: ManagerDep, now: NowDep, saved: str = ""
) -> Response:
    desk = rubrics.desk(session)
    view = _page(session, desk, _typed(desk.rubric), now, saved=saved)
    return page(request, "rubric/show.html", view)


@router.post("/preview")
def try_out(
    request: Request, session: SessionDep, _manager: ManagerDep, now: NowDep, fields: FormDep
) -> Response:
    """What the rubric as typed would do to the requests there are. Nothing is kept."""
    view = _page(session, rubrics.desk(session), fields, now)
    if by_htmx(request):
        return partial(request, "rubric/_tried.html", view)
    return page(request, "rubric/show.html", view)


@router.post("/draft")
def save(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep
) -> Response:
    rubric, errors = _read(fields, rubrics.desk(session).rubric)
    if rubric is None:
        return _refused(request, session, fields, errors, now)
    try:
        rubrics.save(session, rubric, stamp=fields["stamp"], by=manager, at=now)
    except Stale:
        return _refused(request, session, fields, Errors(stale=STALE), now, 409)
    return see_other("/settings/rubric?saved=draft")


@router.post("/publication")
def publish(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep
) -> Response:
    rubric, errors = _read(fields, rubrics.desk(session).rubric)
    if rubric is None:
        return _refused(request, session, fields, errors, now)
    try:
        version = rubrics.publish(session, rubric, stamp=fields["stamp"], by=manager, at=now)
    except Stale:
        return _refused(request, session, fields, Errors(stale=STALE), now, 409)
    return see_other(f"/settings/rubric?saved={version}")


@router.post("/discarding")
def discard(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep
) -> Response:
    try:
        rubrics.discard(session, stamp=fields["stamp"], by=manager, at=now)
    except Stale:
        return _as_it_stands(request, session, now)
    return see_other("/settings/rubric?saved=discarded")


@router.post("/versions/{number}/draft")
def work_from(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    now: NowDep,
    fields: FormDep,
    number: int,
) -> Response:
    """Make an earlier version the draft; 0 is what Outsize ships."""
    try:
        draft = None
        if 0 <= number < 2**31:
            draft = rubrics.work_from(session, number, stamp=fields["stamp"], by=manager, at=now)
    except Stale:
        return _as_it_stands(request, session, now)
    if draft is None:
        raise NotFound
    return see_other("/settings/rubric?saved=draft")


@router.get("/versions/{number}")
def show_version(request: Request, session: SessionDep, _manager: ManagerDep, number: int) -> Response:
    kept = next((one for one in rubrics.versions(session) if one.version == number), None)
    rubric = rubrics.of_version(session, number) if kept is not None else None
    if kept is None or rubric is None:
        raise NotFound
    view = VersionPage(rubric, kept, rubrics.desk(session), _currency(session))
    return page(request, "rubric/version.html", view)


def _refused(
    request: Request, session: SessionDep, fields: Fields, errors: Errors, now: NowDep, status: int = 422
) -> Response:
    """The page with all that was typed; the stamp is today's, so that saving again goes through."""
    view = _page(session, rubrics.desk(session), fields, now, errors=errors)
    return page(request, "rubric/show.html", view, status)


def _as_it_stands(request: Request, session: SessionDep, now: NowDep) -> Response:
    desk = rubrics.desk(session)
    view = _page(session, desk, _typed(desk.rubric), now, errors=Errors(stale=STALE_BUTTON))
    return page(request, "rubric/show.html", view, 409)


def _page(
    session: SessionDep,
    desk: Desk,
    values: Fields,
    now: NowDep,
    *,
    saved: str = "",
    errors: Errors | None = None,
) -> RubricPage:
    rubric, typed_wrong = _read(values, desk.rubric)
    return RubricPage(
        desk=desk,
        values=values,
        kinds=_kinds(desk.rubric),
        tried=None if rubric is None else rubrics.preview(session, rubric, today=now.date()),
        versions=rubrics.versions(session),
        currency=_currency(session),
        saved=saved,
        errors=errors or typed_wrong,
    )


def _currency(session: SessionDep) -> str:
    ours = organisation.current(session)
    return ours.currency if ours else "EUR"


def _kinds(rubric: Rubric) -> list[WorkType]:
    """The kinds of solution in use, then those left out that Outsize knows."""
    used = {one.key for one in rubric.work_types}
    return [*rubric.work_types, *(one for one in DEFAULT.work_types if one.key not in used)]


# Reading what was typed


def _read(fields: Fields, before: Rubric) -> tuple[Rubric | None, Errors]:
    """The rubric as typed; None where something is missing or meaningless, with words by field."""
    errors = Errors()
    criteria = tuple(_read_criterion(fields, one, errors) for one in before.criteria)
    kinds = tuple(_read_kind(fields, one, errors) for one in _kinds(before) if fields[f"used__{one.key}"])
    ranges = {one.key: _range(fields, one.key, errors, one.most, one.factor) for one in PARTS}
    read = replace(
        before,
        criteria=criteria,
        work_types=kinds,
        people_per_session=int(_number(fields, "people_per_session", errors, least=1, most=10_000)),
        need_cut_points=_number(fields, "need_cut_points", errors, least=1, most=100),
        effort_cut_hours=_number(fields, "effort_cut_hours", errors, least=0.5, most=100_000),
        **ranges,  # type: ignore[arg-type] # the keys of PARTS are ranges
    )
    for name, words in rubrics.problems(read).items():
        errors.setdefault(name, words)
    return (None if errors else read), errors


def _read_criterion(fields: Fields, before: Criterion, errors: Errors) -> Criterion:
    key = before.key
    factor = 100 if key == "gap" else 1
    bands = before.bands and tuple(
        _number(fields, f"bands__{key}__{step}", errors, most=100 if key == "gap" else 1e12, factor=factor)
        for step in range(1, 6)
    )
    return replace(
        before,
        weight=_number(fields, f"weight__{key}", errors, most=100),
        anchors=tuple(  # type: ignore[arg-type] # six of them
            need_text(fields, f"anchor__{key}__{step}", errors, longest=LONGEST_ANCHOR) for step in range(6)
        ),
        prior=_range(fields, f"prior__{key}", errors, 5),
        bands=bands,  # type: ignore[arg-type] # five, as before
    )


def _read_kind(fields: Fields, before: WorkType, errors: Errors) -> WorkType:
    key = before.key
    return replace(
        before,
        label=need_text(fields, f"label__{key}", errors, longest=LONGEST_LABEL),
        hours_per_finished_hour=_number(fields, f"hours__{key}", errors, least=0.1, most=10_000),
        finished_hours=_range(fields, f"finished__{key}", errors, 10_000),
        share=_number(fields, f"share__{key}", errors, most=100, factor=100),
        live=fields[f"live__{key}"] == "yes",
    )


def _range(fields: Fields, name: str, errors: Errors, most: float, factor: float = 1) -> Range:
    """A range as typed; where it can't be one, an error and a stand-in."""
    ends = [_number(fields, f"{name}__{end}", errors, most=most, factor=factor) for end, _ in ENDS]
    if ends != sorted(ends):
        errors.setdefault(f"{name}__low", "From low through likely to high, please.")
        ends.sort()
    return Range(*ends)


def _number(
    fields: Fields, name: str, errors: Errors, *, least: float = 0, most: float, factor: float = 1
) -> float:
    """A number as typed, divided by `factor`; where there is none, an error and a stand-in."""
    value = number_in(fields[name])
    if value is None:
        errors[name] = "Please give a number."
    elif not least <= value <= most:
        errors[name] = f"Please give a number from {least:g} to {most:,.0f}."
    else:
        return round(value / factor, 9)
    return least / factor


def _typed(rubric: Rubric) -> Fields:
    """A rubric as its page shows it."""
    values = Fields()
    for criterion in rubric.criteria:
        key = criterion.key
        values[f"weight__{key}"] = _shown(criterion.weight)
        values.update(_ends(f"prior__{key}", criterion.prior))
        values.update({f"anchor__{key}__{step}": words for step, words in enumerate(criterion.anchors)})
        factor = 100 if key == "gap" else 1
        bands = enumerate(criterion.bands or (), start=1)
        values.update({f"bands__{key}__{step}": _shown(edge * factor) for step, edge in bands})
    for kind in _kinds(rubric):
        values[f"used__{kind.key}"] = "yes" if rubric.work_type(kind.key) else ""
        values[f"label__{kind.key}"] = kind.label
        values[f"hours__{kind.key}"] = _shown(kind.hours_per_finished_hour)
        values[f"share__{kind.key}"] = _shown(100 * kind.share)
        values[f"live__{kind.key}"] = "yes" if kind.live else ""
        values.update(_ends(f"finished__{kind.key}", kind.finished_hours))
    for part in PARTS:
        values.update(_ends(part.key, getattr(rubric, part.key), part.factor))
    for name in ("people_per_session", "need_cut_points", "effort_cut_hours"):
        values[name] = _shown(getattr(rubric, name))
    return values


def _ends(name: str, value: Range, factor: float = 1) -> dict[str, str]:
    return {f"{name}__{end}": _shown(getattr(value, end) * factor) for end, _ in ENDS}


def _shown(value: float) -> str:
    """A number as it can be typed back: no exponent, no needless digits."""
    return f"{value:.6f}".rstrip("0").rstrip(".")
