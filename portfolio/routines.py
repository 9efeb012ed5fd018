"""The automations that come with Outsize: each a sentence, when it is set off, and the one thing it then does."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from portfolio import cards, iterations, learning_requests, mails, outlets, people, projects
from portfolio.links import Links
from portfolio.models import (
    Base,
    Card,
    Column,
    EvaluationStep,
    Event,
    Goal,
    LearningRequest,
    Measure,
    Outlet,
    Person,
    Project,
    Resource,
)
from portfolio.states import LIVE_STAGES, OPEN, ColumnKind, Health, RequestStatus, Stage

LIKELY_IN_PLAN = 0.5
T = TypeVar("T", bound=Base)


class CannotAct(ValueError):
    """It was set off and could do nothing; the message says why, for the log."""


@dataclass(frozen=True)
class Blank:
    """A gap in a sentence. `kind` says what fits: column, stage, goal, unit, chat, words, or a whole number up to `most`."""

    name: str
    kind: str
    label: str
    first: int | str = ""
    most: int = 365


@dataclass(frozen=True)
class Scene:
    """What an automation sees when it acts. `blanks` are its settings."""

    session: Session
    links: Links
    at: datetime
    today: date
    blanks: dict[str, Any]

    def days_ago(self, name: str = "days") -> datetime:
        return self.at - timedelta(days=int(self.blanks[name]))

    def in_days(self, name: str = "days") -> date:
        return self.today + timedelta(days=int(self.blanks[name]))


@dataclass(frozen=True)
class Found:
    """Something to act on. `occasion` is the same each time it is found: it is acted on once."""

    subject: Any
    occasion: str


Find = Callable[[Scene, Event | None], Iterable[Found]]
Act = Callable[[Scene, Any], str]


@dataclass(frozen=True)
class Routine:
    """One automation. `actions` are the events that set it off; without them it looks around once a day. `sentence` has {gaps}.

    `act` does one thing and says in words what; it raises CannotAct.
    """

    key: str
    group: str
    sentence: str
    find: Find
    act: Act
    actions: tuple[str, ...] = ()
    blanks: tuple[Blank, ...] = ()
    on_at_first: bool = False


# Cards


def _entered(scene: Scene, event: Event | None) -> Iterable[Found]:
    """A card of a project came into the column; once a project."""
    details = event.details if event else {}
    came_to = details.get("to", details.get("column"))
    card = _subject(scene, event, Card)
    if card is not None and card.project_id and came_to == scene.blanks["column"] != details.get("from"):
        yield Found(card, f"project:{card.project_id}")


def _ask_for_baseline(scene: Scene, card: Card) -> str:
    project = scene.session.get_one(Project, card.project_id)
    if _has_baseline(scene.session, project):
        return f"“{project.name}” has a baseline already, so nobody was asked."
    if not project.sponsor_email:
        raise CannotAct(f"“{project.name}” names no sponsor with a mail address.")
    measure = projects.main_measure(scene.session, project)
    what = f"“{measure.name}”" if measure else "what it should change"
    _mail(
        scene,
        project.sponsor_email,
        f"Where do we stand today? {project.name}",
        f"“{card.title}” is about to begin. To see later whether it helped, we need to know where we stand before anything changes.\n\n"
        f"Could you send us the value of {what} as it is today, and how it was counted? A plain answer to this mail is enough.",
        f"project:{project.id}",
    )
    return f"Asked the sponsor of “{project.name}” for a baseline."


def _last_card_done(scene: Scene, event: Event | None) -> Iterable[Found]:
    card = _subject(scene, event, Card)
    project = _project(scene, card) if event and event.details.get("kind") == "done" else None
    if project is None or not project.is_live:
        return
    of_it = cards.of_project(scene.session, project)
    if of_it and all(one.column.kind is ColumnKind.DONE for one in of_it):
        yield Found(project, f"project:{project.id}:{len(of_it)}")


def _suggest_stage(scene: Scene, project: Project) -> str:
    _tell_managers(
        scene,
        f"All cards are done: {project.name}",
        f"Every card of “{project.name}” is done, and it stands in {project.stage.value}. Does it move on?",
        f"/projects/{project.id}",
    )
    return f"Told you that all cards of “{project.name}” are done."


def _blocked(scene: Scene, _event: Event | None) -> Iterable[Found]:
    found = select(Card).where(
        Card.blocked_by != "",
        Card.blocked_since <= scene.days_ago(),
        Card.archived_at.is_(None),
        Card.done_at.is_(None),
    )
    for card in scene.session.scalars(found.order_by(Card.id)):
        yield Found(card, f"card:{card.id}:{card.blocked_since:%Y-%m-%d}")


def _tell_blocked(scene: Scene, card: Card) -> str:
    since = _day(card.blocked_since.date()) if card.blocked_since else "some day"
    _tell_managers(
        scene,
        f"Blocked for {scene.blanks['days']} days: {card.title}",
        f"“{card.title}” has been blocked since {since}: {card.blocked_by}",
        f"/cards/{card.id}",
    )
    return f"Told you that “{card.title}” is blocked."


def _finished(scene: Scene, event: Event | None) -> Iterable[Found]:
    card = _subject(scene, event, Card)
    if event and card is not None and card.project_id and event.details.get("kind") == "done":
        yield Found(card, f"event:{event.id}")


def _tell_next(scene: Scene, card: Card) -> str:
    following = scene.session.scalar(
        select(Card)
        .join(Card.column)
        .where(
            Card.project_id == card.project_id,
            Card.archived_at.is_(None),
            Column.kind != ColumnKind.DONE,
            Card.owner_id.is_not(None),
        )
        .order_by(Column.position.desc(), Card.rank)
        .limit(1)
    )
    owner = scene.session.get(Person, following.owner_id) if following else None
    if following is None or owner is None or owner.id == card.owner_id:
        return f"“{card.title}” is done; nobody else waits for it."
    _mail(
        scene,
        owner.email,
        f"Your turn: {following.title}",
        f"“{card.title}” is done. Next comes “{following.title}”, which is yours.{_where(scene, owner, f'/cards/{following.id}')}",
        f"card:{following.id}",
    )
    return f"Told {owner.display_name} that “{following.title}” comes next."


def _due(scene: Scene, _event: Event | None) -> Iterable[Found]:
    found = select(Card).where(
        Card.due_on.between(scene.today, scene.in_days()),
        Card.done_at.is_(None),
        Card.archived_at.is_(None),
        Card.owner_id.is_not(None),
    )
    for card in scene.session.scalars(found.order_by(Card.id)):
        yield Found(card, f"card:{card.id}:{card.due_on}")


def _tell_due(scene: Scene, card: Card) -> str:
    owner = scene.session.get_one(Person, card.owner_id)
    on = _day(card.due_on) if card.due_on else ""
    _mail(
        scene,
        owner.email,
        f"Due {on}: {card.title}",
        f"“{card.title}” is due on {on}.{_where(scene, owner, f'/cards/{card.id}')}",
        f"card:{card.id}",
    )
    return f"Reminded {owner.display_name} of “{card.title}”."


# Projects and iterations


def _reached(scene: Scene, event: Event | None) -> Iterable[Found]:
    project = _subject(scene, event, Project)
    if event and project is not None and event.details.get("to") == scene.blanks["stage"]:
        yield Found(project, f"project:{project.id}:{scene.blanks['stage']}")


def _add_baseline_card(scene: Scene, project: Project) -> str:
    if _has_baseline(scene.session, project):
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
    words = f"Nothing has happened here for {_many(scene.blanks['weeks'], 'week')}."
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
    _tell_managers(
        scene,
        f"Iteration {iteration.number} ends on {_day(iteration.ends_on)}",
        f"{len(held) - len(left)} of {_many(len(held), 'card')} done."
        + (f" Still open:\n\n{listed}" if left else ""),
        f"/iterations/{iteration.id}",
    )
    return f"Told you what is left of iteration {iteration.number}: {_many(len(left), 'card')}."


# Requests


def _no_answer(scene: Scene, _event: Event | None) -> Iterable[Found]:
    found = select(LearningRequest).where(
        LearningRequest.status == RequestStatus.NEEDS_INFO, LearningRequest.status_since <= scene.days_ago()
    )
    for one in scene.session.scalars(
        found.options(joinedload(LearningRequest.requester)).order_by(LearningRequest.id)
    ):
        yield Found(one, f"request:{one.id}:{one.status_since:%Y-%m-%d}")


def _remind_requester(scene: Scene, one: LearningRequest) -> str:
    _mail(
        scene,
        one.requester.email,
        f"We still have a question about your request {one.id}: {one.title}",
        "Without your answer we can't go on. It takes a few minutes, and “I don't know” is an answer too.\n\n"
        f"The question, and where to answer:\n{scene.links.tracking(one)}",
        f"learning_request:{one.id}",
    )
    return f"Reminded who asked of request {one.number}."


def _deadline(scene: Scene, _event: Event | None) -> Iterable[Found]:
    until = scene.today + timedelta(weeks=int(scene.blanks["weeks"]))
    found = (
        select(LearningRequest)
        .where(LearningRequest.status.in_(OPEN))
        .options(joinedload(LearningRequest.answers))
    )
    for one in scene.session.scalars(found.order_by(LearningRequest.id)).unique():
        on = _date((one.said("deadline") or {}).get("on"))
        if on and scene.today <= on <= until and (one.chance_in_plan or 0) < LIKELY_IN_PLAN:
            yield Found(one, f"request:{one.id}:{on}")


def _tell_deadline(scene: Scene, one: LearningRequest) -> str:
    on = _date((one.said("deadline") or {}).get("on")) or scene.today
    _tell_managers(
        scene,
        f"Wanted by {_day(on)}, and not in the plan: {one.title}",
        f"Request {one.number}, “{one.title}”, is wanted by {_day(on)} and doesn't fit into the plan as it stands.",
        f"/requests/{one.id}",
    )
    return f"Told you that request {one.number} is wanted by {_day(on)}."


def _from_unit(scene: Scene, event: Event | None) -> Iterable[Found]:
    one = _subject(scene, event, LearningRequest)
    if one is not None and one.unit_id == scene.blanks["unit"] and one.goal_id is None:
        yield Found(one, f"request:{one.id}")


def _give_goal(scene: Scene, one: LearningRequest) -> str:
    goal = scene.session.get(Goal, scene.blanks["goal"])
    if goal is None or goal.retired_at is not None:
        raise CannotAct("The goal is over. Please choose another one.")
    learning_requests.serve_goal(scene.session, one, goal, by=None, at=scene.at)
    return f"Request {one.number} serves “{goal.name}” now."


def _with_words(scene: Scene, event: Event | None) -> Iterable[Found]:
    one = _subject(scene, event, LearningRequest)
    if one is None:
        return
    said = " ".join([one.title, *(str(answer.value) for answer in one.answers)]).lower()
    wanted = [word.strip().lower() for word in str(scene.blanks["words"]).split(",") if word.strip()]
    if any(word in said for word in wanted):
        yield Found(one, f"request:{one.id}")


def _tell_chat(scene: Scene, one: LearningRequest) -> str:
    chat = scene.session.get(Outlet, scene.blanks["chat"])
    if chat is None or chat.paused_at is not None or not chat.address:
        raise CannotAct("The chat is paused or gone. Please choose another one.")
    outlets.say(
        scene.session,
        chat,
        f"Request {one.number} sounds urgent: “{one.title}”",
        link=scene.links.page(f"/requests/{one.id}"),
        at=scene.at,
    )
    return f"Told {chat.name} of request {one.number}."


# The library


def _review_passed(scene: Scene, _event: Event | None) -> Iterable[Found]:
    found = select(Resource).where(Resource.review_on <= scene.today, Resource.retired_at.is_(None))
    for one in scene.session.scalars(found.options(joinedload(Resource.owner)).order_by(Resource.id)):
        yield Found(one, f"resource:{one.id}:{one.review_on}")


def _ask_owner(scene: Scene, one: Resource) -> str:
    if one.owner is None:
        raise CannotAct(f"Nobody is named as the owner of “{one.title}”.")
    _mail(
        scene,
        one.owner.email,
        f"Is this still right? {one.title}",
        f"It is time to look at this again: {one.title}\n{scene.links.resource(one)}\n\n"
        "If it is right as it stands, or when you have mended it, tell your L&D manager.",
        f"resource:{one.id}",
    )
    return f"Asked {one.owner.display_name} to look at “{one.title}”."


COLUMN = Blank("column", "column", "Column")
DAYS = Blank("days", "number", "Days", 5)
ADDED_OR_MOVED = ("card.moved", "card.added")
SUBMITTED = ("learning_request.submitted",)

ROUTINES = (
    Routine("ask_for_baseline", "Board", "When a card enters {column}, ask the project’s sponsor for a baseline, once a project.",
            _entered, _ask_for_baseline, ADDED_OR_MOVED, (COLUMN,)),
    Routine("all_cards_done", "Board", "When the last card of a project is done, tell me, so that it moves on.",
            _last_card_done, _suggest_stage, ("card.moved",), on_at_first=True),
    Routine("blocked_long", "Board", "When a card has been blocked for {days} days, tell me.",
            _blocked, _tell_blocked, (), (DAYS,)),
    Routine("next_card", "Board", "When a card of a project is done, tell the owner of the next one.",
            _finished, _tell_next, ("card.moved",)),
    Routine("card_due", "Board", "When a card is due within {days} days, remind its owner.",
            _due, _tell_due, (), (Blank("days", "number", "Days", 2),)),
    Routine("baseline_card", "Projects", "When a project reaches {stage}, add a card to read its measure.",
            _reached, _add_baseline_card, ("project.moved",), (Blank("stage", "stage", "Stage", "pilot"),)),
    Routine("evaluation_due", "Projects", "When a step of an evaluation is due within {days} days, add a card for it.",
            _step_due, _add_step_card, (), (Blank("days", "number", "Days", 7),)),
    Routine("silent_project", "Projects", "When nothing has happened in a project for {weeks} weeks, note it as at risk.",
            _silent, _note_risk, (), (Blank("weeks", "number", "Weeks", 3, 52),)),
    Routine("iteration_ends", "Projects", "When an iteration ends within {days} days, tell me what is left.",
            _ending, _tell_ending, (), (Blank("days", "number", "Days", 1, 14),)),
    Routine("info_reminder", "Requests", "When a request has waited {days} days for an answer, remind who asked, once.",
            _no_answer, _remind_requester, (), (Blank("days", "number", "Days", 7),)),
    Routine("deadline_near", "Requests", "When a request is wanted within {weeks} weeks and isn’t in the plan, tell me.",
            _deadline, _tell_deadline, (), (Blank("weeks", "number", "Weeks", 6, 52),)),
    Routine("unit_goal", "Requests", "When {unit} sends a request that names no goal, let it serve {goal}.",
            _from_unit, _give_goal, SUBMITTED, (Blank("unit", "unit", "Unit"), Blank("goal", "goal", "Goal"))),
    Routine("urgent_words", "Requests", "When a new request says {words}, tell {chat}.",
            _with_words, _tell_chat, SUBMITTED,
            (Blank("words", "words", "Words, with commas between", "urgent, audit, accident"), Blank("chat", "chat", "Chat"))),
    Routine("review_passed", "Library", "When the day to look at something in the library again has come, ask its owner.",
            _review_passed, _ask_owner),
)  # fmt: skip
BY_KEY = {routine.key: routine for routine in ROUTINES}


# What several do


def _subject(scene: Scene, event: Event | None, model: type[T]) -> T | None:
    if event is None or event.subject_type != model.__tablename__:
        return None
    return scene.session.get(model, event.subject_id)


def _project(scene: Scene, card: Card | None) -> Project | None:
    return scene.session.get(Project, card.project_id) if card is not None and card.project_id else None


def _has_baseline(session: Session, project: Project) -> bool:
    known = select(func.count(Measure.id)).where(
        Measure.project_id == project.id, Measure.baseline.is_not(None)
    )
    return bool(session.scalar(known))


def _tell_managers(scene: Scene, subject: str, words: str, path: str) -> None:
    told = people.managers(scene.session)
    if not told:
        raise CannotAct("No manager can be written to.")
    for manager in told:
        _mail(scene, manager.email, subject, f"{words}\n\n{scene.links.page(path)}", "automation")


def _mail(scene: Scene, to: str, subject: str, text: str, about: str) -> None:
    mails.queue(scene.session, to=to, subject=subject, text=text, about=about, at=scene.at)


def _where(scene: Scene, person: Person, path: str) -> str:
    """The page, for those who may open it."""
    return f"\n\n{scene.links.page(path)}" if person.manages or person.leads else ""


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _date(text: Any) -> date | None:
    try:
        return date.fromisoformat(str(text)) if text else None
    except ValueError:
        return None


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
