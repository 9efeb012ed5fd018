"""`outsize report`: build one edition without Prefect."""

from datetime import UTC, datetime

from portfolio import database, editions
from portfolio.rules.report_days import last_period
from portfolio.settings import Settings


def build(settings: Settings, kind: str) -> int:
    """Build the last full period's edition; prints its title and address."""
    from reports import edition as builder

    if kind not in {"weekly", "monthly", "quarterly"}:
        print("--kind: weekly, monthly or quarterly.")
        return 2
    now = datetime.now(UTC)
    opened = database.connect(settings.database_url)
    with opened.writing() as session:
        start, end = last_period(kind, now.date())
        asked = editions.ask(session, kind=kind, period_start=start, period_end=end, by=None, at=now)
    with opened.writing() as session:
        builder.build(session, asked.id, now=now, flow_run_id=None)
    opened.dispose()
    print(f"{asked.title}: {settings.base_url}/reports/{asked.id}")
    return 0
