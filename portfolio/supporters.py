"""Who stands behind a request besides its requester: joining, adding to one's words, leaving; and who is told what."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, joinedload

from portfolio import letters, mails, people
from portfolio.history import record
from portfolio.links import Links
from portfolio.models import LearningRequest, Person, Supporter
from portfolio.rules.need import Need
from portfolio.rules.ranges import Range
from portfolio.states import OPEN, RequestStatus
from portfolio.submission import MOST_PEOPLE, Amount, Email, Line, Prose, Strict, as_range

JOINABLE = OPEN | {RequestStatus.ACCEPTED}


class JoinRefused(ValueError):
    """The request can't be joined; the message says why."""


class SupportGiven(Strict):
    """What somebody says who joins. `reach`: for how many people, themselves included."""

    name: Line(120) = ""  # type: ignore[valid-type] # pydantic builds the type at run time
    email: Email
    unit: Line(120) = ""  # type: ignore[valid-type] # as above
    words: Prose(4000) = ""  # type: ignore[valid-type] # as above
    reach: Amount(MOST_PEOPLE, "the number of people") = None  # type: ignore[valid-type] # as above


def join(
    session: Session,
    learning_request: LearningRequest,
    *,
    email: str,
    links: Links,
    at: datetime,
    name: str = "",
    unit: str = "",
    words: str = "",
    reach: Any = None,
    by: Person | None = None,
    tell: bool = True,
) -> Supporter | None:
    """Stand behind a request; its score counts the people. Twice is once: later words are added to the earlier ones, since
    anybody might type an address. The first who asked can't join their own: None, and they are sent their own link again.
    Raises JoinRefused where nothing can come of it any more."""
    if learning_request.status not in JOINABLE:
        raise JoinRefused("This request is closed, so it can't be joined any more. Please send your own.")
    person = people.meet(session, email, at=at, name=name, unit=unit)
    if person.id == learning_request.requester_id:
        subject, text = letters.received(learning_request, links.tracking(learning_request))
        _mail(session, person.email, subject, text, learning_request, at)
        return None
    supporter = _stand_behind(
        session, learning_request, person, words=words, reach=reach, unit=unit, by=by or person, at=at
    )
    if tell:
        subject, text = letters.joined(learning_request, links.support(supporter))
        _mail(session, person.email, subject, text, learning_request, at)
    return supporter


def bring(
    session: Session, joined: LearningRequest, to: LearningRequest, *, by: Person, at: datetime
) -> list[Supporter]:
    """A manager joined two requests: whoever stood behind the one stands behind the other, in their own words."""
    brought = []
    own = (joined.requester, joined.said("problem") or "", _count(joined), joined.unit_id)
    others = [(one.person, one.words, one.reach, one.unit_id) for one in listed(session, joined)]
    for person, words, reach, unit_id in [own, *others]:
        known = _of(session, to, person)
        if person.id == to.requester_id or (known is not None and known.left_at is None):
            continue
        supporter = _stand_behind(session, to, person, words=words, reach=reach, by=by, at=at)
        supporter.from_request_id, supporter.unit_id = joined.id, unit_id
        brought.append(supporter)
    return brought


def take_back(
    session: Session, joined: LearningRequest, came_to: LearningRequest, *, by: Person | None, at: datetime
) -> None:
    """The two are not one after all: whoever came with the joined request leaves the other."""
    for supporter in listed(session, came_to):
        if supporter.from_request_id == joined.id:
            leave(session, supporter, by=by, at=at)


def say_more(
    session: Session, supporter: Supporter, *, words: str, reach: Any, by: Person | None, at: datetime
) -> None:
    """Put one's words and number of people anew; what is the same changes nothing."""
    if (words, reach) == (supporter.words, supporter.reach):
        return
    counts_anew = reach != supporter.reach
    supporter.words, supporter.reach = words, reach
    learning_request = session.get_one(LearningRequest, supporter.learning_request_id)
    record(
        session, "learning_request.support_changed", learning_request, by=by, at=at, supporter=supporter.id
    )
    if counts_anew:
        _score_anew(learning_request, at)


def leave(session: Session, supporter: Supporter, *, by: Person | None, at: datetime) -> None:
    """No longer needed by this one."""
    if supporter.left_at is not None:
        return
    supporter.left_at = at
    learning_request = session.get_one(LearningRequest, supporter.learning_request_id)
    record(
        session, "learning_request.support_withdrawn", learning_request, by=by, at=at, supporter=supporter.id
    )
    _score_anew(learning_request, at)


def renew_link(
    session: Session, supporter: Supporter, *, links: Links, by: Person | None, at: datetime
) -> None:
    """Make the private link useless and mail a new one."""
    supporter.link_version += 1
    learning_request = session.get_one(LearningRequest, supporter.learning_request_id)
    record(
        session,
        "learning_request.support_link_renewed",
        learning_request,
        by=by,
        at=at,
        supporter=supporter.id,
    )
    subject, text = letters.new_support_link(learning_request, links.support(supporter))
    _mail(session, supporter.person.email, subject, text, learning_request, at)


