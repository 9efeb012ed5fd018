"""Every measure read before the cut-off, and what its readings prove."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio import benefits, costs, proving
from portfolio.models import Project
from portfolio.rules import proof
from portfolio.rules.money import Benefits, Loaded
from portfolio.rules.proof import Proof, Value
from reports.frames import Frames, rows_of

NOTHING_SPENT = Loaded()


@dataclass(frozen=True)
class Proved:
    """One measure with its project (None where it has none), its values and what they prove."""

    measure: Any
    project: Any
    values: Sequence[Value]
    proof: Proof
    costs: Loaded


def proofs_of(frames: Frames, spent: Mapping[int, Loaded], said: Mapping[int, Benefits]) -> list[Proved]:
    """Of each measure that has readings; in the order of their numbers."""
    projects = {int(one.id): one for one in rows_of(frames.projects)}
    credit = _credit(frames.evaluations, said)
    return [
        _proved(measure, projects.get(measure.project), values, credit, spent)
        for measure in rows_of(frames.measures)
        if (values := frames.readings.get(measure.id))
    ]


def benefits_of(session: Session, frames: Frames) -> dict[int, Benefits]:
    """What people said each project was worth, in steps of five people as leaders see it, as known at the cut-off."""
    numbers = [int(one) for one in frames.projects["id"]]
    if not numbers:
        return {}
    projects = session.scalars(select(Project).where(Project.id.in_(numbers)).order_by(Project.id))
    return benefits.of_projects(session, list(projects), in_steps=True, cut_off=frames.until)


def costs_of(session: Session, frames: Frames) -> dict[int, Loaded]:
    """What each project cost, fully loaded, as known at the cut-off."""
    numbers = [int(one) for one in frames.projects["id"]]
    if not numbers:
        return {}
    projects = session.scalars(select(Project).where(Project.id.in_(numbers)).order_by(Project.id))
    return costs.of_projects(session, list(projects), frames.until)


def read_within(found: Proved, first: date, last: date) -> bool:
    """Whether the measure was read in this stretch after the work began."""
    return any(one.after and first <= one.on <= last for one in found.values)


def _proved(
    measure: Any,
    project: Any,
    values: Sequence[Value],
    credit: Mapping[Any, Mapping[str, float]],
    spent: Mapping[int, Loaded],
) -> Proved:
    shares = credit.get(measure.project, {})
    loaded = spent.get(measure.project, NOTHING_SPENT)
    made = proof.prove(
        values,
        higher_is_better=bool(measure.higher_is_better),
        worthwhile_change=measure.worthwhile_change,
        value_per_unit=measure.value_per_unit,
        costs=loaded.total,
        contribution=shares.get("contribution"),
        confidence=shares.get("confidence"),
        family=measure.family,
        by_chance=bool(measure.by_chance),
        for_value=None if pd.isna(measure.chosen_for_value) else bool(measure.chosen_for_value),
    )
    return Proved(measure, project, values, made, loaded)


def _credit(evaluations: pd.DataFrame, said: Mapping[int, Benefits]) -> dict[Any, dict[str, float]]:
    """Contribution and confidence (Phillips' isolation): as people stated them, else as the latest evaluation that has them."""
    found: dict[Any, dict[str, float]] = {}
    for one in rows_of(evaluations):
        stated = {name: one.figures.get(name) for name in ("contribution", "confidence")}
        if all(isinstance(value, int | float) and 0 <= value <= 1 for value in stated.values()):
            found[one.project] = {name: float(value) for name, value in stated.items()}
    for project, people in said.items():
        contribution, confidence = proving.credit(people)
        if contribution is not None and confidence is not None:
            found[project] = {"contribution": contribution, "confidence": confidence}
    return found
