"""`outsize report`: build one edition without Prefect."""

from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from portfolio import database, editions, organisation, report_designs
from portfolio.editions import NothingToSay
from portfolio.models import Edition, Report
from portfolio.rules.report_days import last_period
from portfolio.settings import Settings

KINDS = ("weekly", "monthly", "quarterly")


def build(settings: Settings, kind: str, design: str | None = None) -> int:
    """Build the last full period's edition, by a design (its number or name) as the page would; prints title and address.

    Without a design it is two pages for leadership.
    """
    from reports import edition as builder

    if kind not in KINDS:
        print("--kind: weekly, monthly or quarterly.")
        return 2
    now = datetime.now(UTC)
    opened = database.connect(settings.database_url)
    try:
        with opened.writing() as session:
            today = now.astimezone(organisation.zone(organisation.current(session))).date()
            known = report_designs.listed(session)
            report = _named(known, design) if design else None
            if design and report is None:
                named = ", ".join(f"{one.id} “{one.name}”" for one in known) or "none yet"
                print(f"--design: no report is called so. There are: {named}.")
                return 2
            try:
                asked = [(one.id, one.title) for one in _asked(session, kind, report, today, now)]
            except NothingToSay as nothing:
                print(nothing)
                return 1
        for number, title in asked:
            with opened.writing() as session:
                builder.build(session, number, now=now, flow_run_id=None)
            print(f"{title}: {settings.base_url}/reports/{number}")
    finally:
        opened.dispose()
    return 0


def _named(known: list[Report], design: str) -> Report | None:
    said = design.strip().casefold()
    return next((one for one in known if said in {str(one.id), one.name.casefold()}), None)


def _asked(session: Session, kind: str, report: Report | None, today: date, now: datetime) -> list[Edition]:
    start, end = last_period(kind, today)
    if report is None:
        return [editions.ask(session, kind=kind, period_start=start, period_end=end, by=None, at=now)]
    return editions.ask_each(session, report, kind=kind, period_start=start, period_end=end, by=None, at=now)
