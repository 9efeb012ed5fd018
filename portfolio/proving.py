"""Did it work, was it worth it: everything known about a project put together, concluded, and counted over all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portfolio import benefits, costs, evaluating, levels, measures, organisation
from portfolio.database import hold
from portfolio.history import record
from portfolio.models import Evaluation, EvaluationStep, Measure, Person, Project, Reading
from portfolio.rules import hit_rate as rates
from portfolio.rules import money, proof
from portfolio.rules.hit_rate import HitRate
from portfolio.rules.levels import Levels
from portfolio.rules.money import Balance, Benefits, BreakEven, Gained, Loaded, Span
from portfolio.rules.proof import Outcome, Proof
from portfolio.states import EvidenceGrade, Stage

GRADE_WORDS = {
    EvidenceGrade.CONTROLLED: "controlled",
    EvidenceGrade.SERIES: "interrupted series",
    EvidenceGrade.TREND: "trend",
    EvidenceGrade.ESTIMATE: "adjusted estimate",
    EvidenceGrade.NONE: "none yet",
}
KEPT_BACK = "What it was worth rests on fewer than five people's words, so only the manager sees it."


class NothingToConclude(ValueError):
    """Nothing is known yet that could be concluded."""


@dataclass(frozen=True)
class Measured:
    """A measure with all that can be said about it, and its change as money a year where one unit has a value."""

    measure: Measure
    proof: Proof
    in_money: Span | None
    readings: int
    contribution: float | None = None
    confidence: float | None = None


@dataclass(frozen=True)
class ProjectProof:
    """All that is known about one project. The hypothesis speaks of the first measure; `open_levels` leave out what was
    concluded before."""

    project: Project
    measured: tuple[Measured, ...]
    costs: Loaded
    benefits: Benefits
    balance: Balance
    levels: Levels
    open_levels: Levels
    concluded: tuple[Evaluation, ...]
    least: EvidenceGrade

    @property
    def main(self) -> Measured | None:
        return self.measured[0] if self.measured else None

    @property
    def can_conclude(self) -> bool:
        return any(one.supports_success for one in self.open_levels.best) or any(
            one.readings for one in self.measured
        )


@dataclass(frozen=True)
class Concluded:
    """The verdict on one project's hypothesis as it was concluded last."""

    project: Project
    verdict: str
    grade: EvidenceGrade
    result: str
    on: date


@dataclass(frozen=True)
class DueStep:
    """A line of an evaluation plan whose day has come."""

    step: EvaluationStep
    project: Project


def of_project(session: Session, project: Project, *, in_steps: bool = False) -> ProjectProof:
    """Put together what a project cost, changed and brought, and how sure that is. `in_steps` for readers who may not see what
    single people said."""
    ours = organisation.current(session)
    least = ours.least_grade if ours else EvidenceGrade.ESTIMATE
    loaded, said = (
        costs.of_project(session, project),
        benefits.of_project(session, project, in_steps=in_steps),
    )
    measured = tuple(_measured(one, said, loaded) for one in measures.of_project(session, project))
    return ProjectProof(
        project,
        measured,
        loaded,
        said,
        money.balance(
            loaded, _gains(measured), said, least=least, breaks_even=_breaks_even(measured, loaded)
        ),
        levels.of_project(session, project),
        levels.of_project(session, project, concluded=False),
        tuple(_concluded_of(session, project)),
        least,
    )


def of_measure(session: Session, project: Project, measure: Measure) -> tuple[Measured, Loaded]:
    """One measure of a project with all that can be said about it, and what the project cost."""
    loaded, said = costs.of_project(session, project), benefits.of_project(session, project)
    return _measured(measure, said, loaded), loaded


def conclude(
    session: Session, project: Project, *, words: str = "", by: Person, at: datetime
) -> list[Evaluation]:
    """Freeze what is known at each level: verdict, grade and figures. A later correction is a new conclusion.

    Lines of the evaluation plan at these levels whose day has come are done with it. Raises NothingToConclude. Pressed twice with
    nothing changed, the first counts.
    """
    hold(session, project)
    found = of_project(session, project)
    if not found.can_conclude:
        raise NothingToConclude("Nothing is known yet: no reading before and after, and no answers.")
    fresh = [one for one in _conclusions(found, words) if not _is_known(one, found.concluded)]
    for one in fresh:
        one.concluded_at = at
        session.add(one)
    session.flush()
    for one in fresh:
        record(
            session,
            "evaluation.concluded",
            one,
            by=by,
            at=at,
            project=project.id,
            level=one.level,
            verdict=one.verdict,
        )
    _finish_steps(session, project, {one.level for one in fresh}, by=by, at=at)
    return fresh


# Queries


