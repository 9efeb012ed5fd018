"""What is known about each project at the five levels, and how far up it reaches."""

from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portfolio import costs, participants, survey_results
from portfolio.looking_back import EVER, CutOff
from portfolio.models import (
    Evaluation,
    EvaluationStep,
    LearningActivity,
    LearningRecord,
    Measure,
    Project,
    Reading,
    SuccessCase,
    Survey,
    WithdrawnReading,
)
from portfolio.rules import money
from portfolio.rules.effect import figure
from portfolio.rules.levels import LEAST_PEOPLE, Evidence, Levels, weigh
from portfolio.rules.proof import Outcome
from portfolio.states import EvidenceGrade

PERCEIVED = 3
"""What somebody says of themselves, where a question doesn't say its tier."""
RECORDS = {
    "attended": (1, 1, "were there"),
    "used": (1, 2, "used it"),
    "completed": (1, 2, "finished it"),
    "passed": (2, 4, "passed"),
}
"""Kinds of learning records: the level and tier each is evidence at, and how it is said."""

Found = tuple[int, Evidence]


def of_project(session: Session, project: Project, *, concluded: bool = True) -> Levels:
    """The best evidence at each level; without what was `concluded` before where asked."""
    return of_projects(session, [project], concluded=concluded, in_words=True)[project.id]


def may_print(one: Evaluation, least: EvidenceGrade) -> bool:
    """Whether what was concluded may be told: a return only from the grade set now on, however it was when it was concluded."""
    return one.figures.get("roi") is None or money.is_enough(one.grade, least)


def verdict_of(one: Evaluation, least: EvidenceGrade) -> str:
    """The verdict that was concluded, as far as it is told; of a return that may as well be a loss that nobody can tell."""
    if not may_print(one, least):
        return ""
    return one.verdict if is_told_apart(one) or not one.verdict else Outcome.INCONCLUSIVE.value


def return_range(one: Evaluation) -> tuple[float, float] | None:
    """The range of a return that was concluded, in percent: from the conservative floor or the low end of the 95 % range, whichever is
    lower, to its high end. None where there is none."""
    floor, low, high = (one.figures.get(name) for name in ("roi_floor", "roi_low", "roi_high"))
    return None if low is None or high is None else (min(low, low if floor is None else floor), high)


def is_told_apart(one: Evaluation) -> bool:
    """Whether a return that was concluded is surely a gain or surely a loss: its whole range lies on one side of zero. Anything
    else that was concluded is as it is."""
    if one.figures.get("roi") is None:
        return True
    ends = return_range(one)
    return ends is not None and not ends[0] < 0 <= ends[1]


def words_of(one: Evaluation, least: EvidenceGrade) -> str:
    """What was concluded, with its range and base, or that it isn't told."""
    if not may_print(one, least):
        return f"Concluded; a return is printed from “{least.value.replace('_', ' ')}” on."
    if one.level == 4:
        return f"{_change_words(one)}{one.result}"
    if one.figures.get("roi") is None or not one.figures.get("shown", True):
        return one.result
    return f"{one.result} {_range_words(one)}"


def percent(value: float) -> str:
    """A return, with three digits that mean something from a thousand on."""
    return f"{round(float(f'{value:.3g}')) if abs(value) >= 1_000 else round(value):,} %".replace("-", "−")


def of_projects(
    session: Session,
    projects: Sequence[Project],
    *,
    concluded: bool = True,
    in_words: bool = False,
    until: CutOff = EVER,
) -> dict[int, Levels]:
    """The best evidence at each level, by project, as known at a cut-off. A fixed number of statements however many there are.

    What was concluded stands over what is open. Groups of fewer than five people are no evidence, nor are questions fewer
    answered. `in_words` tells what most people answered as well, for which all answers are counted.
    """
    ids = [one.id for one in projects]
    held = defaultdict[int, list[Evidence]](list)
    for number, one in (
        *(_concluded(session, ids, until) if concluded else ()),
        *_asked(session, ids, until, in_words=in_words),
        *_there(session, ids, until),
        *_recorded(session, ids, until),
        *_done(session, ids, until),
        *_told(session, ids, until),
        *_read(session, ids, until),
    ):
        held[number].append(one)
    return {number: weigh(held[number]) for number in ids}


