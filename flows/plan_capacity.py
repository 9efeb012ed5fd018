"""Works out what fits into the coming weeks and keeps it as a plan. Nightly, after every request is scored again; and on demand."""

from prefect import flow, task

from flows.connection import database, now
from portfolio import backlog, fitting, organisation, plans
from portfolio.fitting import Terms
from portfolio.states import OPEN

AT_MOST = 2_000
"""Open requests up to which chances follow each score and decision within seconds; above that they wait for the night."""


@flow(name="plan_capacity")
def plan_capacity(why: str = "night") -> int | None:
    """Make the plan and give each open request its chance. Returns the plan's number; None before the first visit."""
    return make_plan(why)


@task(retries=3, retry_delay_seconds=[1, 4, 15])
def make_plan(why: str = "night") -> int | None:
    """Worked out while reading, so that nobody waits to write meanwhile; then kept at once."""
    at = now()
    with database().reading() as session:
        if organisation.current(session) is None:
            return None
        found = fitting.look(session, Terms(), now=at)
    with database().writing() as session:
        return plans.make(session, why=why, by=None, at=at, outlook=found).id


class Chances:
    """Keeps every open request's chance up with new scores and decisions, between two plans. Needs no Prefect."""

    def __init__(self) -> None:
        self._seen: tuple[int, int] | None = None

    def are_behind(self) -> bool:
        with database().reading() as session:
            newest = plans.newest(session)
            if newest == self._seen or not newest[0]:
                return False
            counts = backlog.counts(session)
            return sum(count for status, count in counts.items() if status in OPEN) <= AT_MOST

    def catch_up(self) -> bool:
        with database().reading() as session:
            newest = plans.newest(session)
            found = fitting.look(session, Terms(), now=now(), with_options=False)
        with database().writing() as session:
            plans.refresh_chances(session, found)
        self._seen = newest
        return True
