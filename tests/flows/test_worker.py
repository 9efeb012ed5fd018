"""One worker with a real Prefect server: what waits is done at once, and once, also after Prefect was gone."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email import message_from_bytes
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, select

from portfolio import database as databases
from portfolio import editions, imports, mails, organisation, pulse
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import Assessment, Edition, Import, LearningRequest, Mail
from tests.factory import a_request
from tests.flows.processes import PrefectServer, Process, start_worker, until

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(240), pytest.mark.xdist_group("prefect")]

# A second at rest (bin/bench says how it is); here others use the processors too.
LONGEST_MEDIAN_SECONDS = 2.0
LINKS = Links("http://testserver", "a-key-for-tests-only-0123456789abcdef")


@dataclass
class Site:
    """An installation with its worker, as a person with a database browser and Prefect's pages sees it."""

    data: Path
    database: Database
    prefect: PrefectServer
    worker: Process

    def ask(self, title: str) -> int:
        with self.database.writing() as session:
            return a_request(session, links=LINKS, title=title).id

    def all(self, query: Select[Any]) -> list[Any]:
        with self.database.reading() as session:
            return list(session.scalars(query))

    def runs_that_scored(self, *requests: int) -> list[str | None]:
        query = select(Assessment.flow_run_id).where(Assessment.learning_request_id.in_(requests))
        return self.all(query)

    def scored(self, *requests: int) -> bool:
        return len(self.runs_that_scored(*requests)) >= len(requests)

    def sees_prefect(self) -> bool:
        with self.database.reading() as session:
            beat = pulse.last(session, "worker")
            return beat is not None and bool(beat.details["prefect"])

    def run(self, id_: str | None) -> dict[str, Any]:
        (found,) = self.prefect.post("/flow_runs/filter", flow_runs={"id": {"any_": [id_]}})
        return dict(found)

    def deployment(self, name: str) -> dict[str, Any]:
        (found,) = self.prefect.post(
            "/deployments/filter",
            deployments={"flow_or_deployment_name": {"like_": name.partition("/")[2]}},
            flows={"name": {"any_": [name.partition("/")[0]]}},
        )
        return dict(found)

    def order(self, deployment: str, **parameters: Any) -> str:
        """A run asked for on Prefect's pages."""
        path = f"/deployments/{self.deployment(deployment)['id']}/create_flow_run"
        return str(self.prefect.post(path, parameters=parameters)["id"])

    def state(self, run: str) -> str:
        return str(self.run(run)["state_type"])


