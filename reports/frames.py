"""History to tidy DataFrames: the only step from SQL to pandas. Nothing that happened at or after the cut-off is read.

States are replayed from the events, so a report over a past period doesn't see what came later. What has no history is
read as it stands: names, goals' targets and values to date, estimates, hours saved, costs. A fixed number of queries.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from portfolio.models import (
    Answer,
    Card,
    Column,
    Cost,
    Evaluation,
    Event,
    Goal,
    Iteration,
    LearningRequest,
    Measure,
    Project,
    Reading,
    Response,
    Survey,
)
from portfolio.states import LIVE_STAGES, ColumnKind, RequestStatus, Stage

Rows = Sequence[Any]


@dataclass(frozen=True)
class Frames:
    """All a report is made from, as of one cut-off. One row is one thing named by the frame.

    requests: id, title, goal, source, source_name, is_need, submitted_at, status, first_decided_at, verdict,
      reason, decided_at (of the last verdict), withdrawn_at
    projects: id, name, goal, solution_type, people, estimate_hours, hours_saved, costs, stage, started_at, ended_at
    cards: id, project, hours, added_at, started_at, done_at
    iterations: id, goal, starts_on, ends_on, closed_at, capacity_hours, committed, done, hours_done
    goals: id, name, measure, owner, weight, target, year_to_date, unit
    measures: id, project, name, unit, higher_is_better, worthwhile_change, value_per_unit
    readings: measure, value, read_on, after, comparison · evaluations: project, level, grade, figures, concluded_at
    surveys: id, project, kind, questions, sent_on, sent_count · responses: survey, answers
    """

    requests: pd.DataFrame
    projects: pd.DataFrame
    cards: pd.DataFrame
    iterations: pd.DataFrame
    goals: pd.DataFrame
    measures: pd.DataFrame
    readings: pd.DataFrame
    evaluations: pd.DataFrame
    surveys: pd.DataFrame
    responses: pd.DataFrame


def read(session: Session, *, cut_off: datetime, last_day: date) -> Frames:
    """Everything before `cut_off`; what only has a day counts up to and including `last_day`."""
    return Frames(
        requests=requests(session, cut_off),
        projects=projects(session, cut_off, last_day),
        cards=cards(session, cut_off),
        iterations=iterations(session, cut_off),
        goals=goals(session, cut_off),
        measures=measures(session, cut_off),
        readings=readings(session, cut_off, last_day),
        evaluations=evaluations(session, cut_off),
        surveys=surveys(session, cut_off, last_day),
        responses=responses(session, cut_off),
    )


def requests(session: Session, cut_off: datetime) -> pd.DataFrame:
    """Requests submitted before the cut-off, with the state and the decisions they had then."""
    needs = select(Answer.learning_request_id).where(Answer.question == "demand").scalar_subquery()
    rows = session.execute(
        select(
            Event.subject_id,
            Event.at,
            LearningRequest.title,
            LearningRequest.goal_id,
            LearningRequest.source,
            LearningRequest.source_name,
            LearningRequest.id.in_(needs),
        )
        .join(LearningRequest, LearningRequest.id == Event.subject_id)
        .where(Event.action == "learning_request.submitted", Event.at < cut_off)
        .order_by(Event.subject_id)
    ).all()
    found = {
        id_: {
            "id": id_,
            "title": title,
            "goal": goal,
            "source": source,
            "source_name": source_name or "",
            "is_need": bool(is_need),
            "submitted_at": at,
            "status": RequestStatus.SUBMITTED.value,
            "first_decided_at": None,
            "verdict": "",
            "reason": "",
            "decided_at": None,
            "withdrawn_at": None,
        }
        for id_, at, title, goal, source, source_name, is_need in rows
    }
    moves = _request_moves(session, cut_off)
    undone = {one.undone for one in moves if one.undone is not None}
    for id_, at, to, verdict, reason, decision, _ in moves:
        if (request := found.get(id_)) is None:
            continue
        request["status"] = to
        request["withdrawn_at"] = at if to == RequestStatus.WITHDRAWN.value else None
        if verdict and (decision is None or decision not in undone):
            request["first_decided_at"] = request["first_decided_at"] or at
            request.update(verdict=verdict, reason=reason or "", decided_at=at)
    return _frame(
        found.values(),
        "id title goal source source_name is_need submitted_at status first_decided_at verdict reason decided_at withdrawn_at",
        moments=("submitted_at", "first_decided_at", "decided_at", "withdrawn_at"),
    )


def projects(session: Session, cut_off: datetime, last_day: date) -> pd.DataFrame:
    """Projects started before the cut-off, with the stage they had then and the costs recorded by that day."""
    spent = _pairs(
        session,
        select(Cost.project_id, func.sum(Cost.amount))
        .where(Cost.spent_on <= last_day)
        .group_by(Cost.project_id),
    )
    found: dict[int, dict[str, Any]] = {}
    for event, project, to in session.execute(
        select(Event, Project, Event.details["to"].as_string())
        .join(Project, Project.id == Event.subject_id)
        .where(Event.action.in_(("project.started", "project.moved")), Event.at < cut_off)
        .order_by(Event.at, Event.id)
    ):
        if event.action == "project.started":
            found[project.id] = _started(project, event.at, spent.get(project.id, 0.0))
        elif project.id in found:
            is_over = to not in {stage.value for stage in LIVE_STAGES}
            found[project.id].update(stage=to, ended_at=event.at if is_over else None)
    return _frame(
        (found[id_] for id_ in sorted(found)),
        "id name goal solution_type people estimate_hours hours_saved costs stage started_at ended_at",
        moments=("started_at", "ended_at"),
    )


def cards(session: Session, cut_off: datetime) -> pd.DataFrame:
    """Cards added before the cut-off: when they were added, first worked on and, if they were done then, finished.

    A card put straight into a finished column was never seen being worked on: it counts as finished, without a start.
    """
    kinds = _pairs(session, select(Column.id, Column.kind))
    found: dict[int, dict[str, Any]] = {}
    for id_, at, action, kind, column, project, estimate, actual in _card_events(session, cut_off):
        stands = kind
        if action == "card.added":
            stands = kinds.get(column, ColumnKind.TO_DO).value
            found[id_] = {
                "id": id_,
                "project": project,
                "hours": actual if actual is not None else estimate,
                "added_at": at,
                "started_at": None,
                "done_at": None,
            }
        card = found.get(id_)
        if card is None:
            continue
        if stands == ColumnKind.DOING.value:
            card["started_at"] = card["started_at"] or at
        card["done_at"] = (card["done_at"] or at) if stands == ColumnKind.DONE.value else None
    return _frame(
        (found[id_] for id_ in sorted(found)),
        "id project hours added_at started_at done_at",
        moments=("added_at", "started_at", "done_at"),
    )


def iterations(session: Session, cut_off: datetime) -> pd.DataFrame:
    """Iterations closed before the cut-off, with the facts they were closed with."""
    rows = session.execute(
        select(Iteration)
        .join(Event, and_(Event.subject_id == Iteration.id, Event.subject_type == Iteration.__tablename__))
        .where(Event.action == "iteration.closed", Event.at < cut_off)
        .order_by(Iteration.id)
    ).scalars()
    return _frame(
        (
            {
                "id": one.id,
                "goal": one.goal,
                "starts_on": one.starts_on,
                "ends_on": one.ends_on,
                "closed_at": one.closed_at,
                "capacity_hours": float(facts.get("capacity_hours") or 0),
                "committed": len(facts.get("committed") or ()),
                "done": len(facts.get("done") or ()),
                "hours_done": float(facts.get("hours_done") or 0),
            }
            for one in rows
            for facts in [one.record or {}]
        ),
        "id goal starts_on ends_on closed_at capacity_hours committed done hours_done",
        moments=("closed_at",),
    )


def goals(session: Session, cut_off: datetime) -> pd.DataFrame:
    """Goals in force at the cut-off, weightiest first."""
    names = "id name measure owner weight target year_to_date unit"
    rows = session.execute(
        select(*(getattr(Goal, name) for name in names.split()))
        .where(Goal.created_at < cut_off, Goal.retired_at.is_(None) | (Goal.retired_at >= cut_off))
        .order_by(Goal.weight.desc(), Goal.id)
    ).all()
    return _tabled(rows, names)


def measures(session: Session, cut_off: datetime) -> pd.DataFrame:
    """Measures stated before the cut-off."""
    rows = session.execute(
        select(
            Measure.id,
            Measure.project_id,
            Measure.name,
            Measure.unit,
            Measure.higher_is_better,
            Measure.worthwhile_change,
            Measure.value_per_unit,
        )
        .where(Measure.created_at < cut_off)
        .order_by(Measure.id)
    ).all()
    return _tabled(rows, "id project name unit higher_is_better worthwhile_change value_per_unit")


def readings(session: Session, cut_off: datetime, last_day: date) -> pd.DataFrame:
    """Readings recorded before the cut-off."""
    rows = session.execute(
        select(Reading.measure_id, Reading.value, Reading.read_on, Reading.after, Reading.comparison)
        .where(Reading.recorded_at < cut_off, Reading.read_on <= last_day)
        .order_by(Reading.measure_id, Reading.read_on, Reading.id)
    ).all()
    return _tabled(rows, "measure value read_on after comparison")


def evaluations(session: Session, cut_off: datetime) -> pd.DataFrame:
    """Evaluations concluded before the cut-off."""
    rows = session.execute(
        select(
            Evaluation.project_id,
            Evaluation.level,
            Evaluation.grade,
            Evaluation.figures,
            Evaluation.concluded_at,
        )
        .where(Evaluation.concluded_at < cut_off)
        .order_by(Evaluation.concluded_at, Evaluation.id)
    ).all()
    return _tabled(rows, "project level grade figures concluded_at")


def surveys(session: Session, cut_off: datetime, last_day: date) -> pd.DataFrame:
    """Surveys sent by the last day."""
    rows = session.execute(
        select(Survey.id, Survey.project_id, Survey.kind, Survey.questions, Survey.sent_on, Survey.sent_count)
        .where(Survey.created_at < cut_off, Survey.sent_on <= last_day)
        .order_by(Survey.sent_on, Survey.id)
    ).all()
    return _tabled(rows, "id project kind questions sent_on sent_count")


def responses(session: Session, cut_off: datetime) -> pd.DataFrame:
    """Answers to surveys given before the cut-off."""
    rows = session.execute(
        select(Response.survey_id, Response.answers)
        .where(Response.answered_at < cut_off)
        .order_by(Response.survey_id, Response.id)
    ).all()
    return _tabled(rows, "survey answers")


def rows_of(frame: pd.DataFrame) -> Iterable[Any]:
    """A frame's rows with their columns by name."""
    return frame.itertuples(index=False)


