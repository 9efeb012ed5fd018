"""Runs that Prefect's schedules and pages ask for, claimed one by one and carried out in this process.

Only deployments of `prefect.yaml` are run, and by the function the file names: nothing that a deployment made by
somebody else says, no pull step and no shell command, is carried out here.
"""

import logging
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas import FlowRun
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import State, StateType
from prefect.client.schemas.responses import SetStateStatus
from prefect.exceptions import Abort
from prefect.flow_engine import run_flow
from prefect.states import Cancelled, Crashed, Pending, Scheduled

from flows import NAMES
from flows.deployments import Deployment

logger = logging.getLogger("outsize.worker")

MOST_RUNS = 3
UNFINISHED = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]


def claim_due(deployments: dict[UUID, Deployment]) -> list[FlowRun]:
    """The runs that are due and now ours. Of several late runs of one schedule only the last is left to run."""
    client = get_client(sync_client=True)
    due = [run for run in _due(client, deployments) if run.deployment_id in deployments]
    done_by_later = _superseded(due)
    for run in done_by_later:
        client.set_flow_run_state(run.id, Cancelled(message="A later run does this one's work."))
    return [run for run in due if run not in done_by_later and _claim(client, run)]


def carry_out(run: FlowRun, deployments: dict[UUID, Deployment]) -> None:
    """Run it to its end, whatever that is: its state in Prefect tells."""
    client = get_client(sync_client=True)
    deployment = deployments[run.deployment_id]  # type: ignore[index] # claim_due chose by it
    try:
        run_flow(deployment.flow, flow_run=run, return_type="state")
    except Abort as word:
        logger.info("Prefect took %s back: %s", run.name, word)
    if client.read_flow_run(run.id).state_type == StateType.CANCELLING:
        client.set_flow_run_state(run.id, Cancelled(message="Ended when asked to."), force=True)


def end_left_open(before: datetime, *, besides: Collection[UUID] = ()) -> int:
    """Runs of ours begun before then are over, though a crash, or an answer that never came, kept us from telling Prefect. Returns
    how many. `besides` are in hand: what was claimed before then may only now begin.

    What a schedule or a person ordered is run again, so that a crash skips no night; what we begin by ourselves when work waits is
    begun anew anyway. A run that was cut off three times may be what brings us down, and is left.
    """
    client = get_client(sync_client=True)
    unfinished = FlowRunFilterState(type=FlowRunFilterStateType(any_=UNFINISHED))
    left = [
        run
        for run in client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=list(NAMES))),
            flow_run_filter=FlowRunFilter(state=unfinished),
        )
        if run.state is not None and run.state.timestamp < before and run.id not in besides
    ]
    for run in left:
        client.set_flow_run_state(run.id, _after_a_crash(run), force=True)
    return len(left)


def _after_a_crash(run: FlowRun) -> State:
    is_ordered = run.deployment_id is not None and run.state_type != StateType.CANCELLING
    if is_ordered and run.run_count < MOST_RUNS:
        return Scheduled(message="Cut off, so it is run again.")
    return Crashed(message="Left open by a crash.")


def _due(client: SyncPrefectClient, deployments: dict[UUID, Deployment]) -> list[FlowRun]:
    at = datetime.now(UTC)
    return [
        answer.flow_run
        for pool in {deployment.pool for deployment in deployments.values()}
        for answer in client.get_scheduled_flow_runs_for_work_pool(pool, scheduled_before=at)
    ]


def _superseded(runs: Iterable[FlowRun]) -> list[FlowRun]:
    """Runs of a schedule that a later one of the same schedule stands for. What people asked for is all run."""
    last: dict[UUID | None, FlowRun] = {}
    earlier = []
    for run in sorted((r for r in runs if r.auto_scheduled), key=_expected):
        if run.deployment_id in last:
            earlier.append(last[run.deployment_id])
        last[run.deployment_id] = run
    return earlier


def _expected(run: FlowRun) -> datetime:
    return run.expected_start_time or datetime.min.replace(tzinfo=UTC)


def _claim(client: SyncPrefectClient, run: FlowRun) -> bool:
    """Whether the run is ours now: of several workers Prefect lets one have it."""
    return client.set_flow_run_state(run.id, Pending()).status == SetStateStatus.ACCEPT
