"""One to three stories: the strongest results, and success cases as people told them. Nobody is named who didn't agree."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from portfolio.models import Project, SuccessCase
from portfolio.states import EvidenceGrade
from reports import words
from reports.asked import Asked
from reports.sections.results import measured
from reports.tables import Table, table

MOST_RESULTS = 3
MOST_CASES = 3
TOLD = "told"
TOLD_WITHIN = timedelta(days=366)
COLUMNS = (
    ("Story", "text"), ("Project", "text"), ("What happened", "text"), ("Shown by", "text"), ("Evidence", "text"),
    ("Said by", "text"),
)  # fmt: skip


def told(it: Asked) -> tuple[dict[str, Any], list[Table]]:
    """The three results of the period with the strongest evidence, and the three latest success cases of the year before."""
    results = [one for one in measured(it)[0] if one["grade"] != EvidenceGrade.NONE.value][:MOST_RESULTS]
    cases = _cases(it)
    rows = [
        ["Result", one["project"], one["said"], one["why"], one["grade_words"], ""] for one in results
    ] + [["Success case", one["project"], one["result"], one["evidence"], "", one["by"]] for one in cases]
    return {"results": results, "cases": cases}, [
        table("stories", "Stories", COLUMNS, rows, "Names and words only of those who agreed to be quoted.")
    ]


def _cases(it: Asked) -> list[dict[str, Any]]:
    """Cases told through all five steps. A quotation and a name only with consent; without it the role."""
    query = (
        select(SuccessCase, Project.name)
        .join(Project, Project.id == SuccessCase.project_id)
        .where(
            SuccessCase.step == TOLD,
            SuccessCase.succeeded,
            SuccessCase.told_on <= it.scope.last_day,
            SuccessCase.added_at < it.frames.known_at,
            SuccessCase.told_on > it.scope.last_day - TOLD_WITHIN,
        )
        .order_by(SuccessCase.told_on.desc(), SuccessCase.id.desc())
    )
    if not it.frames.is_whole:
        query = query.where(SuccessCase.project_id.in_([int(one) for one in it.frames.projects["id"]]))
    return [_case(one, project) for one, project in it.session.execute(query.limit(MOST_CASES))]


def _case(one: SuccessCase, project: str) -> dict[str, Any]:
    role = one.role.strip() or "somebody who took part"
    by = ", ".join(part for part in (one.who.strip(), one.role.strip()) if part) if one.may_quote else role
    return {
        "project": project,
        "used": one.used.strip(),
        "result": one.result.strip(),
        "evidence": one.evidence.strip(),
        "helped": one.helped.strip(),
        "quote": one.quote.strip() if one.may_quote else "",
        "by": words.sentence(by or role),
        "told_on": one.told_on.isoformat() if one.told_on else None,
    }
