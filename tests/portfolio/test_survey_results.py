"""Results of surveys: counted by the database alike on both, let out five at a time, never a single answer."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from portfolio import survey_results
from portfolio.database import Database
from portfolio.models import Import, Response, Survey
from portfolio.rules.distributions import OTHER, Bar
from portfolio.survey_results import Results

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
DAY = datetime(2026, 11, 1, tzinfo=UTC)
QUESTIONS = [
    {"key": "helped", "label": "Did it help?", "kind": "one", "options": ["Yes", "No"]},
    {"key": "tools", "label": "Which do you use?", "kind": "many", "options": ["Git", "Tests", "Review"]},
    {"key": "sure", "label": "How sure are you?", "kind": "scale", "options": ["Not", "Rather", "Very"]},
    {"key": "hours", "label": "Hours saved a week?", "kind": "number", "options": []},
    {"key": "more", "label": "Anything else?", "kind": "text", "options": []},
]


def a_survey(
    session: Session,
    answers: Sequence[Mapping[str, Any]],
    *,
    groups: Sequence[str | None] = (),
    batches: Sequence[int | None] = (),
    asked: int = 0,
    closed: datetime | None = NOW - timedelta(days=1),
    in_steps: bool = False,
) -> Survey:
    survey = Survey(
        kind="own",
        questions=QUESTIONS,
        created_at=DAY,
        opened_at=DAY,
        sent_on=DAY.date(),
        sent_count=asked,
        closed_at=closed,
        in_steps=in_steps,
    )
    session.add(survey)
    session.flush()
    answer(session, survey, answers, groups=groups, batches=batches)
    return survey


def answer(
    session: Session,
    survey: Survey,
    answers: Sequence[Mapping[str, Any]],
    *,
    groups: Sequence[str | None] = (),
    batches: Sequence[int | None] = (),
) -> None:
    for place, said in enumerate(answers):
        group = groups[place] if groups else None
        session.add(
            Response(
                survey_id=survey.id,
                answers=dict(said),
                groups={"unit": group} if group else None,
                import_id=batches[place] if batches else None,
                answered_at=DAY,
            )
        )
        session.flush()


def a_file(session: Session, name: str, *, taken: datetime = NOW - timedelta(days=2)) -> int:
    file = Import(
        name=f"{name}.csv",
        kind="survey",
        digest="",
        mapping={"source_name": name},
        account={},
        started_at=taken,
        taken_at=taken,
    )
    session.add(file)
    session.flush()
    return file.id


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    sent: list[str] = []

    def note(*given: Any) -> None:
        sent.append(given[2])

    event.listen(database.engine, "before_cursor_execute", note)
    yield sent
    event.remove(database.engine, "before_cursor_execute", note)


def bars(shown: Results, place: int) -> list[tuple[str, int]]:
    return [(bar.option, bar.people) for bar in shown.questions[place].bars]


@pytest.mark.both
def test_every_kind_of_question_is_counted_by_people(database: Database) -> None:
    said: list[dict[str, Any]] = [
        {"helped": "Yes", "tools": ["Git", "Tests"], "sure": "Very", "hours": 2, "more": "Thanks"},
        {"helped": "Yes", "tools": ["Git"], "sure": "Rather", "hours": 2.5, "more": "  "},
        {"helped": "No", "tools": [], "sure": "Rather", "hours": 4},
        {"helped": "It depends", "tools": "Review", "sure": "Very", "hours": 0},
        {"helped": "Yes", "tools": ["Tests", "Git"], "sure": "Not", "hours": 2},
        {"helped": "", "tools": ["Git"], "sure": None, "unasked": "x"},
    ]
    with database.writing() as session:
        survey = a_survey(session, said, asked=12)
        shown = survey_results.shown(session, survey, now=NOW)
    assert (shown.answered, shown.asked, shown.rate, shown.why_not) == (6, 12, 0.5, "")
    assert shown.questions[0].bars == (Bar("Yes", 3, 0.6), Bar("No", 1, 0.2), Bar(OTHER, 1, 0.2))
    assert shown.questions[1].bars == (Bar("Git", 4, 0.8), Bar("Tests", 2, 0.4), Bar("Review", 1, 0.2))
    assert [one.answered for one in shown.questions] == [5, 5, 5, 5, 0]
    assert bars(shown, 3) == [
        ("0 to under 1", 1),
        ("1 to under 2", 0),
        ("2 to under 3", 3),
        ("3 to under 4", 0),
        ("4 to under 5", 1),
    ]
    assert shown.questions[4].hidden  # one person wrote something
    assert dict(bars(shown, 2)) == {"Not": 1, "Rather": 2, "Very": 2}


def test_an_open_survey_shows_nothing_and_a_draft_neither(database: Database) -> None:
    with database.writing() as session:
        still_open = a_survey(session, [{"helped": "Yes"}] * 9, closed=None)
        shown = survey_results.shown(session, still_open, now=NOW)
        still_open.opened_at = None
        draft = survey_results.shown(session, still_open, now=NOW)
    assert (shown.answered, shown.questions, shown.is_shown) == (9, (), False)
    assert shown.why_not.startswith("Answers are shown when it has closed, all at once")
    assert draft.why_not == "It has not been sent out yet."


@pytest.mark.parametrize("count", [0, 1, 4])
def test_fewer_than_five_show_nothing(database: Database, count: int) -> None:
    with database.writing() as session:
        shown = survey_results.shown(session, a_survey(session, [{"helped": "Yes"}] * count), now=NOW)
    assert (shown.questions, shown.why_not) == (
        (),
        "Fewer than 5 people answered, so nothing of it is shown.",
    )


@pytest.mark.both
def test_in_steps_each_question_shows_its_first_whole_steps(database: Database) -> None:
    """Whoever looks after each answer sees figures move by five people or not at all."""
    seen: list[tuple[int, ...]] = []
    with database.writing() as session:
        survey = a_survey(session, [], closed=None, in_steps=True)
        for number in range(13):
            skips = number in {1, 6}
            answer(
                session,
                survey,
                [
                    {"sure": "Very"}
                    if skips
                    else {"helped": "Yes" if number < 7 else "No", "tools": ["Git", "Tests"]}
                ],
            )
            shown = survey_results.shown(session, survey, now=NOW)
            seen.append(tuple(one.answered for one in shown.questions[:2]) if shown.is_shown else (0, 0))
        survey.closed_at = NOW
        at_the_end = survey_results.shown(session, survey, now=NOW)
    assert seen == [(0, 0)] * 5 + [(5, 5)] * 6 + [(10, 10)] * 2
    assert bars(at_the_end, 0) == [("Yes", 5), ("No", 5)]
    assert at_the_end.questions[0].hidden is False
    assert bars(at_the_end, 1) == [("Git", 10), ("Tests", 10), ("Review", 0)]
    assert (at_the_end.answered, at_the_end.kept_back) == (13, 3)
    # Two said how sure they are: that isn't nobody, and whether it is a few or none is not told either.
    assert [one.hidden for one in at_the_end.questions] == [False, False, True, True, True]
    assert "1 person" not in at_the_end.bases


@pytest.mark.both
def test_groups_under_five_go_together_and_cannot_be_subtracted(database: Database) -> None:
    groups = ["Sales"] * 8 + ["Finance"] * 6 + ["Legal"] * 2 + [None]
    said = [{"helped": "Yes" if place % 2 else "No", "more": "w"} for place in range(17)]
    with database.writing() as session:
        broken = survey_results.breakdown(session, a_survey(session, said, groups=groups), now=NOW)
    assert broken is not None
    assert (broken.by, sorted(broken.parts)) == ("unit", ["helped"])
    assert [(part.name, part.distribution.answered) for part in broken.parts["helped"]] == [
        ("Sales", 8),
        ("Finance, Legal, Not said", 9),
    ]
    assert [bar.people for part in broken.parts["helped"] for bar in part.distribution.bars] == [4, 4, 4, 5]


def test_a_survey_in_steps_or_still_open_has_no_groups(database: Database) -> None:
    said, groups = [{"helped": "Yes"}] * 12, ["Sales"] * 6 + ["Finance"] * 6
    with database.writing() as session:
        stepped = a_survey(session, said, groups=groups, in_steps=True)
        still_open = a_survey(session, said, groups=groups, closed=None)
        assert survey_results.breakdown(session, stepped, now=NOW) is None
        assert survey_results.breakdown(session, still_open, now=NOW) is None


@pytest.mark.both
def test_answers_of_later_files_wait_until_they_are_five(database: Database) -> None:
    with database.writing() as session:
        first, second, third = (a_file(session, name) for name in ("2018", "2019", "2020"))
        survey = a_survey(session, [{"helped": "Yes"}] * 6, batches=[first] * 6)
        one = survey_results.shown(session, survey, now=NOW)
        answer(session, survey, [{"helped": "No"}] * 3, batches=[second] * 3)
        two = survey_results.shown(session, survey, now=NOW)
        answer(session, survey, [{"helped": "No"}] * 2, batches=[third] * 2)
        three = survey_results.shown(session, survey, now=NOW)
        broken = survey_results.breakdown(session, survey, now=NOW)
    assert [(one.answered, bars(one, 0), one.kept_back) for one in (one, two, three)] == [
        (6, [("Yes", 6), ("No", 0)], 0),
        (9, [("Yes", 6), ("No", 0)], 3),
        (11, [("Yes", 6), ("No", 5)], 0),
    ]
    assert broken is not None
    assert [(part.name, part.distribution.answered) for part in broken.parts["helped"]] == [
        ("2018", 6),
        ("2019 and 2020", 5),
    ]


@pytest.mark.both
def test_a_cut_off_knows_no_file_that_was_taken_later(database: Database) -> None:
    cut_off = NOW - timedelta(days=3)
    with database.writing() as session:
        early, late = a_file(session, "2018", taken=NOW - timedelta(days=9)), a_file(session, "2019")
        survey = a_survey(
            session,
            [{"helped": "Yes"}] * 12,
            batches=[early] * 5 + [late] * 7,
            closed=NOW - timedelta(days=9),
        )
        then = survey_results.results(session, [survey], now=NOW, before=cut_off)[survey.id]
        ended_later = a_survey(session, [{"helped": "Yes"}] * 12)
        open_then = survey_results.results(session, [ended_later], now=NOW, before=cut_off)[ended_later.id]
    assert (then.answered, bars(then, 0)) == (5, [("Yes", 5), ("No", 0)])
    assert not open_then.is_shown


@pytest.mark.both
def test_words_come_by_alphabet_and_only_from_five_people(database: Database) -> None:
    with database.writing() as session:
        few = a_survey(session, [{"more": "one"}] * 4 + [{"helped": "Yes"}] * 9)
        many = a_survey(session, [{"more": word} for word in ("pear", "Apple", " ", "fig", "Quince", "date")])
        still_open = a_survey(session, [{"more": "one"}] * 9, closed=None)
        assert survey_results.words(session, few, "more", now=NOW) == []
        assert survey_results.words(session, many, "more", now=NOW) == [
            "Apple",
            "date",
            "fig",
            "pear",
            "Quince",
        ]
        assert survey_results.words(session, still_open, "more", now=NOW) == []


@pytest.mark.both
def test_all_surveys_are_counted_by_the_same_few_statements(database: Database) -> None:
    said = [{"helped": "Yes", "tools": ["Git"]}] * 6
    with database.writing() as session:
        surveys = [a_survey(session, said, in_steps=place % 2 == 1) for place in range(6)]
        with statements(database) as for_two:
            survey_results.results(session, surveys[:2], now=NOW)
        with statements(database) as for_six:
            found = survey_results.results(session, surveys, now=NOW)
    assert len(for_two) == len(for_six) == 3
    assert [one.questions[0].answered for one in found.values()] == [6, 5, 6, 5, 6, 5]


def test_a_million_answers_are_not_read_row_by_row(database: Database) -> None:
    """Only counts leave the database: as many lines as there are different answers."""
    with database.writing() as session:
        survey = a_survey(session, [{"helped": "Yes", "more": f"words {number}"} for number in range(200)])
        lines = list(survey_results._run(session, "whole", [survey.id], before=survey_results.LATE))
    assert sorted((line[2], line[3], line[4]) for line in lines) == [
        ("helped", "Yes", 200),
        ("more", "", 200),
    ]
