"""What is known of a request, in the quantities the score reckons with."""

from dataclasses import dataclass, field
from datetime import date

from portfolio.rules.ranges import Range


@dataclass(frozen=True)
class Need:
    """What is known of a request. None means nobody said: the rubric's prior is used, and the range is wide.

    `goal`, `waiting` and `risk` are steps 0..5; `gap` a share of the value wanted; `people` a head count; `value_per_year`
    money; hours are hours; `causes` maps cause questions to yes/no/unsure; `deadline_days` counts from the scoring day.
    """

    goal: int | None = None
    gap: Range | None = None
    people: Range | None = None
    value_per_year: Range | None = None
    waiting: int | None = None
    risk: int | None = None
    deadline_days: int | None = None
    deadline_has_reason: bool = False
    causes: dict[str, str] = field(default_factory=dict)
    work_type: str | None = None
    finished_hours: Range | None = None
    expert_hours: Range | None = None
    new_share: Range | None = None


def deadline_step(days: int, *, has_reason: bool) -> int:
    """How much waiting costs (0..5), read off how near the deadline is; a date without a reason counts one less."""
    step = sum(days <= edge for edge in (365, 183, 92, 31))
    return max(0, 1 + step - (0 if has_reason else 1))


def gap_of(today: float | None, wanted: float | None) -> float | None:
    """The gap as a share of the larger of the two values, 0..1. None where either is unknown or both are zero."""
    if today is None or wanted is None or today == wanted == 0:
        return None
    return min(1.0, abs(wanted - today) / max(abs(wanted), abs(today)))


def days_until(deadline: date | None, today: date) -> int | None:
    """Days left until a deadline; a past one counts as today."""
    return None if deadline is None else max(0, (deadline - today).days)
