"""Takes in the files that wait, one after the other, each in a process of its own. Starts when somebody wants one taken."""

import os
import subprocess
import sys
import tempfile

from prefect import flow, task

from flows import taking
from flows.connection import database, now, settings
from portfolio import imports

LONGEST_SECONDS = 3600


class TakingFailed(RuntimeError):
    """The file could not be taken in whole; the message is the taker's last word."""


@flow(name="take_imports")
def take_imports() -> int:
    """Take what is wanted; returns how many files were taken, or given up with the reason kept beside them."""
    done = 0
    while (number := next_wanted()) is not None:
        try:
            take(number)
        except TakingFailed as problem:
            give_up(number, str(problem))
        done += 1
    return done


@task(retries=3, retry_delay_seconds=[1, 4, 15])
def next_wanted() -> int | None:
    with database().reading() as session:
        return imports.next_wanted(session)


@task(retries=2, retry_delay_seconds=[2, 10])
def take(number: int) -> None:
    """Take one in a process of its own: it computes for half a minute, which would hold up scores and mails here, and the
    memory it takes ends with it. What a failed try wrote stays, and the next one goes on behind it."""
    words, code = _take_apart(number)
    if code == taking.REFUSED:
        give_up.fn(number, words)
    elif code != 0:
        problem = TakingFailed(words.rpartition("\n")[2] or f"ended with {code}")
        problem.add_note(words)
        raise problem


@task(retries=3, retry_delay_seconds=[1, 4, 15])
def give_up(number: int, words: str) -> None:
    with database().writing() as session:
        imports.note_failure(session, number, words, at=now())


def _take_apart(number: int) -> tuple[str, int]:
    """The open pipe is the child's lifeline: it ends when we do."""
    command = [sys.executable, "-P", "-m", "flows.taking", str(number)]
    environment = {**os.environ, "OUTSIZE_DATA": str(settings().data)}
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stderr=said) as child,
    ):
        try:
            child.wait(LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            return f"It took longer than {LONGEST_SECONDS // 60} minutes.", 1
        said.seek(0)
        return said.read().strip(), child.returncode