def hypotheses(session: Session, *, before: datetime | None = None) -> list[Concluded]:
    """The last verdict on each project's hypothesis, the newest first; only those concluded `before` a moment where given."""
    query = select(Evaluation).where(Evaluation.level == 4, Evaluation.verdict != "")
    if before is not None:
        query = query.where(Evaluation.concluded_at < before)
    last: dict[int, Evaluation] = {}
    for one in session.scalars(query.order_by(Evaluation.concluded_at, Evaluation.id)):
        if one.figures.get("hypothesis", True):
            last[one.project_id] = one
    held = {one.id: one for one in session.scalars(select(Project).where(Project.id.in_(last)))}
    found = [
        Concluded(held[number], one.verdict, one.grade, one.result, one.concluded_at.date())
        for number, one in last.items()
    ]
    return sorted(found, key=lambda one: (one.on, one.project.id), reverse=True)


def returns(session: Session, *, before: datetime | None = None) -> dict[int, Evaluation]:
    """The last conclusion on each project's return, by project; only those `before` a moment where given."""
    query = select(Evaluation).where(Evaluation.level == 5)
    if before is not None:
        query = query.where(Evaluation.concluded_at < before)
    found = session.scalars(query.order_by(Evaluation.concluded_at, Evaluation.id))
    return {one.project_id: one for one in found}


def hit_rate(session: Session, *, before: datetime | None = None) -> HitRate:
    """How often hypotheses were confirmed, of all that were concluded, with its interval."""
    return rates.hit_rate(one.verdict for one in hypotheses(session, before=before))


def due(session: Session, *, today: date, limit: int = 50) -> list[DueStep]:
    """Lines of evaluation plans that are due and not done, the longest waiting first; of stopped projects none."""
    rows = session.execute(
        select(EvaluationStep, Project)
        .join(Project, EvaluationStep.project_id == Project.id)
        .where(
            EvaluationStep.done_at.is_(None),
            EvaluationStep.due_on <= today,
            Project.stage != Stage.STOPPED,
        )
        .order_by(EvaluationStep.due_on, EvaluationStep.id)
        .limit(limit)
    )
    return [DueStep(step, project) for step, project in rows]


def without_baseline(session: Session) -> list[Project]:
    """Live projects none of whose measures has a reading from before, the newest first."""
    read = (
        select(Measure.project_id)
        .join(Reading, Reading.measure_id == Measure.id)
        .where(Reading.after.is_(False), Measure.project_id.is_not(None))
    )
    live = [stage for stage in Stage if stage not in {Stage.DONE, Stage.STOPPED}]
    query = select(Project).where(Project.stage.in_(live), Project.id.not_in(read))
    return list(session.scalars(query.options(joinedload(Project.goal)).order_by(Project.id.desc())))


def _finish_steps(
    session: Session, project: Project, concluded: set[int], *, by: Person, at: datetime
) -> None:
    for step in evaluating.of(session, project):
        is_due = step.due_on is not None and step.due_on <= at.date()
        if step.done_at is None and is_due and step.level in concluded:
            evaluating.finish(session, project, step, done=True, by=by, at=at)


def _measured(measure: Measure, said: Benefits, loaded: Loaded) -> Measured:
    contribution, confidence = credit(said)
    found = proof.prove(
        measures.values_of(measure),
        higher_is_better=measure.higher_is_better,
        worthwhile_change=measure.worthwhile_change,
        value_per_unit=measure.value_per_unit,
        costs=loaded.total,
        contribution=contribution,
        confidence=confidence,
        family=measure.family,
        by_chance=measure.by_chance,
        for_value=measure.chosen_for_value,
    )
    gain = money.in_money(
        found.change, value_per_unit=measure.value_per_unit, higher_is_better=measure.higher_is_better
    )
    return Measured(measure, found, gain, len(measure.readings), contribution, confidence)


def credit(said: Benefits) -> tuple[float | None, float | None]:
    """How much of the change people credit to the work, and how sure they are, weighted by what each says it was worth."""
    counted = [one.estimate for one in said.lines if not one.not_in_floor and one.estimate.amount > 0]
    amount = sum(one.amount for one in counted)
    credited = sum(one.amount * one.isolation for one in counted)
    if not amount or not credited:
        return None, None
    return credited / amount, sum(one.credited for one in counted) / credited


def _gains(measured: Sequence[Measured]) -> list[Gained]:
    return [
        Gained(one.measure.name, one.in_money, one.proof.grade.grade)
        for one in measured
        if one.in_money is not None
    ]


def _breaks_even(measured: Sequence[Measured], loaded: Loaded) -> list[BreakEven]:
    return [
        BreakEven(one.measure.name, one.measure.unit, loaded.total / one.measure.value_per_unit)
        for one in measured
        if one.measure.value_per_unit and one.measure.value_per_unit > 0 and loaded.total > 0
    ]


