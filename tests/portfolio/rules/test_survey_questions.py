"""What a survey takes for an answer, and that what ships can be asked."""

from typing import Any

import pytest

from portfolio.rules.survey_questions import Question, key_for, problem_of, questions_of, read_answers
from portfolio.rules.survey_templates import AUDIENCES, SHIPPED, Template

ASKED = (
    Question("ready", "Ready?", options=("No", "Yes"), required=True),
    Question("helped", "What helped?", kind="many", options=("Practice", "A sheet", "Time")),
    Question("hours", "Hours saved?", kind="number"),
    Question("words", "Words?", kind="text"),
)


def test_answers_are_kept_in_the_order_offered_and_nothing_said_is_no_answer() -> None:
    given = {
        "ready": "Yes",
        "helped": ["Time", "Practice", "Time"],
        "hours": "2,5",
        "words": "",
    }
    found = read_answers(ASKED, given)
    assert (found.answers, found.problems) == (
        {"ready": "Yes", "helped": ["Practice", "Time"], "hours": 2.5},
        {},
    )


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        ({}, {"ready": "Please answer this one."}),
        ({"ready": "Perhaps"}, {"ready": "Please choose one of these."}),
        ({"ready": ["Yes"]}, {"ready": "Please choose one of these."}),
        ({"ready": "Yes", "helped": "Luck"}, {"helped": "Please choose among these."}),
        ({"ready": "Yes", "helped": {"a": 1}}, {"helped": "Please choose among these."}),
        ({"ready": "Yes", "hours": "many"}, {"hours": "Please give a number."}),
        ({"ready": "Yes", "hours": "inf"}, {"hours": "Please give a number."}),
        ({"ready": "Yes", "hours": 10**400}, {"hours": "Please give a number."}),
        ({"ready": "Yes", "hours": True}, {"hours": "Please give a number."}),
        ({"ready": "Yes", "words": 3}, {"words": "Please give text."}),
        ({"ready": "Yes", "words": "x" * 2001}, {"words": "Please keep this under 2000 characters."}),
        ({"ready": "Yes", "other": "x"}, {"other": "This survey has no such question."}),
    ],
)
def test_what_is_not_offered_is_refused_in_plain_words(
    given: dict[str, Any], problems: dict[str, str]
) -> None:
    assert read_answers(ASKED, given).problems == problems


def test_a_survey_without_any_answer_is_refused() -> None:
    assert read_answers(ASKED[1:], {}).problems == {"": "Please answer one question at least."}


def test_a_question_stays_the_same_through_the_store_and_old_ones_are_read() -> None:
    assert questions_of([one.as_json() for one in ASKED]) == ASKED
    assert Question.of({"key": "use", "label": "Used?", "options": ["Yes", "No"]}) == Question(
        "use", "Used?", options=("Yes", "No")
    )


@pytest.mark.parametrize(
    ("question", "problem"),
    [
        (Question("a", ""), "Please write the question."),
        (Question("a", "A?", options=("One",)), "Please offer 2 to 12 answers, one a line."),
        (
            Question("a", "A?", options=("One", "One ")),
            "Two answers are the same; each should say something else.",
        ),
        (Question("a", "A?", kind="stars"), "Please choose one of the kinds."),
        (Question("a", "A?", kind="text"), ""),
    ],
)
def test_what_can_not_be_asked_says_why(question: Question, problem: str) -> None:
    assert problem_of(question) == problem


def test_a_new_questions_key_comes_from_its_words_and_is_unlike_the_others() -> None:
    assert key_for("What helped you most?", []) == "what_helped_you_most"
    assert key_for("What helped you most?", ["what_helped_you_most"]) == "what_helped_you_most_2"
    assert key_for("3 × besser?", []) == "q_3_besser"
    assert key_for("Цель?", []) == "q"


@pytest.mark.parametrize("template", SHIPPED.values(), ids=lambda one: one.key)
def test_what_ships_can_be_asked_in_a_minute_and_offers_situations_not_steps_of_agreement(
    template: Template,
) -> None:
    assert [problem_of(one) for one in template.questions] == [""] * len(template.questions)
    assert len({one.key for one in template.questions}) == len(template.questions) <= 6
    assert template.audience in dict(AUDIENCES)
    assert template.questions[0].by_press, "the first question is answered from the mail"
    offered = {option.lower() for one in template.questions for option in one.options}
    assert offered.isdisjoint(
        {"agree", "strongly agree", "disagree", "neutral", "satisfied", "good", "excellent"}
    )
    assert all(one.level and one.tier for one in template.questions)


def test_every_audience_and_every_follow_up_is_there() -> None:
    assert {key: one.days_after for key, one in SHIPPED.items()} == {
        "end_of_event": 0, "learner_30": 30, "learner_60": 60, "learner_90": 90, "lead_30": 30, "lead_60": 60, "lead_90": 90,
        "requester": 30, "success_case": 45, "needs": None,
    }  # fmt: skip


def test_the_projects_name_stands_in_the_mail() -> None:
    assert (
        SHIPPED["lead_30"].about("Faster quotes").subject == "One minute: what do you see of “Faster quotes”?"
    )
