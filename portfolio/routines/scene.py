"""What an automation is made of: what sets it off, what it sees, and the few things it can do."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from portfolio import mails, people
from portfolio.links import Links
from portfolio.models import Base, Event, Person

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

    def subject(self, event: Event | None, model: type[T]) -> T | None:
        """What the event happened to, where it is one of these."""
        if event is None or event.subject_type != model.__tablename__:
            return None
        return self.session.get(model, event.subject_id)

    def mail(self, to: str, subject: str, text: str, about: str) -> None:
        mails.queue(self.session, to=to, subject=subject, text=text, about=about, at=self.at)

    def tell_managers(self, subject: str, words: str, path: str) -> None:
        """Mail every manager, with the page. Raises CannotAct where there is none."""
        told = people.managers(self.session)
        if not told:
            raise CannotAct("No manager can be written to.")
        for manager in told:
            self.mail(manager.email, subject, f"{words}\n\n{self.links.page(path)}", "automation")

    def where(self, person: Person, path: str) -> str:
        """The page, for those who may open it."""
        return f"\n\n{self.links.page(path)}" if person.manages or person.leads else ""


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


def day(on: date) -> str:
    return f"{on.day} {on:%B %Y}"


def date_of(text: Any) -> date | None:
    try:
        return date.fromisoformat(str(text)) if text else None
    except ValueError:
        return None


def many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
