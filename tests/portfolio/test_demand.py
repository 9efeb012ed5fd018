"""Many ask alike: the managers are told once, and again when as many more have come."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio import demand, learning_requests, supporters
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import DemandAlert, Event, LearningRequest, Mail
from tests.conftest import Cast
from tests.factory import a_request

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("others")]

SEVERAL = {"a": "Sales", "b": "Sales", "c": "Sales", "d": "Shops"}
OTHERS = (
    "Quotes take too long", "Reading wiring diagrams", "First aid in the warehouse", "Pivot tables for the month's figures",
    "Talking to angry dealers", "Customs papers for Norway", "Interviews without bias", "Welding frames",
    "A calmer handover between shifts", "Photos of bikes for the shop", "Writing shorter mails", "Forklift licence",
)  # fmt: skip


@pytest.fixture
def others(database: Database, cast: Cast, links: Links, now: datetime) -> None:
    """What else is asked for: likeness is only seen against something."""
    with database.writing() as session:
        for title in OTHERS:
            asker = {"email": f"{title.split()[0].lower()}.asks@fernweh.example", "unit": title.split()[-1]}
            a_request(session, links=links, at=now, title=title, problem=title, behaviour="", requester=asker)


def one_asks(session: Session, links: Links, now: datetime, who: str, unit: str) -> LearningRequest:
    return a_request(
        session, links=links, at=now, title="How to bleed the brakes of the HX", behaviour="", audience={},
        problem="Nobody here knows how to bleed the brakes of the HX.",
        requester={"email": f"{who}@fernweh.example", "unit": unit},
    )  # fmt: skip


def ask(database: Database, links: Links, now: datetime, units: dict[str, str]) -> list[int]:
    with database.writing() as session:
        return [one_asks(session, links, now, who, unit).id for who, unit in units.items()]


def join(database: Database, links: Links, now: datetime, number: int, *who: str) -> None:
    with database.writing() as session:
        one = session.get_one(LearningRequest, number)
        for name in who:
            email = f"{name}@fernweh.example"
            supporters.join(session, one, email=email, unit="Shops", links=links, at=now)


def news(database: Database, links: Links, now: datetime, ids: list[int]) -> list[tuple[int, int]]:
    """People and units of each alert that a look raises."""
    with database.writing() as session:
        return [(one.people, one.units) for one in demand.look(session, ids, links=links, at=now)]


def test_five_people_who_ask_alike_are_news_once(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    ids = ask(database, links, now, SEVERAL)
    assert news(database, links, now, ids) == []
    ids += ask(database, links, now, {"a": "Sales"})
    assert news(database, links, now, ids) == []
    join(database, links, now, ids[0], "e")
    assert news(database, links, now, ids) == [(5, 2)]
    assert news(database, links, now, ids) == []
    with database.writing() as session:
        mails = session.scalars(select(Mail).where(Mail.subject.contains("ask for something"))).all()
        assert [(mail.recipient, mail.subject) for mail in mails] == [
            (
                "mara@fernweh.example",
                "5 people ask for something like this: How to bleed the brakes of the HX",
            )
        ]
        (waits,) = demand.waiting(session)
        assert [waits.about.id, *(one.id for one in waits.others)] == ids
        lines = session.scalars(select(Event).where(Event.action == "learning_request.demand_noticed")).all()
        assert [line.details["people"] for line in lines] == [5]
        demand.see(session, waits.alert, by=cast.manager, at=now)
        assert demand.waiting(session) == []
        assert session.scalars(select(LearningRequest.joined_to_id).distinct()).all() == [None]


def test_it_is_news_again_when_as_many_more_ask(database: Database, links: Links, now: datetime) -> None:
    ids = ask(database, links, now, {**SEVERAL, "e": "Shops"})
    assert news(database, links, now, ids) == [(5, 2)]
    join(database, links, now, ids[0], *"fghi")
    assert news(database, links, now, ids) == []
    join(database, links, now, ids[1], "j")
    assert news(database, links, now, ids) == [(10, 2)]


def test_three_units_are_news_with_fewer_people(database: Database, links: Links, now: datetime) -> None:
    ids = ask(database, links, now, {"a": "Sales", "b": "Shops", "c": "HR"})
    assert news(database, links, now, ids) == [(3, 3)]


def test_old_requests_and_closed_ones_are_not_looked_at_again(
    database: Database, links: Links, now: datetime
) -> None:
    ids = ask(database, links, now, {"a": "Sales", "b": "Shops", "c": "HR"})
    assert news(database, links, now + timedelta(days=3), ids) == []
    with database.writing() as session:
        for number in ids:
            one = session.get_one(LearningRequest, number)
            learning_requests.withdraw(session, one, by=None, at=now)
    assert news(database, links, now, ids) == []
    with database.reading() as session:
        assert session.scalars(select(DemandAlert)).all() == []