@pytest.fixture(scope="module")
def site(
    prefect_server: PrefectServer, empty_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    data = tmp_path_factory.mktemp("site")
    shutil.copyfile(empty_sqlite, data / "outsize.db")
    database = databases.connect(f"sqlite:///{data / 'outsize.db'}")
    with database.writing() as session:
        organisation.set_up(session, name="Fernweh", hours_per_week=15, by=None, at=datetime.now(UTC))
    made = Site(data, database, prefect_server, start_worker(prefect_server, data))
    until(made.sees_prefect, "a worker that sees Prefect")
    yield made
    made.worker.kill()
    database.dispose()


def test_a_request_is_scored_within_a_second_by_a_run_prefect_knows(site: Site) -> None:
    first = site.ask("The first run warms up")
    until(lambda: site.scored(first), "a score")
    took = []
    for number in range(5):
        time.sleep(0.4)
        began = time.monotonic()
        request = site.ask(f"Request {number}")
        until(partial(site.scored, request), "a score")
        took.append(time.monotonic() - began)
    assert sorted(took)[2] < LONGEST_MEDIAN_SECONDS
    (run,) = site.runs_that_scored(first)
    until(lambda: site.state(str(run)) == "COMPLETED", "the run's end")
    assert site.run(run)["deployment_id"] is None


def test_a_burst_is_scored_once_in_a_handful_of_runs(site: Site) -> None:
    burst = [site.ask(f"One of many {number}") for number in range(200)]
    until(lambda: site.scored(*burst), "two hundred scores", 10)
    runs = site.runs_that_scored(*burst)
    assert (len(runs), len(set(runs)) <= 5) == (200, True)
    assert site.all(select(LearningRequest.id).where(LearningRequest.score_wanted_at.is_not(None))) == []


def test_a_report_asked_for_is_built_by_a_run(site: Site) -> None:
    with site.database.writing() as session:
        editions.ask(
            session,
            kind="custom",
            period_start=date(2026, 9, 1),
            period_end=date(2026, 10, 1),
            by=None,
            at=datetime.now(UTC),
        )
    (run,) = until(
        lambda: site.all(select(Edition.flow_run_id).where(Edition.pdf.is_not(None))), "an edition"
    )
    until(lambda: site.state(run) == "COMPLETED", "the run's end")


def test_a_long_file_somebody_wants_is_taken_by_a_run(site: Site) -> None:
    rows = "".join(f"Need {number},Too slow,kim@fernweh.example\n" for number in range(2100))
    with site.database.writing() as session:
        file = imports.start(
            session,
            name="needs.csv",
            content=f"Title,Problem,E-mail\n{rows}".encode(),
            by=None,
            at=datetime.now(UTC),
        )
        imports.want(session, file, by=None, at=datetime.now(UTC))
    until(
        lambda: site.all(select(Import.rows_done).where(Import.taken_at.is_not(None))) == [2100], "the file"
    )
    assert len(site.all(select(LearningRequest.id).where(LearningRequest.source == "import"))) == 2100
    until(
        lambda: (
            site.all(select(LearningRequest.id).where(LearningRequest.score_wanted_at.is_not(None))) == []
        ),
        "all scored",
    )


def test_every_schedule_makes_runs(site: Site) -> None:
    """Prefect 3.8 on SQLAlchemy 2.1 would make none: cli/prefect_server.py."""
    scheduled = {"state": {"type": {"any_": ["SCHEDULED"]}}, "deployment_id": {"is_null_": False}}

    def planned() -> set[str]:
        return {run["deployment_id"] for run in site.prefect.post("/flow_runs/filter", flow_runs=scheduled)}

    by_schedule = [site.deployment(name)["id"] for name in ("score_requests/nightly", "keep_house/daily")]
    until(lambda: planned() >= set(by_schedule), "runs planned ahead", 20)


def test_runs_asked_for_on_prefects_pages_are_carried_out(site: Site) -> None:
    run = site.order("score_requests/nightly")
    until(lambda: site.state(run) == "COMPLETED", "the run's end", 15)
    house = site.order("keep_house/daily")
    until(lambda: site.state(house) == "COMPLETED", "the run's end", 15)
    assert len(list((site.data / "backups").iterdir())) == 1
    pool = site.prefect.get("/work_pools/outsize")
    assert (pool["type"], pool["status"]) == ("process", "READY")


def test_what_a_strangers_deployment_says_is_never_carried_out(site: Site) -> None:
    flow = site.prefect.post("/flows/", name="stranger")["id"]
    touched = site.data / "touched"
    stranger = site.prefect.post(
        "/deployments/",
        name="stranger",
        flow_id=flow,
        entrypoint="os.getcwd",
        work_pool_name="outsize",
        pull_steps=[{"prefect.deployments.steps.run_shell_script": {"script": f"touch {touched}"}}],
    )["id"]
    run = site.prefect.post(f"/deployments/{stranger}/create_flow_run")["id"]
    ours = site.order("track_iterations/daily")
    until(lambda: site.state(ours) == "COMPLETED", "the run's end", 15)
    assert (site.state(run), touched.exists()) == ("SCHEDULED", False)
    site.prefect.delete(f"/deployments/{stranger}")


def test_while_prefect_is_gone_scores_wait_and_mails_leave(site: Site) -> None:
    site.prefect.kill()
    until(lambda: not site.sees_prefect(), "the worker to notice", 15)
    waiting = site.ask("Asked while Prefect was gone")
    with site.database.writing() as session:
        mails.queue(session, to="kim@fernweh.example", subject="Sign in", text="Here.", at=datetime.now(UTC))
    until(
        lambda: site.all(select(Mail.id).where(Mail.subject == "Sign in", Mail.sent_at.is_not(None))),
        "a mail",
    )
    subjects = {message_from_bytes(file.read_bytes())["Subject"] for file in (site.data / "outbox").iterdir()}
    assert "Sign in" in subjects
    assert not site.scored(waiting)
    site.prefect.start()
    until(lambda: site.scored(waiting), "a score after the return", 20)
    time.sleep(1)
    assert len(site.runs_that_scored(waiting)) == 1


def test_a_run_cut_off_in_the_middle_is_called_crashed_and_its_work_done_once(site: Site) -> None:
    """What we begin by ourselves is begun anew; what a schedule or a person ordered is run again."""
    cut_off = site.prefect.post(
        "/flow_runs/",
        flow_id=site.deployment("score_requests/on-demand")["flow_id"],
        state={"type": "RUNNING"},
    )["id"]
    nightly = site.deployment("track_iterations/daily")["id"]
    ordered = site.prefect.post(f"/deployments/{nightly}/create_flow_run", state={"type": "RUNNING"})["id"]
    site.worker.kill()
    waiting = site.ask("Asked while nobody worked")
    site.worker = start_worker(site.prefect, site.data)
    until(lambda: site.scored(waiting), "a score")
    until(lambda: site.state(cut_off) == "CRASHED", "the end of the run that was cut off")
    until(lambda: site.state(ordered) == "COMPLETED", "the end of the run that was ordered")
    assert len(site.runs_that_scored(waiting)) == 1


def test_the_worker_ends_quickly_when_asked(site: Site) -> None:
    # In other tests Prefect was killed under it, which its libraries tell at length.
    before = len(site.worker.said)
    assert site.worker.stop() < 5
    assert site.worker.popen.returncode == 0
    assert "Traceback" not in site.worker.said[before:]
