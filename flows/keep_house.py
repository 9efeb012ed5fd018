"""The daily chores: back up, and forget what its time is over."""

from datetime import timedelta

from prefect import flow, task
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterEndTime,
)

from flows import NAMES
from flows.connection import database, now, settings
from portfolio import backups, upkeep


@flow(name="keep_house")
def keep_house() -> dict[str, int]:
    """Do every chore. Returns what each did."""
    back_up()
    return {**expire(), "flow_runs": forget_flow_runs()}


@task(retries=2, retry_delay_seconds=[30, 300])
def back_up() -> str:
    return backups.back_up(settings(), now=now()).name


@task(retries=3, retry_delay_seconds=[1, 4, 15])
def expire() -> dict[str, int]:
    with database().writing() as session:
        return upkeep.expire(session, now=now())


@task(retries=2, retry_delay_seconds=[10, 60])
def forget_flow_runs() -> int:
    """Delete Prefect's records of our runs that ended longer ago than they are kept."""
    ended_before = now() - timedelta(days=settings().flow_runs_kept_days)
    old = FlowRunFilter(end_time=FlowRunFilterEndTime(before_=ended_before))
    ours = FlowFilter(name=FlowFilterName(any_=list(NAMES)))
    forgotten = 0
    with get_client(sync_client=True) as client:
        while runs := client.read_flow_runs(flow_filter=ours, flow_run_filter=old, limit=200):
            for run in runs:
                client.delete_flow_run(run.id)
            forgotten += len(runs)
    return forgotten
