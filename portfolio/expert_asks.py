"""Asking somebody who knows: for a card, by a signed link, never more at a time than they can carry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, joinedload

from portfolio import comments, letters, mails, people
from portfolio.database import hold
from portfolio.history import record
from portfolio.links import Links
from portfolio.models import Absence, Card, Comment, ExpertAsk, Person
from portfolio.rules.reminding import is_reminder_due
from portfolio.states import Role

USUAL_LIMIT = 3
"""Open asks somebody has at most at a time where nobody said otherwise."""


class AskRefused(ValueError):
    """This can't be asked, or is over; the message says why."""


class OverLimit(AskRefused):
    """They carry as much as they can already. Asking all the same has to be said."""

    def __init__(self, person: Person, count: int, limit: int) -> None:
        asks = "1 open ask" if count == 1 else f"{count} open asks"
        super().__init__(
            f"{person.display_name} has {asks} already, and {limit} at a time is their limit. Wait, ask somebody else, or ask "
            "all the same."
        )
        self.count, self.limit = count, limit


def ask(
    session: Session,
    card: Card,
    person: Person,
    *,
    why: str,
    hours: float | None = None,
    due_on: date | None = None,
    shows_material: bool = False,
    links: Links,
    by: Person,
    at: datetime,
    anyway: bool = False,
) -> ExpertAsk:
    """Ask somebody for a card, by mail with a link that needs no account; they become a contributor. The card's files and links
    they see where it `shows_material`.

    Raises OverLimit where they have their limit of open asks and nobody said `anyway`; AskRefused where they are asked for this
    card already, or it is finished.
    """
    hold(session, person)
    if card.archived_at or card.done_at:
        raise AskRefused("This card is finished, so nobody can be asked for it.")
    mine = open_of(session, person)
    if any(one.card_id == card.id for one in mine):
        raise AskRefused(f"{person.display_name} is asked for this card already.")
    limit = limit_of(person)
    if len(mine) >= limit and not anyway:
        raise OverLimit(person, len(mine), limit)
    _make_contributor(session, person, by=by, at=at)
    made = ExpertAsk(
        card=card,
        person=person,
        why=why,
        hours=hours,
        due_on=due_on,
        shows_material=shows_material,
        asked_at=at,
        asked_by_id=by.id,
        link_version=1,
    )
    session.add(made)
    session.flush()
    _write_to_expert(
        session, made, letters.expert_asked(made, by.display_name, *_addresses(made, links)), at=at
    )
    record(
        session,
        "card.expert_asked",
        card,
        by=by,
        at=at,
        ask=made.id,
        person=person.id,
        over=len(mine) >= limit,
    )
    return made


def finish(session: Session, asked: ExpertAsk, words: str = "", *, links: Links, at: datetime) -> None:
    """The expert says it is done; the card hears of it, and whoever asked and who owns it by mail. Raises AskRefused."""
    _check_open(session, asked)
    asked.done_at, asked.words = at, words
    _comment(session, asked, words or "Done.", at)
    record(
        session, "card.expert_done", asked.card, by=asked.person, at=at, ask=asked.id, person=asked.person_id
    )
    _write_to_team(session, asked, letters.expert_done(asked, words, _card_address(asked, links)), at=at)


def decline(session: Session, asked: ExpertAsk, reason: str, *, links: Links, at: datetime) -> None:
    """The expert can't, and says why: they are free again, and whoever asked hears of it. Raises AskRefused."""
    _check_open(session, asked)
    asked.declined_at, asked.words = at, reason
    _comment(session, asked, f"I can't: {reason}", at)
    record(
        session,
        "card.expert_declined",
        asked.card,
        by=asked.person,
        at=at,
        ask=asked.id,
        person=asked.person_id,
    )
    _write_to_team(session, asked, letters.expert_declined(asked, reason, _card_address(asked, links)), at=at)


def say(session: Session, asked: ExpertAsk, words: str, *, links: Links, at: datetime) -> None:
    """The expert writes something meanwhile, perhaps a question. Raises AskRefused."""
    _check_open(session, asked)
    _comment(session, asked, words, at)
    record(
        session, "card.expert_wrote", asked.card, by=asked.person, at=at, ask=asked.id, person=asked.person_id
    )
    _write_to_team(session, asked, letters.expert_wrote(asked, words, _card_address(asked, links)), at=at)


