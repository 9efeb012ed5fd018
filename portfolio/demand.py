"""Many ask for the same: the managers are told, and decide themselves what belongs together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portfolio import letters, library, mails, organisation
from portfolio.history import record
from portfolio.links import Links
from portfolio.models import DemandAlert, LearningRequest, Organisation, Person, Supporter
from portfolio.similar import alike
from portfolio.states import OPEN

FRESH = timedelta(days=2)
MOST_AT_ONCE = 20


@dataclass(frozen=True)
class Demand:
    """A request, those that surely ask for the same, and how many people and units stand behind them all."""

    learning_request_id: int
    alike: tuple[int, ...]
    people: int
    units: int


@dataclass(frozen=True)
class Alert:
    """An alert with the requests it is about, the first who asked first."""

    alert: DemandAlert
    about: LearningRequest
    others: list[LearningRequest]


def look(session: Session, ids: Sequence[int], *, links: Links, at: datetime) -> list[DemandAlert]:
    """Look whether enough people ask alike, and tell the managers where they do."""
    return raise_alerts(session, found(session, ids, at=at), links=links, at=at)


def found(session: Session, ids: Sequence[int], *, at: datetime) -> list[Demand]:
    """Where so many ask alike that it is news. Changes nothing.

    Only requests that were sent or joined in the last two days are looked at, the newest twenty of a round: the others have been.
    """
    ours = organisation.current(session)
    if ours is None or not ids:
        return []
    told = list(session.scalars(select(DemandAlert)))
    news: list[Demand] = []
    for learning_request in _fresh(session, ids, at):
        demand = _demand(session, learning_request)
        known = {one for before in news for one in (before.learning_request_id, *before.alike)}
        if learning_request.id not in known and _is_news(demand, told, ours):
            news.append(demand)
    return news


def raise_alerts(
    session: Session, news: Iterable[Demand], *, links: Links, at: datetime
) -> list[DemandAlert]:
    """Keep an alert for each, with its line in the history, and mail every manager."""
    alerts = []
    for demand in news:
        alert = DemandAlert(
            learning_request_id=demand.learning_request_id,
            people=demand.people,
            units=demand.units,
            alike=list(demand.alike),
            raised_at=at,
        )
        session.add(alert)
        about = session.get_one(LearningRequest, demand.learning_request_id)
        record(
            session, "learning_request.demand_noticed", about, by=None, at=at, people=demand.people,
            units=demand.units, alike=list(demand.alike),
        )  # fmt: skip
        subject, text = letters.demand(about.title, demand.people, demand.units, links.page("/inbox"))
        for manager in library.managers(session):
            mails.queue(
                session,
                to=manager.email,
                subject=subject,
                text=text,
                about=f"learning_request:{about.id}",
                at=at,
            )
        alerts.append(alert)
    return alerts


def see(session: Session, alert: DemandAlert, *, by: Person, at: datetime) -> None:
    """The manager has seen it; it leaves the inbox."""
    if alert.seen_at is None:
        alert.seen_at = at
        about = session.get_one(LearningRequest, alert.learning_request_id)
        record(session, "learning_request.demand_seen", about, by=by, at=at)


def set_limits(
    session: Session, ours: Organisation, *, people: int, units: int, by: Person, at: datetime
) -> None:
    """From how many people or units on it is news."""
    ours.alert_people, ours.alert_units = people, units
    record(session, "organisation.alerts_set", ours, by=by, at=at, people=people, units=units)


# Queries


def waiting(session: Session, limit: int = 5) -> list[Alert]:
    """Alerts nobody has seen, the newest first, with those requests that are still open. One that nothing is left to join of
    is over."""
    alerts = session.scalars(
        select(DemandAlert).where(DemandAlert.seen_at.is_(None)).order_by(DemandAlert.id.desc()).limit(limit)
    ).all()
    wanted = {number for alert in alerts for number in (alert.learning_request_id, *alert.alike)}
    if not wanted:
        return []
    open_ones = {
        one.id: one
        for one in session.scalars(
            select(LearningRequest)
            .where(LearningRequest.id.in_(wanted), LearningRequest.status.in_(OPEN))
            .options(joinedload(LearningRequest.requester), joinedload(LearningRequest.unit))
            .order_by(LearningRequest.submitted_at, LearningRequest.id)
        )
    }
    shown = []
    for alert in alerts:
        meant = {alert.learning_request_id, *alert.alike}
        there = [one for number, one in open_ones.items() if number in meant]
        if there:
            shown.append(Alert(alert, there[0], there[1:]))
    return shown


def find(session: Session, number: int) -> DemandAlert | None:
    return session.get(DemandAlert, number) if 0 < number < 2**31 else None


def count(session: Session, learning_request: LearningRequest) -> tuple[int, int]:
    """How many people and units ask for this: who stands behind it, and behind open requests that surely ask the same."""
    found = _demand(session, learning_request)
    return found.people, found.units


def _fresh(session: Session, ids: Sequence[int], at: datetime) -> list[LearningRequest]:
    """Those of these that are open and were sent or joined lately, the newest first."""
    since = at - FRESH
    joined_lately = select(Supporter.learning_request_id).where(Supporter.joined_at >= since)
    return list(
        session.scalars(
            select(LearningRequest)
            .where(
                LearningRequest.id.in_(ids),
                LearningRequest.status.in_(OPEN),
                (LearningRequest.submitted_at >= since) | LearningRequest.id.in_(joined_lately),
            )
            .order_by(LearningRequest.id.desc())
            .limit(MOST_AT_ONCE)
        )
    )


def _demand(session: Session, learning_request: LearningRequest) -> Demand:
    others = tuple(sorted({one.id for one in alike(session, learning_request)} - {learning_request.id}))
    ids = (learning_request.id, *others)
    rows = [
        *session.execute(
            select(LearningRequest.requester_id, LearningRequest.unit_id).where(LearningRequest.id.in_(ids))
        ),
        *session.execute(
            select(Supporter.person_id, Supporter.unit_id).where(
                Supporter.learning_request_id.in_(ids), Supporter.left_at.is_(None)
            )
        ),
    ]
    people = {person_id for person_id, _ in rows}
    units = {unit_id for _, unit_id in rows if unit_id is not None}
    return Demand(learning_request.id, others, len(people), len(units))


def _is_news(demand: Demand, told: Sequence[DemandAlert], ours: Organisation) -> bool:
    """Enough people or units, and either nobody was told of any of these requests, or as many again have come since."""
    meant = {demand.learning_request_id, *demand.alike}
    before = [alert for alert in told if meant & {alert.learning_request_id, *alert.alike}]
    people = max((alert.people for alert in before), default=0)
    units = max((alert.units for alert in before), default=0)
    return demand.people >= people + ours.alert_people or demand.units >= units + ours.alert_units
