"""`prefect.yaml` is the one list, and it lists every flow."""

from pathlib import Path

import pytest
from prefect.client.schemas.schedules import CronSchedule

import flows
from flows.deployments import LIST, listed


def test_every_flow_is_deployed_under_the_name_of_its_file() -> None:
    entrypoints = {deployment.entrypoint for deployment in listed()}
    assert entrypoints == {f"flows.{name}.{name}" for name in flows.NAMES}
    assert {deployment.flow.name for deployment in listed()} == set(flows.NAMES)
    assert all((LIST.parent / "flows" / f"{name}.py").is_file() for name in flows.NAMES)


def test_what_runs_when() -> None:
    assert {
        f"{deployment.full_name} {schedule['cron']}"
        for deployment in listed()
        for schedule in deployment.schedules
    } == {
        "score_requests/nightly 10 2 * * *",
        "plan_capacity/nightly 25 2 * * *",
        "place_requests/nightly 35 2 * * *",
        "forecast/nightly 45 2 * * *",
        "ask_next/daily 40 9 * * 1-5",
        "forget_politely/daily 10 9 * * 1-5",
        "run_automations/daily 30 7 * * *",
        "remind_experts/daily 20 9 * * 1-5",
        "ask_surveys/hourly 5 0,9-15 * * *",
        "collect_measures/nightly 50 2 * * *",
        "collect_measures/hourly 25 9-15 * * 1-5",
        "track_iterations/daily 55 23 * * *",
        "publish_report/daily 0 5 * * *",
        "keep_house/daily 40 1 * * *",
        "fetch_learning/quarter-hourly */15 * * * *",
    }


def test_schedules_go_by_the_clocks_of_the_organisation() -> None:
    zones = {s["timezone"] for d in listed("Europe/Berlin") for s in d.schedules}
    assert zones == {"Europe/Berlin"}
    for deployment in listed():
        for schedule in deployment.schedules:
            CronSchedule(cron=schedule["cron"], timezone=schedule["timezone"])


def test_only_a_change_makes_a_new_version() -> None:
    first, again, moved = ([d.version for d in listed(zone)] for zone in ("UTC", "UTC", "Europe/Berlin"))
    assert first == again
    scheduled = [bool(d.schedules) for d in listed()]
    assert [a != b for a, b in zip(first, moved, strict=True)] == scheduled


def test_every_parameter_is_one_the_flow_takes() -> None:
    for deployment in listed():
        deployment.flow.validate_parameters(deployment.parameters)


@pytest.mark.parametrize("name", flows.NAMES)
def test_a_flow_file_is_never_named_after_a_standard_module(name: str) -> None:
    import sys

    assert name not in sys.stdlib_module_names
    assert not {file.stem for file in Path(flows.__file__).parent.glob("*.py")} & sys.stdlib_module_names
