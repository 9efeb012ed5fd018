"""What fits: the open requests as candidates, and the best set of them for the hours there are. Reads only."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio import capacity
from portfolio.capacity import Stretch
from portfolio.contenders import Contenders, key_of
from portfolio.kept_draws import DRAWS
from portfolio.models import Plan as KeptPlan
from portfolio.rules.candidates import Candidate, Capacity, Id, NotPlannable, hours, plain
from portfolio.rules.planning import Plan, best_plan
from portfolio.rules.ranges import Range
from portfolio.rules.robustness import Robustness, Standing, robustness
from portfolio.rules.what_if import Bought, CutValue, More, cut_value, usual_options, what_capacity_buys
from portfolio.states import RequestStatus

MANY = 1_500
DRAWS_WHILE_DRAGGING = 250
"""All draws are counted for up to `MANY` requests, half of them above, and a quarter while somebody drags."""


@dataclass(frozen=True)
class Terms:
    """What somebody asks about. None and empty stand for what is so: the organisation's hours, six weeks, the goals' weights.

    `goals` are weights 1..5 by goal, tried out; `drop` are requests left out of the question.
    """

    weeks: int | None = None
    hours_per_week: float | None = None
    drop: frozenset[int] = frozenset()
    goals: tuple[tuple[int, int], ...] = ()
    take_begun_off: bool = False


@dataclass(frozen=True)
class Line:
    """One open request: what it would bring (points) and take (hours), the chance to be in the plan, and why it is in or out.

    `value` and `hours` are means over the draws: only means add up to what a whole plan brings and takes. `likely_hours` is
    the middle one, as the score shows it.
    """

    id: int
    title: str
    status: RequestStatus
    assessment_id: int
    is_waiting_for_a_score: bool
    goal_id: int | None
    value: float
    hours: float
    likely_hours: Range
    expert_hours: float
    expert_id: int | None
    not_before: date | None
    must_do: bool
    chance: float
    place: Range | None
    is_chosen: bool
    why: str
    why_code: str = ""

    @property
    def number(self) -> int:
        return self.id

    @property
    def standing(self) -> Standing:
        if self.is_chosen and self.must_do:
            return Standing.SURELY_IN
        if self.chance >= 0.9:
            return Standing.SURELY_IN
        return Standing.SURELY_OUT if self.chance <= 0.1 else Standing.COIN_FLIP


@dataclass(frozen=True)
class Outlook:
    """What fits on some terms. `options` and `marginal` are empty where the answer had to be quick."""

    terms: Terms
    stretch: Stretch
    lines: tuple[Line, ...]
    plan: Plan
    cut: CutValue
    options: tuple[Bought, ...]
    marginal: Bought | None
    draws: int
    unscored: int
    is_quick: bool
    candidates: tuple[Candidate, ...]
    room: Capacity
    names: Mapping[Id, str] = field(repr=False)

    @property
    def chosen(self) -> tuple[Line, ...]:
        by_id = {line.id: line for line in self.lines}
        return tuple(by_id[int(one)] for one in self.plan.chosen)

    @property
    def left_out(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if not line.is_chosen)

    def standing(self, standing: Standing) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.standing is standing)

    @property
    def surely_in(self) -> tuple[Line, ...]:
        return self.standing(Standing.SURELY_IN)

    @property
    def coin_flips(self) -> tuple[Line, ...]:
        return self.standing(Standing.COIN_FLIP)

    @property
    def surely_out(self) -> tuple[Line, ...]:
        return self.standing(Standing.SURELY_OUT)

    @property
    def hour_a_week(self) -> Bought | None:
        """What one more hour a week would bring."""
        return self.options[0] if self.options else None

    @property
    def sentence(self) -> str:
        """ "These 5 fit into 78 h and bring 92 points; 3 of them are a coin flip. One more hour a week would add ..."."""
        if not self.lines:
            return "There is nothing to plan yet."
        if not self.plan.chosen:
            return f"None of the {len(self.lines)} open requests fits into {hours(self.stretch.hours)}."
        return f"{self._what_fits()} {self._what_more_brings()}".strip()

    def _what_fits(self) -> str:
        count, over = len(self.plan.chosen), self.plan.manager.over
        these = "This one fits" if count == 1 else f"These {count} fit"
        brings = "brings" if count == 1 else "bring"
        flips = sum(line.standing is Standing.COIN_FLIP for line in self.chosen)
        doubt = {0: "", 1: "; 1 of them is a coin flip"}.get(flips, f"; {flips} of them are a coin flip")
        if count == 1 and flips:
            doubt = ", yet it is a coin flip"
        if over:
            return (
                f"What must be done takes {hours(over)} more than the {hours(self.stretch.hours)} there are."
            )
        return f"{these} into {hours(self.stretch.hours)} and {brings} {plain(self.plan.value, 0)} points{doubt}."

    def _what_more_brings(self) -> str:
        more = self.hour_a_week
        if more is None:
            return ""
        if not more.comes_in:
            return "One more hour a week would change nothing."
        named = " and ".join(self.names[one] for one in more.comes_in[:2])
        rest = len(more.comes_in) - 2
        others = f" and {rest} more" if rest > 0 else ""
        return f"One more hour a week would bring in {named}{others}: {plain(more.value_added)} points more."

    @property
    def cut_words(self) -> str:
        """The cut value in words."""
        if not self.cut.points_per_hour:
            return "Everything worth doing fits, so another hour would bring nothing."
        price = plain(self.cut.points_per_hour, 2)
        return f"An hour is worth {price} points here: what brings less for an hour of yours doesn't pay."


def look(
    session: Session, terms: Terms, *, now: datetime, quick: bool = False, with_options: bool = True
) -> Outlook:
    """The best set of open requests on these terms, how sure each is of its place, and what more hours would buy.

    Exact, unless `quick`: then a good set with its distance to the best, fewer draws, and no options (what more hours would
    buy). The plan kept last stays where it is as good. Raises NotPlannable.
    """
    stretch = capacity.ahead(
        session,
        now=now,
        weeks=terms.weeks,
        hours_per_week=terms.hours_per_week,
        take_begun_off=terms.take_begun_off,
    )
    contenders = Contenders.read(session, stretch, drop=terms.drop, goal_weights=dict(terms.goals))
    room = Capacity(
        stretch.hours, {key_of(one.person_id): one.hours for one in stretch.experts}, stretch.ends_on
    )
    candidates = contenders.candidates
    plan = best_plan(candidates, room, preferred=_last_chosen(session), quick=quick)
    draws = DRAWS_WHILE_DRAGGING if quick else DRAWS if len(candidates) <= MANY else DRAWS // 2
    sure = _sure(contenders, candidates, room, draws)
    options: tuple[Bought, ...] = ()
    marginal = None
    if with_options and not quick:
        marginal, *bought = what_capacity_buys(
            candidates,
            room,
            [
                More("1 h more", 1.0),
                More("1 h a week more", float(stretch.weeks)),
                *_options(candidates, room, stretch),
            ],
            plan=plan,
        )
        options = tuple(bought)
    return Outlook(
        terms=terms,
        stretch=stretch,
        lines=tuple(_lines(contenders, plan, sure)),
        plan=plan,
        cut=cut_value(candidates, room),
        options=options,
        marginal=marginal,
        draws=sure.draws,
        unscored=contenders.unscored,
        is_quick=quick,
        candidates=candidates,
        room=room,
        names=contenders.names,
    )


def _last_chosen(session: Session) -> list[int]:
    said = session.scalar(select(KeptPlan.body["chosen"]).order_by(KeptPlan.id.desc()).limit(1))
    return [one["id"] for one in said or ()]


def _options(candidates: Sequence[Candidate], room: Capacity, stretch: Stretch) -> Iterator[More]:
    names = {key_of(one.person_id): one.name for one in stretch.experts}
    for more in usual_options(candidates, room, weeks=stretch.weeks):
        label = more.label
        for key in more.expert_hours:
            label = f"3 h of {names.get(key, 'an expert')}"
        yield replace(more, label=label)


def _sure(contenders: Contenders, candidates: Sequence[Candidate], room: Capacity, draws: int) -> Robustness:
    if not candidates:
        return Robustness((), (), draws, ())
    kept = [contenders.rows[int(one.id)].drawn for one in candidates]
    values = np.stack([one.impact[:draws] for one in kept])
    needed = np.stack([one.hours[:draws] for one in kept])
    return robustness(candidates, values, needed, room)


def _lines(contenders: Contenders, plan: Plan, sure: Robustness) -> Iterator[Line]:
    """The chosen first, then by chance, then by leverage."""
    places = {place.id: place for place in sure.places}
    chosen = {one: number for number, one in enumerate(plan.chosen)}
    out = {one.id: one for one in plan.left_out}
    found = []
    for row in contenders.rows.values():
        place = places.get(row.id)
        why, code = contenders.why(row, out.get(row.id), is_chosen=row.id in chosen)
        found.append(
            Line(
                id=row.id,
                title=row.title,
                status=row.status,
                assessment_id=row.assessment_id,
                is_waiting_for_a_score=row.waits,
                goal_id=row.goal_id,
                value=row.drawn.value,
                hours=row.drawn.hours_mean,
                likely_hours=row.likely_hours,
                expert_hours=row.drawn.expert_hours if row.expert_id else 0.0,
                expert_id=row.expert_id,
                not_before=row.starts,
                must_do=row.id in contenders.must,
                chance=place.share if place else 0.0,
                place=place.place if place else None,
                is_chosen=row.id in chosen,
                why=why,
                why_code=code,
            )
        )
    found.sort(key=lambda one: (not one.is_chosen, -one.chance, -one.value / max(one.hours, 1e-9), one.id))
    yield from found


__all__ = ["Line", "NotPlannable", "Outlook", "Terms", "look"]
