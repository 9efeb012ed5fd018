"""What fits: the open requests as candidates, and the best set of them for the hours there are. Reads only."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, func, or_, select
from sqlalchemy.orm import Session, aliased

from portfolio import assessments, capacity
from portfolio.capacity import Stretch
from portfolio.database import engine_of
from portfolio.models import Assessment, LearningRequest, Override, Tie
from portfolio.models import Plan as KeptPlan
from portfolio.rules.candidates import Candidate, Capacity, Id, NotPlannable, hours, plain
from portfolio.rules.need import Need
from portfolio.rules.planning import LeftOut, Plan, Why, best_plan
from portfolio.rules.ranges import Range
from portfolio.rules.robustness import Robustness, Standing, robustness
from portfolio.rules.rubric import Rubric
from portfolio.rules.sampling import draws_of
from portfolio.rules.what_if import (
    Bought,
    CutValue,
    More,
    cut_value,
    usual_options,
    what_capacity_buys,
)
from portfolio.states import OPEN, RequestStatus, words

DRAWS = 1_000
"""Of the draws behind the scores the first thousand are counted, which tells a chance to within 3 %; above `MANY` half of
them, and a quarter while somebody drags."""
MANY = 1_500
DRAWS_WHILE_DRAGGING = 250
KEPT = 5_000
"""Requests whose draws are kept in memory (12 kB each)."""

MUST_DO, KEEP_OUT = "must_do", "keep_out"
NEEDS, INSTEAD_OF = "needs", "instead_of"
DONE = frozenset({RequestStatus.ACCEPTED, RequestStatus.DELIVERED, RequestStatus.VERIFIED})
"""What needs no place in the plan any more: it is being done, or was."""


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
    backlog = _Backlog.read(session, terms, stretch)
    room = Capacity(
        stretch.hours, {key_of(one.person_id): one.hours for one in stretch.experts}, stretch.ends_on
    )
    candidates = backlog.candidates
    plan = best_plan(candidates, room, preferred=_last_chosen(session), quick=quick)
    draws = DRAWS_WHILE_DRAGGING if quick else DRAWS if len(candidates) <= MANY else DRAWS // 2
    sure = _sure(backlog, candidates, room, draws)
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
        lines=tuple(_lines(backlog, plan, sure)),
        plan=plan,
        cut=cut_value(candidates, room),
        options=options,
        marginal=marginal,
        draws=sure.draws,
        unscored=backlog.unscored,
        is_quick=quick,
        candidates=candidates,
        room=room,
        names=backlog.names,
    )


def key_of(person_id: int) -> str:
    """An expert as the rules know them."""
    return f"person {person_id}"


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


def _sure(backlog: "_Backlog", candidates: Sequence[Candidate], room: Capacity, draws: int) -> Robustness:
    if not candidates:
        return Robustness((), (), draws, ())
    kept = [backlog.rows[int(one.id)].drawn for one in candidates]
    values = np.stack([one.impact[:draws] for one in kept])
    needed = np.stack([one.hours[:draws] for one in kept])
    return robustness(candidates, values, needed, room)


def _lines(backlog: "_Backlog", plan: Plan, sure: Robustness) -> Iterator[Line]:
    """The chosen first, then by chance, then by leverage."""
    places = {place.id: place for place in sure.places}
    chosen = {one: number for number, one in enumerate(plan.chosen)}
    out = {one.id: one for one in plan.left_out}
    found = []
    for row in backlog.rows.values():
        place = places.get(row.id)
        why, code = backlog.why(row, out.get(row.id), is_chosen=row.id in chosen)
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
                must_do=row.id in backlog.must,
                chance=place.share if place else 0.0,
                place=place.place if place else None,
                is_chosen=row.id in chosen,
                why=why,
                why_code=code,
            )
        )
    found.sort(key=lambda one: (not one.is_chosen, -one.chance, -one.value / max(one.hours, 1e-9), one.id))
    yield from found


# The draws behind each score, kept


@dataclass(frozen=True)
class _Drawn:
    """`goal` is the step its goal counts with; `per_step` the points that one step more would bring, draw by draw."""

    goal: int | None
    impact: NDArray[np.float32]
    per_step: NDArray[np.float32]
    hours: NDArray[np.float32]
    value: float
    value_per_step: float
    hours_mean: float
    expert_hours: float

    def weighed(self, weight: int) -> "_Drawn":
        """As if its goal had this weight. A goal's step is a plain number, so impact is a straight line in it."""
        if self.goal is None or weight == self.goal:
            return self
        more = weight - self.goal
        return replace(
            self,
            goal=weight,
            impact=self.impact + np.float32(more) * self.per_step,
            value=self.value + more * self.value_per_step,
        )


