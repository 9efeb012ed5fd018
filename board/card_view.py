"""What a card's page shows: each part looks up only what it needs, so that a part alone is as cheap as it can be."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from json import dumps
from typing import Any

from sqlalchemy.orm import Session

from portfolio import (
    blockers,
    card_links,
    card_story,
    cards,
    checklists,
    comments,
    expert_asks,
    files,
    forecasts,
    iterations,
    merging,
    projects,
    work_logs,
)
from portfolio.card_story import Told
from portfolio.models import (
    Blocker,
    Card,
    CardLink,
    ChecklistItem,
    Comment,
    ExpertAsk,
    File,
    Person,
    WorkLog,
)
from portfolio.rules.forecasting import Forecast
from portfolio.states import Role
from portfolio.work_logs import Clock
from web.forms import Errors, Fields

LABELS = {
    "title": "Title",
    "notes": "Notes",
    "owner": "Owner",
    "due_on": "Due on",
    "estimate_hours": "Estimate, hours",
    "project": "Project",
    "iteration": "Iteration",
}
"""The fields of a card that are edited together."""


@dataclass
class CardPage:
    """A card for whoever looks. `typed` is what was typed into any form of the page, with `errors` by its fields."""

    session: Session
    card: Card
    person: Person
    now: datetime
    typed: Fields = field(default_factory=Fields)
    errors: Errors = field(default_factory=Errors)
    notice: str = ""
    over_limit: bool = False
    labels: dict[str, str] = field(default_factory=lambda: LABELS)

    @property
    def may_change(self) -> bool:
        return self.person.manages

    @property
    def path(self) -> str:
        return f"/cards/{self.card.id}"

    @cached_property
    def values(self) -> Fields:
        """What the details' form holds: what was typed into it, else what the card says."""
        return self.typed if "version" in self.typed else values_of(self.card)

    @cached_property
    def seen(self) -> str:
        """Prints of what the form shows, so that a later writer can be told what changed meanwhile."""
        return dumps(merging.prints(values_of(self.card)))

    @cached_property
    def owners(self) -> list[tuple[int, str]]:
        """Who can own a card: whoever manages or contributes, and who owns it now."""
        people = {one.id: one for one in self.namable if one.manages or one.has_role(Role.CONTRIBUTOR)}
        if self.card.owner is not None:
            people[self.card.owner.id] = self.card.owner
        return [(one.id, one.display_name) for one in people.values()]

    @cached_property
    def projects(self) -> list[tuple[int, str]]:
        live = {one.id: one.name for one in projects.listed(self.session, live=True)}
        if self.card.project is not None:
            live[self.card.project.id] = self.card.project.name
        return list(live.items())

    @cached_property
    def iterations(self) -> list[tuple[int, str]]:
        """Those not closed, and the card's own."""
        return [
            (one.id, f"Iteration {one.number}")
            for one in iterations.listed(self.session)
            if one.status != "closed" or one.id == self.card.iteration_id
        ]

    @cached_property
    def iteration(self) -> str:
        return dict(self.iterations).get(self.card.iteration_id or 0, "")

    @cached_property
    def columns(self) -> list[tuple[int, str]]:
        return [
            (one.id, one.name)
            for one in cards.columns(self.session)
            if one.retired_at is None or one.id == self.card.column_id
        ]

    @cached_property
    def items(self) -> list[ChecklistItem]:
        return checklists.listed(self.session, self.card)

    @property
    def ticked(self) -> int:
        return sum(item.done_at is not None for item in self.items)

    @cached_property
    def logs(self) -> list[WorkLog]:
        return work_logs.listed(self.session, self.card)

    @cached_property
    def running(self) -> list[WorkLog]:
        """Timers of others that run here."""
        return [
            log for log in work_logs.running_on(self.session, self.card) if log.person_id != self.person.id
        ]

    @cached_property
    def clock(self) -> Clock | None:
        """The viewer's own timer, wherever it runs."""
        return work_logs.clock_of(self.session, self.person, now=self.now)

    @cached_property
    def blockers(self) -> list[Blocker]:
        return [one for one in blockers.listed(self.session, self.card) if one.until is not None]

    @cached_property
    def comments(self) -> list[Comment]:
        return comments.listed(self.session, self.card)

    @cached_property
    def namable(self) -> list[Person]:
        return comments.who_can_be_named(self.session)

    @cached_property
    def links(self) -> list[CardLink]:
        return card_links.listed(self.session, self.card)

    @cached_property
    def files(self) -> list[File]:
        return files.listed(self.session, card=self.card)

    @cached_property
    def asks(self) -> list[ExpertAsk]:
        return expert_asks.of_card(self.session, self.card)

    @cached_property
    def forecast(self) -> Forecast:
        return forecasts.for_card(self.session, self.card, now=self.now)

    @cached_property
    def story(self) -> list[Told]:
        return card_story.told(self.session, self.card)

    def theirs(self, name: str, value: Any) -> str:
        """Another's value of a field as a person reads it."""
        options = {"owner": self.owners, "project": self.projects, "iteration": self.iterations}
        known = {str(key): words for key, words in options.get(name, ())}
        return known.get(str(value), str(value)) or "Nothing"


def values_of(card: Card) -> Fields:
    """The card's own values, as its form holds them."""
    return Fields(
        title=card.title,
        notes=card.notes,
        owner=_text(card.owner_id),
        due_on=card.due_on.isoformat() if card.due_on else "",
        estimate_hours=_text(card.estimate_hours),
        project=_text(card.project_id),
        iteration=_text(card.iteration_id),
    )


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
