"""Tells a Prefect server what `prefect.yaml` lists: the work pool, the deployments, their schedules.

The same file serves `prefect deploy --all`. It lies beside `app.py`, in the source tree as in an installed wheel.
"""

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.utilities.callables import parameter_schema

LIST = Path(__file__).parents[1] / "prefect.yaml"
GONE = ("publish_report/weekly", "publish_report/monthly", "publish_report/quarterly")
"""Registered by earlier versions; left alone their runs would be scheduled, and late, for ever."""


@dataclass(frozen=True)
class Deployment:
    """One entry of the list."""

    name: str
    entrypoint: str
    description: str
    pool: str
    parameters: dict[str, Any]
    schedules: tuple[dict[str, Any], ...]

    @property
    def flow(self) -> Flow[..., Any]:
        module, function = self.entrypoint.rsplit(".", 1)
        found: Flow[..., Any] = getattr(import_module(module), function)
        return found

    @property
    def full_name(self) -> str:
        return f"{self.flow.name}/{self.name}"

    @property
    def version(self) -> str:
        """Changes when the entry or the flow's parameters do, so that a second start leaves the server alone."""
        asks = parameter_schema(self.flow).model_dump(mode="json")
        said = [self.entrypoint, self.description, self.pool, self.parameters, self.schedules, asks]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]


def listed(zone: str | None = None, file: Path = LIST) -> list[Deployment]:
    """What the file asks for, in its order; with `zone`, by the clocks there."""
    entries = yaml.safe_load(file.read_text("utf-8"))["deployments"]
    return [
        Deployment(
            name=entry["name"],
            entrypoint=entry["entrypoint"],
            description=entry["description"],
            pool=entry["work_pool"]["name"],
            parameters=entry.get("parameters", {}),
            schedules=tuple(
                {**schedule, "timezone": zone or schedule["timezone"]} for schedule in entry["schedules"]
            ),
        )
        for entry in entries
    ]


def register(client: SyncPrefectClient, zone: str | None = None) -> dict[UUID, Deployment]:
    """Make the server know every listed deployment; returns them by the server's id. Safe to repeat.

    An entry that has not changed since it was registered is left as it is: a schedule that somebody paused or moved in
    Prefect's own pages stays so over restarts.
    """
    deployments = listed(zone)
    for pool in {deployment.pool for deployment in deployments}:
        _have_pool(client, pool)
    for name in GONE:
        with suppress(ObjectNotFound):
            client.delete_deployment(client.read_deployment_by_name(name).id)
    return {_register_one(client, deployment): deployment for deployment in deployments}


def _have_pool(client: SyncPrefectClient, name: str) -> None:
    try:
        client.read_work_pool(name)
    except ObjectNotFound:
        with suppress(ObjectAlreadyExists):  # another worker may be quicker
            client.create_work_pool(WorkPoolCreate(name=name, type="process"))


def _register_one(client: SyncPrefectClient, deployment: Deployment) -> UUID:
    try:
        known = client.read_deployment_by_name(deployment.full_name)
        if known.version == deployment.version:
            return known.id
    except ObjectNotFound:
        pass
    return client.create_deployment(
        flow_id=client.create_flow_from_name(deployment.flow.name),
        name=deployment.name,
        version=deployment.version,
        entrypoint=deployment.entrypoint,
        description=deployment.description,
        work_pool_name=deployment.pool,
        parameters=deployment.parameters,
        parameter_openapi_schema=parameter_schema(deployment.flow).model_dump(exclude_unset=True),
        enforce_parameter_schema=True,
        schedules=[_schedule(one) for one in deployment.schedules],
        pull_steps=[],
    )


def _schedule(said: dict[str, Any]) -> DeploymentScheduleCreate:
    return DeploymentScheduleCreate(
        schedule=CronSchedule(cron=said["cron"], timezone=said["timezone"]), slug=said["slug"]
    )
