"""Questions that share their steps: alpha with its base, and the one that is worded the other way round, asked about."""

from datetime import datetime
from random import Random
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio import survey_results, survey_scales
from portfolio.database import Database
from portfolio.models import Response, Survey
from tests.conftest import Cast

STEPS = ["Strongly disagree", "Disagree", "Neither", "Agree", "Strongly agree"]


def a_survey(session: Session, now: datetime, people: int = 40, **fields: Any) -> Survey:
    """Three questions that ask one thing, one that asks it the other way round, and one with other steps."""
    labels = {
        "alone": "I can do it alone",
        "where": "I know where to look",
        "lead": "My lead helps",
        "lost": "I feel lost in it",
    }
    questions = [
        *(
            {"key": key, "label": label, "kind": "scale", "options": STEPS, "reverse": None}
            for key, label in labels.items()
        ),
        {
            "key": "often",
            "label": "How often?",
            "kind": "scale",
            "options": ["Never", "Often"],
            "reverse": None,
        },
    ]
    survey = Survey(
        kind="own", questions=questions, created_at=now, opened_at=now, **{"closed_at": now, **fields}
    )
    session.add(survey)
    session.flush()
    chance = Random(7)
    for _ in range(people):
        mood = chance.gauss(2, 1.1)
        given = {key: mood + chance.gauss(0, 0.6) for key in ("alone", "where", "lead")}
        given["lost"] = 4 - mood + chance.gauss(0, 0.6)
        answers = {key: STEPS[max(0, min(4, round(value)))] for key, value in given.items()}
        session.add(Response(survey_id=survey.id, answers={**answers, "often": "Often"}, answered_at=now))
    session.flush()
    return survey


def scales(session: Session, survey: Survey, now: datetime) -> tuple[survey_scales.Scale, ...]:
    return survey_scales.of(session, survey, survey_results.shown(session, survey, now=now))


@pytest.mark.both
def test_a_reversed_question_is_asked_about_and_turned_round_only_when_told(
    database: Database, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        survey = a_survey(session, now)
        (before,) = scales(session, survey, now)
        survey_scales.say_reversed(session, survey, "lost", is_reversed=True, by=cast.manager, at=now)
        (after,) = scales(session, survey, now)
    assert before.labels == (
        "I can do it alone",
        "I know where to look",
        "My lead helps",
        "I feel lost in it",
    )
    assert before.asked_about == {"lost"}
    assert before.found.alpha < 0.5
    assert "As long as nobody has said whether it is" in before.meaning
    assert after.asked_about == frozenset()
    assert after.found.alpha == pytest.approx(before.found.alpha_turned)
    assert after.found.alpha > 0.8
    assert after.sentence.endswith("from the 40 people who answered all of them.")
    assert after.meaning.startswith("They ")


def test_told_that_it_is_not_reversed_nobody_asks_again(
    database: Database, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        survey = a_survey(session, now)
        survey_scales.say_reversed(session, survey, "lost", is_reversed=False, by=cast.manager, at=now)
        (found,) = scales(session, survey, now)
    assert found.asked_about == frozenset()
    assert found.found.seem_reversed == ("lost",)


@pytest.mark.parametrize("fields", [{"closed_at": None}, {"closed_at": None, "in_steps": True}])
def test_nothing_is_taken_together_before_all_is_shown(
    database: Database, now: datetime, fields: dict[str, Any]
) -> None:
    with database.writing() as session:
        assert scales(session, a_survey(session, now, **fields), now) == ()


@pytest.mark.both
def test_of_a_survey_shown_in_steps_only_people_whose_answers_are_all_out_count(
    database: Database, now: datetime
) -> None:
    """One of 23 skipped a question. Kept back are the last two of it and the last three of the others, so 19 of the first 20 answered all,
    of whom 15 fill steps; and the sums are those of these 15."""
    with database.writing() as session:
        survey = a_survey(session, now, people=23, in_steps=True)
        responses = list(session.scalars(select(Response).order_by(Response.id)))
        responses[3].answers = {**responses[3].answers, "lead": ""}
        session.flush()
        (found,) = scales(session, survey, now)
        session.add(Response(survey_id=survey.id, answers=responses[0].answers, answered_at=now))
        session.flush()
        (one_more,) = scales(session, survey, now)
        alone = Survey(kind="own", questions=survey.questions, created_at=now, opened_at=now, closed_at=now)
        session.add(alone)
        session.flush()
        complete = [*responses[:3], *responses[4:16]]
        session.add_all(
            Response(survey_id=alone.id, answers=one.answers, answered_at=now) for one in complete
        )
        session.flush()
        (same,) = scales(session, alone, now)
    assert found.found.people == 15
    assert found == one_more == same


def test_a_comment_of_a_few_hides_no_scale(database: Database, now: datetime) -> None:
    with database.writing() as session:
        survey = a_survey(session, now)
        survey.questions = [*survey.questions, {"key": "more", "label": "Anything else?", "kind": "text"}]
        said = {"alone": STEPS[0], "more": "Only three people wrote something."}
        session.add_all(Response(survey_id=survey.id, answers=said, answered_at=now) for _ in range(3))
        session.flush()
        (found,) = scales(session, survey, now)
    assert found.found.people == 40


def test_too_few_people_say_nothing_of_a_scale(database: Database, now: datetime) -> None:
    with database.writing() as session:
        assert scales(session, a_survey(session, now, people=9), now) == ()
