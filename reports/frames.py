"""History to tidy DataFrames: the only step from SQL to pandas. Nothing that happened at or after the cut-off is read.

States are replayed from the events, so a report over a past period doesn't see what came later; numbers and days that were
changed since are wound back by them. What the history doesn't keep is read as it stands: names and words. A fixed number of
queries.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from dataclasses import fields as fields_of
from datetime import date, datetime
from functools import cached_property
from typing import Any

import pandas as pd
from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from portfolio import costs
from portfolio import measures as kept_measures
from portfolio.looking_back import CutOff, before_changes, changes_since
from portfolio.models import (
    Answer,
    Card,
    Column,
    Evaluation,
    Event,
    Goal,
    Iteration,
    LearningRequest,
    Measure,
    Project,
    Promise,
    Reading,
    WithdrawnReading,
)
from portfolio.rules.proof import Value
from portfolio.states import LIVE_STAGES, ColumnKind, Health, RequestStatus, Stage
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
    the frame. What only has a day counts up to and including `last_day`; all as it was known at `known_at`.

    requests: id, title, goal, source, source_name, is_need, submitted_at, status, first_decided_at, verdict,
      reason, decided_at (of the last verdict), withdrawn_at
    projects: id, name, goal, request, solution_type, people, estimate_hours, hours_saved, costs, stage, started_at, ended_at
    cards: id, project, hours, added_at, started_at, done_at
    iterations: id, goal, starts_on, ends_on, closed_at, capacity_hours, committed, done, hours_done
    goals: id, name, measure, owner, weight, target, year_to_date, unit, starts_on, ends_on
    measures: id, project, name, unit, higher_is_better, worthwhile_change, value_per_unit, value_basis, family,
      by_chance, chosen_for_value, baseline
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
        self.known_at = known_at or cut_off
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
        found = projects(self.session, self.until)
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
        found = goals(self.session, self.until)
        if self.about.goal is not None:
            return _only(found, found["id"] == self.about.goal)
        if self.about.project is not None:
            return _only(found, found["id"].isin(self.projects["goal"].dropna()))
        return found

    @cached_property
    def measures(self) -> pd.DataFrame:
        return self._of_projects(measures(self.session, self.known_at))

    @cached_property
    def readings(self) -> dict[int, list[Value]]:
        return readings(self.session, self.until)

    @cached_property
    def evaluations(self) -> pd.DataFrame:
        return self._of_projects(evaluations(self.session, self.known_at))

    @cached_property
    def facts(self) -> dict[int, Facts]:
        return facts(self.session, [int(one) for one in self.projects["id"]], self.until)

    @cached_property
    def promises(self) -> dict[int, list[Any]]:
        known = {int(one) for one in self.projects["id"]}
        found: dict[int, list[Any]] = {}
        for one in promises(self.session, self.cut_off):
            if one.project in known:
                found.setdefault(one.project, []).append(one)
        return found

    @property
    def until(self) -> CutOff:
        return CutOff(self.cut_off, self.last_day, self.known_at)

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

    For a correction all that happened until then counts as it was known at `known_at`: what was put right since is in it.
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


def projects(session: Session, until: CutOff) -> pd.DataFrame:
    """Projects started before the cut-off, with the stage they had then and the costs written down by that day."""
    before = before_changes(session, until.known_at, "project.edited")
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
        .where(Event.action.in_(("project.started", "project.moved")), Event.at < until.at)
        .order_by(Event.at, Event.id)
    ):
        number = fields[0]
        if action == "project.started":
            found[number] = {
                **_as_before(dict(zip(names.split(), fields, strict=True)), before.get(number)),
                "costs": 0.0,
                "stage": Stage.DISCOVER.value,
                "started_at": at,
                "ended_at": None,
            }
        elif number in found:
            is_over = to not in {stage.value for stage in LIVE_STAGES}
            found[number].update(stage=to, ended_at=at if is_over else None)
    for number, line in costs.written_down(session, [*found], until):
        found[number]["costs"] += line.amount
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


def goals(session: Session, until: CutOff) -> pd.DataFrame:
    """Goals in force at the cut-off with their numbers of then, weightiest first. What is said later of a value to date is said of
    a later day, so a correction takes those of the cut-off as well."""
    names = "id name measure owner weight target year_to_date unit starts_on ends_on"
    rows = session.execute(
        select(*(getattr(Goal, name) for name in names.split()))
        .where(Goal.created_at < until.at, Goal.retired_at.is_(None) | (Goal.retired_at >= until.at))
        .order_by(Goal.id)
    )
    before = before_changes(session, until.at, "goal.edited")
    found = [_as_before(dict(zip(names.split(), row, strict=True)), before.get(row.id)) for row in rows]
    return _frame(sorted(found, key=lambda goal: (-goal["weight"], goal["id"])), names)


def values_to_date(session: Session, before: datetime) -> dict[int, list[tuple[datetime, float]]]:
    """What was said of each goal's value to date before a moment, by goal: since when it was what, earliest first. What was said once
    only has no pace and isn't in it."""
    said = select(Event).where(Event.action == "goal.edited").order_by(Event.at, Event.id)
    stands = {one.id: (one.created_at, one.year_to_date) for one in session.scalars(select(Goal))}
    changes: dict[int, list[Event]] = {}
    for event in session.scalars(said):
        if "year_to_date" in event.details.get("was", {}) and event.subject_id in stands:
            changes.setdefault(event.subject_id, []).append(event)
    found: dict[int, list[tuple[datetime, float]]] = {}
    for number, made in changes.items():
        since = [stands[number][0], *(one.at for one in made)]
        values = [*(one.details["was"]["year_to_date"] for one in made), stands[number][1]]
        known = [
            (at, float(value))
            for at, value in zip(since, values, strict=True)
            if value is not None and at < before
        ]
        if len(known) > 1:
            found[number] = known
    return found


