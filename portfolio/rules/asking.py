"""Which question to ask next: one whose answer could change what we do, the widest first.

The order is by how far the likely leverage swings between a low and a high answer. The value-of-information rule of the
judgement issue replaces `best_questions` and nothing else.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from portfolio.rules.ranges import Range
from portfolio.rules.rubric import Rubric
from portfolio.rules.scoring import Need, score
from portfolio.states import Quadrant

OUTCOMES = {
    Quadrant.QUICK_WIN: "a quick win",
    Quadrant.BIG_BET: "worth a big effort",
    Quadrant.FILL_IN: "something for a quiet week",
    Quadrant.MONEY_PIT: "more work than it brings",
}


@dataclass(frozen=True)
class Ask:
    """A question worth asking. `swing` is in impact points per manager hour; `because` says what hangs on the answer."""

    question: str
    because: str
    swing: float


def best_questions(
    need: Need,
    rubric: Rubric,
    open_questions: Collection[str],
    *,
    at_most: int = 3,
    line: float | None = None,
) -> tuple[Ask, ...]:
    """Of the questions still open, those whose answer could change the decision, widest swing first.

    An answer could change the decision when a low one and a high one (the rubric's 10th and 90th percentile of what nobody
    answered) lead to another likely quadrant, or to another side of `line`, the leverage of the last request that
    fits (points per manager hour; None where there is no such line). Two scorings a question.
    """
    found = []
    for question, answered in _ANSWERS.items():
        if question in open_questions and (ends := answered(need, rubric)) is not None:
            low, high = (score(end, rubric) for end in ends)
            crosses = line is not None and (low.leverage.likely < line) != (high.leverage.likely < line)
            if low.quadrant is not high.quadrant or crosses:
                swing = abs(high.leverage.likely - low.leverage.likely)
                found.append(Ask(question, _because(low.quadrant, high.quadrant), round(swing, 4)))
    return tuple(sorted(found, key=lambda ask: -ask.swing)[:at_most])


def _because(low: Quadrant, high: Quadrant) -> str:
    if low is high:
        return "Your answer could bring it into the plan or keep it out."
    return f"Depending on your answer this is {OUTCOMES[low]} or {OUTCOMES[high]}."


Ends = tuple[Need, Need] | None


def _goal(need: Need, rubric: Rubric) -> Ends:
    low, high = _steps(rubric, "goal")
    return None if need.goal is not None else (replace(need, goal=low), replace(need, goal=high))


def _gap(need: Need, rubric: Rubric) -> Ends:
    low, high = _amounts(rubric, "gap")
    return None if need.gap is not None else (replace(need, gap=low), replace(need, gap=high))


def _people(need: Need, rubric: Rubric) -> Ends:
    low, high = (Range.around(count, "C") for count in (rubric.people.low, rubric.people.high))
    return None if need.people is not None else (replace(need, people=low), replace(need, people=high))


def _value(need: Need, rubric: Rubric) -> Ends:
    low, high = _amounts(rubric, "value")
    known = need.value_per_year is not None
    return None if known else (replace(need, value_per_year=low), replace(need, value_per_year=high))


def _waiting(need: Need, rubric: Rubric) -> Ends:
    low, high = _steps(rubric, "waiting")
    known = need.waiting is not None or need.deadline_days is not None
    return None if known else (replace(need, waiting=low), replace(need, waiting=high))


def _risk(need: Need, rubric: Rubric) -> Ends:
    low, high = _steps(rubric, "risk")
    return None if need.risk is not None else (replace(need, risk=low), replace(need, risk=high))


def _cause(question: str) -> Callable[[Need, Rubric], Ends]:
    def answered(need: Need, _rubric: Rubric) -> Ends:
        if need.causes.get(question) in {"yes", "no"}:
            return None
        return (
            replace(need, causes={**need.causes, question: "yes"}),
            replace(need, causes={**need.causes, question: "no"}),
        )

    return answered


def _format(need: Need, rubric: Rubric) -> Ends:
    if need.work_type is not None:
        return None
    by_work = sorted(
        rubric.work_types, key=lambda kind: kind.hours_per_finished_hour * kind.finished_hours.likely
    )
    return replace(need, work_type=by_work[-1].key), replace(need, work_type=by_work[0].key)


def _finished_hours(need: Need, rubric: Rubric) -> Ends:
    kind = rubric.work_type(need.work_type)
    if need.finished_hours is not None or kind is None:
        return None
    long, short = (Range.around(hours, "C") for hours in (kind.finished_hours.high, kind.finished_hours.low))
    return replace(need, finished_hours=long), replace(need, finished_hours=short)


_ANSWERS: dict[str, Callable[[Need, Rubric], Ends]] = {
    "goal": _goal,
    "measure": _gap,
    "audience": _people,
    "value_per_year": _value,
    "waiting": _waiting,
    "risk": _risk,
    "cause_could": _cause("cause_could"),
    "cause_did": _cause("cause_did"),
    "cause_obstacle": _cause("cause_obstacle"),
    "format": _format,
    "finished_hours": _finished_hours,
}
"""For each question, what the need would be with a low and with a high answer; None where it is answered."""


def _steps(rubric: Rubric, criterion: str) -> tuple[int, int]:
    prior = rubric.criterion(criterion).prior
    return round(prior.low), round(prior.high)


def _amounts(rubric: Rubric, criterion: str) -> tuple[Range, Range]:
    """A low and a high amount: a little above the band edges of the prior's 10th and 90th percentile."""
    bands = rubric.criterion(criterion).bands or ()
    low, high = (bands[max(1, min(len(bands), step)) - 1] * 1.5 for step in _steps(rubric, criterion))
    return Range.around(low, "C"), Range.around(high, "C")
