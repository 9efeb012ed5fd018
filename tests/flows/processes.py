"""Real processes for tests: a Prefect server, a worker, the whole product. They end with the test run, however it ends."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from cli.children import command
from cli.claims import listen_from
from cli.prefect_environment import for_server

PATIENCE_SECONDS = 90.0

# Held open by this process alone: when it is gone, what it started ends itself.
ENDING, LIFELINE = os.pipe()


def until(ask: Callable[[], Any], what: str, seconds: float = PATIENCE_SECONDS) -> Any:
    """What `ask` says as soon as it says something true."""
    patience_ends = time.monotonic() + seconds
    while time.monotonic() < patience_ends:
        if answer := ask():
            return answer
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {seconds:g} s")


def clean_environment(**more: str) -> dict[str, str]:
    """Ours without what the machine or the test run says about Outsize and Prefect."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OUTSIZE_", "PREFECT_"))}
    return {**kept, "OUTSIZE_LIFELINE": str(ENDING), **more}


class Process:
    """One process in a group of its own, and its log."""

    def __init__(self, arguments: list[str], environment: dict[str, str], log: Path, *open_: int) -> None:
        self.log = log
        with log.open("ab") as said:
            self.popen = subprocess.Popen(
                arguments,
                env=environment,
                pass_fds=(ENDING, *open_),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()

    def stop(self) -> float:
        """Seconds it took to end when asked to."""
        began = time.monotonic()
        self.popen.terminate()
        self.popen.wait(PATIENCE_SECONDS)
        return time.monotonic() - began

    @property
    def said(self) -> str:
        return self.log.read_text("utf-8", errors="replace")


class PrefectServer:
    """Keeps its port while it is down, so that it comes back where it was."""

    def __init__(self, data: Path) -> None:
        self.data = data
        with listen_from(free_port()) as found:
            self.port: int = found.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.api_url = f"{self.address}/api"
        self._client = httpx.Client(base_url=self.api_url, timeout=10)
        self._process: Process | None = None

    def start(self) -> None:
        with socket.create_server(("127.0.0.1", self.port), backlog=512) as listening:
            environment = clean_environment(
                OUTSIZE_LISTENING=str(listening.fileno()),
                PREFECT_SERVER_UI_ENABLED="false",  # nobody looks, and copying the pages takes a while
                **for_server(self.data, self.address, kept_days=30),
            )
            self._process = Process(
                command(["prefect"]), environment, self.data / "server.log", listening.fileno()
            )
        until(self.answers, f"Prefect's server; {self.data / 'server.log'}")

    def answers(self) -> bool:
        try:
            return self._client.get("/health", timeout=0.5).is_success
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process = None

    def close(self) -> None:
        self.kill()
        self._client.close()

    def get(self, path: str) -> Any:
        return self._ask("GET", path).json()

    def post(self, path: str, **body: Any) -> Any:
        return self._ask("POST", path, json=body).json()

    def delete(self, path: str) -> None:
        self._ask("DELETE", path)

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Prefect's SQLite is busy now and then; then it says 503 and wants to be asked again."""

        def answer() -> httpx.Response | None:
            said = self._client.request(method, path, **more)
            return None if said.status_code == httpx.codes.SERVICE_UNAVAILABLE else said

        found: httpx.Response = until(answer, f"an answer from Prefect to {method} {path}", 10)
        return found.raise_for_status()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port


def start_worker(server: PrefectServer, data: Path) -> Process:
    environment = clean_environment(
        OUTSIZE_DATA=str(data), PREFECT_API_URL=server.api_url, OUTSIZE_OWN_PREFECT="1"
    )
    return Process(command(["worker"]), environment, data / "worker.log")


def start_product(data: Path, *arguments: str, **environment: str) -> Process:
    outsize = Path(sys.executable).with_name("outsize")
    return Process(
        [str(outsize), "serve", "--data", str(data), *arguments],
        clean_environment(**environment),
        data.with_name(f"{data.name}.log"),
    )
