"""Automations: each does its thing once, for a reason that is told, and none sets off another."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portfolio import (
    automations,
    blockers,
    cards,
    deciding,
    goals,
    iterations,
    mails,
    outlets,
    projects,
)
from portfolio.automations import BadBlank
from portfolio.database import Database
from portfolio.deciding import Ruling
from portfolio.links import Links
from portfolio.models import (
    AutomationRun,
    Card,
    Delivery,
    EvaluationStep,
    Event,
    LearningRequest,
    Mail,
    Project,
    Resource,
)
from portfolio.routines import BY_KEY, ROUTINES
from portfolio.states import Health, Stage, Verdict
from tests.conftest import Cast
from tests.factory import a_card, a_project, a_request

DAY = timedelta(days=1)


@dataclass
class Site:
    """An installation with a manager who switches, and the clock that looks."""

    database: Database
    cast: Cast
    links: Links
    now: datetime

    def switch(self, key: str, *, on: bool = True, **given: Any) -> None:
        texts = {name: str(value) for name, value in given.items()}
        with self.database.writing() as session:
            automations.switch(session, BY_KEY[key], on=on, given=texts, by=self.cast.manager, at=self.now)

    def act(self, at: datetime | None = None, *, look_around: bool = False) -> list[str]:
        """What was done, twice over: the second time nothing may be."""
        at = at or self.now
        with self.database.writing() as session:
            last = session.scalar(select(AutomationRun.id).order_by(AutomationRun.id.desc()).limit(1)) or 0
            automations.act(session, links=self.links, at=at, today=at.date(), look_around=look_around)
        with self.database.writing() as session:
            assert (
                automations.act(session, links=self.links, at=at, today=at.date(), look_around=look_around)
                == 0
            )
            found = session.scalars(
                select(AutomationRun).where(AutomationRun.id > last).order_by(AutomationRun.id)
            )
            return [run.did or f"! {run.problem}" for run in found]

    def mails(self, *about: str) -> list[tuple[str, str]]:
        with self.database.reading() as session:
            query = select(Mail.recipient, Mail.subject).order_by(Mail.id)
            rows = session.execute(query.where(Mail.about.in_(about)) if about else query).all()
            return [(to, subject) for to, subject in rows]


@pytest.fixture
def site(database: Database, cast: Cast, links: Links, now: datetime) -> Site:
    found = Site(database, cast, links, now)
    for routine in ROUTINES:
        if routine.on_at_first:
            found.switch(routine.key, on=False)
    found.act()
    return found


def test_every_automation_reads_as_a_sentence_and_starts_off_but_for_the_harmless(
    site: Site, now: datetime
) -> None:
    assert len(ROUTINES) >= 12
    assert len(BY_KEY) == len(ROUTINES)
    for routine in ROUTINES:
        filled = routine.sentence.format(**{blank.name: "x" for blank in routine.blanks})
        assert filled.startswith("When ")
        assert filled.endswith(".")
        assert "{" not in filled
    assert [routine.key for routine in ROUTINES if routine.on_at_first] == ["all_cards_done"]


@pytest.mark.both
def test_a_card_that_enters_the_column_asks_the_sponsor_once_a_project(site: Site) -> None:
    with site.database.writing() as session:
        pilot = cards.columns(session)[2]
        project = a_project(session, by=site.cast.manager, at=site.now)
        before = a_card(session, by=site.cast.manager, at=site.now, project=project)
        other = a_card(session, by=site.cast.manager, at=site.now, project=project)
        cards.place(session, before, pilot, by=site.cast.manager, at=site.now)
    site.switch("ask_for_baseline", column=pilot.id)
    assert site.act() == []
    with site.database.writing() as session:
        kept = session.get_one(Card, other.id)
        cards.place(session, kept, cards.columns(session)[1], by=site.cast.manager, at=site.now)
    assert site.act() == []
    with site.database.writing() as session:
        found = session.get_one(Project, project.id)
        found.sponsor_email = "sponsor@fernweh.example"
        for number in (other.id, before.id):
            card = session.get_one(Card, number)
            cards.place(session, card, cards.columns(session)[0], by=site.cast.manager, at=site.now)
            cards.place(session, card, session.merge(pilot), by=site.cast.manager, at=site.now)
    assert site.act() == ["Asked the sponsor of “Faster quotes” for a baseline."]
    assert site.mails() == [("sponsor@fernweh.example", "Where do we stand today? Faster quotes")]


def test_what_cannot_be_done_is_noted_with_its_reason_and_not_tried_again(site: Site) -> None:
    with site.database.writing() as session:
        first = cards.columns(session)[0]
    site.switch("ask_for_baseline", column=first.id)
    with site.database.writing() as session:
        a_card(
            session,
            by=site.cast.manager,
            at=site.now,
            project=a_project(session, by=site.cast.manager, at=site.now),
        )
    assert site.act() == ["! “Faster quotes” names no sponsor with a mail address."]
    assert site.mails() == []


def test_the_last_card_done_tells_the_manager_and_the_next_owner_hears_of_each(site: Site) -> None:
    site.switch("all_cards_done")
    site.switch("next_card")
    with site.database.writing() as session:
        project = a_project(session, by=site.cast.manager, at=site.now)
        first, second = (
            a_card(
                session, by=site.cast.manager, at=site.now, project=project, title=title, owner_id=owner.id
            )
            for title, owner in (("Draft", site.cast.manager), ("Review", site.cast.expert))
        )
        cards.place(session, first, cards.columns(session)[-1], by=site.cast.manager, at=site.now)
    assert site.act() == ["Told Eli Expert that “Review” comes next."]
    with site.database.writing() as session:
        cards.place(
            session,
            session.get_one(Card, second.id),
            cards.columns(session)[-1],
            by=site.cast.manager,
            at=site.now,
        )
    assert site.act() == [
        "Told you that all cards of “Faster quotes” are done.",
        "“Review” is done; nobody else waits for it.",
    ]
    assert site.mails() == [
        ("eli@fernweh.example", "Your turn: Review"),
        ("mara@fernweh.example", "All cards are done: Faster quotes"),
    ]
    with site.database.reading() as session:
        assert "http" not in session.scalars(select(Mail.text).order_by(Mail.id)).first()  # type: ignore[operator] # there is one


def test_cards_blocked_too_long_and_cards_that_are_due_are_told_of_once(site: Site) -> None:
    site.switch("blocked_long", days=5)
    site.switch("card_due", days=2)
    with site.database.writing() as session:
        card = a_card(
            session, by=site.cast.manager, at=site.now, title="Film it", owner_id=site.cast.manager.id
        )
        card.due_on = site.now.date() + 8 * DAY
        blockers.block(session, card, "No camera", by=site.cast.manager, at=site.now)
    assert site.act(site.now + 4 * DAY, look_around=True) == []
    assert site.act(site.now + 5 * DAY) == []
    assert site.act(site.now + 5 * DAY, look_around=True) == ["Told you that “Film it” is blocked."]
    assert site.act(site.now + 6 * DAY, look_around=True) == ["Reminded Mara Manager of “Film it”."]
    assert site.mails() == [
        ("mara@fernweh.example", "Blocked for 5 days: Film it"),
        ("mara@fernweh.example", "Due 28 November 2026: Film it"),
    ]


def test_a_project_that_reaches_the_stage_gets_a_card(site: Site) -> None:
    site.switch("baseline_card", stage="pilot")
    with site.database.writing() as session:
        project = a_project(session, by=site.cast.manager, at=site.now)
        projects.move(session, project, Stage.BUILD, by=site.cast.manager, at=site.now)
        projects.move(session, project, Stage.PILOT, by=site.cast.manager, at=site.now)
    assert site.act() == ["Added a card to “Faster quotes”."]
    with site.database.reading() as session:
        (card,) = cards.of_project(session, project)
        said = session.scalars(select(Event).where(Event.action == "card.added")).one()
        assert (card.title, said.by_id, said.details["by_itself"]) == (
            "Read the measure before anything changes",
            None,
            "baseline_card",
        )


def test_a_step_of_an_evaluation_becomes_a_card_with_its_day(site: Site) -> None:
    site.switch("evaluation_due", days=7)
    with site.database.writing() as session:
        project = a_project(session, by=site.cast.manager, at=site.now)
        session.add_all(
            EvaluationStep(project_id=project.id, level=3, what=what, due_on=site.now.date() + days * DAY)
            for what, days in (("Ask what is used", 6), ("Later", 30))
        )
    assert site.act(look_around=True) == ["Added a card to “Faster quotes” for “Ask what is used”."]
    with site.database.reading() as session:
        (card,) = cards.of_project(session, project)
        assert (card.title, card.due_on) == ("Evaluate: Ask what is used", date(2026, 11, 26))


def test_a_silent_project_is_at_risk_and_only_once_for_a_silence(site: Site) -> None:
    site.switch("silent_project", weeks=3)
    with site.database.writing() as session:
        project = a_project(session, by=site.cast.manager, at=site.now)
    assert site.act(site.now + 20 * DAY, look_around=True) == []
    assert site.act(site.now + 21 * DAY, look_around=True) == ["Noted “Faster quotes” as at risk."]
    with site.database.reading() as session:
        found = session.get_one(Project, project.id)
        assert (found.health, found.health_note) == (Health.AT_RISK, "Nothing has happened here for 3 weeks.")


def test_an_iteration_that_ends_tomorrow_tells_what_is_left(site: Site) -> None:
    site.switch("iteration_ends", days=1)
    today = site.now.date()
    with site.database.writing() as session:
        sprint = iterations.plan(
            session,
            starts_on=today,
            ends_on=today + 11 * DAY,
            capacity_hours=30,
            goal="Ship",
            by=site.cast.manager,
            at=site.now,
        )
        card = a_card(session, by=site.cast.manager, at=site.now, title="Left over")
        cards.take_into(session, card, sprint, by=site.cast.manager, at=site.now)
        iterations.start(session, sprint, by=site.cast.manager, at=site.now)
    assert site.act(site.now + 9 * DAY, look_around=True) == []
    assert site.act(site.now + 10 * DAY, look_around=True) == [
        "Told you what is left of iteration 1: 1 card."
    ]
    assert site.mails("automation") == [("mara@fernweh.example", "Iteration 1 ends on 1 December 2026")]


def test_who_asked_is_reminded_once_of_an_open_question(site: Site) -> None:
    site.switch("info_reminder", days=7)
    with site.database.writing() as session:
        asked = a_request(session, links=site.links, at=site.now)
        deciding.decide(
            session,
            asked,
            Ruling(Verdict.ASK, "How many?"),
            links=site.links,
            by=site.cast.manager,
            at=site.now,
        )
    before = len(site.mails())
    assert site.act(site.now + 6 * DAY, look_around=True) == []
    assert site.act(site.now + 8 * DAY, look_around=True) == ["Reminded who asked of request 1."]
    assert site.mails()[before:] == [
        ("rita@fernweh.example", "We still have a question about your request 1: Quotes take too long")
    ]


def test_a_deadline_that_comes_near_without_a_place_in_the_plan_is_told(site: Site) -> None:
    site.switch("deadline_near", weeks=6)
    with site.database.writing() as session:
        a_request(session, links=site.links, at=site.now, title="Far", deadline={"on": "2027-06-01"})
        a_request(session, links=site.links, at=site.now, title="Near", deadline={"on": "2026-12-10"})
        fits = a_request(session, links=site.links, at=site.now, title="Fits", deadline={"on": "2026-12-10"})
        fits.chance_in_plan = 0.9
    assert site.act(look_around=True) == ["Told you that request 2 is wanted by 10 December 2026."]


def test_a_units_requests_serve_its_goal_unless_they_name_one(site: Site) -> None:
    with site.database.writing() as session:
        goal = goals.add(session, name="Keep customers", weight=4, by=site.cast.manager, at=site.now)
        sales = site.cast.requester.unit_id
    site.switch("unit_goal", unit=sales, goal=goal.id)
    with site.database.writing() as session:
        ours = a_request(session, links=site.links, at=site.now)
        other = {"name": "Otto", "email": "otto@fernweh.example", "unit": "Finance"}
        a_request(session, links=site.links, at=site.now, title="Other", requester=other)
    assert site.act() == ["Request 1 serves “Keep customers” now."]
    with site.database.reading() as session:
        found = session.scalars(select(LearningRequest.goal_id).order_by(LearningRequest.id)).all()
        assert (ours.id, found) == (1, [goal.id, None])


def test_urgent_words_are_told_to_the_chat(site: Site) -> None:
    with site.database.writing() as session:
        chat = outlets.add(
            session, kind="chat", name="Team", address="json://127.0.0.1:9/", topics=["goals"], may_be_local=True,
            by=site.cast.manager, at=site.now,
        )  # fmt: skip
    site.switch("urgent_words", words="urgent, accident", chat=chat.id)
    with site.database.writing() as session:
        a_request(session, links=site.links, at=site.now, title="Quotes")
        a_request(session, links=site.links, at=site.now, title="Forklift ACCIDENTS")
    assert site.act() == ["Told Team of request 2."]
    with site.database.reading() as session:
        assert session.scalars(select(Delivery.body)).all() == [
            {"words": "Request 2 sounds urgent: “Forklift ACCIDENTS”", "link": "http://testserver/requests/2"}
        ]


def test_owners_are_asked_to_look_again_and_a_missing_owner_is_a_problem_in_the_log(site: Site) -> None:
    site.switch("review_passed")
    with site.database.writing() as session:
        for title, owner in (("Guide", site.cast.expert.id), ("Nobody's", None)):
            session.add(Resource(title=title, owner_id=owner, review_on=site.now.date(), created_at=site.now))
        session.add(Resource(title="Later", review_on=site.now.date() + DAY, created_at=site.now))
    assert site.act(look_around=True) == [
        "Asked Eli Expert to look at “Guide”.",
        "! Nobody is named as the owner of “Nobody's”.",
    ]
    assert site.mails() == [("eli@fernweh.example", "Is this still right? Guide")]


def test_what_an_automation_does_sets_off_no_other(site: Site) -> None:
    """A card that a stage adds lands in the column that asks the sponsor: nobody is asked."""
    with site.database.writing() as session:
        first = cards.columns(session)[0]
    site.switch("baseline_card", stage="pilot")
    site.switch("ask_for_baseline", column=first.id)
    with site.database.writing() as session:
        project = a_project(session, by=site.cast.manager, at=site.now)
        project.sponsor_email = "sponsor@fernweh.example"
        projects.move(session, project, Stage.PILOT, by=site.cast.manager, at=site.now)
    assert site.act() == ["Added a card to “Faster quotes”."]
    assert site.act() == []
    assert site.mails() == []


def test_a_crash_in_the_middle_leaves_nothing_and_the_next_run_does_it_whole(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.switch("baseline_card", stage="pilot")
    with site.database.writing() as session:
        project = a_project(session, by=site.cast.manager, at=site.now)
        projects.move(session, project, Stage.PILOT, by=site.cast.manager, at=site.now)
    with pytest.raises(KeyboardInterrupt), site.database.writing() as session:
        automations.act(session, links=site.links, at=site.now, today=site.now.date())
        raise KeyboardInterrupt
    with site.database.reading() as session:
        assert (cards.of_project(session, project), automations.runs(session)) == ([], [])
        assert automations.wait(session, seen=0)[0]
    assert site.act() == ["Added a card to “Faster quotes”."]


def test_one_that_breaks_is_noted_and_the_others_go_on(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("no post today")

    site.switch("card_due", days=2)
    site.switch("review_passed")
    with site.database.writing() as session:
        a_card(
            session,
            by=site.cast.manager,
            at=site.now,
            title="Film it",
            owner_id=site.cast.manager.id,
            due_on=site.now.date(),
        )
    with monkeypatch.context() as patched:
        patched.setattr(mails, "queue", broken)
        assert site.act(look_around=True) == ["! RuntimeError: no post today"]
    with site.database.writing() as session:
        session.add(
            Resource(
                title="Guide", owner_id=site.cast.expert.id, review_on=site.now.date(), created_at=site.now
            )
        )
    assert site.act(look_around=True) == ["Asked Eli Expert to look at “Guide”."]


@pytest.mark.parametrize(
    ("key", "given"),
    [
        ("blocked_long", {"days": ""}),
        ("blocked_long", {"days": "0"}),
        ("blocked_long", {"days": "9" * 30}),
        ("blocked_long", {"days": "-3"}),
        ("ask_for_baseline", {"column": "99"}),
        ("ask_for_baseline", {"column": "nonsense"}),
        ("unit_goal", {"unit": "1", "goal": "77"}),
        ("urgent_words", {"words": "urgent", "chat": "1"}),
    ],
)
def test_it_is_not_switched_on_with_a_gap(site: Site, key: str, given: dict[str, Any]) -> None:
    with pytest.raises(BadBlank):
        site.switch(key, **given)
    with site.database.reading() as session:
        assert not next(one for one in automations.listed(session) if one.routine.key == key).is_on