def measures(session: Session, known_at: datetime) -> pd.DataFrame:
    """Measures stated before a moment, with what was said of them then."""
    names = (
        "id project name unit higher_is_better worthwhile_change value_per_unit value_basis family by_chance "
        "chosen_for_value baseline"
    )
    before = before_changes(session, known_at, "measure.changed")
    rows = session.execute(
        select(
            Measure.id,
            Measure.project_id,
            Measure.name,
            Measure.unit,
            Measure.higher_is_better,
            Measure.worthwhile_change,
            Measure.value_per_unit,
            Measure.value_basis,
            Measure.family,
            Measure.by_chance,
            Measure.chosen_for_value,
            Measure.baseline,
        )
        .where(Measure.created_at < known_at)
        .order_by(Measure.id)
    ).all()
    return _frame(
        (_as_before(dict(zip(names.split(), row, strict=True)), before.get(row[0])) for row in rows), names
    )


def readings(session: Session, until: CutOff) -> dict[int, list[Value]]:
    """Readings up to the last day that were in the books, by measure, as the proof takes them; also those taken back since."""
    names = ["measure_id", "value", "read_on", "after", "comparison", "subject", "traits", "exposure"]
    rows = session.execute(
        select(*(getattr(Reading, name) for name in names))
        .where(Reading.recorded_at < until.known_at, Reading.read_on <= until.last_day)
        .order_by(Reading.measure_id, Reading.read_on, Reading.id)
    ).all()
    taken_back = session.execute(
        select(*(getattr(WithdrawnReading, name) for name in names))
        .where(
            WithdrawnReading.recorded_at < until.known_at,
            WithdrawnReading.withdrawn_at >= until.known_at,
            WithdrawnReading.read_on <= until.last_day,
        )
        .order_by(WithdrawnReading.id)
    ).all()
    if taken_back:
        rows = sorted([*rows, *taken_back], key=lambda row: (row.measure_id, row.read_on))
    found: dict[int, list[Value]] = {}
    for measure, value, on, after, comparison, subject, traits, exposure in rows:
        made = kept_measures.value_of(
            value, on, after=after, comparison=comparison, subject=subject, traits=traits, exposure=exposure
        )
        found.setdefault(measure, []).append(made)
    return found


def evaluations(session: Session, known_at: datetime) -> pd.DataFrame:
    """Evaluations concluded before a moment."""
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
        .where(Evaluation.concluded_at < known_at)
        .order_by(Evaluation.concluded_at, Evaluation.id)
    ).all()
    return _tabled(rows, names)


@dataclass(frozen=True)
class Facts:
    """What is said of a project: its words as they stand, its days as they were."""

    id: int
    name: str
    audience: str
    hypothesis: str
    stop_rule: str
    stop_on: date | None
    sponsor: str
    baseline_on: date | None
    due_on: date | None
    health: Health
    health_note: str


def facts(session: Session, numbers: list[int], until: CutOff) -> dict[int, Facts]:
    """What is said of these projects, by number; how they are doing as it was said last before the cut-off."""
    columns = [getattr(Project, field.name) for field in fields_of(Facts)]
    wanted = set(numbers)
    rows = session.execute(select(*columns).order_by(Project.id))
    found = {row.id: Facts(*row) for row in rows if row.id in wanted}
    for number, said in before_changes(session, until.known_at, "project.edited").items():
        if number in found:
            days: dict[str, Any] = {
                name: said[name] and date.fromisoformat(said[name])
                for name in ("stop_on", "baseline_on", "due_on")
                if name in said
            }
            found[number] = replace(found[number], **days)
    for event in changes_since(session, until.at, "project.health_noted"):
        if event.subject_id in found:
            was = Health(event.details["from"])
            found[event.subject_id] = replace(found[event.subject_id], health=was, health_note="")
    return found


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


def _as_before(row: dict[str, Any], said: dict[str, Any] | None) -> dict[str, Any]:
    """A row with what some of its numbers and days were before they were changed since."""
    for name, value in (said or {}).items():
        if name in row:
            row[name] = date.fromisoformat(value) if value and name.endswith("_on") else value
    return row


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