def _concluded_of(session: Session, project: Project) -> list[Evaluation]:
    query = select(Evaluation).where(Evaluation.project_id == project.id)
    return list(session.scalars(query.order_by(Evaluation.concluded_at.desc(), Evaluation.level)))


def _conclusions(found: ProjectProof, words: str) -> list[Evaluation]:
    """One line a level: what is known below the result, one for each measure, and what it was worth."""
    number = found.project.id
    made = [
        Evaluation(
            project_id=number,
            level=known.level,
            tier=known.tier,
            result=known.words,
            grade=known.grade,
            verdict="",
            figures={"base": known.base, "words": words},
        )
        for known in found.open_levels.best
        if known.level < 4
    ]
    for place, one in enumerate(found.measured):
        if one.readings:
            made.append(_of_measure(one, number, is_main=place == 0, words=words))
    if found.balance.costs.total > 0:
        made.append(_of_money(found, words))
    return made


def _of_measure(one: Measured, number: int, *, is_main: bool, words: str) -> Evaluation:
    change, proved = one.proof.change, one.proof
    return Evaluation(
        project_id=number,
        measure_id=one.measure.id,
        level=4,
        tier=None if change is None else 8,
        result=proved.verdict.reason,
        grade=proved.grade.grade,
        verdict=proved.verdict.outcome.value,
        figures={
            "measure": one.measure.id,
            "name": one.measure.name,
            "unit": one.measure.unit,
            "change": None if change is None else [change.low, change.likely, change.high],
            "method": "" if change is None else change.method,
            "base": one.readings,
            "reason": proved.grade.reason,
            "worthwhile": one.measure.worthwhile_change,
            "design": proved.design,
            "contribution": one.contribution,
            "confidence": one.confidence,
            "hypothesis": is_main,
            "words": words,
            "formula": proof.FORMULA_VERSION,
        },
    )


def _of_money(found: ProjectProof, words: str) -> Evaluation:
    """What it was worth; the verdict goes by the whole range, so that a middle above zero alone confirms nothing."""
    one = found.balance
    figures: dict[str, Any] = {
        "costs": round(one.costs.total, 2),
        "by_kind": {kind.value: round(amount, 2) for kind, amount in one.costs.by_kind.items()},
        "unpriced_hours": one.costs.unpriced_hours,
        "source": one.source,
        "break_even": [[even.words, even.unit, even.change] for even in one.breaks_even],
        "base": found.benefits.answered
        if one.source == "estimated"
        else sum(each.readings for each in found.measured),
        "words": words,
        "formula": money.FORMULA_VERSION,
    }
    if one.central is not None and one.floor is not None and one.benefit is not None:
        figures |= {
            "benefit_floor": one.benefit_floor,
            "benefit": [one.benefit.low, one.benefit.likely, one.benefit.high],
            "roi_floor": one.floor.roi_percent,
            "roi": one.central.roi_percent,
            "roi_low": one.low.roi_percent if one.low else None,
            "roi_high": one.high.roi_percent if one.high else None,
            "bcr": one.central.benefit_cost_ratio,
            "payback_months": one.central.payback_months,
            "asked": found.benefits.asked,
            "answered": found.benefits.answered,
            "shown": one.source != "estimated" or found.benefits.may_be_shown,
        }
    return Evaluation(
        project_id=found.project.id,
        level=5,
        tier={"measured": 8, "estimated": 3}.get(one.source),
        result=one.reason or (_worth_words(one) if figures.get("shown", True) else KEPT_BACK),
        grade=one.grade if one.source else EvidenceGrade.NONE,
        verdict=_worth_verdict(one),
        figures=figures,
    )


def _worth_verdict(one: Balance) -> str:
    """Without a range nobody knows how far the middle may be off, so that decides nothing."""
    if one.central is None or one.floor is None:
        return ""
    if one.low is None or one.high is None:
        return Outcome.INCONCLUSIVE.value
    if min(one.floor.roi_percent, one.low.roi_percent) >= 0:
        return Outcome.CONFIRMED.value
    return Outcome.REFUTED.value if one.high.roi_percent < 0 else Outcome.INCONCLUSIVE.value


def _worth_words(one: Balance) -> str:
    if one.floor is None or one.central is None:
        return ""
    floor, central = (levels.percent(end.roi_percent) for end in (one.floor, one.central))
    return f"Return in the first year: {floor} at the conservative floor, {central} at the central estimate."


def _is_known(made: Evaluation, concluded: Sequence[Evaluation]) -> bool:
    """Whether the last conclusion of this level and measure says the same already."""
    last = next(
        (one for one in concluded if (one.level, one.measure_id) == (made.level, made.measure_id)), None
    )
    return last is not None and (last.result, last.verdict, last.grade, last.figures) == (
        made.result,
        made.verdict,
        made.grade,
        made.figures,
    )
