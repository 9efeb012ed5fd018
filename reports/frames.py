"""History to tidy DataFrames: the only step from SQL to pandas. Nothing that happened at or after the cut-off is read.

States are replayed from the events, so a report over a past period doesn't see what came later. What has no history is
read as it stands: names, goals' targets and values to date, estimates, hours saved, costs. A fixed number of queries.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

import pandas as pd
from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from portfolio import measures as kept_measures
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
    Promise,
    Reading,
)
from portfolio.rules.proof import Value
from portfolio.states import LIVE_STAGES, ColumnKind, RequestStatus, Stage
from reports.scope import Window

Rows = Sequence[Any]


@dataclass(frozen=True)
class About:
    """What a report is about: a goal, a project, or with neither everything."""

    goal: int | None = None
    project: int | None = None


EVERYTHING = About()


class Frames:
    """All a report is made from, as of one cut-off, each frame read when it is first asked for. One row is one thing named by
    the frame. What only has a day counts up to and including `last_day`.

    requests: id, title, goal, source, source_name, is_need, submitted_at, status, first_decided_at, verdict,
      reason, decided_at (of the last verdict), withdrawn_at
    projects: id, name, goal, request, solution_type, people, estimate_hours, hours_saved, costs, stage, started_at, ended_at
    cards: id, project, hours, added_at, started_at, done_at
    iterations: id, goal, starts_on, ends_on, closed_at, capacity_hours, committed, done, hours_done
    goals: id, name, measure, owner, weight, target, year_to_date, unit, ends_on
    measures: id, project, name, unit, higher_is_better, worthwhile_change, value_per_unit, family, by_chance, baseline
    readings: measure, value, read_on, after, comparison, subject, traits, exposure
    evaluations: project, level, tier, grade, verdict, figures, concluded_at
    facts: what of a project has no history, by its id · promises: the dates told about each project, by its id
    """

    def __init__(
        self,
        session: Session,
        *,
        cut_off: datetime,
        last_day: date,
        about: About = EVERYTHING,
        known_at: datetime | None = None,
    ) -> None:
        self.session = session
        self.cut_off = cut_off
        self.known_at = known_at
        self.last_day = last_day
        self.about = about

    @cached_property
    def requests(self) -> pd.DataFrame:
        found = requests(self.session, self.cut_off)
        if self.about.goal is not None:
            return _only(found, found["goal"] == self.about.goal)
        if self.about.project is not None:
            return _only(found, found["id"].isin(self.projects["request"].dropna()))
        return found

    @cached_property
    def projects(self) -> pd.DataFrame:
        found = projects(self.session, self.cut_off, self.last_day)
        if self.about.goal is not None:
            return _only(found, found["goal"] == self.about.goal)
        if self.about.project is not None:
            return _only(found, found["id"] == self.about.project)
        return found

    @cached_property
    def cards(self) -> pd.DataFrame:
        return self._of_projects(cards(self.session, self.cut_off))

    @cached_property
    def iterations(self) -> pd.DataFrame:
        return iterations(self.session, self.cut_off)

    @cached_property
    def goals(self) -> pd.DataFrame:
        found = goals(self.session, self.cut_off)
        if self.about.goal is not None:
            return _only(found, found["id"] == self.about.goal)
        if self.about.project is not None:
            return _only(found, found["id"].isin(self.projects["goal"].dropna()))
        return found

    @cached_property
    def measures(self) -> pd.DataFrame:
        return self._of_projects(measures(self.session, self.known_at or self.cut_off))

    @cached_property
    def readings(self) -> dict[int, list[Value]]:
        return readings(self.session, self.known_at or self.cut_off, self.last_day)

    @cached_property
    def evaluations(self) -> pd.DataFrame:
        return self._of_projects(evaluations(self.session, self.cut_off))

    @cached_property
    def facts(self) -> dict[int, Any]:
        return {one.id: one for one in facts(self.session, [int(one) for one in self.projects["id"]])}

    @cached_property
    def promises(self) -> dict[int, list[Any]]:
        known = {int(one) for one in self.projects["id"]}
        found: dict[int, list[Any]] = {}
        for one in promises(self.session, self.cut_off):
            if one.project in known:
                found.setdefault(one.project, []).append(one)
        return found

    @property
    def is_whole(self) -> bool:
        return self.about == EVERYTHING

    def _of_projects(self, found: pd.DataFrame) -> pd.DataFrame:
        return found if self.is_whole else _only(found, found["project"].isin(self.projects["id"]))


def _only(found: pd.DataFrame, rows: pd.Series[bool]) -> pd.DataFrame:
    return found[rows.astype(bool)].reset_index(drop=True)


def read(
    session: Session,
    *,
    cut_off: datetime,
    last_day: date,
    about: About = EVERYTHING,
    known_at: datetime | None = None,
) -> Frames:
    """Everything before `cut_off`; what only has a day counts up to and including `last_day`.

    For a correction, measures and readings count as they were known at `known_at`: what was put right since is in it.
    """
    return Frames(session, cut_off=cut_off, last_day=last_day, about=about, known_at=known_at)


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
    names = "id name goal request solution_type people estimate_hours hours_saved"
    found: dict[int, dict[str, Any]] = {}
    for action, at, to, *fields in session.execute(
        select(
            Event.action,
            Event.at,
            Event.details["to"].as_string(),
            Project.id,
            Project.name,
            Project.goal_id,
            Project.learning_request_id,
            Project.solution_type,
            Project.people_count,
            Project.estimate_hours,
            Project.hours_saved,
        )
        .join(Project, Project.id == Event.subject_id)
        .where(Event.action.in_(("project.started", "project.moved")), Event.at < cut_off)
        .order_by(Event.at, Event.id)
    ):
        number = fields[0]
        if action == "project.started":
            found[number] = {
                **dict(zip(names.split(), fields, strict=True)),
                "costs": spent.get(number, 0.0),
                "stage": Stage.DISCOVER.value,
                "started_at": at,
                "ended_at": None,
            }
        elif number in found:
            is_over = to not in {stage.value for stage in LIVE_STAGES}
            found[number].update(stage=to, ended_at=at if is_over else None)
    return _frame(
        (found[id_] for id_ in sorted(found)),
        f"{names} costs stage started_at ended_at",
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
        select(
            Iteration.id,
            Iteration.goal,
            Iteration.starts_on,
            Iteration.ends_on,
            Iteration.closed_at,
            Iteration.record,
        )
        .join(Event, and_(Event.subject_id == Iteration.id, Event.subject_type == Iteration.__tablename__))
        .where(Event.action == "iteration.closed", Event.at < cut_off)
        .order_by(Iteration.id)
    )
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
    names = "id name measure owner weight target year_to_date unit ends_on"
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
            Measure.family,
            Measure.by_chance,
            Measure.baseline,
        )
        .where(Measure.created_at < cut_off)
        .order_by(Measure.id)
    ).all()
    return _tabled(
        rows,
        "id project name unit higher_is_better worthwhile_change value_per_unit family by_chance baseline",
    )


def readings(session: Session, cut_off: datetime, last_day: date) -> dict[int, list[Value]]:
    """Readings recorded before the cut-off, by measure, as the proof takes them."""
    rows = session.execute(
        select(
            Reading.measure_id,
            Reading.value,
            Reading.read_on,
            Reading.after,
            Reading.comparison,
            Reading.subject,
            Reading.traits,
            Reading.exposure,
        )
        .where(Reading.recorded_at < cut_off, Reading.read_on <= last_day)
        .order_by(Reading.measure_id, Reading.read_on, Reading.id)
    )
    found: dict[int, list[Value]] = {}
    for measure, value, on, after, comparison, subject, traits, exposure in rows:
        made = kept_measures.value_of(
            value, on, after=after, comparison=comparison, subject=subject, traits=traits, exposure=exposure
        )
        found.setdefault(measure, []).append(made)
    return found


def evaluations(session: Session, cut_off: datetime) -> pd.DataFrame:
    """Evaluations concluded before the cut-off."""
    names = "project level tier grade verdict figures concluded_at"
    rows = session.execute(
        select(
            Evaluation.project_id,
            Evaluation.level,
            Evaluation.tier,
            Evaluation.grade,
            Evaluation.verdict,
            Evaluation.figures,
            Evaluation.concluded_at,
        )
        .where(Evaluation.concluded_at < cut_off)
        .order_by(Evaluation.concluded_at, Evaluation.id)
    ).all()
    return _tabled(rows, names)


def facts(session: Session, numbers: list[int]) -> Rows:
    """What of these projects has no history, as it stands now."""
    rows = session.execute(
        select(
            Project.id,
            Project.name,
            Project.audience,
            Project.hypothesis,
            Project.stop_rule,
            Project.stop_on,
            Project.sponsor,
            Project.baseline_on,
            Project.due_on,
            Project.health,
            Project.health_note,
        ).order_by(Project.id)
    ).all()
    wanted = set(numbers)
    return [one for one in rows if one.id in wanted]


def promises(session: Session, cut_off: datetime) -> Rows:
    """The dates told about projects before the cut-off, each project's in the order they were told."""
    return session.execute(
        select(
            Promise.subject_id.label("project"),
            Promise.made_on,
            Promise.likely_on,
            Promise.promised_on,
            Promise.surely_on,
            Promise.items_left,
            Promise.sample,
        )
        .where(Promise.subject_type == Project.__tablename__, Promise.made_at < cut_off)
        .order_by(Promise.subject_id, Promise.made_on, Promise.id)
    ).all()


def rows_of(frame: pd.DataFrame) -> Iterable[Any]:
    """A frame's rows with their columns by name."""
    return frame.itertuples(index=False)


def within(column: pd.Series[Any], window: Window) -> pd.Series[bool]:
    """Which moments lie in the window."""
    return (column >= window.start) & (column < window.end)


def moments(column: pd.Series[Any]) -> list[datetime | None]:
    """A column of moments as the rules take it."""
    found = column.dt.to_pydatetime()
    return [None if is_missing else moment for moment, is_missing in zip(found, column.isna(), strict=True)]


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
