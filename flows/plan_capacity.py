"""Works out what fits into the coming weeks and keeps it as a plan. Nightly, after every request is scored again; and on demand."""

from prefect import flow, task

from flows.connection import database, now
from portfolio import fitting, organisation, plans
from portfolio.fitting import Terms


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
