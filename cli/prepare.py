"""What `outsize serve` does once before people come: the schema, the demo year if asked for, the manager's way in."""

import os
import sys
from datetime import UTC, datetime
from typing import TextIO

from portfolio import people
from portfolio.database import connect, migrate
from portfolio.links import Links
from portfolio.settings import Settings


def run(settings: Settings, *, demo: bool) -> int:
    """Print the path of the one-time sign-in page. What goes wrong is said in a line."""
    says = alone_on_stdout()
    try:
        migrate(settings.database_url)
        database = connect(settings.database_url)
        if demo:
            from portfolio import demo as demos

            demos.fill(database, now=datetime.now(UTC), links=Links.of(settings))
        with database.writing() as session:
            token = people.invite_manager(session, now=datetime.now(UTC))
        database.dispose()
    except Exception as problem:  # noqa: BLE001 - whatever it is, the log has all of it and the console a line
        import traceback

        traceback.print_exc()
        print(
            f"{type(problem).__name__}: {str(problem).splitlines()[0] if str(problem) else ''}",
            file=says,
            flush=True,
        )
        return 1
    print(f"/sign-in/{token}", file=says, flush=True)
    return 0


def alone_on_stdout() -> TextIO:
    """Where only we write. What native code prints (HiGHS does) goes to the log, or it would land in the address."""
    sys.stdout.flush()
    says = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return says
