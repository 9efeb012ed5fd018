"""Takes one file in and ends: `python -m flows.taking IMPORT`. Run by the flow take_imports."""

import gc
import os
import sys
import threading
import traceback

from flows.connection import database, now, settings
from portfolio import board_imports, imports, survey_imports
from portfolio.importing.mapping import BadMapping
from portfolio.links import Links
from portfolio.sheets import Unreadable

REFUSED = 3
"""The file can't be read as its mapping says; trying again would not help."""


def main() -> None:
    # Next to nothing here is a ring, and looking for them took a tenth of the time.
    gc.set_threshold(200_000, 20, 100)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        take(int(sys.argv[1]))
    except (BadMapping, Unreadable) as problem:
        sys.stderr.write(f"{problem}\n")
        sys.exit(REFUSED)
    except Exception as problem:  # noqa: BLE001 - whatever it is, the last line says it for people
        traceback.print_exc()
        sys.exit(f"{type(problem).__name__}: {str(problem).partition(chr(10))[0]}")


def take(number: int) -> None:
    """Judge a thousand rows without holding anybody up, write them in one short transaction, and so on to the end.

    A board and a survey are read first and then written whole: cards and their past belong together, and so do answers, of which
    some would tell more than all.
    """
    with database().reading() as session:
        found = imports.find(session, number)
        is_board = found is not None and board_imports.is_board(found)
        is_survey = found is not None and survey_imports.is_survey(found)
    if is_board:
        take_board(number)
        return
    if is_survey:
        take_survey(number)
        return
    with database().reading() as session:
        taking = imports.begin(session, number)
    if taking is None:
        return
    rows = sum(1 for _ in taking.reading.rows())
    with database().writing() as session:
        imports.count(session, number, taking, rows)
    while (some := taking.judge_some()) is not None:
        with database().writing() as session:
            if not imports.go_on(session, number, taking, some):
                return
    with database().writing() as session:
        imports.finish(session, number, taking, at=now())


def take_board(number: int) -> None:
    """Read it without holding anybody up, then write it in one transaction."""
    with database().reading() as session:
        board = board_imports.read_wanted(session, number)
    if board is None:
        return
    with database().writing() as session:
        board_imports.count(session, number, board)
    with database().writing() as session:
        board_imports.finish(session, number, board, at=now())


def take_survey(number: int) -> None:
    """Read it without holding anybody up, then write it in one transaction; again where its survey has changed meanwhile."""
    is_through = False
    while not is_through:
        with database().reading() as session:
            judged = survey_imports.read_wanted(session, number)
        if judged is None:
            return
        with database().writing() as session:
            survey_imports.count(session, number, judged)
        with database().writing() as session:
            links = Links.of(settings())
            is_through = survey_imports.finish(session, number, judged, links=links, at=now())


def _end_with_parent() -> None:
    os.read(0, 1)  # returns when the pipe ends
    os._exit(1)


if __name__ == "__main__":
    main()