def begin(session: Session, asked: ExpertAsk, *, at: datetime) -> None:
    """The expert did something on the page for the first time. A mere look is not noted: mail programs look too."""
    if asked.opened_at is None:
        asked.opened_at = at
        record(session, "card.expert_began", asked.card, by=asked.person, at=at, ask=asked.id)


def take_back(session: Session, asked: ExpertAsk, *, by: Person, at: datetime) -> None:
    """It isn't needed any more: the expert is told and free again. Raises AskRefused."""
    _check_open(session, asked)
    asked.taken_back_at = at
    record(session, "card.ask_taken_back", asked.card, by=by, at=at, ask=asked.id, person=asked.person_id)
    _write_to_expert(session, asked, letters.expert_freed(asked), at=at)


def renew_link(session: Session, asked: ExpertAsk, *, links: Links, by: Person, at: datetime) -> None:
    """End the old link and mail a new one. Raises AskRefused.

    The mail that brought it holds the link to all their asks as well, which would lead to the new one: that ends too, and
    with it their calendar addresses.
    """
    _check_open(session, asked)
    asked.link_version += 1
    asked.person.feed_version += 1
    record(session, "card.ask_link_renewed", asked.card, by=by, at=at, ask=asked.id, person=asked.person_id)
    _write_to_expert(session, asked, letters.expert_new_link(asked, *_addresses(asked, links)), at=at)


def set_limit(session: Session, person: Person, limit: int | None, *, by: Person, at: datetime) -> None:
    """How many open asks a person has at most at a time; None for the usual number."""
    person.ask_limit = limit
    record(session, "person.ask_limit_set", person, by=by, at=at, limit=limit)


def remind(session: Session, *, links: Links, zone: ZoneInfo, at: datetime) -> int:
    """Remind whoever it is time to remind, one mail for each ask; returns how many. Nobody who is away is written to."""
    today = at.astimezone(zone).date()
    away = set(
        session.scalars(select(Absence.person_id).where(Absence.from_on <= today, Absence.until_on >= today))
    )
    waiting = session.scalars(_open().with_for_update(of=ExpertAsk, skip_locked=True))
    due = [one for one in waiting if one.person_id not in away and _is_due(one, today, zone)]
    for one in due:
        one.reminders += 1
        one.reminded_at = at
        _write_to_expert(session, one, letters.expert_reminded(one, today, *_addresses(one, links)), at=at)
        record(
            session, "card.expert_reminded", one.card, by=None, at=at, ask=one.id, person=one.person_id,
            reminder=one.reminders,
        )  # fmt: skip
    return len(due)


# Queries


def open_of(session: Session, person: Person) -> list[ExpertAsk]:
    """What a person is asked for and has not answered, what is due first first. What was finished without them asks no more."""
    return sorted(session.scalars(_open(ExpertAsk.person_id == person.id)), key=_by_date)


def of_card(session: Session, card: Card) -> list[ExpertAsk]:
    """Everybody who was ever asked for a card, the latest first."""
    return list(
        session.scalars(select(ExpertAsk).where(ExpertAsk.card_id == card.id).order_by(ExpertAsk.id.desc()))
    )


def words_of(session: Session, asked: ExpertAsk) -> list[Comment]:
    """What the expert wrote on the card since they were asked, oldest first; nobody else's words."""
    said = comments.listed(session, asked.card)
    return [one for one in said if one.by_id == asked.person_id and one.at >= asked.asked_at]


def find(session: Session, number: int) -> ExpertAsk | None:
    if not 0 < number < 2**31:
        return None
    return session.scalar(
        select(ExpertAsk)
        .where(ExpertAsk.id == number)
        .options(joinedload(ExpertAsk.card).joinedload(Card.owner))
    )


def is_wanted(asked: ExpertAsk) -> bool:
    """Whether an answer still helps: nobody gave one, and the card isn't finished without it."""
    return asked.is_open and asked.card.done_at is None and asked.card.archived_at is None


def limit_of(person: Person) -> int:
    """How many open asks a person has at most at a time."""
    return USUAL_LIMIT if person.ask_limit is None else person.ask_limit


