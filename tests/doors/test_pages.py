"""Every page renders, empty and full, for those who may see it, and for nobody else."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from portfolio import (
    assessments,
    conversations,
    deciding,
    editions,
    goals,
    iteration_days,
    iterations,
    learning_requests,
    measures,
    participants,
    projects,
    report_designs,
    survey_imports,
    surveys,
)
from portfolio.database import Database
from portfolio.deciding import Ruling
from portfolio.importing.surveys import SurveyMapping
from portfolio.links import Links
from portfolio.models import Person
from portfolio.states import Verdict
from tests.conftest import Cast
from tests.factory import a_request
from tests.reports.published import an_edition

SignIn = Callable[[TestClient, Person | None], None]

MANAGER_PAGES = [
    "/board/columns", "/board/columns?edit=3", "/measures/1/file",
    "/inbox", "/inbox/list", "/inbox/1", "/inbox/1?verdict=decline", "/inbox/several?request=1", "/inbox/obvious", "/inbox/sessions", "/settings/phrases", "/questions", "/questions/best", "/requests/1", "/requests/1/score", "/requests/1/draws", "/requests/1/reuses", "/requests/1/reuses/list", "/projects/1/beginning", "/projects/1/sentence", "/settings/templates", "/settings/templates/workshop", "/requests/1?verdict=snooze", "/backlog", "/backlog?q=quote&sort=submitted",
    "/backlog/more?after=9_1", "/plan", "/plan?hours=20&weeks=4&goal_1=2&drop=1&begun=1",
    "/plan/what-if?hours=20&quick=1", "/plan/requests/1", "/backlog/methods", "/plan/absences/calendar", "/settings", "/settings/imports", "/settings/imports/boards", "/settings/form", "/settings/form/questions/risk", "/settings/form/preview",
    "/settings/form/changes", "/settings/causes", "/settings/rubric", "/settings/rubric/versions/1", "/people", "/people/1", "/settings/calibration", "/settings/outlets", "/settings/learning", "/settings/automations", "/settings/automations/log", "/settings/rates", "/cases/new", "/outbox", "/outbox/1", "/arrivals",
    "/experts", "/interrupts", "/iterations/1/planning", "/iterations/1/planning/line-up?card=1", "/iterations/1/review",
    "/library", "/library?state=overdue&q=a", "/library/new", "/library/sheets", "/library/deflections", "/reports/designs/new",
    "/surveys/new", "/surveys/new?project=1&template=needs", "/surveys/1/edit", "/surveys/1/preview", "/projects/1/participants",
    "/settings/surveys", "/settings/surveys/end_of_event", "/surveys/import", "/surveys/import/1", "/surveys/import/2",
]  # fmt: skip
LEADER_PAGES = [
    "/board", "/board?q=draft&project=1", "/board?lanes=project", "/board?lanes=goal&blocked=1&overdue=1", "/board?lanes=owner&unassigned=1",
    "/board/lanes?lanes=project&first=1", "/board/columns/1", "/board/columns/1/more?after=0", "/board/columns/1?lanes=project&lane=1", "/board/archive", "/cards/1", "/cards/1/parts/experts", "/cards/1/face",
    "/flow", "/flow?type=job_aid&project=1&weeks=4&on=2026-11-01", "/iterations", "/iterations/1", "/projects", "/projects/1", "/measures", "/measures/1", "/proof", "/projects/1/proof", "/worth", "/worth?people=20&build_hours=40", "/cases", "/reports", "/reports/1",
    "/reports/2", "/reports/2/comparison", "/reports/designs/1", "/surveys", "/surveys/1", "/surveys/2", "/surveys/3",
]  # fmt: skip
PUBLIC_PAGES = ["/", "/requests/new", "/requests/links", "/sign-in", "/api/v1/docs", "/healthz"]


@pytest.fixture
def story(database: Database, cast: Cast, links: Links, now: datetime) -> None:
    """One of everything: a decided request with its project, an open one, an iteration, a reading, a report."""
    with database.writing() as session:
        goals.add(session, name="Keep customers", weight=4, by=cast.manager, at=now, target=10)
        a_request(session, links=links, title="Open and waiting", answers={"goal": 1, "cause_could": "no"})
        asked = a_request(session, links=links)
        assessments.score_waiting(session, now=now, flow_run_id=None)
    with database.writing() as session:
        asked = learning_requests.find(session, 2) or asked
        deciding.decide(session, asked, Ruling(Verdict.ACCEPT, "Yes."), links=links, by=cast.manager, at=now)
        conversations.say(session, asked, "A note.", links=links, by=cast.manager, at=now, internal=True)
        today = now.date()
        planned = iterations.plan(
            session,
            starts_on=today,
            ends_on=today + timedelta(days=11),
            capacity_hours=30,
            goal="Ship",
            by=cast.manager,
            at=now,
        )
        iterations.start(session, planned, by=cast.manager, at=now)
        iteration_days.take_snapshot(session, planned, on=today + timedelta(days=1), at=now)
        measure = measures.find(session, 1)
        assert measure is not None
        measures.read(session, measure, value=4, on=today, after=False, by=cast.manager, at=now)
        editions.ask(
            session,
            kind="custom",
            period_start=today - timedelta(days=30),
            period_end=today,
            by=cast.manager,
            at=now,
        )
        report_designs.begin(session, audience="leadership", by=cast.manager, at=now)
        an_edition(session, now)
        project = projects.find(session, 1)
        assert project is not None
        participants.add(session, project, [cast.other], by=cast.manager, at=now)
        surveys.draft(session, template="end_of_event", project=project, by=cast.manager, at=now)
        needs = surveys.draft(session, template="needs", project=project, by=cast.manager, at=now)
        surveys.open_(session, needs, by=cast.manager, at=now)
        _bring_answers(session, cast, links, now)


def _bring_answers(session: Session, cast: Cast, links: Links, now: datetime) -> None:
    """Answers from elsewhere: one file taken, the survey of which is number 3, and one that waits."""
    steps = ["Agree,Git;Tests,Sales", "Disagree,Git,Sales", "Strongly agree,Tests,Finance"] * 4
    rows = ["It helps me,Which do you use?,Where do you work?", *steps]
    for number, name in enumerate(("2025.csv", "2026.csv"), start=1):
        file = survey_imports.start(
            session, name=name, content="\n".join(rows).encode(), by=cast.manager, at=now
        )
        if number == 1:
            mapping = SurveyMapping.model_validate({**file.mapping, "by": "Where do you work?"})
            survey_imports.change_mapping(session, file, mapping)
            survey_imports.take(session, file, links=links, by=cast.manager, at=now)


@pytest.fixture
def browser(client: TestClient, story: None) -> TestClient:
    return client


@pytest.mark.parametrize("address", [*MANAGER_PAGES, *LEADER_PAGES])
def test_the_manager_sees_every_page(browser: TestClient, sign_in: SignIn, cast: Cast, address: str) -> None:
    sign_in(browser, cast.manager)
    answer = browser.get(address)
    assert answer.status_code == 200, answer.text
    assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize("address", LEADER_PAGES)
def test_a_leader_reads_but_finds_no_way_to_change(
    browser: TestClient, sign_in: SignIn, cast: Cast, address: str
) -> None:
    sign_in(browser, cast.leader)
    answer = browser.get(address)
    assert answer.status_code == 200
    changing = [
        line for line in answer.text.splitlines() if 'method="post"' in line and "/sign-out" not in line
    ]
    assert changing == []


@pytest.mark.parametrize("address", MANAGER_PAGES)
def test_a_leader_does_not_learn_that_the_managers_pages_exist(
    browser: TestClient, sign_in: SignIn, cast: Cast, address: str
) -> None:
    sign_in(browser, cast.leader)
    assert browser.get(address).status_code == 404


@pytest.mark.parametrize("address", [*MANAGER_PAGES, *LEADER_PAGES])
def test_experts_and_requesters_get_404(
    browser: TestClient, sign_in: SignIn, cast: Cast, address: str
) -> None:
    for person in (cast.requester, cast.expert, cast.other):
        sign_in(browser, person)
        assert browser.get(address).status_code == 404


@pytest.mark.parametrize("address", [*MANAGER_PAGES, *LEADER_PAGES, "/requests", "/me", "/welcome"])
def test_nobody_signed_in_is_sent_to_sign_in(browser: TestClient, address: str) -> None:
    answer = browser.get(address)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=/")


@pytest.mark.parametrize("address", PUBLIC_PAGES)
def test_public_pages_are_there_for_everybody(browser: TestClient, address: str) -> None:
    assert browser.get(address).status_code == 200


@pytest.mark.parametrize(
    "address",
    ["/inbox", "/backlog", "/board", "/iterations", "/flow", "/projects", "/reports", "/outbox", "/settings"],
)
def test_empty_pages_teach(client: TestClient, sign_in: SignIn, cast: Cast, address: str) -> None:
    sign_in(client, cast.manager)
    answer = client.get(address)
    assert answer.status_code == 200
