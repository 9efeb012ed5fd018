"""What is asked and read of each kind of solution, so that somebody can say later whether it worked.

The levels are Kirkpatrick's four with Phillips' fifth. When each is due counts from launch, in days.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

LEVELS = (
    (1, "1 Reaction"),
    (2, "2 Learning"),
    (3, "3 Use at work"),
    (4, "4 Result"),
    (5, "5 Worth its cost"),
)
"""Each level, and how it is called."""
TIERS = (
    (1, "1 Attendance"),
    (2, "2 Activity"),
    (3, "3 Learners' views"),
    (4, "4 Knowledge"),
    (5, "5 Decisions"),
    (6, "6 Tasks"),
    (7, "7 Use at work"),
    (8, "8 Effects of use"),
)
"""The tiers of LTEM (Thalheimer): what a result shows at most. The first two never show that anything was learned."""

MANAGER, LEADS, SPONSOR = "manager", "leads", "sponsor"
"""Whom a step falls to, until a name is known."""


@dataclass(frozen=True)
class Step:
    """One line of an evaluation plan. `owner` is a name, or one of the roles above. What the clock does by itself has a survey's
    `template`, or reads the measure."""

    level: int
    what: str
    source: str
    method: str
    days_after: int
    owner: str
    owner_email: str = ""
    tier: int | None = None
    template: str | None = None
    reads_measure: bool = False


_PULSE = Step(
    1, "What can they do now, and what will they do?", "Those who took part", "A survey of a minute at the end", 0, MANAGER,
    tier=3, template="end_of_event",
)  # fmt: skip
_SHOWN = Step(2, "Can they do it?", "Those who took part", "They do it once, a checklist beside it", 0, MANAGER, tier=6)  # fmt: skip
_USED = Step(
    3, "Do they do it at work?", "Those who took part", "A survey of a minute", 30, MANAGER, tier=3, template="learner_30"
)  # fmt: skip
_LASTING = Step(
    3, "Do they still do it?", "Those who took part", "A survey of a minute", 90, MANAGER, tier=3, template="learner_90"
)  # fmt: skip
_SEEN = Step(3, "Do their leads see it done?", "Their leads", "A survey of a minute", 60, LEADS, tier=7, template="lead_60")  # fmt: skip
_OPENED = Step(3, "Is it used where the work is done?", "Those it is for", "Look over the shoulder of three", 14, MANAGER, tier=7)  # fmt: skip
_WORTH = Step(5, "Was it worth its cost?", "The measure and the hours booked", "Gain less all costs, with its range", 180, MANAGER, tier=8)  # fmt: skip


def _moved(days: int) -> Step:
    return Step(
        4, "Did the measure move?", "Where it was read before", "Read it, compare with before", days, SPONSOR, tier=8, reads_measure=True
    )  # fmt: skip


FIRST: dict[str, tuple[Step, ...]] = {
    "job_aid": (_OPENED, _moved(30)),
    "peer_session": (_PULSE, _USED, _moved(60)),
    "workshop": (_PULSE, _SHOWN, _USED, _SEEN, _moved(90)),
    "live_virtual": (_PULSE, _SHOWN, _USED, _moved(90)),
    "elearning": (_PULSE, _SHOWN, _USED, _moved(90)),
    "path": (_PULSE, _SHOWN, _USED, _SEEN, _LASTING, _moved(120), _WORTH),
}
"""The first steps by kind of solution: the lighter the solution, the fewer the questions."""


def steps_for(
    solution_type: str, *, measure: str, owners: dict[str, str], emails: dict[str, str] | None = None
) -> tuple[Step, ...]:
    """The plan to begin with: it names the measure, and the people where they are known."""
    return tuple(
        replace(
            step,
            what=f"Did “{measure}” move?"[:200] if step.reads_measure and measure else step.what,
            owner=owners.get(step.owner) or f"The {step.owner}",
            owner_email=(emails or {}).get(step.owner, ""),
        )
        for step in FIRST.get(solution_type, FIRST["workshop"])
    )


def due_on(days_after: int | None, launched_on: date | None) -> date | None:
    """The day a step is due, once it is known when people began to use it."""
    if days_after is None or launched_on is None:
        return None
    return launched_on + timedelta(days=days_after)


def stop_rule(measure: str, worthwhile: str, on: date | None) -> str:
    """A first sentence for when to stop, from what is known."""
    when = f"by {on.day} {on:%B %Y}" if on else "after the pilot"
    moved = f"“{measure}” has" if measure else "the measure has"
    much = f"at least {worthwhile}" if worthwhile else "enough to be worth it"
    return f"Stop if, {when}, {moved} not moved by {much} in the pilot group."[:300]
