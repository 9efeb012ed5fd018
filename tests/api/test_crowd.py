"""A crowd at the door: far more writers at once than there are threads to serve them."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import func, select

from portfolio.database import Database
from portfolio.models import LearningRequest
from tests.conftest import Cast

WRITERS = 60


@pytest.fixture
def port(app: FastAPI, cast: Cast) -> Iterator[int]:
    """The application behind a real server on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        number: int = free.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(app, port=number, log_level="warning", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        threading.Event().wait(0.02)
    yield number
    server.should_exit = True
    thread.join(10)


@pytest.mark.both
def test_sixty_writers_at_once_are_all_answered(port: int, app: FastAPI, database: Database) -> None:
    app.state.turnstile.check_post = lambda _request: None
    answers: list[int] = []

    def submit(writer: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        body = {
            "title": f"From {writer}",
            "problem": "P",
            "requester": {"email": f"w{writer}@fernweh.example"},
        }
        connection.request("POST", "/api/v1/requests", json.dumps(body), {"Content-Type": "application/json"})
        answers.append(connection.getresponse().status)
        connection.close()

    crowd = [threading.Thread(target=submit, args=(writer,)) for writer in range(WRITERS)]
    for writer in crowd:
        writer.start()
    for writer in crowd:
        writer.join()
    assert answers == [201] * WRITERS
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LearningRequest)) == WRITERS
