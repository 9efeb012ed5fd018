"""The due lines of evaluation plans: surveys begin, owners are asked for a value by mail, and the managers hear of the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from portfolio import letters, mails, measure_pulls, measures, organisation, people, survey_steps
from portfolio.database import hold
from portfolio.history import record
from portfolio.links import Links
from portfolio.models import EvaluationStep, Mail, Measure, MeasureSource, Person, Project, Reading, Survey
from portfolio.rules.reminding import MOST_REMINDERS, is_reminder_due
from portfolio.states import Stage

TOO_LATE = timedelta(days=60)
"""What was due so long ago isn't asked by itself any more: nobody remembers."""
AROUND = timedelta(days=7)
"""A value read so shortly before the day counts for it."""
LATE = "This was due over two months ago, so nobody was asked by itself."
MOST_LINES = 12
PURPOSE = "reading"
"""What an owner's link is signed for."""


class AlreadyGiven(ValueError):
    """The value was given before, or isn't wanted any more."""


@dataclass(frozen=True)
class Week:
    """What the managers hear once a week; lines of (words, address). Nothing where all is empty."""

    to_do: tuple[tuple[str, str], ...]
    unanswered: tuple[tuple[str, str], ...]
    problems: tuple[tuple[str, str], ...]
    to_read: tuple[tuple[str, str], ...]

    @property
    def sections(self) -> list[tuple[str, Sequence[tuple[str, str]]]]:
        named = (
            ("Due, and yours to do", self.to_do),
            ("Asked for, and not answered", self.unanswered),
            ("Could not be asked or read", self.problems),
            ("Measures to read again", self.to_read),
        )
        return [(heading, lines) for heading, lines in named if lines]


def is_asked(step: EvaluationStep) -> bool:
    """Whether its owner is asked for the value by mail."""
    return not step.template and bool(step.measure_id and step.owner_email)


def take(session: Session, number: int, *, links: Links, zone: tzinfo, is_daytime: bool, at: datetime) -> str:
    """Do what is due of one line: begin its survey, ask its owner or remind them (by day only), or see that it was read. Says
    what was done, "" where nothing was. At once again: nothing."""
    step = session.get(EvaluationStep, number)
    if step is None:
        return ""
    hold(session, step)
    today = at.astimezone(zone).date()
    if not _is_due(step, today):
        return ""
    if step.measure_id is not None and not step.template and _is_read(session, step):
        _finish(session, step, by=None, at=at)
        return "done"
    if _is_too_late(step, today):
        step.problem = LATE if step.template or is_asked(step) else step.problem
    elif step.template:
        return "survey" if survey_steps.begin(session, step, at=at) else ""
    elif is_asked(step) and is_daytime:
        return _write_to_owner(session, step, links=links, zone=zone, at=at)
    return ""


def note_problem(session: Session, number: int, words: str) -> None:
    """Keep why a line couldn't be asked; the plan shows it."""
    step = session.get(EvaluationStep, number)
    if step is not None:
        step.problem = words[:300]


def give(
    session: Session, step: EvaluationStep, *, value: float, note: str = "", zone: tzinfo, at: datetime
) -> Reading:
    """The owner gives the value that was asked for, once. Raises AlreadyGiven and measures.ReadingRefused."""
    hold(session, step)
    measure = measures.find(session, step.measure_id or 0)
    if step.done_at is not None or measure is None:
        raise AlreadyGiven("This value was given already. Thank you.")
    today = at.astimezone(zone).date()
    by = session.scalar(select(Person).where(Person.email == step.owner_email.lower()))
    after = measures.is_after(today, measures.divided_on(session, measure))
    reading = measures.read(session, measure, value=value, on=today, after=after, note=note, by=by, at=at)
    _finish(session, step, by=by, at=at)
    return reading


def tell(session: Session, *, links: Links, zone: tzinfo, at: datetime) -> int:
    """Mail the managers once a week what is due and what went wrong; returns to how many. To nobody where there is nothing."""
    ours = organisation.current(session)
    if ours is not None:
        hold(session, ours)  # two clocks at once tell it once
    today = at.astimezone(zone).date()
    year, week, _ = today.isocalendar()
    about = f"evaluation:{year}-W{week:02}"
    if session.scalar(select(Mail.id).where(Mail.about == about).limit(1)) is not None:
        return 0
    sections = look(session, links=links, today=today).sections
    if not sections:
        return 0
    subject, text = letters.evaluation_week(sections)
    managers = people.managers(session)
    for manager in managers:
        mails.queue(session, to=manager.email, subject=subject, text=text, about=about, at=at)
    return len(managers)


# Queries


def find(session: Session, number: int) -> EvaluationStep | None:
    """The line of this number that reads a measure."""
    step = session.get(EvaluationStep, number) if 0 < number < 2**31 else None
    return step if step is not None and step.measure_id is not None and step.owner_email else None


def key_parts(step: EvaluationStep) -> tuple[object, ...]:
    """What the owner's link hangs on: another owner or another measure ends it."""
    return step.id, step.measure_id, step.owner_email


def path(step: EvaluationStep, links: Links) -> str:
    """Where the owner gives the value, without an account."""
    return f"/readings/{step.id}/{links.key(PURPOSE, *key_parts(step))}"


