"""What our Prefect server mends: a refusal because SQLite was busy is tried again before anybody hears of it."""

import asyncio
from typing import Any

import pytest

from cli import prefect_server
from cli.prefect_server import BUSY, RESTS_SECONDS, Message, Receive, Send, busy_is_short


@pytest.fixture(autouse=True)
def no_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefect_server, "RESTS_SECONDS", [0.0] * len(RESTS_SECONDS))


class Prefect:
    """Answers "busy" so many times, raising after it as Starlette does, then echoes the body."""

    def __init__(self, busy_times: int) -> None:
        self.busy_times = busy_times
        self.bodies: list[bytes] = []

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        message = await receive()
        self.bodies.append(message["body"])
        busy = len(self.bodies) <= self.busy_times
        await send({"type": "http.response.start", "status": BUSY if busy else 201, "headers": []})
        await send({"type": "http.response.body", "body": message["body"]})
        if busy:
            raise RuntimeError("database is locked")


def ask(prefect: Prefect, method: str = "POST") -> list[Any]:
    """What a client hears: the status, then the body."""
    heard: list[Any] = []
    parts = [
        {"type": "http.request", "body": b"flow ", "more_body": True},
        {"type": "http.request", "body": b"run", "more_body": False},
    ]

    async def receive() -> Message:
        return parts.pop(0)

    async def send(message: Message) -> None:
        heard.append(message["status"] if message["type"].endswith("start") else message["body"])

    asyncio.run(_ask(prefect, method, receive, send))
    return heard


async def _ask(prefect: Prefect, method: str, receive: Receive, send: Send) -> None:
    await busy_is_short(prefect)({"type": "http", "method": method}, receive, send)


@pytest.mark.parametrize("busy_times", [0, 1, len(RESTS_SECONDS)])
def test_a_client_hears_the_answer_after_the_busy_moments(busy_times: int) -> None:
    prefect = Prefect(busy_times)
    assert ask(prefect) == [201, b"flow run"]
    assert prefect.bodies == [b"flow run"] * (busy_times + 1)


def test_busy_for_long_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    prefect = Prefect(100)
    with pytest.raises(RuntimeError, match="locked"):
        ask(prefect)
    assert len(prefect.bodies) == len(RESTS_SECONDS) + 1


def test_a_question_is_passed_on_as_it_comes() -> None:
    prefect = Prefect(0)
    assert ask(prefect, "GET") == [201, b"flow "]


def test_other_failures_are_not_tried_again() -> None:
    class Broken(Prefect):
        async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
            self.bodies.append(b"")
            raise ValueError("a real mistake")

    prefect = Broken(0)
    with pytest.raises(ValueError, match="a real mistake"):
        ask(prefect)
    assert len(prefect.bodies) == 1