@dataclass(frozen=True)
class Carrier:
    """An expert and what they are asked for."""

    person: Person
    asks: Sequence[ExpertAsk]
    done: int
    declined: int

    @property
    def limit(self) -> int:
        return limit_of(self.person)

    @property
    def is_full(self) -> bool:
        return len(self.asks) >= self.limit


def carriers(session: Session) -> list[Carrier]:
    """Every expert by name with their open asks, and how many they answered. Three statements, however many there are."""
    asks: dict[int, list[ExpertAsk]] = {}
    for one in session.scalars(_open()):
        asks.setdefault(one.person_id, []).append(one)
    counted = session.execute(
        select(
            ExpertAsk.person_id, func.count(ExpertAsk.done_at), func.count(ExpertAsk.declined_at)
        ).group_by(ExpertAsk.person_id)
    )
    answered = {person: (done, declined) for person, done, declined in counted}
    experts = session.scalars(
        select(Person).where(Person.roles.contains(Role.CONTRIBUTOR.value) | Person.id.in_(answered))
    )
    return [
        Carrier(one, sorted(asks.get(one.id, ()), key=_by_date), *answered.get(one.id, (0, 0)))
        for one in sorted(experts, key=lambda person: person.display_name.lower())
        if not one.email.endswith(comments.NOT_PEOPLE)
    ]


# Below: how the verbs above do it


def _open(*more: ColumnElement[bool]) -> Select[ExpertAsk]:
    return (
        select(ExpertAsk)
        .join(ExpertAsk.card)
        .where(
            ExpertAsk.done_at.is_(None),
            ExpertAsk.declined_at.is_(None),
            ExpertAsk.taken_back_at.is_(None),
            Card.done_at.is_(None),
            Card.archived_at.is_(None),
            *more,
        )
        .options(joinedload(ExpertAsk.card).joinedload(Card.owner))
        .order_by(ExpertAsk.id)
    )


def _by_date(asked: ExpertAsk) -> tuple[date, int]:
    return asked.due_on or date.max, asked.id


def _is_due(asked: ExpertAsk, today: date, zone: ZoneInfo) -> bool:
    reminded_on = asked.reminded_at.astimezone(zone).date() if asked.reminded_at else None
    asked_on = asked.asked_at.astimezone(zone).date()
    return is_reminder_due(asked.due_on, asked_on, reminded_on, asked.reminders, today=today)


def _make_contributor(session: Session, person: Person, *, by: Person, at: datetime) -> None:
    if not person.has_role(Role.CONTRIBUTOR):
        held = [Role(word) for word in person.roles.split()]
        people.grant(session, person, [*held, Role.CONTRIBUTOR], by=by, at=at)


def _check_open(session: Session, asked: ExpertAsk) -> None:
    """Two presses at once are one: the second finds it closed."""
    hold(session, asked)
    if not asked.is_open:
        raise AskRefused("This is closed already.")


def _comment(session: Session, asked: ExpertAsk, words: str, at: datetime) -> None:
    """The expert's words on the card. Nobody is mailed for an @ in them: a link that needs no account must not write to others."""
    session.add(Comment(card_id=asked.card_id, words=words, mentions=[], by_id=asked.person_id, at=at))


def _addresses(asked: ExpertAsk, links: Links) -> tuple[str, str]:
    return links.task(asked), links.tasks(asked.person)


def _card_address(asked: ExpertAsk, links: Links) -> str:
    return links.page(f"/cards/{asked.card_id}")


def _write_to_expert(session: Session, asked: ExpertAsk, letter: tuple[str, str], *, at: datetime) -> None:
    subject, text = letter
    mails.queue(
        session, to=asked.person.email, subject=subject, text=text, about=f"card:{asked.card_id}", at=at
    )


def _write_to_team(session: Session, asked: ExpertAsk, letter: tuple[str, str], *, at: datetime) -> None:
    """Whoever asked, and who owns the card where that is another who sees the board; the managers where nobody is left."""
    asker = session.get(Person, asked.asked_by_id) if asked.asked_by_id else None
    told = [one for one in (asker, asked.card.owner) if one is not None and (one.manages or one.leads)]
    subject, text = letter
    for address in dict.fromkeys(one.email for one in told or people.managers(session)):
        mails.queue(session, to=address, subject=subject, text=text, about=f"card:{asked.card_id}", at=at)