# Queries


def find(session: Session, number: int) -> Supporter | None:
    """A supporter, also one who left."""
    return session.get(Supporter, number) if 0 < number < 2**31 else None


def listed(session: Session, learning_request: LearningRequest) -> list[Supporter]:
    """Who stands behind a request now, in the order they came."""
    return list(
        session.scalars(
            select(Supporter)
            .where(Supporter.learning_request_id == learning_request.id, Supporter.left_at.is_(None))
            .options(joinedload(Supporter.person))
            .order_by(Supporter.id)
        )
    )


def stands_behind(session: Session, learning_request: LearningRequest, email: str) -> Supporter | None:
    """The supporter with this address, if they stand behind it now."""
    return session.scalar(
        select(Supporter)
        .join(Supporter.person)
        .where(
            Supporter.learning_request_id == learning_request.id,
            Supporter.left_at.is_(None),
            Person.email == email.lower(),
        )
    )


def recipients(session: Session, learning_request: LearningRequest, links: Links) -> list[tuple[Person, str]]:
    """Everybody who is told what becomes of a request, each with their own page: its requester, then its supporters."""
    first = (learning_request.requester, links.tracking(learning_request))
    return [first, *((one.person, links.support(one)) for one in listed(session, learning_request))]


def behind(session: Session, ids: Iterable[int]) -> dict[int, int]:
    """How many stand behind each of these requests, its requester included."""
    counts = dict.fromkeys(ids, 1)
    rows = session.scalars(
        select(Supporter.learning_request_id).where(
            Supporter.learning_request_id.in_(counts), Supporter.left_at.is_(None)
        )
    )
    for request_id in rows:
        counts[request_id] += 1
    return counts


def reaches(session: Session, ids: Iterable[int]) -> dict[int, list[Any]]:
    """For how many people the supporters of each of these requests speak, as they said it."""
    said: dict[int, list[Any]] = {}
    rows = session.execute(
        select(Supporter.learning_request_id, Supporter.reach)
        .where(Supporter.learning_request_id.in_([*ids]), Supporter.left_at.is_(None))
        .order_by(Supporter.id)
    )
    for request_id, reach in rows:
        said.setdefault(request_id, []).append(reach)
    return said


def counted(need: Need, supporters: Sequence[Any], usual: Range) -> Need:
    """A need with the people its supporters speak for. One who gave no number is one; ranges add end by end, low to low and
    high to high, as if all were low together: wide on purpose. Where the request itself gives no number, the usual stands."""
    if not supporters:
        return need
    people_ = need.people or usual
    for said in supporters:
        one = as_range(said, "C") or Range(1, 1, 1)
        people_ = Range(people_.low + one.low, people_.likely + one.likely, people_.high + one.high)
    return replace(need, people=people_)


def _stand_behind(
    session: Session,
    learning_request: LearningRequest,
    person: Person,
    *,
    words: str,
    reach: Any,
    by: Person,
    at: datetime,
    unit: str = "",
) -> Supporter:
    unit_id = people.find_unit(session, unit).id if unit else person.unit_id
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    session.flush()
    made = session.execute(
        dialect.insert(Supporter)
        .values(
            learning_request_id=learning_request.id, person_id=person.id, unit_id=unit_id, words=words, reach=reach,
            link_version=1, joined_at=at,
        )
        .on_conflict_do_nothing()
        .returning(Supporter.id)
    ).scalar()  # fmt: skip
    supporter = _of(session, learning_request, person)
    assert supporter is not None  # noqa: S101 - inserted, or there before
    if made is None:
        came_back = supporter.left_at is not None
        supporter.words = words if came_back else _added(supporter.words, words)
        supporter.reach = reach if reach is not None or came_back else supporter.reach
        supporter.unit_id = supporter.unit_id or unit_id
        if came_back:
            supporter.left_at, supporter.joined_at, supporter.from_request_id = None, at, None
    record(session, "learning_request.supported", learning_request, by=by, at=at, supporter=supporter.id)
    _score_anew(learning_request, at)
    return supporter


def _of(session: Session, learning_request: LearningRequest, person: Person) -> Supporter | None:
    return session.scalar(
        select(Supporter).where(
            Supporter.learning_request_id == learning_request.id, Supporter.person_id == person.id
        )
    )


def _added(before: str, words: str) -> str:
    """New words below the earlier ones, unless they are there already."""
    if not words or words in before:
        return before
    return f"{before}\n\n{words}".strip()[:8000]


def _count(learning_request: LearningRequest) -> Any:
    audience = learning_request.said("audience")
    return audience.get("count") if isinstance(audience, dict) else None


def _score_anew(learning_request: LearningRequest, at: datetime) -> None:
    if learning_request.status in OPEN:
        learning_request.score_wanted_at = at


def _mail(
    session: Session, to: str, subject: str, text: str, learning_request: LearningRequest, at: datetime
) -> None:
    about = f"learning_request:{learning_request.id}"
    mails.queue(session, to=to, subject=subject, text=text, about=about, at=at)
