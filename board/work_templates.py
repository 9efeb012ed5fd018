"""Settings: the first cards of each kind of solution."""

import re
from dataclasses import dataclass, field
from datetime import datetime

from fastapi import APIRouter, Request, Response

from portfolio import templates_of_work
from portfolio.models import WorkTemplate
from portfolio.rules.work_templates import CardPlan
from portfolio.templates_of_work import KINDS, MOST_CARDS, StaleTemplate
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, some_number, some_text, some_whole
from web.people import ManagerDep
from web.responses import NotFound, see_other
from web.session import SessionDep
from web.templating import page

router = APIRouter(prefix="/settings/templates")

MOST_LINES = 20


@dataclass(frozen=True)
class Listed:
    """A kind of solution and its first cards; `changed_at` is None while Outsize's own hold."""

    key: str
    name: str
    plans: tuple[CardPlan, ...]
    changed_at: datetime | None

    @property
    def hours(self) -> float:
        return sum(plan.hours for plan in self.plans)


@dataclass(frozen=True)
class TemplatesPage:
    kinds: list[Listed]


@dataclass(frozen=True)
class TemplatePage:
    """One template to edit. Rows are numbers: fields are named after them."""

    key: str
    name: str
    values: Fields
    rows: list[int]
    is_own: bool
    errors: Errors = field(default_factory=Errors)


@router.get("")
def list_templates(request: Request, session: SessionDep, _manager: ManagerDep) -> Response:
    kept = templates_of_work.written(session)
    kinds = [
        Listed(
            key,
            name,
            templates_of_work.plans_in(kept.get(key), key),
            kept[key].changed_at if key in kept else None,
        )
        for key, name in KINDS
    ]
    return page(request, "work_templates/index.html", TemplatesPage(kinds))


@router.get("/{kind}")
def show(request: Request, session: SessionDep, _manager: ManagerDep, kind: str) -> Response:
    _check(kind)
    kept = templates_of_work.find(session, kind)
    return page(request, "work_templates/show.html", _view(kind, kept, _values(kind, kept)))


@router.post("/{kind}")
def save(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, kind: str
) -> Response:
    _check(kind)
    errors = Errors()
    plans = _read(fields, errors)
    status = 422
    if not errors:
        try:
            templates_of_work.save(session, kind, plans, seen=fields["seen"], by=manager, at=now)
            return see_other("/settings/templates")
        except StaleTemplate as stale:
            errors["seen"] = f"{stale} What you typed is still here; save again to keep it."
            status = 409
    kept = templates_of_work.find(session, kind)
    if status == 409:
        fields["seen"] = templates_of_work.stamp(kept)
    return page(request, "work_templates/show.html", _view(kind, kept, fields, errors), status)


@router.post("/{kind}/restoration")
def restore(session: SessionDep, manager: ManagerDep, now: NowDep, kind: str) -> Response:
    _check(kind)
    templates_of_work.restore(session, kind, by=manager, at=now)
    return see_other("/settings/templates")


def _check(kind: str) -> None:
    if kind not in dict(KINDS):
        raise NotFound


def _view(kind: str, kept: WorkTemplate | None, values: Fields, errors: Errors | None = None) -> TemplatePage:
    found = {int(hit[1]) for name in values if (hit := re.fullmatch(r"card_(\d{1,2})_title", name))}
    last = max(found, default=0)
    rows = [*sorted(found), last + 1, last + 2][:MOST_CARDS]
    return TemplatePage(kind, dict(KINDS)[kind], values, rows, kept is not None, errors or Errors())


def _values(kind: str, kept: WorkTemplate | None) -> Fields:
    values = Fields(seen=templates_of_work.stamp(kept))
    for row, plan in enumerate(templates_of_work.plans_in(kept, kind), start=1):
        values |= {
            f"card_{row}_place": str(row),
            f"card_{row}_title": plan.title,
            f"card_{row}_hours": f"{plan.hours:g}",
            f"card_{row}_making": "1" if plan.making else "",
            f"card_{row}_checklist": "\n".join(plan.checklist),
        }
    return values


def _read(fields: Fields, errors: Errors) -> list[CardPlan]:
    """The cards in the order of their places; a card without a title is left out."""
    found: list[tuple[float, int, CardPlan]] = []
    for row in range(1, MOST_CARDS + 1):
        name = f"card_{row}"
        title = some_text(fields, f"{name}_title", errors)
        if not title:
            continue
        place = some_whole(fields, f"{name}_place", errors, most=999)
        hours = some_number(fields, f"{name}_hours", errors, most=10_000)
        lines = [line.strip()[:300] for line in fields[f"{name}_checklist"].splitlines() if line.strip()]
        if len(lines) > MOST_LINES:
            errors[f"{name}_checklist"] = f"Please keep this to {MOST_LINES} lines."
        plan = CardPlan(title, hours or 0.0, tuple(lines), bool(fields[f"{name}_making"]))
        found.append((row if place is None else place, row, plan))
    if not found and not errors:
        errors["card_1_title"] = "Please name one card at least."
    return [plan for _, _, plan in sorted(found, key=lambda one: one[:2])]