def _concluded(session: Session, ids: Sequence[int], until: CutOff) -> Iterator[Found]:
    _, least = costs.rates_known(session, until.known_at if until != EVER else None)
    query = select(Evaluation).where(Evaluation.project_id.in_(ids), Evaluation.concluded_at < until.known_at)
    for one in session.scalars(query.order_by(Evaluation.id)):
        apart = is_told_apart(one)
        verdict = one.verdict if may_print(one, least) else ""
        if verdict and not apart:
            verdict = Outcome.INCONCLUSIVE.value
        tier = one.tier or (8 if one.level == 4 else None)
        if one.level == 4 and one.figures.get("change", True) is None:
            tier = None
        base = int(one.figures.get("base") or 0)
        yield (
            one.project_id,
            Evidence(
                one.level,
                words_of(one, least),
                tier,
                one.grade,
                base,
                verdict,
                one.concluded_at.date(),
                apart,
            ),
        )


def _change_words(one: Evaluation) -> str:
    """The change that was concluded, with its 95 % range and what it rests on; "" where there was none."""
    change, base = one.figures.get("change"), one.figures.get("base")
    if not change:
        return ""
    low, likely, high = (None if end is None else figure(end) for end in change)
    unit = f" {one.figures['unit']}" if one.figures.get("unit") else ""
    ends = f" (95 % range {low} to {high})" if low is not None and high is not None else ", without a range"
    return f"“{one.figures.get('name', '')}” changed by {likely}{unit}{ends}, from {base} readings. "


def _range_words(one: Evaluation) -> str:
    ends = return_range(one)
    if ends is None:
        return "There is no range to say how far that may be off, so it isn’t told apart from zero."
    said = f"Its range is {percent(ends[0])} to {percent(ends[1])}"
    if is_told_apart(one):
        return f"{said}."
    return f"{said}, losses as well as gains: worked out, but not told apart from zero."


def _asked(session: Session, ids: Sequence[int], until: CutOff, *, in_words: bool) -> Iterator[Found]:
    """Surveys that have closed, each at the levels of those questions that enough people answered; `in_words` with what most
    people said."""
    surveys = list(
        session.scalars(
            select(Survey).where(
                Survey.project_id.in_(ids),
                Survey.closed_at < until.known_at,
                Survey.sent_on.is_(None) | (Survey.sent_on <= until.last_day),
            )
        )
    )
    said = _said(session, surveys) if in_words else {}
    enough = survey_results.answered_by_enough(session, surveys, before=until.known_at)
    answered = survey_results.how_many(session, surveys, before=until.known_at)
    for survey in surveys:
        count = answered.get(survey.id, 0)
        if count >= LEAST_PEOPLE and survey.project_id is not None:
            of = f" of {survey.sent_count}" if survey.sent_count >= count else ""
            for level, tier in _tiers(survey, enough).items():
                words = (
                    f"{count}{of} answered “{survey.name or survey.kind}”.{said.get((survey.id, level), '')}"
                )
                yield survey.project_id, Evidence(level, words, tier, base=count)


def _tiers(survey: Survey, enough: Container[tuple[int, str]]) -> dict[int, int]:
    """The levels a survey's questions are about, each with its highest tier; only of questions answered by enough people."""
    found: dict[int, int] = {}
    for question in survey.questions:
        level = question.get("level")
        if level and (survey.id, question["key"]) in enough:
            found[level] = max(found.get(level, 0), question.get("tier") or PERCEIVED)
    return found


def _said(session: Session, surveys: Sequence[Survey]) -> dict[tuple[int, int], str]:
    """What most people answered to the first question of each level that may be shown, by survey and level."""
    found: dict[tuple[int, int], str] = {}
    shown = survey_results.results(session, surveys, now=survey_results.LATE)
    for survey in surveys:
        levels = {question["key"]: question.get("level") for question in survey.questions}
        for one in shown[survey.id].questions:
            place = (survey.id, levels.get(one.key) or 0)
            if one.answered and not one.hidden and place not in found:
                found[place] = f" {one.label} {one.sentence}"
    return found