def moments(column: pd.Series[Any]) -> list[datetime | None]:
    """A column of moments as the rules take it."""
    return [None if pd.isna(moment) else moment.to_pydatetime() for moment in column]


def _request_moves(session: Session, cut_off: datetime) -> Rows:
    return session.execute(
        select(
            Event.subject_id,
            Event.at,
            Event.details["to"].as_string(),
            Event.details["verdict"].as_string(),
            Event.details["reason"].as_string(),
            Event.details["decision"].as_integer(),
            Event.details["undone"].as_integer().label("undone"),
        )
        .where(Event.action == "learning_request.moved", Event.at < cut_off)
        .order_by(Event.at, Event.id)
    ).all()


def _card_events(session: Session, cut_off: datetime) -> Rows:
    return session.execute(
        select(
            Event.subject_id,
            Event.at,
            Event.action,
            Event.details["kind"].as_string(),
            Event.details["column"].as_integer(),
            Card.project_id,
            Card.estimate_hours,
            Card.actual_hours,
        )
        .join(Card, Card.id == Event.subject_id)
        .where(Event.action.in_(("card.added", "card.moved")), Event.at < cut_off)
        .order_by(Event.at, Event.id)
    ).all()


def _started(project: Project, at: datetime, costs: float) -> dict[str, Any]:
    return {
        "id": project.id,
        "name": project.name,
        "goal": project.goal_id,
        "solution_type": project.solution_type,
        "people": project.people_count,
        "estimate_hours": project.estimate_hours,
        "hours_saved": project.hours_saved,
        "costs": costs,
        "stage": Stage.DISCOVER.value,
        "started_at": at,
        "ended_at": None,
    }


def _pairs(session: Session, query: Select[*tuple[Any, ...]]) -> dict[int, Any]:
    return {row[0]: row[1] for row in session.execute(query)}


def _tabled(rows: Rows, names: str) -> pd.DataFrame:
    return _frame((dict(zip(names.split(), row, strict=True)) for row in rows), names)


def _frame(rows: Iterable[dict[str, Any]], names: str, moments: tuple[str, ...] = ()) -> pd.DataFrame:
    """A frame that has its columns also when it has no rows; numbers that may be missing stay objects."""
    frame = pd.DataFrame(list(rows), columns=names.split(), dtype=object)
    for name in moments:
        frame[name] = pd.to_datetime(frame[name], utc=True)
    return frame
