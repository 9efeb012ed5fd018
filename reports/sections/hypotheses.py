"""Were we right? Of the hypotheses that were concluded, how many were confirmed, with the interval of so few cases."""

from typing import Any

from portfolio import proving
from portfolio.rules import hit_rate as rates
from portfolio.rules.proof import Outcome
from portfolio.states import Stage
from reports.asked import Asked
from reports.frames import rows_of
from reports.sections.results import GRADE_WORDS
from reports.tables import Table, table

COLUMNS = (
    ("Project", "text"), ("Hypothesis", "text"), ("Outcome", "text"), ("Evidence", "text"), ("Result", "text"),
    ("Concluded", "day"),
)  # fmt: skip
ORDER = [Outcome.CONFIRMED.value, Outcome.REFUTED.value, Outcome.INCONCLUSIVE.value]


def hit_rate(it: Asked) -> tuple[dict[str, Any], list[Table]]:
    """By the last conclusion known on each project, whenever that was: few would be judged in one period."""
    found = [
        one
        for one in proving.hypotheses(it.session, before=it.frames.known_at)
        if one.project.id in it.frames.facts
    ]
    rate = rates.hit_rate(one.verdict for one in found)
    rows = [
        {
            "project": one.project.name,
            "hypothesis": one.project.hypothesis,
            "outcome": one.verdict,
            "grade": GRADE_WORDS[one.grade],
            "result": one.result,
            "on": one.on.isoformat(),
        }
        for one in sorted(found, key=lambda one: (ORDER.index(one.verdict), one.project.name))
    ]
    made = {
        "hits": rate.confirmed,
        "of": rate.count,
        "low": None if rate.low is None else round(100 * rate.low, 1),
        "high": None if rate.high is None else round(100 * rate.high, 1),
        "refuted": rate.refuted,
        "open": rate.inconclusive,
        "unread": _not_concluded(it, {one.project.id for one in found}),
        "rows": rows,
    }
    note = "Inconclusive ones stay in the base: leaving them out would flatter. Hypotheses as they read now."
    return made, [table("hypotheses", "Hypotheses", COLUMNS, [list(row.values()) for row in rows], note)]


def _not_concluded(it: Asked, concluded: set[int]) -> int:
    """Projects that ended without a word on whether it worked."""
    done = it.frames.projects[it.frames.projects["stage"] == Stage.DONE.value]
    return sum(int(one.id) not in concluded for one in rows_of(done))
