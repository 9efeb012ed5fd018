"""How far each piece of work was followed, by Kirkpatrick's levels with Phillips' fifth, and the LTEM tier it reached."""

from collections import defaultdict
from typing import Any

from sqlalchemy import select

from portfolio.models import EvaluationStep
from portfolio.rules.evaluating import LEVELS
from portfolio.states import Stage
from reports import words
from reports.asked import Asked
from reports.frames import rows_of
from reports.tables import Table, table

DONE, DUE, LATE, NONE = "done", "due", "overdue", "none"
COLUMNS = (("Project", "text"), *((name, "text") for _, name in LEVELS), ("LTEM tier", "count"))


def followed(it: Asked) -> tuple[dict[str, Any], list[Table]]:
    """Projects under way or ended in the period. Evaluations are as of the cut-off, what is still due as of today's plan."""
    shown = it.in_view
    shown = shown[shown["stage"] != Stage.STOPPED.value]
    steps, tiers = _steps(it)
    for one in rows_of(it.frames.evaluations):
        steps[int(one.project)][int(one.level)] = (DONE, it.scope.day_of(one.concluded_at).isoformat())
        tiers[int(one.project)] = max(tiers[int(one.project)], int(one.tier or 0))
    rows = [
        {
            "project": project.name,
            "levels": [_cell(steps[int(project.id)].get(level)) for level, _ in LEVELS],
            "tier": tiers[int(project.id)] or None,
        }
        for project in rows_of(shown)
    ]
    made = {
        "names": [name for _, name in LEVELS],
        "rows": rows,
        "reached": [
            sum(row["levels"][place]["state"] == DONE for row in rows) for place in range(len(LEVELS))
        ],
    }
    lines = [[row["project"], *(cell["words"] for cell in row["levels"]), row["tier"]] for row in rows]
    note = "Steps of evaluation plans as of the day this was built."
    return made, [table("levels", "How far work was followed", COLUMNS, lines, note)]


def _steps(it: Asked) -> tuple[dict[int, dict[int, tuple[str, str]]], dict[int, int]]:
    """By project and level: the last step done, else the first one due."""
    rows = it.session.execute(
        select(
            EvaluationStep.project_id,
            EvaluationStep.level,
            EvaluationStep.done_at,
            EvaluationStep.due_on,
            EvaluationStep.tier,
        ).order_by(
            EvaluationStep.project_id, EvaluationStep.level, EvaluationStep.position, EvaluationStep.id
        )
    )
    found: dict[int, dict[int, tuple[str, str]]] = defaultdict(dict)
    tiers: dict[int, int] = defaultdict(int)
    for project, level, done_at, due_on, tier in rows:
        before = found[project].get(level)
        if done_at is not None and done_at < it.scope.cut_off:
            found[project][level] = (DONE, it.scope.day_of(done_at).isoformat())
            tiers[project] = max(tiers[project], tier or 0)
        elif before is None or (before[0] == DUE and not before[1] and due_on is not None):
            state = LATE if due_on is not None and due_on < it.scope.last_day else DUE
            found[project][level] = (state, due_on.isoformat() if due_on else "")
    return found, tiers


def _cell(said: tuple[str, str] | None) -> dict[str, str]:
    if said is None:
        return {"state": NONE, "words": "–"}
    state, on = said
    when = words.short_day(on) if on else "after launch"
    return {"state": state, "words": f"{state} {when}" if on else when}
