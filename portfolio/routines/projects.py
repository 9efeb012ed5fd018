"""Automations about projects and iterations."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from portfolio import cards, iterations, projects
from portfolio.models import EvaluationStep, Event, Measure, Project
from portfolio.routines.scene import Blank, Found, Routine, Scene, day, many
from portfolio.states import LIVE_STAGES, ColumnKind, Health, Stage


def _reached(scene: Scene, event: Event | None) -> Iterable[Found]:
    project = scene.subject(event, Project)
    if event and project is not None and event.details.get("to") == scene.blanks["stage"]:
        yield Found(project, f"project:{project.id}:{scene.blanks['stage']}")


def _add_baseline_card(scene: Scene, project: Project) -> str:
    if has_baseline(scene, project):
        return f"“{project.name}” has a baseline already, so no card was added."
    cards.add(
        scene.session, title="Read the measure before anything changes", project=project, by=None, at=scene.at
    )
    return f"Added a card to “{project.name}”."


def _step_due(scene: Scene, _event: Event | None) -> Iterable[Found]:
    found = (
        select(EvaluationStep)
        .join(Project, EvaluationStep.project_id == Project.id)
        .where(
            EvaluationStep.due_on.between(scene.today - timedelta(days=30), scene.in_days()),
            EvaluationStep.done_at.is_(None),
            Project.stage != Stage.STOPPED,
        )
    )
    for step in scene.session.scalars(found.order_by(EvaluationStep.id)):
        yield Found(step, f"step:{step.id}:{step.due_on}")


def _add_step_card(scene: Scene, step: EvaluationStep) -> str:
    project = scene.session.get_one(Project, step.project_id)
    cards.add(
        scene.session,
        title=f"Evaluate: {step.what}"[:200],
        project=project,
        due_on=step.due_on,
        by=None,
        at=scene.at,
    )
    return f"Added a card to “{project.name}” for “{step.what}”."


def _silent(scene: Scene, _event: Event | None) -> Iterable[Found]:
    since = scene.at - timedelta(weeks=int(scene.blanks["weeks"]))
    live = select(Project).where(
        Project.stage.in_(LIVE_STAGES), Project.health == Health.ON_TRACK, Project.created_at <= since
    )
    for project in scene.session.scalars(live.order_by(Project.id)):
        last = projects.last_sign(scene.session, project)
        if last <= since:
            yield Found(project, f"project:{project.id}:{last:%Y-%m-%d}")


def _note_risk(scene: Scene, project: Project) -> str:
    words = f"Nothing has happened here for {many(scene.blanks['weeks'], 'week')}."
    projects.note_health(scene.session, project, Health.AT_RISK, words, by=None, at=scene.at)
    return f"Noted “{project.name}” as at risk."


def _ending(scene: Scene, _event: Event | None) -> Iterable[Found]:
    current = iterations.current(scene.session)
    if current is not None and scene.today <= current.ends_on <= scene.in_days():
        yield Found(current, f"iteration:{current.id}:{current.ends_on}")


def _tell_ending(scene: Scene, iteration: Any) -> str:
    held = cards.of_iteration(scene.session, iteration)
    left = [card for card in held if card.column.kind is not ColumnKind.DONE]
    listed = "\n".join(f"- {card.title}" for card in left[:30])
    scene.tell_managers(
        f"Iteration {iteration.number} ends on {day(iteration.ends_on)}",
        f"{len(held) - len(left)} of {many(len(held), 'card')} done."
        + (f" Still open:\n\n{listed}" if left else ""),
        f"/iterations/{iteration.id}",
    )
    return f"Told you what is left of iteration {iteration.number}: {many(len(left), 'card')}."


def has_baseline(scene: Scene, project: Project) -> bool:
    """Whether one of its measures was read before anything changed."""
    known = select(func.count(Measure.id)).where(
        Measure.project_id == project.id, Measure.baseline.is_not(None)
    )
    return bool(scene.session.scalar(known))


ROUTINES = (
    Routine("baseline_card", "Projects", "When a project reaches {stage}, add a card to read its measure.",
            _reached, _add_baseline_card, ("project.moved",), (Blank("stage", "stage", "Stage", "pilot"),)),
    Routine("evaluation_due", "Projects", "When a step of an evaluation is due within {days} days, add a card for it.",
            _step_due, _add_step_card, (), (Blank("days", "number", "Days", 7),)),
    Routine("silent_project", "Projects", "When nothing has happened in a project for {weeks} weeks, note it as at risk.",
            _silent, _note_risk, (), (Blank("weeks", "number", "Weeks", 3, 52),)),
    Routine("iteration_ends", "Projects", "When an iteration ends within {days} days, tell me what is left.",
            _ending, _tell_ending, (), (Blank("days", "number", "Days", 1, 14),)),
)  # fmt: skip