def _there(session: Session, ids: Sequence[int], until: CutOff) -> Iterator[Found]:
    there = participants.there(session, ids, None if until == EVER else until)
    for project, count in sorted(Counter(project for project, _ in there).items()):
        if count >= LEAST_PEOPLE:
            yield project, Evidence(1, f"{count} people were there", 1, base=count)


def _recorded(session: Session, ids: Sequence[int], until: CutOff) -> Iterator[Found]:
    """What learning systems tell, as people counted once each."""
    rows = session.execute(
        select(
            LearningActivity.project_id,
            LearningRecord.kind,
            func.count(func.distinct(func.coalesce(LearningRecord.pseudonym, LearningRecord.external))),
        )
        .join(LearningActivity, LearningRecord.activity_id == LearningActivity.id)
        .where(
            LearningActivity.project_id.in_(ids),
            LearningRecord.kind.in_(RECORDS),
            LearningRecord.happened_at < until.at,
            LearningRecord.received_at < until.known_at,
            LearningRecord.voided_at.is_(None) | (LearningRecord.voided_at >= until.known_at),
        )
        .group_by(LearningActivity.project_id, LearningRecord.kind)
    )
    for project, kind, count in rows:
        if project is not None and count >= LEAST_PEOPLE:
            level, tier, words = RECORDS[kind]
            yield project, Evidence(level, f"{count} people {words} in a learning system", tier, base=count)


def _done(session: Session, ids: Sequence[int], until: CutOff) -> Iterator[Found]:
    """Lines of the evaluation plan that were done by hand."""
    rows = session.scalars(
        select(EvaluationStep).where(
            EvaluationStep.project_id.in_(ids),
            EvaluationStep.done_at < until.known_at,
            EvaluationStep.template.is_(None),
            EvaluationStep.level < 4,
        )
    )
    for one in rows:
        yield one.project_id, Evidence(one.level, f"Done: {one.what}", one.tier)


def _told(session: Session, ids: Sequence[int], until: CutOff) -> Iterator[Found]:
    worked = func.count().filter(SuccessCase.succeeded.is_(True))
    rows = session.execute(
        select(SuccessCase.project_id, worked, func.count())
        .where(
            SuccessCase.project_id.in_(ids),
            SuccessCase.step == "told",
            SuccessCase.added_at < until.known_at,
            SuccessCase.told_on.is_(None) | (SuccessCase.told_on <= until.last_day),
        )
        .group_by(SuccessCase.project_id)
    )
    for project, good, count in rows:
        cases = "1 case" if count == 1 else f"{count} cases"
        yield project, Evidence(3, f"{cases} told, {good} of success", 7, base=count)


def _read(session: Session, ids: Sequence[int], until: CutOff) -> Iterator[Found]:
    """Measures read on both sides of the work and not concluded yet."""
    sides: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    names: dict[int, tuple[int | None, str]] = {}
    for kept, in_the_books in (
        (Reading, Reading.recorded_at < until.known_at),
        (
            WithdrawnReading,
            (WithdrawnReading.recorded_at < until.known_at)
            & (WithdrawnReading.withdrawn_at >= until.known_at),
        ),
    ):
        rows = session.execute(
            select(Measure.id, Measure.project_id, Measure.name, kept.after, func.count())
            .join(kept, kept.measure_id == Measure.id)
            .where(
                Measure.project_id.in_(ids),
                kept.comparison.is_(False),
                kept.read_on <= until.last_day,
                in_the_books,
            )
            .group_by(Measure.project_id, Measure.id, Measure.name, kept.after)
        )
        for number, project, name, after, count in rows:
            names[number] = (project, name)
            sides[number][after] += count
    for number, (project, name) in sorted(names.items()):
        first, last = sides[number]
        if project is not None and first and last:
            words = f"“{name}” read {first + last} times, {last} of them after; not concluded yet"
            yield project, Evidence(4, words, 8, base=first + last)
