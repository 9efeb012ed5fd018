"""Builds one edition and ends: `python -m flows.building EDITION [FLOW_RUN]`. Run by the flow publish_report."""

import os
import sys
import threading
import traceback

from flows.connection import database, now, settings
from portfolio import editions
from portfolio.links import Links
from portfolio.models import Edition
from portfolio.states import EditionStatus


def main() -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        build(int(sys.argv[1]), sys.argv[2] or None)
    except Exception as problem:  # noqa: BLE001 - whatever it is, the last line says it for people
        traceback.print_exc()
        sys.exit(f"{type(problem).__name__}: {str(problem).partition(chr(10))[0]}")


def build(number: int, run: str | None) -> None:
    """Read and draw without holding anybody up, then freeze in one short transaction, which queues the mails to its readers as
    well: a crash leaves no edition that nobody is sent. Needs no Prefect."""
    from reports import edition

    at = now()
    with database().reading() as session:
        asked = editions.find(session, number)
        if asked is None or asked.status is EditionStatus.PUBLISHED:
            return
        made = edition.make(session, asked, now=at)
    with database().writing() as session:
        found = session.get(Edition, number, with_for_update=True)
        if found is not None:
            edition.freeze(session, found, made, now=at, flow_run_id=run)
            editions.mail_to_readers(session, found, links=Links.of(settings()), at=at)


def _end_with_parent() -> None:
    os.read(0, 1)  # returns when the pipe ends
    os._exit(1)


if __name__ == "__main__":
    main()
