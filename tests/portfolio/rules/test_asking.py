"""The next question: only what could change the decision, the widest swing first."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portfolio.questions import FIRST
from portfolio.rules.asking import _ANSWERS, best_questions
from portfolio.rules.ranges import Range
from portfolio.rules.rubric import DEFAULT
from portfolio.rules.scoring import Need, score

EVERY = frozenset(_ANSWERS)
FULL = Need(
    goal=5,
    gap=Range(0.4, 0.5, 0.55),
    people=Range(110, 150, 220),
    value_per_year=Range(110_000, 200_000, 400_000),
    waiting=4,
    risk=3,
    causes={"cause_could": "no", "cause_did": "no", "cause_obstacle": "no"},
    work_type="workshop",
    finished_hours=Range(2, 3, 4),
)


def test_every_rule_belongs_to_a_question_of_the_form() -> None:
    keys = {question.key for question in FIRST.questions} | {"goal"}
    assert keys >= EVERY


def test_of_someone_who_said_all_nothing_is_asked() -> None:
    assert best_questions(FULL, DEFAULT, EVERY) == ()


def test_a_bare_wish_is_asked_for_what_swings_it_most() -> None:
    asks = best_questions(Need(), DEFAULT, EVERY)
    assert [ask.question for ask in asks] == ["format", "cause_could", "cause_obstacle"]
    assert (
        asks[0].because
        == "Depending on your answer this is more work than it brings or something for a quiet week."
    )


def test_a_question_that_can_not_change_the_decision_is_not_asked() -> None:
    hopeless = replace(FULL, goal=0, gap=Range(0, 0, 0), value_per_year=Range(0, 0, 0), waiting=0, risk=0)
    known_but_people = replace(hopeless, people=None)
    assert best_questions(known_but_people, DEFAULT, EVERY) == ()
    wide = score(known_but_people, DEFAULT).leverage
    asks = best_questions(known_but_people, DEFAULT, EVERY, line=wide.likely)
    assert [(ask.question, ask.because) for ask in asks] == [
        ("audience", "Your answer could bring it into the plan or keep it out.")
    ]


@pytest.mark.parametrize("at_most", [0, 1, 3])
def test_no_more_are_asked_than_wanted(at_most: int) -> None:
    assert len(best_questions(Need(), DEFAULT, EVERY, at_most=at_most)) == at_most


@settings(max_examples=30, deadline=None)
@given(
    known=st.sets(
        st.sampled_from(["goal", "gap", "people", "value_per_year", "waiting", "risk", "work_type"])
    ),
    offered=st.sets(st.sampled_from(sorted(EVERY))),
    line=st.none() | st.floats(0.01, 5),
)
def test_only_open_questions_in_order_of_swing(
    known: set[str], offered: set[str], line: float | None
) -> None:
    need = Need(**{name: getattr(FULL, name) for name in known})
    asks = best_questions(need, DEFAULT, offered, at_most=20, line=line)
    swings = [ask.swing for ask in asks]
    assert swings == sorted(swings, reverse=True)
    asked = {ask.question for ask in asks}
    assert asked <= offered
    answered = {"goal": "goal", "gap": "measure", "people": "audience", "value_per_year": "value_per_year",
                "waiting": "waiting", "risk": "risk", "work_type": "format"}  # fmt: skip
    assert not asked & {answered[name] for name in known}
    assert asks == best_questions(need, DEFAULT, offered, at_most=20, line=line)
