"""Editions that are there without being built, for whatever is done with them afterwards."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from portfolio import editions
from portfolio.models import Edition, Person, Report
from portfolio.states import EditionStatus
from reports.edition import checksum_of

THIRD = (date(2026, 7, 1), date(2026, 10, 1))
SECOND = (date(2026, 4, 1), date(2026, 7, 1))


def figures(received: int = 8, **goals: int) -> dict[str, Any]:
    """Two small tables."""
    columns = [{"label": "Figure", "kind": "text"}, {"label": "This period", "kind": "count"}]
    return {
        "title": "A report",
        "tables": [
            {
                "key": "key_figures",
                "title": "Key figures",
                "note": "",
                "columns": columns,
                "rows": [["Requests received", received], ["Projects finished", 2]],
            },
            {
                "key": "goals",
                "title": "Goals",
                "note": "",
                "columns": [{"label": "Goal", "kind": "text"}, {"label": "Waiting", "kind": "count"}],
                "rows": [[name, count] for name, count in goals.items()],
            },
        ],
    }


def publish(edition: Edition, at: datetime, found: dict[str, Any] | None = None) -> Edition:
    """What the builder does to it."""
    edition.figures = found or figures()
    edition.html = f'<article class="report"><h1>{edition.title}</h1><p>Frozen words.</p></article>'
    edition.pdf, edition.xlsx, edition.pptx = b"%PDF-1.7 of it", b"PK of it", b"PK slides"
    edition.mail_html = "<p>In the mail.</p>"
    edition.checksum = checksum_of(edition.figures)
    edition.seed, edition.formula_version = 7, "report-2"
    edition.data_cut_off_at = edition.published_at = at
    edition.status = EditionStatus.PUBLISHED
    return edition


def an_edition(
    session: Session,
    at: datetime,
    *,
    period: tuple[date, date] = THIRD,
    report: Report | None = None,
    by: Person | None = None,
    found: dict[str, Any] | None = None,
) -> Edition:
    """A published edition over a quarter."""
    start, end = period
    asked = editions.ask(
        session, kind="quarterly", period_start=start, period_end=end, by=by, at=at, report=report
    )
    publish(asked, at, found)
    session.flush()
    return asked
