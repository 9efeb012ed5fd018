"""Were we right? Of the hypotheses that could be judged, how many were confirmed, with the interval of so few cases."""

from typing import Any

from portfolio.rules.calibration import wilson
from portfolio.rules.proof import Outcome
from reports import words
from reports.asked import Asked
from reports.frames import rows_of
from reports.sections.results import GRADE_WORDS
from reports.tables import Table, table

COLUMNS = (
    ("Project", "text"), ("Hypothesis", "text"), ("Measure", "text"), ("Outcome", "text"), ("Evidence", "text"),
    ("Last read", "day"),
)  # fmt: skip
ORDER = [Outcome.CONFIRMED.value, Outcome.REFUTED.value, Outcome.INCONCLUSIVE.value]


def hit_rate(it: Asked) -> tuple[dict[str, Any], list[Table]]:
    """By each project's first measure that was read after the work; without a date, as a hypothesis is judged when it can be."""
    judged: dict[int, dict[str, Any]] = {}
    for one in it.proofs:
        after = [value.on for value in one.values if value.after and not value.comparison]
        if one.project is None or one.project.id in judged or not after:
            continue
        facts = it.frames.facts.get(int(one.project.id))
        judged[one.project.id] = {
            "project": one.project.name,
            "hypothesis": facts.hypothesis if facts is not None else "",
            "measure": one.measure.name,
            "outcome": one.proof.verdict.outcome.value,
            "grade": GRADE_WORDS[one.proof.grade.grade],
            "last_on": max(after).isoformat(),
        }
    rows = sorted(judged.values(), key=lambda row: (ORDER.index(row["outcome"]), row["project"]))
    counts = {outcome: sum(row["outcome"] == outcome for row in rows) for outcome in ORDER}
    hits, of = (
        counts[Outcome.CONFIRMED.value],
        counts[Outcome.CONFIRMED.value] + counts[Outcome.REFUTED.value],
    )
    low, high = wilson(hits, of)
    made = {
        "hits": hits,
        "of": of,
        "low": round(100 * low, 1) if of else None,
        "high": round(100 * high, 1) if of else None,
        "open": counts[Outcome.INCONCLUSIVE.value],
        "unread": _unread(it, set(judged)),
        "rows": rows,
    }
    keys = ("project", "hypothesis", "measure", "outcome", "grade", "last_on")
    note = f"Inconclusive ones ({words.number(made['open'])}) count neither way. Hypotheses as they read now."
    return made, [
        table("hypotheses", "Hypotheses", COLUMNS, [[row[key] for key in keys] for row in rows], note)
    ]


def _unread(it: Asked, judged: set[int]) -> int:
    """Projects that ended without any measure read afterwards."""
    every = it.frames.projects
    return sum(int(one.id) not in judged for one in rows_of(every[every["stage"] == "done"]))
