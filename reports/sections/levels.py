"""How far each piece of work was followed, by Kirkpatrick's levels with Phillips' fifth, and the LTEM tier it reached."""

from collections import defaultdict
from typing import Any

from sqlalchemy import select

from portfolio import levels
from portfolio.models import EvaluationStep, Project
from portfolio.rules.levels import LEVEL_NAMES, Evidence
from portfolio.states import Stage
from reports import words
from reports.asked import Asked
from reports.frames import rows_of
from reports.tables import Table, table

DONE, DUE, LATE, NONE = "done", "due", "overdue", "none"
COLUMNS = (
    ("Project", "text"), *((f"{level} {name}", "text") for level, name in LEVEL_NAMES.items()), ("LTEM tier", "count"),
    ("Caution", "text"),
)  # fmt: skip


def followed(it: Asked) -> tuple[dict[str, Any], list[Table]]:
    """Projects under way or ended in the period: the best evidence at each level, else when it is due by the plan."""
    shown = it.in_view[it.in_view["stage"] != Stage.STOPPED.value]
    numbers = [int(one) for one in shown["id"]]
    projects = list(it.session.scalars(select(Project).where(Project.id.in_(numbers)).order_by(Project.id)))
    known = levels.of_projects(it.session, projects, until=it.frames.until)
    steps = _steps(it)
    rows = [
        {
            "project": project.name,
            "levels": [
                _known(evidence)
                if (evidence := known[int(project.id)].at(level))
                else _due(steps[int(project.id)].get(level))
                for level in LEVEL_NAMES
            ],
            "tier": known[int(project.id)].highest_tier,
            "caution": known[int(project.id)].caution,
        }
        for project in rows_of(shown)
    ]
    made = {
        "names": [f"{level} {name}" for level, name in LEVEL_NAMES.items()],
        "rows": rows,
        "reached": [
            sum(cell["state"] == DONE and not cell["open"] for cell in cells)
            for cells in zip(*(row["levels"] for row in rows), strict=True)
        ]
        or [0] * len(LEVEL_NAMES),
    }
    lines = [
        [
            row["project"],
            *(cell["told"] or cell["words"] for cell in row["levels"]),
            row["tier"],
            row["caution"],
        ]
        for row in rows
    ]
    note = (
        "Evaluation plans as of the day this was built. LTEM tiers 1 and 2 never show that something worked."
    )
    return made, [table("levels", "How far work was followed", COLUMNS, lines, note)]


def _steps(it: Asked) -> dict[int, dict[int, tuple[str, str]]]:
    """By project and level: the first step that is still due, and whether its day has passed."""
    rows = it.session.execute(
        select(EvaluationStep.project_id, EvaluationStep.level, EvaluationStep.due_on)
        .where(EvaluationStep.done_at.is_(None) | (EvaluationStep.done_at >= it.scope.cut_off))
        .order_by(
            EvaluationStep.project_id,
            EvaluationStep.due_on.is_(None),
            EvaluationStep.due_on,
            EvaluationStep.id,
        )
    )
    found: dict[int, dict[int, tuple[str, str]]] = defaultdict(dict)
    for project, level, due_on in rows:
        state = LATE if due_on is not None and due_on < it.scope.last_day else DUE
        found[project].setdefault(level, (state, due_on.isoformat() if due_on else ""))
    return found


def _known(evidence: Evidence) -> dict[str, Any]:
    """In few words for the grid, and as it is told in full for the table. `open`: worked out, and not told apart from zero."""
    if evidence.concluded_on:
        said = f"{evidence.verdict or 'concluded'} {words.short_day(evidence.concluded_on.isoformat())}"
    else:
        said = f"n = {words.number(evidence.base)}" if evidence.base else "done"
    return {"state": DONE, "words": said, "told": evidence.words, "open": not evidence.is_told_apart}


def _due(said: tuple[str, str] | None) -> dict[str, Any]:
    if said is None:
        return {"state": NONE, "words": "–", "told": "", "open": False}
    state, on = said
    return {
        "state": state,
        "words": f"{state} {words.short_day(on)}" if on else "after launch",
        "told": "",
        "open": False,
    }
