"""The draws behind each score of an open request, kept in memory from one question to the next."""

from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from portfolio.database import engine_of
from portfolio.rules.need import Need
from portfolio.rules.rubric import Rubric
from portfolio.rules.sampling import draws_of

DRAWS = 1_000
"""Of the draws behind the scores the first thousand are kept and counted, which tells a chance to within 3 %."""

KEPT = 5_000
"""Requests whose draws are kept in memory (12 kB each)."""


@dataclass(frozen=True)
class Drawn:
    """What a request brings and takes, draw by draw and on average.

    `goal` is the step its goal counts with; `per_step` the points that one step more would bring.
    """

    goal: int | None
    impact: NDArray[np.float32]
    per_step: NDArray[np.float32]
    hours: NDArray[np.float32]
    value: float
    value_per_step: float
    hours_mean: float
    expert_hours: float

    def weighed(self, weight: int) -> "Drawn":
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
        self.drawn: OrderedDict[tuple[int, datetime], Drawn] = OrderedDict()
        self.lock = Lock()

    def of(self, rubric: Rubric) -> "_Memory":
        with self.lock:
            if self.rubric != rubric:
                self.rubric = rubric
                self.drawn.clear()
        return self

    def get(self, key: tuple[int, datetime]) -> Drawn | None:
        with self.lock:
            found = self.drawn.get(key)
            if found is not None:
                self.drawn.move_to_end(key)
            return found

    def put(self, key: tuple[int, datetime], drawn: Drawn) -> None:
        with self.lock:
            self.drawn[key] = drawn
            while len(self.drawn) > KEPT:
                self.drawn.popitem(last=False)


_memories: WeakKeyDictionary[Engine, _Memory] = WeakKeyDictionary()


def memory(session: Session, rubric: Rubric) -> _Memory:
    """The draws kept for this database, of this rubric."""
    return _memories.setdefault(engine_of(session), _Memory()).of(rubric)


def draw(need: Need, rubric: Rubric) -> Drawn:
    """The draws behind the score of a request about which this is known."""
    sampled = draws_of(need, rubric)
    total = sum(criterion.weight for criterion in rubric.criteria) or 1.0
    share = {criterion.key: criterion.weight / total for criterion in rubric.criteria}
    points = sum(
        (20 * share[key] * draws for key, draws in sampled.steps.items()), start=np.zeros(rubric.draws)
    )
    odds = np.divide(sampled.impact, points, out=np.zeros(rubric.draws), where=points > 0)
    per_step = 20 * share.get("goal", 0.0) * odds
    return Drawn(
        goal=need.goal,
        impact=sampled.impact[:DRAWS].copy(),
        per_step=per_step[:DRAWS].astype(np.float32),
        hours=sampled.manager_hours[:DRAWS].copy(),
        value=float(sampled.impact.mean(dtype=np.float64)),
        value_per_step=float(per_step.mean()),
        hours_mean=float(sampled.manager_hours.mean(dtype=np.float64)),
        expert_hours=float(sampled.expert_hours.mean(dtype=np.float64)),
    )
