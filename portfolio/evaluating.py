"""A project's evaluation plan: what is asked or read at which level, when and by whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio import history
from portfolio.history import record
from portfolio.models import EvaluationStep, Measure, Person, Project
from portfolio.rules.evaluating import Step, due_on, steps_for
from portfolio.states import Stage


@dataclass(frozen=True)
class StepGiven:
    """One line as somebody typed it; `id` is that of the line it replaces. A day that was typed counts before `days_after`.

    The clock asks by itself where there is a survey's `template`, and reads, or has `owner_email` asked for, the measure.
    """

    level: int
    what: str
    source: str = ""
    method: str = ""
    days_after: int | None = None
    due_on: date | None = None
    owner: str = ""
    id: int | None = None
    owner_email: str = ""
    template: str | None = None
    measure_id: int | None = None
    tier: int | None = None


def lay_out(
    session: Session,
    project: Project,
    *,
    measure: str,
    owners: dict[str, str],
    emails: dict[str, str] | None = None,
    by: Person,
    at: datetime,
) -> list[EvaluationStep]:
    """Begin with the plan that suits the kind of solution. `owners` are names, `emails` addresses for the roles in
    rules.evaluating."""
    steps = steps_for(project.solution_type, measure=measure, owners=owners, emails=emails)
    first = session.scalar(select(Measure.id).where(Measure.project_id == project.id).order_by(Measure.id))
    made = [_made(project, step, position, first) for position, step in enumerate(steps, start=1)]
    session.add_all(made)
    record(session, "project.evaluation_planned", project, by=by, at=at, steps=len(made))
    return made


def plan(session: Session, project: Project, given: Sequence[StepGiven], *, by: Person, at: datetime) -> bool:
    """Make the plan exactly these lines, in this order; a line that is done stays done. Returns whether anything changed."""
    known = {one.id: one for one in of(session, project)}
    launched = launched_on(session, project)
    changed = False
    for position, line in enumerate(given, start=1):
        step = known.pop(line.id, None) if line.id else None
        if step is None:
            step = EvaluationStep(project_id=project.id)
            session.add(step)
        changed = _say(step, line, position, launched) or changed
    for gone in known.values():
        session.delete(gone)
    changed = changed or bool(known)
    if changed:
        record(session, "project.evaluation_planned", project, by=by, at=at, steps=len(given))
    return changed


def finish(
    session: Session, project: Project, step: EvaluationStep, *, done: bool, by: Person, at: datetime
) -> None:
    """Say that a step was done, or wasn't after all. Said twice, the first counts."""
    if (step.done_at is not None) == done:
        return
    step.done_at = at if done else None
    what = "done" if done else "reopened"
    record(session, f"project.evaluation_{what}", project, by=by, at=at, step=step.id, level=step.level)


def launch(session: Session, project: Project, *, on: date) -> None:
    """People begin to use it: the days of all open steps are known from now on."""
    for step in of(session, project):
        if step.done_at is None and step.due_on is None:
            step.due_on = due_on(step.days_after, on)


# Queries


def of(session: Session, project: Project) -> list[EvaluationStep]:
    """The plan's lines in their order."""
    return list(
        session.scalars(
            select(EvaluationStep)
            .where(EvaluationStep.project_id == project.id)
            .order_by(EvaluationStep.position, EvaluationStep.id)
        )
    )


def find(session: Session, project: Project, number: int) -> EvaluationStep | None:
    """The project's own line of this number."""
    step = session.get(EvaluationStep, number) if 0 < number < 2**31 else None
    return step if step is not None and step.project_id == project.id else None


def launched_on(session: Session, project: Project) -> date | None:
    """The day people began to use it, as the history has it."""
    moves = history.timeline(session, project, "project.moved")
    launches = [move.at.date() for move in moves if move.details.get("to") == Stage.LAUNCH.value]
    return launches[0] if launches else None


def _made(project: Project, step: Step, position: int, measure_id: int | None) -> EvaluationStep:
    return EvaluationStep(
        project_id=project.id,
        level=step.level,
        what=step.what,
        source=step.source,
        method=step.method,
        days_after=step.days_after,
        owner=step.owner,
        owner_email=step.owner_email,
        template=step.template,
        measure_id=measure_id if step.reads_measure else None,
        tier=step.tier,
        position=position,
    )


def _say(step: EvaluationStep, line: StepGiven, position: int, launched: date | None) -> bool:
    """Write a line down; whether it says anything else than before."""
    wanted = {
        "level": line.level,
        "what": line.what,
        "source": line.source,
        "method": line.method,
        "days_after": line.days_after,
        "due_on": line.due_on or due_on(line.days_after, launched),
        "owner": line.owner,
        "owner_email": line.owner_email.lower(),
        "template": line.template,
        "measure_id": line.measure_id,
        "tier": line.tier,
        "position": position,
    }
    changed = {name: value for name, value in wanted.items() if value != getattr(step, name)}
    for name, value in changed.items():
        setattr(step, name, value)
    if changed.keys() & {"template", "measure_id", "due_on"}:
        step.problem = ""
    return bool(changed)
