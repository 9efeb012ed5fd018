"""Schemathesis against the OpenAPI document: whatever fits or breaks the schema, the server doesn't break."""

from datetime import datetime
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from portfolio import tokens
from portfolio.database import Database
from portfolio.states import Role
from tests.conftest import Cast
from tests.doors.test_pages import story  # noqa: F401 - a fixture asked for by name

CALM = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
)
UNDOCUMENTED = 405  # answered by the framework for a method the path doesn't have


@pytest.mark.timeout(300)  # it tries every call there is, on machines that do much else
@pytest.mark.usefixtures("story")
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_call_breaks_the_server(
    app: object, client: TestClient, database: Database, cast: Cast, now: datetime, mode: GenerationMode
) -> None:
    with database.writing() as session:
        token = tokens.create(session, name="fuzz", role=Role.MANAGER, at=now)
    headers = {"Authorization": f"Bearer {token}"}
    document = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)
    surprises = [
        surprise
        for result in document.get_all_operations()
        for surprise in surprises_of(result.ok(), mode, headers)  # type: ignore[union-attr] # the document is valid: another test says so
    ]
    assert surprises == []


def surprises_of(operation: Any, mode: GenerationMode, headers: dict[str, str]) -> list[str]:
    """Answers of one operation that the document doesn't name."""
    documented = {int(code) for code in operation.definition.raw["responses"]} | {UNDOCUMENTED}
    found: list[str] = []

    @CALM
    @given(case=operation.as_strategy(generation_mode=mode))
    def call(case: Any) -> None:
        answer = case.call(headers=headers)
        if answer.status_code not in documented:
            found.append(f"{case.method} {case.formatted_path} answered {answer.status_code}")

    call()
    return found
