"""What would it be worth: all in the address, ranges that repeat, and nothing told of requests to those who may not see them."""

from collections.abc import Callable
from datetime import datetime

from fastapi.testclient import TestClient

from portfolio import assessments
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import Person
from tests.conftest import Cast
from tests.factory import a_request

SignIn = Callable[[TestClient, Person | None], None]
BOTH = (
    "/worth?people=40&hours_each=1-1&type=elearning&finished=1-1&build_hours=100-100&expert_hours=10-10&materials=500"
    "&seat=50&licence=1000&buy_hours=10-10&fit=50&change=4-4&unit=points&unit_value=5000&manager=60&expert=80&participant=30"
)


def test_build_and_buy_stand_side_by_side_with_a_plain_sentence_first(
    client: TestClient, sign_in: SignIn, cast: Cast
) -> None:
    sign_in(client, cast.leader)
    text = client.get(BOTH).text
    assert client.get(BOTH).text == text
    assert "Building costs about EUR" in text
    assert "Built it pays in 100 of 100 cases and bought it pays in 100 of 100 cases; on average EUR" in text
    assert "Building leaves more in 100 of 100 cases, so build." in text
    assert "Breaks even at a change of" in text
    assert "points" in text
    assert 'name="seat" type="text" value="50"' in text


def test_without_an_effect_the_break_even_is_told_in_money(
    client: TestClient, sign_in: SignIn, cast: Cast
) -> None:
    sign_in(client, cast.manager)
    text = client.get("/worth?people=40&hours_each=1&manager=60&participant=30").text
    assert "once it brings EUR" in text
    assert "Say what should change and what one unit is worth" in text
    assert "ROI" not in text


def test_a_small_spread_tells_the_effect_that_would_pay(
    client: TestClient, sign_in: SignIn, cast: Cast
) -> None:
    sign_in(client, cast.manager)
    text = client.get(f"{BOTH}&spread=12000").text
    assert "d = 0.02" in text


def test_what_can_not_be_read_is_said_beside_its_field(
    client: TestClient, sign_in: SignIn, cast: Cast
) -> None:
    sign_in(client, cast.manager)
    for address, words in (
        ("/worth?people=lots", "Please give it as a number or a range such as 40-60."),
        ("/worth?people=20&years=9", "Please give a number from 0.25 to 3."),
        ("/worth?people=20&type=magic", "Please choose one of these."),
    ):
        answer = client.get(address)
        assert answer.status_code == 422
        assert words in answer.text


def test_a_request_gives_what_it_says_already_to_the_manager_only(
    client: TestClient, sign_in: SignIn, database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        a_request(session, links=links)
        assessments.score_waiting(session, now=now, flow_run_id=None)
    sign_in(client, cast.manager)
    text = client.get("/worth?request=1").text
    assert "Quotes take too long" in text
    assert 'name="people" type="text" value="24"' in text
    assert 'name="change" type="text" value="3"' in text
    assert 'value="Days for a quote"' in text
    sign_in(client, cast.leader)
    text = client.get("/worth?request=1").text
    assert "Quotes" not in text
    assert 'value="24"' not in text
    sign_in(client, cast.manager)
    assert client.get("/worth?request=999").status_code == 200