class _Memory:
    """Draws by assessment, as assessments never change; those of one rubric, and of one database."""

    def __init__(self) -> None:
        self.rubric: Rubric | None = None
        self.drawn: OrderedDict[tuple[int, datetime], _Drawn] = OrderedDict()
        self.lock = Lock()

    def of(self, rubric: Rubric) -> "_Memory":
        with self.lock:
            if self.rubric != rubric:
                self.rubric = rubric
                self.drawn.clear()
        return self

    def get(self, key: tuple[int, datetime]) -> _Drawn | None:
        with self.lock:
            found = self.drawn.get(key)
            if found is not None:
                self.drawn.move_to_end(key)
            return found

    def put(self, key: tuple[int, datetime], drawn: _Drawn) -> None:
        with self.lock:
            self.drawn[key] = drawn
            while len(self.drawn) > KEPT:
                self.drawn.popitem(last=False)


_memories: WeakKeyDictionary[Engine, _Memory] = WeakKeyDictionary()


def _memory(session: Session, rubric: Rubric) -> _Memory:
    return _memories.setdefault(engine_of(session), _Memory()).of(rubric)


def _draw(need: Need, rubric: Rubric) -> _Drawn:
    sampled = draws_of(need, rubric)
    total = sum(criterion.weight for criterion in rubric.criteria) or 1.0
    share = {criterion.key: criterion.weight / total for criterion in rubric.criteria}
    points = sum(
        (20 * share[key] * draws for key, draws in sampled.steps.items()), start=np.zeros(rubric.draws)
    )
    odds = np.divide(sampled.impact, points, out=np.zeros(rubric.draws), where=points > 0)
    per_step = 20 * share.get("goal", 0.0) * odds
    return _Drawn(
        goal=need.goal,
        impact=sampled.impact[:DRAWS].copy(),
        per_step=per_step[:DRAWS].astype(np.float32),
        hours=sampled.manager_hours[:DRAWS].copy(),
        value=float(sampled.impact.mean(dtype=np.float64)),
        value_per_step=float(per_step.mean()),
        hours_mean=float(sampled.manager_hours.mean(dtype=np.float64)),
        expert_hours=float(sampled.expert_hours.mean(dtype=np.float64)),
    )


# The backlog, read


@dataclass
class _Row:
    id: int
    title: str
    status: RequestStatus
    goal_id: int | None
    assessment_id: int
    scored_at: datetime
    waits: bool
    starts: date | None
    expert_id: int | None
    likely_hours: Range
    drawn: _Drawn = None  # type: ignore[assignment] # filled in before anybody sees the row


