"""Projects: from an accepted request to a beginning somebody looked through, and on."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portfolio import (
    cards,
    contributions,
    evaluating,
    history,
    library,
    projects,
    reuses,
    templates_of_work,
    training_sessions,
)
from portfolio.contributions import ExpertGiven, UnknownExpert
from portfolio.database import Database
from portfolio.evaluating import StepGiven
from portfolio.library import ResourceGiven
from portfolio.links import Links
from portfolio.models import (
    ChecklistItem,
    Contribution,
    Event,
    Measure,
    Project,
    WorkLog,
    WorkTemplate,
)
from portfolio.projects import Beginning, CardGiven, StaleEdit
from portfolio.reuses import SHARES
from portfolio.rules.hypothesis import Blanks
from portfolio.rules.work_templates import CardPlan
from portfolio.states import ColumnKind, Role, Stage
from portfolio.templates_of_work import StaleTemplate
from portfolio.training_sessions import SessionRefused, StaleSession
from tests.conftest import Cast
from tests.factory import a_project, a_request

BLANKS = Blanks("job aid", "new sales people", "Time for a quote", "4", "1", "days", date(2027, 3, 31))


def started(session: Session, links: Links, cast: Cast, at: datetime, **changes: Any) -> Project:
    asked = a_request(session, links=links, **changes)
    return projects.start(session, asked, "job_aid", by=cast.manager, at=at)


@pytest.mark.both
def test_a_started_project_has_its_measure_cards_checklists_and_evaluation_plan(
    database: Database, links: Links, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        started(session, links, cast, now, answers={"sponsor": "Sven Sponsor"})
    with database.reading() as session:
        project = session.scalars(select(Project)).one()
        assert project.hypothesis_parts == {
            "solution": "job aid",
            "who": "New sales people",
            "measure": "Days for a quote",
            "today": "4",
            "wanted": "1",
            "unit": "",
            "by": "2027-03-31",
        }
        assert (project.sponsor, project.begun_at) == ("Sven Sponsor", None)
        measure = session.scalars(select(Measure)).one()
        assert (measure.name, measure.baseline, measure.target, measure.higher_is_better) == (
            "Days for a quote",
            4,
            1,
            False,
        )
        held = sorted(cards.of_project(session, project), key=lambda card: card.id)
        assert [card.title for card in held] == list(projects.TEMPLATES["job_aid"])
        assert [card.estimate_hours for card in held] == [2.5, 4, 2, 2, 1.5]
        lines = session.scalars(select(ChecklistItem.words).where(ChecklistItem.card_id == held[1].id)).all()
        assert lines == ["Look what exists", "Steps in the order they are done", "Use their words"]
        assert [(step.level, step.owner) for step in evaluating.of(session, project)] == [
            (3, "Mara Manager"),
            (4, "Sven Sponsor"),
        ]


def test_what_exists_shrinks_the_cards_for_making(
    database: Database, links: Links, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        asked = a_request(session, links=links)
        guide = library.add(session, ResourceGiven(title="A guide"), by=None, at=now)
        reuses.link(session, asked, guide, SHARES["half"][1], note="", by=cast.manager, at=now)
        project = projects.start(session, asked, "job_aid", by=cast.manager, at=now)
        held = sorted(cards.of_project(session, project), key=lambda card: card.id)
        assert [card.estimate_hours for card in held] == [2.5, 2, 2, 1, 1.5]


def test_what_is_linked_after_the_start_shrinks_them_once_more(
    database: Database, links: Links, cast: Cast, now: datetime
) -> None:
    later = now + timedelta(hours=1)
    with database.writing() as session:
        asked = a_request(session, links=links)
        one, other = (
            library.add(session, ResourceGiven(title=title), by=None, at=now) for title in ("One", "Other")
        )
        reuses.link(session, asked, one, SHARES["half"][1], note="", by=cast.manager, at=now)
        project = projects.start(session, asked, "job_aid", by=cast.manager, at=now)
        session.refresh(project)
        assert projects.less_to_make(session, project) == {}
        linked = reuses.link(session, asked, other, SHARES["quarter"][1], note="", by=cast.manager, at=later)
        assert projects.less_to_make(session, project) == {2: 1, 4: 0.5}
        reuses.unlink(session, linked, by=cast.manager, at=later)
        assert projects.less_to_make(session, project) == {}


def a_beginning(**changes: object) -> Beginning:
    told: dict[str, object] = {
        "blanks": BLANKS,
        "worthwhile": 1.5,
        "facts": {"stop_rule": "Stop if nothing moves.", "stop_on": date(2027, 1, 15), "sponsor": "Sven"},
    }
    return Beginning(**(told | changes))  # type: ignore[arg-type] # fields by name


def test_beginning_says_all_at_once_and_keeps_the_measure_in_step(
    database: Database, links: Links, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        project = started(session, links, cast, now)
        first, second, *_ = sorted(cards.of_project(session, project), key=lambda card: card.id)
        kept_step = evaluating.of(session, project)[1]
        beginning = a_beginning(
            experts=[ExpertGiven("Eli Expert", 4, "The tricky quotes"), ExpertGiven("new@fernweh.example")],
            steps=[StepGiven(4, "Did it move?", days_after=45, id=kept_step.id), StepGiven(5, "Worth it?")],
            cards=[
                CardGiven("Watch two of them", 3, first.id),
                CardGiven(second.title, second.estimate_hours, second.id, kept=False),
                CardGiven("Tell the press", 1),
            ],
        )
        projects.begin(session, project, beginning, version=1, by=cast.manager, at=now)
    with database.reading() as session:
        found = projects.find(session, 1)
        assert found is not None
        assert found.hypothesis == (
            "We believe a job aid for new sales people moves Time for a quote from 4 to 1 days by 31 March 2027."
        )
        assert (found.begun_at, found.stop_on, found.sponsor) == (now, date(2027, 1, 15), "Sven")
        measure = session.scalars(select(Measure)).one()
        assert (measure.name, measure.unit, measure.worthwhile_change) == ("Time for a quote", "days", 1.5)
        assert [(one.person.email, one.granted_hours, one.part) for one in found.contributions] == [
            ("eli@fernweh.example", 4, "The tricky quotes"),
            ("new@fernweh.example", None, ""),
        ]
        assert all(one.person.has_role(Role.CONTRIBUTOR) for one in found.contributions)
        steps = evaluating.of(session, found)
        assert [(step.what, step.days_after) for step in steps] == [("Did it move?", 45), ("Worth it?", None)]
        titles = [card.title for card in cards.of_project(session, found)]
        assert "Watch two of them" in titles
        assert "Tell the press" in titles
        assert "Draft the aid on one page" not in titles
        actions = [event.action for event in history.timeline(session, found)]
        assert actions.count("project.begun") == 1
        assert {"project.edited", "project.expert_asked", "project.evaluation_planned"} <= set(actions)


def test_who_begins_with_an_old_version_overwrites_nothing(
    database: Database, links: Links, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        started(session, links, cast, now)
    with database.writing() as session:
        project = session.get_one(Project, 1)
        projects.edit(session, project, version=1, by=cast.manager, at=now, sponsor="Anna")
    with pytest.raises(StaleEdit), database.writing() as session:
        projects.begin(
            session, session.get_one(Project, 1), a_beginning(), version=1, by=cast.manager, at=now
        )
    with database.reading() as session:
        assert session.get_one(Project, 1).sponsor == "Anna"


def test_a_name_that_says_nobody_is_refused_and_half_an_address_too(
    database: Database, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        with pytest.raises(UnknownExpert, match="Nobody is known as “Nora Nobody”"):
            contributions.meant(session, "Nora Nobody", at=now)
        with pytest.raises(UnknownExpert, match="look like an e-mail"):
            contributions.meant(session, "eli@fernweh", at=now)
        assert contributions.meant(session, "eli EXPERT", at=now).id == cast.expert.id
        assert contributions.meant(session, "Eli <ELI@fernweh.example>", at=now).id == cast.expert.id


def test_an_expert_is_let_go_and_the_hours_used_are_counted(
    database: Database, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        project = a_project(session, by=cast.manager)
        cards.lay_out(session)
        card = cards.add(session, title="A card", project=project, by=cast.manager, at=now)
        given = [ExpertGiven("eli@fernweh.example", 4)]
        assert contributions.agree(session, project, given, by=cast.manager, at=now)
        session.flush()
        assert not contributions.agree(session, project, given, by=cast.manager, at=now)
        session.add(
            WorkLog(card_id=card.id, person_id=cast.expert.id, started_at=now, ended_at=now, hours=2.5)
        )
        session.flush()
        assert contributions.used_hours(session, project) == {cast.expert.id: 2.5}
        assert contributions.agree(session, project, [], by=cast.manager, at=now)
        session.flush()
        assert session.scalars(select(Contribution)).all() == []


def test_a_sentence_of_ones_own_takes_the_place_of_the_blanks(
    database: Database, links: Links, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        project = started(session, links, cast, now)
        projects.edit(session, project, version=None, by=cast.manager, at=now, hypothesis="My own.")
        assert project.hypothesis_parts is None
        again = projects.said_in_blanks(BLANKS)
        projects.edit(session, project, version=None, by=cast.manager, at=now, **again)
        assert session.scalars(select(Measure.name)).all() == ["Time for a quote"]


def test_launch_sets_the_days_of_open_steps_and_done_ones_stay(
    database: Database, links: Links, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        project = started(session, links, cast, now)
        used, moved = evaluating.of(session, project)
        evaluating.finish(session, project, used, done=True, by=cast.manager, at=now)
        projects.move(session, project, Stage.LAUNCH, by=cast.manager, at=now)
        assert (used.due_on, moved.due_on) == (None, now.date() + timedelta(days=30))
        later = [StepGiven(4, "Did it move?", days_after=60, id=moved.id)]
        evaluating.plan(session, project, later, by=cast.manager, at=now)
        assert [step.due_on for step in evaluating.of(session, project)] == [now.date() + timedelta(days=60)]
        evaluating.finish(session, project, used, done=False, by=cast.manager, at=now)
        assert used.done_at is None


def test_a_project_is_silent_until_a_card_moves(database: Database, cast: Cast, now: datetime) -> None:
    with database.writing() as session:
        project = a_project(session, by=cast.manager, at=now)
        card = cards.add(session, title="A card", project=project, by=cast.manager, at=now)
        assert projects.last_signs(session, [project]) == {project.id: now}
        later = now + timedelta(days=9)
        done = next(column for column in cards.columns(session) if column.kind is ColumnKind.DONE)
        cards.place(session, card, done, by=cast.manager, at=later)
        assert projects.last_signs(session, [project]) == {project.id: later}
        assert projects.silent_days(session, [project], now=later + timedelta(days=13)) == {}
        assert projects.silent_days(session, [project], now=later + timedelta(days=14)) == {project.id: 14}


def test_a_template_somebody_wrote_is_used_from_then_on(
    database: Database, links: Links, cast: Cast, now: datetime
) -> None:
    plans = [CardPlan("One", 1, ("A line",)), CardPlan("Two", 3, making=True)]
    with database.writing() as session:
        templates_of_work.save(session, "job_aid", plans, seen="", by=cast.manager, at=now)
    with database.writing() as session:
        assert templates_of_work.of_kind(session, "job_aid") == tuple(plans)
        project = started(session, links, cast, now)
        assert [card.title for card in cards.of_project(session, project)] == ["One", "Two"]
        with pytest.raises(StaleTemplate):
            templates_of_work.save(session, "job_aid", plans, seen="", by=cast.manager, at=now)
        templates_of_work.restore(session, "job_aid", by=cast.manager, at=now)
        session.flush()
        assert session.scalar(select(func.count()).select_from(WorkTemplate)) == 0
        actions = session.scalars(select(Event.action).where(Event.action.startswith("work_template"))).all()
        assert actions == ["work_template.changed", "work_template.restored"]


def test_a_session_is_planned_moved_cancelled_and_held_after_all(
    database: Database, cast: Cast, now: datetime
) -> None:
    hour = timedelta(hours=1)
    with database.writing() as session:
        project = a_project(session, by=cast.manager)
        held = training_sessions.plan(
            session, project, title="Pilot", starts_at=now + hour, ends_at=now + 3 * hour, place="Room 2",
            by=cast.manager, at=now,
        )  # fmt: skip
        moved = {"title": "Pilot", "starts_at": now + 2 * hour, "ends_at": now + 4 * hour, "place": "Room 3"}
        training_sessions.change(session, held, **moved, version=1, by=cast.manager, at=now)  # type: ignore[arg-type] # fields by name
        with pytest.raises(StaleSession):
            training_sessions.change(session, held, **moved, version=1, by=cast.manager, at=now)  # type: ignore[arg-type] # as above
        training_sessions.cancel(session, held, by=cast.manager, at=now)
        assert (held.cancelled_at, held.version, held.place) == (now, 3, "Room 3")
        assert training_sessions.listed(session, now) == [held]
        assert training_sessions.listed(session, now + 5 * hour) == []
        training_sessions.change(session, held, **moved, version=3, by=cast.manager, at=now)  # type: ignore[arg-type] # as above
        assert held.cancelled_at is None
        with pytest.raises(SessionRefused):
            training_sessions.plan(
                session, project, title="No", starts_at=now, ends_at=now, by=cast.manager, at=now
            )
        actions = [event.action for event in history.timeline(session, held)]
        assert actions == [
            f"training_session.{what}" for what in ("planned", "changed", "cancelled", "changed")
        ]
