"""Automations of the board: what happens to a card sets them off."""

from collections.abc import Iterable

from sqlalchemy import select

from portfolio import cards, projects
from portfolio.models import Card, Column, Event, Person, Project
from portfolio.routines.projects import has_baseline
from portfolio.routines.scene import Blank, CannotAct, Found, Routine, Scene, day
from portfolio.states import ColumnKind


def _entered(scene: Scene, event: Event | None) -> Iterable[Found]:
    """A card of a project came into the column; once a project."""
    details = event.details if event else {}
    came_to = details.get("to", details.get("column"))
    card = scene.subject(event, Card)
    if card is not None and card.project_id and came_to == scene.blanks["column"] != details.get("from"):
        yield Found(card, f"project:{card.project_id}")


def _ask_for_baseline(scene: Scene, card: Card) -> str:
    project = scene.session.get_one(Project, card.project_id)
    if has_baseline(scene, project):
        return f"“{project.name}” has a baseline already, so nobody was asked."
    if not project.sponsor_email:
        raise CannotAct(f"“{project.name}” names no sponsor with a mail address.")
    measure = projects.main_measure(scene.session, project)
    what = f"“{measure.name}”" if measure else "what it should change"
    scene.mail(
        project.sponsor_email,
        f"Where do we stand today? {project.name}",
        f"“{card.title}” is about to begin. To see later whether it helped, we need to know where we stand before anything changes.\n\n"
        f"Could you send us the value of {what} as it is today, and how it was counted? A plain answer to this mail is enough.",
        f"project:{project.id}",
    )
    return f"Asked the sponsor of “{project.name}” for a baseline."


def _last_card_done(scene: Scene, event: Event | None) -> Iterable[Found]:
    card = scene.subject(event, Card)
    if event is None or event.details.get("kind") != "done" or card is None or not card.project_id:
        return
    project = scene.session.get_one(Project, card.project_id)
    if not project.is_live:
        return
    of_it = cards.of_project(scene.session, project)
    if of_it and all(one.column.kind is ColumnKind.DONE for one in of_it):
        yield Found(project, f"project:{project.id}:{len(of_it)}")


def _suggest_stage(scene: Scene, project: Project) -> str:
    scene.tell_managers(
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
    since = day(card.blocked_since.date()) if card.blocked_since else "some day"
    scene.tell_managers(
        f"Blocked for {scene.blanks['days']} days: {card.title}",
        f"“{card.title}” has been blocked since {since}: {card.blocked_by}",
        f"/cards/{card.id}",
    )
    return f"Told you that “{card.title}” is blocked."


def _finished(scene: Scene, event: Event | None) -> Iterable[Found]:
    card = scene.subject(event, Card)
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
    scene.mail(
        owner.email,
        f"Your turn: {following.title}",
        f"“{card.title}” is done. Next comes “{following.title}”, which is yours.{scene.where(owner, f'/cards/{following.id}')}",
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
    on = day(card.due_on) if card.due_on else ""
    scene.mail(
        owner.email,
        f"Due {on}: {card.title}",
        f"“{card.title}” is due on {on}.{scene.where(owner, f'/cards/{card.id}')}",
        f"card:{card.id}",
    )
    return f"Reminded {owner.display_name} of “{card.title}”."


ROUTINES = (
    Routine("ask_for_baseline", "Board", "When a card enters {column}, ask the project’s sponsor for a baseline, once a project.",
            _entered, _ask_for_baseline, ("card.moved", "card.added"), (Blank("column", "column", "Column"),)),
    Routine("all_cards_done", "Board", "When the last card of a project is done, tell me, so that it moves on.",
            _last_card_done, _suggest_stage, ("card.moved",), on_at_first=True),
    Routine("blocked_long", "Board", "When a card has been blocked for {days} days, tell me.",
            _blocked, _tell_blocked, (), (Blank("days", "number", "Days", 5),)),
    Routine("next_card", "Board", "When a card of a project is done, tell the owner of the next one.",
            _finished, _tell_next, ("card.moved",)),
    Routine("card_due", "Board", "When a card is due within {days} days, remind its owner.",
            _due, _tell_due, (), (Blank("days", "number", "Days", 2),)),
)  # fmt: skip
