"""The working down to the draws: a picture with its text, for managers."""

import re

from fastapi.testclient import TestClient

from portfolio.database import Database
from portfolio.links import Links
from tests.conftest import Cast
from tests.doors.test_asking import SignIn
from tests.factory import a_request


def test_the_draws_of_a_request_are_drawn_with_their_ranges(
    client: TestClient, database: Database, cast: Cast, links: Links, sign_in: SignIn
) -> None:
    with database.writing() as session:
        a_request(session, links=links)
    sign_in(client, cast.leader)
    assert client.get("/requests/1/draws").status_code == 404
    sign_in(client, cast.manager)
    page = client.get("/requests/1/draws").text
    assert page.count('class="draw"') == 24
    assert re.search(r"\d+ draws of leverage: a tenth lie below [\d.]+, half below [\d.]+", page)
    assert "Nobody said; wide" in page
    assert client.get("/requests/9/draws").status_code == 404
    assert client.get("/requests/99999999999/draws").status_code == 404
