"""A curious leader against what is really shown: looks at any time, breakdowns, and reports as of any day, kept and subtracted.

Each person chooses an option of their own, so that whose answers a figure is made of can be read from it.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from portfolio import survey_answers, survey_results, surveys
from portfolio.database import Database
from portfolio.models import Import, Response, Survey
from portfolio.rules.distributions import Distribution
from portfolio.rules.survey_questions import ONE, Question
from tests.conftest import Cast
from tests.portfolio.rules.test_disclosure import handfuls

BEGIN = datetime(2026, 11, 2, 9, tzinfo=UTC)
MOST = 24
ASKED = Question("who", "Which is yours?", ONE, tuple(f"p{one}" for one in range(MOST)))
COMBINED = 6
"""Looks combined at a time; more would be 3 ** n ways."""
few = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def of(one: Distribution) -> frozenset[int]:
    return frozenset(int(bar.option[1:]) for bar in one.bars if bar.people)


def seen(session: Session, survey: Survey, now: datetime, days: Iterable[int] = ()) -> set[frozenset[int]]:
    """Whose answers are in the figures of the page now, of its parts, and of reports as of some days."""
    found = {of(one) for one in survey_results.shown(session, survey, now=now).questions}
    for day in days:
        before = BEGIN + timedelta(days=day, hours=-9)
        if before < now:
            then = survey_results.results(session, [survey], now=before, before=before)
            found |= {of(one) for one in then[survey.id].questions}
    if broken := survey_results.breakdown(session, survey, now=now):
        found |= {of(part.distribution) for parts in broken.parts.values() for part in parts}
    return found - {frozenset()}


def nothing_follows(shown: set[frozenset[int]]) -> None:
    sets = sorted(shown, key=lambda one: (len(one), sorted(one)))
    for first in range(max(1, len(sets) - COMBINED + 1)):
        assert handfuls(sets[first : first + COMBINED]) == []


def a_survey(session: Session, **more: Any) -> Survey:
    made = Survey(
        kind="own", audience="anyone", questions=[ASKED.as_json()], opened_at=BEGIN, created_at=BEGIN, **more
    )
    session.add(made)
    session.flush()
    return made


@few
@example(come=[*[(0, 0)] * 4, *[(1, 0)] * 4, (0, 8), (0, 8)], looks=[9], days=[1, 2])
@given(
    come=st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=MOST),
    looks=st.lists(st.integers(0, MOST), max_size=4),
    days=st.lists(st.integers(0, 12), min_size=1, max_size=4),
)
def test_a_survey_in_steps_tells_of_no_handful_however_late_answers_are_brought(
    database: Database, cast: Cast, come: list[tuple[int, int]], looks: list[int], days: list[int]
) -> None:
    """`come`: days until the next answer comes, and how many days ago a program says that it was given."""
    shown: set[frozenset[int]] = set()
    with database.writing() as session:
        survey = a_survey(session, in_steps=True)
        now = BEGIN
        for number, (later, ago) in enumerate(come):
            now += timedelta(days=later % 3)
            on = now.date() - timedelta(days=ago)
            survey_answers.take_in(session, survey, {"who": f"p{number}"}, row_key=str(number), on=on, at=now)
            if number in looks:
                shown |= seen(session, survey, now, days)
        surveys.close(session, survey, by=cast.manager, at=now)
        shown |= seen(session, survey, now + timedelta(days=13), days)
        session.rollback()
    nothing_follows(shown)


@few
@given(
    groups=st.lists(st.sampled_from("ABCD"), min_size=1, max_size=MOST),
    closes=st.integers(0, 6),
    days=st.lists(st.integers(0, 12), max_size=4),
)
def test_a_closed_survey_with_groups_tells_of_no_handful_on_any_day(
    database: Database, cast: Cast, groups: list[str], closes: int, days: list[int]
) -> None:
    with database.writing() as session:
        survey = a_survey(session, in_steps=False)
        now = BEGIN + timedelta(days=closes)
        for number, group in enumerate(groups):
            on = (BEGIN + timedelta(days=number % (closes + 1))).date()
            said = {"who": f"p{number}"}
            survey_answers.take_in(
                session, survey, said, row_key=str(number), groups={"unit": group}, on=on, at=now
            )
        shown = seen(session, survey, now, days)
        surveys.close(session, survey, by=cast.manager, at=now)
        shown |= seen(session, survey, now + timedelta(days=13), days)
        session.rollback()
    nothing_follows(shown)


@few
@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    groups=st.sampled_from(["", "AB", "ABC"]),
    days=st.lists(st.integers(0, 12), max_size=4),
)
def test_files_and_their_groups_tell_of_no_handful_between_one_and_the_next(
    database: Database, sizes: list[int], groups: str, days: list[int]
) -> None:
    """Each file is taken a day after the one before, with answers given on any day; somebody looks after each."""
    shown: set[frozenset[int]] = set()
    with database.writing() as session:
        survey = a_survey(session, source="import", closed_at=BEGIN)
        number = 0
        for place, size in enumerate(sizes):
            taken = BEGIN + timedelta(days=place)
            file = Import(name=f"{place}.csv", kind="survey", digest="", started_at=taken, taken_at=taken)
            session.add(file)
            session.flush()
            for _ in range(min(size, MOST - number)):
                group = {"unit": groups[number % len(groups)]} if groups else None
                given_on = BEGIN + timedelta(days=(number * 5) % 11 - 5)
                session.add(
                    Response(
                        survey_id=survey.id, answers={"who": f"p{number}"}, groups=group, import_id=file.id, answered_at=given_on
                    )
                )  # fmt: skip
                number += 1
            session.flush()
            shown |= seen(session, survey, taken + timedelta(hours=1), days)
        shown |= seen(session, survey, BEGIN + timedelta(days=13), days)
        session.rollback()
    nothing_follows(shown)
