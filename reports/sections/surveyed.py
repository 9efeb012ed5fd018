"""What people answered: each survey sent in the period, as distributions with their base. Small groups stay hidden."""

from typing import Any

from sqlalchemy import select

from portfolio import survey_results
from portfolio.models import Project, Survey
from portfolio.rules.distributions import Distribution
from reports import words
from reports.asked import Asked
from reports.tables import Table, table

COLUMNS = (
    ("Survey", "text"), ("Sent", "day"), ("Sent to", "count"), ("Answered", "count"), ("Question", "text"),
    ("Answered this", "count"), ("Answer", "text"), ("People", "count"),
)  # fmt: skip


def answered(it: Asked) -> tuple[list[dict[str, Any]], list[Table]]:
    """Counted by the database, as far as they might be shown when they were known."""
    surveys = _sent(it)
    found = survey_results.results(
        it.session, [survey for survey, _ in surveys], now=it.frames.known_at, before=it.frames.known_at
    )
    made = [_shown(survey, project, found[survey.id]) for survey, project in surveys]
    rows = [
        [
            one["title"],
            one["sent_on"],
            one["sent"],
            one["answered"],
            question["label"],
            question["answered"],
            label,
            count,
        ]
        for one in made
        for question in one["questions"]
        for label, count in question["counts"]
    ]
    note = "Surveys and questions answered by fewer than five people are left out, and answers that wait for more."
    return made, [table("surveys", "What people answered", COLUMNS, rows, note)]


def _sent(it: Asked) -> list[tuple[Survey, str]]:
    query = (
        select(Survey, Project.name)
        .outerjoin(Project, Project.id == Survey.project_id)
        .where(
            Survey.created_at < it.frames.known_at,
            Survey.sent_on >= it.scope.window.first,
            Survey.sent_on <= it.scope.last_day,
        )
        .order_by(Survey.sent_on, Survey.id)
    )
    if not it.frames.is_whole:
        query = query.where(Survey.project_id.in_([int(one) for one in it.frames.projects["id"]]))
    return [(survey, name or "") for survey, name in it.session.execute(query)]


def _shown(survey: Survey, project: str, found: survey_results.Results) -> dict[str, Any]:
    name = survey.name or words.sentence(words.plain(survey.kind))
    return {
        "title": f"{name}: {project}" if project and project not in name else name,
        "sent_on": survey.sent_on.isoformat() if survey.sent_on else None,
        "sent": found.asked,
        "answered": found.answered,
        "hidden": not found.is_shown,
        "why_not": found.why_not,
        "questions": [_question(one) for one in found.questions if one.kind != "text"],
    }


def _question(one: Distribution) -> dict[str, Any]:
    return {
        "label": one.label,
        "answered": one.answered,
        "hidden": one.hidden,
        "said": one.sentence,
        "counts": [[bar.option, bar.people] for bar in one.bars],
    }
