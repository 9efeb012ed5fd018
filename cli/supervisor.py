"""Runs the whole product: web, Prefect server and worker as children, and looks after them until told to stop.

Only the standard library here, so that the process that only waits takes 15 MB. The web comes first; it does not need
the others to answer. The supervisor opens the ports itself and hands them down: a web that crashed is back before
anybody is refused, and what came in meanwhile is answered then.
"""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from cli.children import Child, command, keep_small, stop, turn_over
from cli.claims import CannotServe, hold, listen, listen_from
from cli.prefect_environment import for_server

OTHERS_END_SECONDS = 5.0
PREFECT_ENDS_SECONDS = 3.0
WEB_ANSWERS_SECONDS = 20.0
LOOK_SECONDS = 0.25
KEEP_SMALL_SECONDS = 60.0


def main() -> int:
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopping.set())
    try:
        serve(claim(), stopping, demo="--demo" in sys.argv, reload="--reload" in sys.argv)
    except CannotServe as problem:
        print(f"outsize: {problem}", file=sys.stderr)
        return 1
    return 0


@dataclass(frozen=True)
class Claims:
    """What is ours now, all of it open until this process ends. `ending` is the children's end of the lifeline."""

    data: Path
    lock: int
    web: socket.socket
    prefect: socket.socket | None
    ending: int
    lifeline: int

    @property
    def prefect_address(self) -> str | None:
        return f"http://127.0.0.1:{self.prefect.getsockname()[1]}" if self.prefect else None


def claim() -> Claims:
    """Take the folder and the ports; nothing is started where one of them can't be had."""
    data = Path(os.environ["OUTSIZE_DATA"])
    lock = hold(data)
    web = listen(os.environ["OUTSIZE_HOST"], int(os.environ["OUTSIZE_PORT"]))
    given = "PREFECT_API_URL" in os.environ
    prefect = None if given else listen_from(int(os.environ["OUTSIZE_PREFECT_PORT"]))
    return Claims(data, lock, web, prefect, *os.pipe())


def serve(claims: Claims, stopping: threading.Event, *, demo: bool, reload: bool) -> None:
    """Start everything, look after it until `stopping`, and leave nothing behind."""
    environment = shared_environment(claims)
    web = child(claims, environment, ["web", *(["--reload"] if reload else [])], claims.web)
    worker = child(claims, environment, ["worker"])
    prefect = prefect_children(claims, environment)
    try:
        way_in = prepare(claims, environment, stopping, demo=True) if demo else None
        web.start()
        wait_for(web, claims.web, stopping)
        for other in (*prefect, worker):
            other.start()
        way_in = way_in or prepare(claims, environment, stopping, demo=False)
        if not stopping.is_set():
            welcome(claims, way_in)
        look_after([web, *prefect, worker], stopping)
    finally:
        stop([web, worker], OTHERS_END_SECONDS)
        stop(prefect, PREFECT_ENDS_SECONDS)


def shared_environment(claims: Claims) -> dict[str, str]:
    environment = {**os.environ, "OUTSIZE_LIFELINE": str(claims.ending)}
    if claims.prefect_address:
        environment["PREFECT_API_URL"] = f"{claims.prefect_address}/api"
        environment["OUTSIZE_OWN_PREFECT"] = "1"
        environment.setdefault("OUTSIZE_PREFECT_UI_URL", claims.prefect_address)
    return environment


def prefect_children(claims: Claims, environment: dict[str, str]) -> list[Child]:
    """Our own Prefect server, or none where one was given."""
    if claims.prefect_address is None:
        return []
    days = int(os.environ["OUTSIZE_FLOW_RUNS_KEPT_DAYS"])
    special = for_server(claims.data, claims.prefect_address, kept_days=days)
    return [child(claims, environment | special, ["prefect"], claims.prefect)]


def child(
    claims: Claims, environment: dict[str, str], arguments: list[str], port: socket.socket | None = None
) -> Child:
    log = claims.data / "logs" / f"{arguments[0]}.log"
    log.parent.mkdir(exist_ok=True)
    turn_over(log)
    descriptors = [claims.lock, claims.ending]
    if port is not None:
        descriptors.append(port.fileno())
        environment = environment | {"OUTSIZE_LISTENING": str(port.fileno())}
    return Child(arguments, environment, tuple(descriptors), log)


def prepare(claims: Claims, environment: dict[str, str], stopping: threading.Event, *, demo: bool) -> str:
    """The path of the manager's one-time sign-in page; "" when told to stop meanwhile."""
    if demo:
        print("Filling in a year of an invented company, if the folder is empty ...", flush=True)
    with (claims.data / "logs" / "prepare.log").open("wb") as log:
        process = subprocess.Popen(
            command(["prepare", *(["--demo"] if demo else [])]),
            env=environment,
            pass_fds=(claims.lock, claims.ending),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    while process.poll() is None:
        if stopping.wait(0.02):
            process.kill()
    said = process.communicate()[0].decode().strip()
    if process.returncode and not stopping.is_set():
        raise CannotServe(f"{said or 'could not prepare the database'}. See {log.name}")
    return said if process.returncode == 0 else ""


def wait_for(web: Child, at: socket.socket, stopping: threading.Event) -> None:
    """Until the web, which brings the schema up to date first, answers. The others would only take its processors."""
    host, port = at.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - asked for by --host
    patience_ends = time.monotonic() + WEB_ANSWERS_SECONDS
    while time.monotonic() < patience_ends and not stopping.is_set():
        if web.is_gone:
            raise CannotServe(f"the web could not start: {web.last_words()}. See {web.log}")
        asking = http.client.HTTPConnection(host, port, timeout=0.5)
        try:
            asking.request("GET", "/healthz")
            asking.getresponse()
        except (OSError, http.client.HTTPException):
            continue
        finally:
            asking.close()
        return


def welcome(claims: Claims, way_in: str) -> None:
    base = os.environ["OUTSIZE_BASE_URL"]
    prefect = os.environ.get("OUTSIZE_PREFECT_UI_URL") or claims.prefect_address
    print(
        f"\nOutsize is at         {base}"
        f"\nManager, sign in at   {base}{way_in}   (once, within a day)"
        f"\nData and logs are in  {claims.data}"
        f"\nPrefect's pages       {prefect}"
        "\nCtrl-C stops it.\n",
        flush=True,
    )


def look_after(children: list[Child], stopping: threading.Event) -> None:
    small_until = time.monotonic() + KEEP_SMALL_SECONDS
    while not stopping.wait(LOOK_SECONDS):
        for one in children:
            said = one.look_after()
            if said:
                print(said, file=sys.stderr, flush=True)
        if time.monotonic() > small_until:
            small_until = time.monotonic() + KEEP_SMALL_SECONDS
            for one in children:
                keep_small(one.log)


if __name__ == "__main__":
    sys.exit(main())
