"""The product as a process of its own, on a free port, and light clients for it."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

OUTSIZE = Path(sys.executable).parent / "outsize"
STARTS_WITHIN = 90.0


@dataclass(frozen=True)
class Site:
    """A running server."""

    port: int
    process: subprocess.Popen[bytes]
    started: float

    def wait(self, path: str) -> float:
        """Seconds from the start of the process until `path` answers 200."""
        while perf_counter() - self.started < STARTS_WITHIN:
            if self.process.poll() is not None:
                raise RuntimeError(f"The server ended with {self.process.returncode}.")
            try:
                client = Client(self.port)
                status, _ = client.ask("GET", path)
                client.close()
            except OSError:
                status = 0
            if status == 200:
                return perf_counter() - self.started
            sleep(0.02)
        raise TimeoutError(f"{path} did not answer within {STARTS_WITHIN:.0f} s.")


@contextmanager
def serving(folder: Path, command: str = "web") -> Iterator[Site]:
    """`outsize web` (one process) or `outsize serve` (all of it) over a data folder."""
    port = free_port()
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("OUTSIZE_", "PREFECT_"))
    }
    arguments = [str(OUTSIZE), command, "--port", str(port), "--data", str(folder)]
    with (folder / "bench.log").open("ab") as log:
        started = perf_counter()
        process = subprocess.Popen(arguments, env=environment, stdout=log, stderr=log, cwd=folder)
    site = Site(port, process, started)
    try:
        yield site
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> float:
    """End it as Ctrl-C does; returns the seconds it took."""
    begun = perf_counter()
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return perf_counter() - begun


class Client:
    """One kept-alive connection."""

    def __init__(self, port: int, **headers: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Accept-Encoding": "gzip", **headers}

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        """Status and the body as it came over the wire."""
        headers, sent = self._headers, None
        if body is not None:
            headers = {**headers, "Content-Type": "application/json"}
            sent = json.dumps(body).encode()
        return self._sent(method, path, sent, headers)

    def send(self, method: str, path: str, body: bytes, content_type: str) -> tuple[int, bytes]:
        """As `ask`, with bytes of any kind."""
        return self._sent(method, path, body, {**self._headers, "Content-Type": content_type})

    def _sent(self, method: str, path: str, sent: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        self._connection.request(method, path, sent, headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def close(self) -> None:
        self._connection.close()


@dataclass(frozen=True)
class Load:
    """What came of many calls: how long each took, how long all took, and which statuses came."""

    seconds: list[float]
    whole: float
    statuses: dict[int, int]

    @property
    def rate(self) -> float:
        return len(self.seconds) / self.whole


def load(port: int, calls: list[list[tuple[str, str, Any]]], **headers: str) -> Load:
    """Each list of calls by a client of its own, one after the other, all clients at once."""
    seconds: list[float] = []
    statuses: dict[int, int] = {}
    ready = threading.Barrier(len(calls) + 1)
    lock = threading.Lock()

    def work(own: list[tuple[str, str, Any]]) -> None:
        client = Client(port, **headers)
        ready.wait()
        for method, path, body in own:
            begun = perf_counter()
            status, _ = client.ask(method, path, body)
            took = perf_counter() - begun
            with lock:
                seconds.append(took)
                statuses[status] = statuses.get(status, 0) + 1
        client.close()

    workers = [threading.Thread(target=work, args=(own,), daemon=True) for own in calls]
    for worker in workers:
        worker.start()
    ready.wait()
    begun = perf_counter()
    for worker in workers:
        worker.join()
    return Load(seconds, perf_counter() - begun, statuses)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(holds: Callable[[], Any], within: float, every: float = 0.05) -> float | None:
    """Seconds until something holds, or None."""
    begun = perf_counter()
    while perf_counter() - begun < within:
        if holds():
            return perf_counter() - begun
        sleep(every)
    return None


def resident_megabytes(parent: int) -> dict[str, float]:
    """Resident memory of a process and all below it, by what they are."""
    found: dict[str, float] = {}
    for process in [parent, *_below(parent)]:
        try:
            words = Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace").split("\0")
            status = Path(f"/proc/{process}/status").read_text()
        except OSError:
            continue
        kilobytes = next(
            (int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")), 0
        )
        name = _name(words)
        while name in found:
            name += "'"
        found[name] = kilobytes / 1024
    return found


def _below(parent: int) -> list[int]:
    children = []
    for task in Path(f"/proc/{parent}/task").glob("*/children"):
        children += [int(word) for word in task.read_text().split()]
    return children + [one for child in children for one in _below(child)]


def _name(words: list[str]) -> str:
    """What a process is, from its command line: its last telling word."""
    text = " ".join(words)
    for sign, name in (
        ("cli.child prefect", "Prefect server"),
        ("worker", "worker"),
        (" web", "web"),
        ("supervisor", "supervisor"),
        ("serve", "supervisor"),
    ):
        if sign in text:
            return name
    return text.strip()[-40:] or "?"