@dataclass
class _Backlog:
    """The scored open requests, what binds them, and what keeps some of them out before anything is counted."""

    rows: dict[int, _Row]
    must: frozenset[int]
    barred: dict[int, tuple[str, str]]
    needs: dict[int, set[int]]
    rivals: dict[int, set[int]]
    unscored: int
    names: dict[Id, str]
    expert_names: dict[str, str]

    @classmethod
    def read(cls, session: Session, terms: Terms, stretch: Stretch) -> "_Backlog":
        rows = {row.id: row for row in _rows(session)}
        _fill(session, rows, terms, stretch.starts_on)
        open_count = session.scalar(select(func.count()).where(LearningRequest.status.in_(OPEN))) or 0
        found = cls(
            rows=rows,
            must=frozenset(),
            barred={},
            needs={},
            rivals={},
            unscored=open_count - len(rows),
            names={row.id: f"“{row.title}”" for row in rows.values()},
            expert_names={key_of(one.person_id): one.name for one in stretch.experts},
        )
        found._obey(session)
        found._tie(session)
        for one in terms.drop & rows.keys():
            found.barred[one] = ("You left it out of this question.", "dropped")
        found._spread()
        return found

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        return tuple(
            Candidate(
                id=row.id,
                value=row.drawn.value,
                manager_hours=row.drawn.hours_mean,
                expert_hours={key_of(row.expert_id): row.drawn.expert_hours} if row.expert_id else {},
                not_before=row.starts,
                must_do=row.id in self.must,
                needs=frozenset(self.needs.get(row.id, ())),
                excludes=frozenset(self.rivals.get(row.id, set()) - self.barred.keys()),
            )
            for row in self.rows.values()
            if row.id not in self.barred
        )

    def why(self, row: _Row, out: LeftOut | None, *, is_chosen: bool) -> tuple[str, str]:
        """Why it is in or out, as a sentence and as a code."""
        if row.id in self.barred:
            return self.barred[row.id]
        if out is not None:
            if out.why is Why.EXPERT_HOURS:
                whose = self.expert_names.get(out.expert, "an expert")
                needed, left = hours(out.needed), hours(out.left)
                return f"Doesn't fit: needs {needed} of {whose}, who has {left} left.", out.why.value
            return out.sentence(self.names), out.why.value
        if is_chosen and row.id in self.must:
            return "It must be done.", "must do"
        leverage = row.drawn.value / max(row.drawn.hours_mean, 1e-9)
        return f"Brings {plain(leverage, 2)} points for an hour of yours.", "fits"

    def _obey(self, session: Session) -> None:
        """What people said against the numbers."""
        rows = session.execute(
            select(Override.learning_request_id, Override.kind, Override.reason)
            .where(Override.ended_at.is_(None), Override.kind.in_([MUST_DO, KEEP_OUT]))
            .order_by(Override.id)
        )
        must = set()
        for number, kind, reason in rows:
            if number not in self.rows:
                continue
            if kind == MUST_DO:
                must.add(number)
            else:
                self.barred[number] = (f"Kept out: {reason}" if reason else "Kept out.", "kept out")
        self.must = frozenset(must - self.barred.keys())

    def _tie(self, session: Session) -> None:
        """What needs what, and what stands instead of what. What is being done already needs no place."""
        one, other = aliased(LearningRequest), aliased(LearningRequest)
        rows = session.execute(
            select(Tie.kind, one.id, one.title, one.status, other.id, other.title, other.status)
            .join(one, one.id == Tie.learning_request_id)
            .join(other, other.id == Tie.other_id)
            .where(or_(one.status.in_(OPEN), other.status.in_(OPEN)))
        )
        for kind, from_id, from_title, from_status, to_id, to_title, to_status in rows:
            if kind == NEEDS and from_id in self.rows and to_status not in DONE:
                if to_id in self.rows:
                    self.needs.setdefault(from_id, set()).add(to_id)
                else:
                    state = "is not scored yet" if to_status in OPEN else f"is {words(to_status)}"
                    self.barred[from_id] = (f"Needs “{to_title}”, which {state}.", "needs another")
            elif kind == INSTEAD_OF:
                self._exclude(from_id, to_id, to_title, to_status)
                self._exclude(to_id, from_id, from_title, from_status)

    def _exclude(self, one: int, other: int, title: str, status: RequestStatus) -> None:
        if one not in self.rows:
            return
        if other in self.rows:
            self.rivals.setdefault(one, set()).add(other)
        elif status in DONE:
            self.barred[one] = (f"“{title}” does the same and was taken on.", "same as another")

    def _spread(self) -> None:
        """What needs something that is kept out is out as well."""
        while new := {
            one: min(gone)
            for one, needed in self.needs.items()
            if one not in self.barred and (gone := needed & self.barred.keys())
        }:
            for one, first in new.items():
                words = f"Needs {self.names[first]} first, which is not in the plan."
                self.barred[one] = (words, "needs another")


def _rows(session: Session) -> Iterator[_Row]:
    columns = (
        LearningRequest.id, LearningRequest.title, LearningRequest.status, LearningRequest.goal_id, LearningRequest.score_wanted_at,
        LearningRequest.not_before, LearningRequest.snoozed_until, LearningRequest.expert_id, Assessment.id, Assessment.scored_at,
        Assessment.manager_hours_low, Assessment.manager_hours_likely, Assessment.manager_hours_high,
    )  # fmt: skip
    rows = session.execute(
        select(*columns)
        .join(Assessment, Assessment.id == LearningRequest.assessment_id)
        .where(LearningRequest.status.in_(OPEN))
        .order_by(LearningRequest.id)
    )
    for id_, title, status, goal, wanted, not_before, snoozed, expert, assessment, scored_at, *span in rows:
        starts = max((day for day in (not_before, snoozed) if day is not None), default=None)
        yield _Row(
            id=id_,
            title=title,
            status=status,
            goal_id=goal,
            assessment_id=assessment,
            scored_at=scored_at,
            waits=wanted is not None,
            starts=starts,
            expert_id=expert,
            likely_hours=Range(*span),
        )


AT_ONCE = 5_000


def _fill(session: Session, rows: dict[int, _Row], terms: Terms, today: date) -> None:
    """Give each row its draws: those kept in memory, else made from what is known of the request now."""
    rubric = assessments.current_rubric(session)
    memory = _memory(session, rubric)
    missing = []
    for row in rows.values():
        kept = memory.get((row.assessment_id, row.scored_at))
        if kept is None:
            missing.append(row)
        else:
            row.drawn = kept
    for start in range(0, len(missing), AT_ONCE):
        some = missing[start : start + AT_ONCE]
        needs = assessments.needs(session, {row.id: row.goal_id for row in some}, rubric, today=today)
        for row in some:
            row.drawn = _draw(needs[row.id], rubric)
            if not row.waits:
                memory.put((row.assessment_id, row.scored_at), row.drawn)
    tried = dict(terms.goals)
    for row in rows.values() if tried else ():
        if row.goal_id in tried:
            row.drawn = row.drawn.weighed(tried[row.goal_id])


__all__ = [
    "INSTEAD_OF", "KEEP_OUT", "MUST_DO", "NEEDS", "Line", "NotPlannable", "Outlook", "Terms", "key_of", "look",
]  # fmt: skip
