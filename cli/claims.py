"""What only one supervisor can have: the data folder and the ports. Standard library only."""

import fcntl
import os
import socket
import time
from pathlib import Path

LAST_RUN_ENDS_SECONDS = 10.0
PORTS_TRIED = 100


class CannotServe(Exception):
    """The message is for the person at the console."""


def hold(data: Path) -> int:
    """The open lock on the data folder; children inherit it, so that it is free only when all of the last run ended.

    Raises CannotServe where another supervisor is alive. After one that was killed, waits for its children to end.
    """
    lock = os.open(data / "serve.lock", os.O_RDWR | os.O_CREAT, 0o600)
    patience_ends = time.monotonic() + LAST_RUN_ENDS_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            holder = os.pread(lock, 20, 0).decode().strip()
            if _is_alive(holder) or time.monotonic() > patience_ends:
                os.close(lock)
                raise CannotServe(
                    f"already running on {data} (process {holder}). Stop it first, or give another --data."
                ) from None
            time.sleep(0.1)
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    return lock


def listen(host: str, port: int) -> socket.socket:
    """The open web port. Raises CannotServe where it can't be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server((address[0], port), family=family, backlog=2048)
    except OSError as problem:
        raise CannotServe(
            f"can't listen on {host} port {port}: {problem.strerror}. Choose another with --port or --host."
        ) from problem


def listen_from(first: int) -> socket.socket:
    """The first free port from `first` on, for this machine only."""
    for port in range(first, min(first + PORTS_TRIED, 65_536)):
        try:
            return socket.create_server(("127.0.0.1", port), backlog=2048)
        except OSError:
            continue
    raise CannotServe(f"no free port for Prefect from {first} on. Set OUTSIZE_PREFECT_PORT.")


def _is_alive(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
