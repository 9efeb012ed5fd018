"""Small asks over the API."""

from fastapi.testclient import TestClient

from portfolio import capacity, tokens
from portfolio.database import Database
from portfolio.states import Role
from tests.conftest import NOW, Cast


def test_a_small_ask_is_written_down_once_a_key_and_by_managers_alone(
    client: TestClient, database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        keys = {
            role: tokens.create(session, name=role.value, role=role, at=NOW)
            for role in (Role.MANAGER, Role.LEADER)
        }
    head = {
        role: {"Authorization": f"Bearer {token}", "Idempotency-Key": "press-1"}
        for role, token in keys.items()
    }
    ask = {"minutes": 15, "note": "Where is the form?"}
    made = [client.post("/api/v1/interrupts", json=ask, headers=head[Role.MANAGER]) for _ in range(2)]
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].json() == made[1].json() == {
        "id": 1, "minutes": 15, "note": "Where is the form?", "at": "2026-11-20T10:00:00Z", "load_hours_per_week": 0.25,
    }  # fmt: skip
    wrong = client.post(
        "/api/v1/interrupts", json={"minutes": 0}, headers={"Authorization": f"Bearer {keys[Role.MANAGER]}"}
    )
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/minutes")
    assert client.post("/api/v1/interrupts", json=ask, headers=head[Role.LEADER]).status_code in {403, 404}
    with database.reading() as session:
        assert len(capacity.interrupts(session)) == 1