def due(session: Session, *, today: date) -> list[int]:
    """The lines whose day has come and that aren't done, of projects that weren't stopped; surveys that run aren't due again."""
    begun = select(Survey.id).where(Survey.step_id == EvaluationStep.id)
    query = _due(today).where(~((EvaluationStep.template.is_not(None)) & begun.exists()))
    return list(session.scalars(query.with_only_columns(EvaluationStep.id)))


def look(session: Session, *, links: Links, today: date) -> Week:
    """What the managers should hear of now. Changes nothing."""
    rows = session.execute(_due(today).add_columns(Project.name)).all()
    to_do, unanswered, problems = [], [], []
    for step, project in rows:
        line = (f"{project}: {step.what}", links.page(f"/projects/{step.project_id}#evaluation"))
        if step.problem:
            problems.append((f"{line[0]} ({step.problem})", line[1]))
        elif is_asked(step):
            if step.reminders >= MOST_REMINDERS:
                unanswered.append((f"{line[0]} ({step.owner_email} was asked)", line[1]))
        elif not step.template:
            to_do.append(line)
    problems += [
        (f"{one.measure.name}: {one.problem}", links.page(f"/measures/{one.measure_id}#sources"))
        for one in measure_pulls.every(session)
        if one.is_on and one.problem
    ]
    return Week(
        *(
            tuple(lines[:MOST_LINES])
            for lines in (to_do, unanswered, problems, _to_read(session, links, today))
        )
    )


def _due(today: date) -> Select[EvaluationStep]:
    return (
        select(EvaluationStep)
        .join(Project, Project.id == EvaluationStep.project_id)
        .where(
            EvaluationStep.done_at.is_(None),
            EvaluationStep.due_on <= today,
            Project.stage != Stage.STOPPED,
        )
        .order_by(EvaluationStep.due_on, EvaluationStep.id)
    )


def _to_read(session: Session, links: Links, today: date) -> list[tuple[str, str]]:
    """Measures that are to be read again by somebody, of projects under way."""
    pulled = select(MeasureSource.id).where(MeasureSource.measure_id == Measure.id, MeasureSource.is_on)
    asked = select(EvaluationStep.id).where(
        EvaluationStep.measure_id == Measure.id,
        EvaluationStep.owner_email != "",
        EvaluationStep.done_at.is_(None),
        EvaluationStep.asked_at.is_not(None),
    )
    found = session.scalars(
        select(Measure)
        .join(Project, Project.id == Measure.project_id)
        .where(
            Measure.read_every_days.is_not(None),
            Project.stage.not_in([Stage.DONE, Stage.STOPPED]),
            ~pulled.exists(),
            ~asked.exists(),
        )
        .order_by(Measure.id)
    ).all()
    standings = measures.standings(session, found)
    days = [(one, measures.next_on(one, standings[one.id])) for one in found]
    return [(one.name, links.page(f"/measures/{one.id}#reading")) for one, on in days if on and on <= today]


# Below: how the verbs above do it


def _is_due(step: EvaluationStep, today: date) -> bool:
    return step.done_at is None and step.due_on is not None and step.due_on <= today


def _is_too_late(step: EvaluationStep, today: date) -> bool:
    return step.asked_at is None and step.due_on is not None and step.due_on < today - TOO_LATE


def _is_read(session: Session, step: EvaluationStep) -> bool:
    """Whether the measure was read when it was due, or later."""
    if step.due_on is None:
        return False
    last = session.scalar(
        select(func.max(Reading.read_on)).where(
            Reading.measure_id == step.measure_id, Reading.comparison.is_(False)
        )
    )
    return last is not None and last >= step.due_on - AROUND


def _finish(session: Session, step: EvaluationStep, *, by: Person | None, at: datetime) -> None:
    step.done_at, step.problem = at, ""
    project = session.get_one(Project, step.project_id)
    record(session, "project.evaluation_done", project, by=by, at=at, step=step.id, level=step.level)


def _write_to_owner(
    session: Session, step: EvaluationStep, *, links: Links, zone: tzinfo, at: datetime
) -> str:
    measure = session.get_one(Measure, step.measure_id)
    today = at.astimezone(zone).date()
    is_first = step.asked_at is None
    if not is_first:
        reminded = step.reminded_at.astimezone(zone).date() if step.reminded_at else None
        asked = step.asked_at.astimezone(zone).date() if step.asked_at else today
        if not is_reminder_due(None, asked, reminded, step.reminders, today=today):
            return ""
    ours = organisation.current(session)
    project = session.get_one(Project, step.project_id)
    subject, text = letters.reading_wanted(
        measure.name,
        unit=measure.unit,
        project=project.name,
        organisation=ours.name if ours else "",
        address=links.page(path(step, links)),
        reminder=0 if is_first else step.reminders + 1,
    )
    mails.queue(session, to=step.owner_email, subject=subject, text=text, about=f"reading:{step.id}", at=at)
    if is_first:
        step.asked_at, step.problem = at, ""
        record(session, "measure.reading_asked", measure, by=None, at=at, step=step.id)
        return "asked"
    step.reminders, step.reminded_at = step.reminders + 1, at
    return "reminded"
