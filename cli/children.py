"""The supervisor's children: started, started again when they end by themselves, stopped with all they started."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

LOGS_KEPT = 5
LARGEST_LOG_BYTES = 20_000_000
STEADY_SECONDS = 60.0
LONGEST_REST_SECONDS = 30.0


@dataclass
class Child:
    """`arguments` go to `cli.child`; the first is also what it is called. `descriptors` are handed down open."""

    arguments: list[str]
    environment: dict[str, str]
    descriptors: tuple[int, ...]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    _started_at: float = field(default=0.0, init=False)
    _start_at: float | None = field(default=None, init=False)

    @property
    def name(self) -> str:
        return self.arguments[0]

    @property
    def is_gone(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command(self.arguments),
                env=self.environment,
                pass_fds=self.descriptors,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is the supervisor's; one signal ends all it started
            )
        self._started_at, self._start_at = time.monotonic(), None

    def look_after(self) -> str | None:
        """Start it again if it ended by itself; then there is a line for the console."""
        if self._start_at is not None and time.monotonic() >= self._start_at:
            self.start()
        if self.process is None or self.process.poll() is None:
            return None
        code = self.process.returncode
        steady = time.monotonic() - self._started_at > STEADY_SECONDS
        self.failures = 1 if steady else self.failures + 1
        rest = rest_after(self.failures)
        self.end()
        self._start_at = time.monotonic() + rest
        how = f"by signal {-code}" if code < 0 else f"with code {code}"
        when = f"in {rest:g} s" if rest else "at once"
        return f"{self.name} ended {how} and starts again {when}. Its log: {self.log}"

    def last_words(self) -> str:
        lines = self.log.read_text("utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def ask_to_stop(self) -> None:
        self._start_at = None
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def end(self) -> None:
        """End what is left of it and of what it started."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


def command(arguments: list[str]) -> list[str]:
    return [sys.executable, "-P", "-m", "cli.child", *arguments]


def stop(children: Iterable[Child], seconds: float) -> None:
    """Ask all to stop, give them so long, end what is left."""
    stopping = list(children)
    for child in stopping:
        child.ask_to_stop()
    patience_ends = time.monotonic() + seconds
    while time.monotonic() < patience_ends and not all(child.is_gone for child in stopping):
        time.sleep(0.02)
    for child in stopping:
        child.end()


def rest_after(failures: int) -> float:
    """Seconds before it starts again: none, 1, 2, 4 ... 30."""
    return 0.0 if failures <= 1 else min(2.0 ** (failures - 2), LONGEST_REST_SECONDS)


def turn_over(log: Path) -> None:
    """A new log for a new start; the last ones are kept as .1, .2 ..."""
    for number in range(LOGS_KEPT - 1, -1, -1):
        kept = log.with_name(f"{log.name}.{number}") if number else log
        if kept.exists():
            kept.replace(log.with_name(f"{log.name}.{number + 1}"))


def keep_small(log: Path) -> None:
    """A log that grew large meanwhile is copied away and begun anew; its writer appends and notices nothing."""
    if log.exists() and log.stat().st_size > LARGEST_LOG_BYTES:
        shutil.copyfile(log, log.with_name(f"{log.name}.1"))
        os.truncate(log, 0)
