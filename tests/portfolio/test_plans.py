"""What fits: hours, the best set, orders against the numbers, and accepting it in one step."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from portfolio import assessments, capacity, deciding, fitting, goals, learning_requests, overrides, plans
from portfolio.capacity import NotCounted
from portfolio.database import Database
from portfolio.deciding import Ruling
from portfolio.fitting import Terms
from portfolio.links import Links
from portfolio.models import Event, Interrupt, LearningRequest, Mail, Plan, Project
from portfolio.overrides import OverrideRefused
from portfolio.plans import Accepted, PlanChanged
from portfolio.states import RequestStatus, Verdict
from tests.conftest import Cast
from tests.factory import a_request

pytestmark = pytest.mark.both

ASKS = (("job_aid", 300), ("job_aid", 40), ("workshop", 24), ("elearning", 6), ("elearning", 2))


@pytest.fixture
def asked(database: Database, cast: Cast, links: Links, now: datetime) -> list[int]:
    """Five scored requests: two short ones, one of some length, two long ones."""
    with database.writing() as session:
        made = [
            a_request(
                session,
                links=links,
                title=f"Ask {number}",
                audience={"who": "People", "count": count},
                answers={"format": form, "cause_could": "no", "risk": 3},
            ).id
            for number, (form, count) in enumerate(ASKS, 1)
        ]
        assessments.score_waiting(session, now=now, flow_run_id=None)
    return made


def test_the_hours_are_what_days_away_and_small_asks_leave(
    database: Database, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        monday, tuesday = date(2026, 11, 23), date(2026, 11, 24)
        for until in (tuesday, tuesday):  # said twice, away once; the weekend before counts for nothing
            capacity.add_absence(
                session, from_on=monday - timedelta(days=2), until_on=until, by=cast.manager, at=now
            )
        for week in (0, 3):
            capacity.interrupted(
                session, minutes=180, by=cast.manager, at=now - timedelta(weeks=week, hours=1)
            )
    with database.reading() as session:
        found = capacity.ahead(session, now=now)
    assert (found.days_away, found.load.weeks, found.load.hours_per_week) == (2, 4, 1.5)
    assert found.hours == 15 * 6 - 2 * 3 - 1.5 * 6
    assert found.sentence == "15 h a week, 2 days away, about 1.5 h a week of small asks: 75 h for 6 weeks."
    assert found.left.reasons[-1] == "75 h are left for projects."
    assert found.ends_on == date(2026, 12, 31)


def test_small_asks_older_than_eight_weeks_count_no_more(
    database: Database, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        capacity.interrupted(session, minutes=600, by=cast.manager, at=now - timedelta(weeks=9))
        one = capacity.interrupted(session, minutes=480, by=cast.manager, at=now)
        assert capacity.load(session, now=now).hours_per_week == 1
        capacity.forget_interrupt(session, one, by=cast.manager, at=now)
        session.flush()
        assert capacity.load(session, now=now).hours_per_week == 0
        assert session.scalar(select(func.count(Interrupt.id))) == 1


def test_hours_that_make_no_sense_are_refused(database: Database, cast: Cast, now: datetime) -> None:
    with database.writing() as session:
        for minutes in (0, -5, 2000):
            with pytest.raises(NotCounted, match="from 1 to 1440"):
                capacity.interrupted(session, minutes=minutes, by=cast.manager, at=now)
        with pytest.raises(NotCounted, match="before the first"):
            capacity.add_absence(
                session, from_on=now.date(), until_on=now.date() - timedelta(days=1), by=cast.manager, at=now
            )
        with pytest.raises(NotCounted, match="from 0 to 80"):
            capacity.grant_hours(session, cast.expert, -1, by=cast.manager, at=now)


def test_a_plan_is_kept_with_its_reasons_and_each_request_gets_its_chance(
    database: Database, cast: Cast, now: datetime, asked: list[int]
) -> None:
    with database.writing() as session:
        made = plans.make(session, why="night", by=None, at=now)
    with database.reading() as session:
        plan = session.get_one(Plan, made.id)
        chances = dict(session.execute(select(LearningRequest.id, LearningRequest.chance_in_plan)).all())
        line = session.scalars(select(Event).where(Event.action == "plan.made")).one()
    chosen = [one["id"] for one in plan.body["chosen"]]
    assert {*chosen, *(one["id"] for one in plan.body["left_out"])} == {*asked}
    assert 0 < plan.hours <= plan.capacity_hours == 90
    assert all(chance is not None and 0 <= chance <= 1 for chance in chances.values())
    assert all(one["why"] for one in plan.body["left_out"])
    assert plan.body["proven"]
    assert line.details["chosen"] == chosen


def test_what_is_open_no_longer_has_no_chance(
    database: Database, cast: Cast, links: Links, now: datetime, asked: list[int]
) -> None:
    with database.writing() as session:
        plans.make(session, why="night", by=None, at=now)
        learning_requests.withdraw(session, session.get_one(LearningRequest, asked[0]), by=None, at=now)
        session.flush()
        plans.make(session, why="night", by=None, at=now)
    with database.reading() as session:
        assert session.get_one(LearningRequest, asked[0]).chance_in_plan is None
        assert session.get_one(LearningRequest, asked[1]).chance_in_plan is not None


def test_more_hours_never_bring_less_and_looking_writes_nothing(
    database: Database, cast: Cast, now: datetime, asked: list[int]
) -> None:
    with database.reading() as session:
        values = [
            fitting.look(session, Terms(hours_per_week=hours), now=now).plan.value
            for hours in (0, 2, 5, 10, 40, 160)
        ]
        assert not session.new
        assert not session.dirty
    assert values == sorted(values)
    assert values[0] == 0 < values[-1]


def test_dropping_one_and_weighing_goals_is_only_tried_out(
    database: Database, cast: Cast, now: datetime, asked: list[int]
) -> None:
    with database.reading() as session:
        so = fitting.look(session, Terms(), now=now)
        without = fitting.look(session, Terms(drop=frozenset({so.chosen[0].id})), now=now)
        again = fitting.look(session, Terms(), now=now)
    assert so.chosen[0].id not in {line.id for line in without.chosen}
    assert without.plan.value <= so.plan.value
    assert [line.why for line in without.lines if line.why_code == "dropped"] == [
        "You left it out of this question."
    ]
    assert again.plan == so.plan


def test_a_weight_tried_out_scores_as_if_the_goal_had_it(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        goal = goals.add(session, name="Keep customers", weight=2, by=cast.manager, at=now)
        session.flush()
        a_request(session, links=links, answers={"goal": goal.id, "cause_could": "no"})
        a_request(session, links=links)
        assessments.score_waiting(session, now=now, flow_run_id=None)
        tried = fitting.look(session, Terms(goals=((goal.id, 5),)), now=now)
        goals.edit(session, goal, weight=5, by=cast.manager, at=now)
        session.flush()
        assessments.score_waiting(session, now=now, flow_run_id=None)
        real = fitting.look(session, Terms(), now=now)
    assert [line.id for line in tried.lines] == [line.id for line in real.lines]
    for one, other in zip(tried.lines, real.lines, strict=True):
        assert one.value == pytest.approx(other.value, rel=1e-5)
        assert one.chance == pytest.approx(other.chance, abs=0.002)


def test_accepting_takes_all_chosen_on_at_once_and_a_second_time_does_nothing(
    database: Database, cast: Cast, links: Links, now: datetime, asked: list[int]
) -> None:
    with database.writing() as session:
        mails = session.scalar(select(func.count(Mail.id))) or 0
        plan = plans.make(session, why="asked", by=cast.manager, at=now)
        chosen = sorted(one["id"] for one in plan.body["chosen"])
        assert plans.accept(session, plan, links=links, by=cast.manager, at=now) == Accepted(tuple(chosen))
        assert plans.accept(session, plan, links=links, by=cast.manager, at=now) == Accepted()
    with database.reading() as session:
        accepted = select(LearningRequest.id).where(LearningRequest.status == RequestStatus.ACCEPTED)
        assert sorted(session.scalars(accepted)) == chosen
        assert session.scalar(select(func.count(Project.id))) == len(chosen)
        assert session.scalar(select(func.count(Mail.id))) == mails + len(chosen)
        assert session.get_one(Plan, plan.id).accepted_by_id == cast.manager.id


def test_the_rest_goes_on_the_waiting_list_only_on_wish(
    database: Database, cast: Cast, links: Links, now: datetime, asked: list[int]
) -> None:
    with database.writing() as session:
        plan = plans.make(session, why="asked", by=cast.manager, at=now, terms=Terms(hours_per_week=3))
        done = plans.accept(session, plan, links=links, by=cast.manager, at=now, waitlist_the_rest=True)
        out = {one["id"] for one in plan.body["left_out"] if one["standing"] == "surely out"}
    assert out
    assert set(done.waitlisted) == out
    with database.reading() as session:
        assert {session.get_one(LearningRequest, one).status for one in out} == {RequestStatus.WAITLISTED}


def test_a_plan_whose_request_was_decided_or_changed_meanwhile_is_refused_whole(
    database: Database, cast: Cast, links: Links, now: datetime, asked: list[int]
) -> None:
    with database.writing() as session:
        plan = plans.make(session, why="asked", by=cast.manager, at=now, terms=Terms(hours_per_week=100))
        first, second, *_ = [session.get_one(LearningRequest, one["id"]) for one in plan.body["chosen"]]
        no = Ruling(Verdict.DECLINE, words="No.", reason="other")
        deciding.decide(session, first, no, links=links, by=cast.manager, at=now)
        second.score_wanted_at = now
        session.flush()
        with pytest.raises(PlanChanged) as refused:
            plans.accept(session, plan, links=links, by=cast.manager, at=now)
        assert refused.value.told == (
            f"“{first.title}” is declined now.",
            f"“{second.title}” was changed and is being scored.",
        )
        assert session.scalar(select(func.count(Project.id))) == 0


def test_what_a_page_showed_is_accepted_once_and_only_as_shown(
    database: Database, cast: Cast, links: Links, now: datetime, asked: list[int]
) -> None:
    with database.writing() as session:
        stamp = plans.stamp_of(fitting.look(session, Terms(), now=now))
        with pytest.raises(PlanChanged, match="since you looked"):
            plans.accept_shown(session, Terms(), "another", links=links, by=cast.manager, at=now)
        done = plans.accept_shown(session, Terms(), stamp, links=links, by=cast.manager, at=now)
        again = plans.accept_shown(session, Terms(), stamp, links=links, by=cast.manager, at=now)
    assert (bool(done.taken_on), again) == (True, Accepted())


def test_what_waits_for_an_answer_is_accepted_by_hand(
    database: Database, cast: Cast, links: Links, now: datetime, asked: list[int]
) -> None:
    with database.writing() as session:
        best = fitting.look(session, Terms(), now=now).chosen[0].id
        ask = Ruling(Verdict.ASK, words="How many?")
        deciding.decide(
            session, session.get_one(LearningRequest, best), ask, links=links, by=cast.manager, at=now
        )
        session.flush()
        plan = plans.make(session, why="asked", by=cast.manager, at=now)
        done = plans.accept(session, plan, links=links, by=cast.manager, at=now)
    assert done.by_hand == (best,)
    assert best not in done.taken_on


def test_an_order_over_the_numbers_has_a_price_and_ends(
    database: Database, cast: Cast, now: datetime, asked: list[int]
) -> None:
    with database.writing() as session:
        so = fitting.look(session, Terms(), now=now)
        out = session.get_one(LearningRequest, so.left_out[0].id)
        made = overrides.override(
            session, out, "must_do", reason="The law asks for it.", by=cast.manager, at=now
        )
        forced = fitting.look(session, Terms(), now=now)
        assert out.id in forced.plan.chosen
        assert made.price is not None
        assert made.price["points"] == pytest.approx(so.plan.value - forced.plan.value, abs=1e-3)
        assert made.price["sentence"].endswith(".")
        assert overrides.override(
            session, out, "must_do", reason="The law asks for it.", by=cast.manager, at=now
        ) == made  # fmt: skip
        overrides.override(session, out, "keep_out", reason="Not this year", by=cast.manager, at=now)
        kept = fitting.look(session, Terms(), now=now)
        assert [line.why for line in kept.lines if line.id == out.id] == ["Kept out: Not this year"]
        assert overrides.end_override(session, out, by=cast.manager, at=now) == 1
        assert fitting.look(session, Terms(), now=now).plan == so.plan
        told = session.scalars(
            select(Event.action).where(Event.action.contains("overrid")).order_by(Event.id)
        ).all()
    assert [*told] == [
        "learning_request.overridden",
        "learning_request.override_ended",
        "learning_request.overridden",
        "learning_request.override_ended",
    ]


def test_an_order_needs_a_reason_and_an_open_request(
    database: Database, cast: Cast, links: Links, now: datetime, asked: list[int]
) -> None:
    with database.writing() as session:
        one = session.get_one(LearningRequest, asked[0])
        with pytest.raises(OverrideRefused, match="say why"):
            overrides.override(session, one, "must_do", reason=" ", by=cast.manager, at=now)
        learning_requests.withdraw(session, one, by=None, at=now)
        with pytest.raises(OverrideRefused, match="closed"):
            overrides.override(session, one, "must_do", reason="So.", by=cast.manager, at=now)


def test_ties_bind_and_a_circle_is_refused(
    database: Database, cast: Cast, links: Links, now: datetime, asked: list[int]
) -> None:
    with database.writing() as session:
        so = fitting.look(session, Terms(), now=now)
        first = session.get_one(LearningRequest, so.chosen[0].id)
        long = session.get_one(LearningRequest, asked[3])
        bond = overrides.tie(session, first, long, "needs", by=cast.manager, at=now)
        bound = fitting.look(session, Terms(hours_per_week=3), now=now)
        assert [line.why for line in bound.lines if line.id == first.id] == [
            f"Needs “{long.title}” first, which is not in the plan."
        ]
        with pytest.raises(OverrideRefused, match="circle"):
            overrides.tie(session, long, first, "needs", by=cast.manager, at=now)
        with pytest.raises(OverrideRefused, match="itself"):
            overrides.tie(session, long, long, "needs", by=cast.manager, at=now)
        assert [(one.words, one.other_id) for one in overrides.bonds(session, long)] == [
            ("Is needed by", first.id)
        ]
        overrides.untie(session, bond, by=cast.manager, at=now)
        session.flush()
        second = session.get_one(LearningRequest, so.chosen[1].id)
        overrides.tie(session, first, second, "instead_of", by=cast.manager, at=now)
        either = fitting.look(session, Terms(hours_per_week=160), now=now)
        assert len({first.id, second.id} & {line.id for line in either.chosen}) == 1
        yes = Ruling(Verdict.ACCEPT, words="Yes.")
        deciding.decide(session, first, yes, links=links, by=cast.manager, at=now)
        session.flush()
        then = fitting.look(session, Terms(hours_per_week=160), now=now)
        assert [line.why for line in then.lines if line.id == second.id] == [
            f"“{first.title}” does the same and was taken on."
        ]


def test_days_and_experts_bind(database: Database, cast: Cast, now: datetime, asked: list[int]) -> None:
    with database.writing() as session:
        one, two = (session.get_one(LearningRequest, number) for number in asked[:2])
        overrides.set_not_before(session, one, date(2027, 3, 1), by=cast.manager, at=now)
        expert = session.merge(cast.expert)
        overrides.set_expert(session, two, expert, by=cast.manager, at=now)
        session.flush()
        ample = Terms(hours_per_week=160)
        none_given = {line.id: line.why for line in fitting.look(session, ample, now=now).lines}
        capacity.grant_hours(session, expert, 8, by=cast.manager, at=now)
        capacity.add_absence(
            session, from_on=now.date(), until_on=now.date(), by=cast.manager, at=now, person=expert
        )
        session.flush()
        given = fitting.look(session, ample, now=now)
    assert none_given[one.id] == "Can't start before 1 March 2027."
    assert none_given[two.id].endswith("of Eli Expert, who has 0 h left.")
    assert two.id in {line.id for line in given.chosen}
    assert [person.sentence for person in given.stretch.experts] == [
        "Eli Expert: 8 h a week, 1 day away, 46.4 h in all."
    ]
