"""What is known of a measure: what its readings prove, what its project cost, and whether it has a value from before."""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy.orm import Session

from portfolio import baselines, measures, proving
from portfolio.measures import Standing
from portfolio.models import Measure
from portfolio.rules.proof import Proof, prove


def of_measure(session: Session, measure: Measure) -> tuple[Proof, float]:
    """What its readings prove, and the money its project cost."""
    if measure.project is not None:
        found, spent = proving.of_measure(session, measure.project, measure)
        return found.proof, spent.total
    alone = prove(
        measures.values_of(measure),
        higher_is_better=measure.higher_is_better,
        worthwhile_change=measure.worthwhile_change,
        value_per_unit=measure.value_per_unit,
        family=measure.family,
        by_chance=measure.by_chance,
        for_value=measure.chosen_for_value,
    )
    return alone, 0.0


def warnings(
    session: Session, held: Sequence[Measure], standings: Mapping[int, Standing], *, today: date
) -> dict[int, str]:
    """What to tell about each measure's value from before, "" where all is well. Two statements, however many there are."""
    reached = baselines.reached_on(session, {one.project_id for one in held if one.project_id})
    return {one.id: _warning(one, standings[one.id], reached.get(one.project_id or 0), today) for one in held}


def _warning(measure: Measure, standing: Standing, reached: date | None, today: date) -> str:
    return baselines.words_of_measure(
        measure,
        before=standing.before,
        after=standing.after,
        first_before_on=standing.first_before_on,
        last_before_on=standing.last_before_on,
        reached=reached,
        today=today,
    )
