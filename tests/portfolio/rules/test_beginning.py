"""The hypothesis, the first cards, the evaluation plan, the baseline: what a project begins with."""

from datetime import date

import pytest

from portfolio.rules import evaluating, work_templates
from portfolio.rules.baselines import MISSING, warning
from portfolio.rules.hypothesis import Blanks, gaps, sentence
from portfolio.rules.rubric import DEFAULT
from portfolio.rules.survey_templates import SHIPPED
from portfolio.rules.work_templates import CardPlan, making_share, shared_out

WHOLE = Blanks("workshop", "new sales people", "time for a quote", "4", "1", "days", date(2027, 3, 31))


def test_the_sentence_says_what_is_believed() -> None:
    assert sentence(WHOLE) == (
        "We believe a workshop for new sales people moves time for a quote from 4 to 1 days by 31 March 2027."
    )
    assert gaps(WHOLE) == 0


def test_gaps_in_the_sentence_stay_to_be_seen() -> None:
    assert sentence(Blanks(solution="e-learning", today="a few")) == (
        "We believe an e-learning for (whom?) moves (which measure?) from a few to (?) by (when?)."
    )
    assert gaps(Blanks()) == 6


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("workshop on quotes", "a workshop on quotes"),
        ("one-page aid", "a one-page aid"),
        ("an aid", "an aid"),
        ("3 sessions", "3 sessions"),
    ],
)
def test_what_is_typed_gets_the_article_it_lacks(typed: str, read: str) -> None:
    assert sentence(Blanks(solution=typed)).startswith(f"We believe {read} for ")


def test_the_blanks_come_back_as_they_were_stored() -> None:
    assert Blanks.of(WHOLE.as_json()) == WHOLE
    assert Blanks.of(None) == Blanks()
    assert Blanks.of({"today": 4, "wanted": 1.5}) == Blanks(today="4", wanted="1.5")


PLANS = (CardPlan("Ask", 2), CardPlan("Make", 6, making=True), CardPlan("Read", 2))


def test_hours_are_shared_out_by_proportion_and_add_up_to_the_estimate() -> None:
    assert shared_out(PLANS, None) == [2, 6, 2]
    assert shared_out(PLANS, 20) == [4, 12, 4]


def test_what_exists_takes_its_share_from_making_only() -> None:
    assert shared_out(PLANS, None, 0.5) == [2, 3, 2]
    assert shared_out(PLANS, 14, 0.5) == [4, 6, 4]
    assert shared_out(PLANS, None, 1.0) == [2, 0.25, 2]
    assert making_share(PLANS) == 0.6


def test_no_cards_and_no_hours_are_no_trouble() -> None:
    assert shared_out((), 20) == []
    assert shared_out((CardPlan("A", 0),), 20) == [0.25]
    assert making_share(()) == 0


def test_every_kind_of_solution_has_first_cards_and_an_evaluation_plan() -> None:
    kinds = {kind.key for kind in DEFAULT.work_types}
    assert set(work_templates.FIRST) == kinds == set(evaluating.FIRST)
    assert all(
        CardPlan.of(plan.as_json()) == plan for plans in work_templates.FIRST.values() for plan in plans
    )
    assert all(making_share(plans) > 0 for plans in work_templates.FIRST.values())
    assert all(any(step.level == 4 for step in steps) for steps in evaluating.FIRST.values())


def test_the_evaluation_plan_names_the_measure_and_the_people() -> None:
    steps = evaluating.steps_for(
        "job_aid", measure="Days for a quote", owners={"manager": "Mara", "sponsor": ""}
    )
    assert [(step.level, step.what, step.days_after, step.owner) for step in steps] == [
        (3, "Is it used where the work is done?", 14, "Mara"),
        (4, "Did “Days for a quote” move?", 30, "The sponsor"),
    ]


def test_a_step_is_due_once_the_launch_is_known() -> None:
    assert evaluating.due_on(30, date(2027, 1, 2)) == date(2027, 2, 1)
    assert evaluating.due_on(30, None) is None
    assert evaluating.due_on(None, date(2027, 1, 2)) is None


def test_the_stop_rule_is_suggested_from_what_is_known() -> None:
    assert evaluating.stop_rule("Days for a quote", "1 days", date(2027, 1, 15)) == (
        "Stop if, by 15 January 2027, “Days for a quote” has not moved by at least 1 days in the pilot group."
    )
    assert evaluating.stop_rule("", "", None) == (
        "Stop if, after the pilot, the measure has not moved by enough to be worth it in the pilot group."
    )


START = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("baseline_on", "read_on", "reached_on", "begins"),
    [
        (None, None, None, MISSING[:20]),
        (date(2026, 11, 18), None, None, ""),
        (None, date(2026, 11, 1), None, ""),
        (date(2026, 12, 1), None, None, "The baseline (1 December 2026) lies after the start"),
        (date(2026, 12, 1), None, date(2026, 12, 5), ""),
        (
            date(2026, 12, 5),
            None,
            date(2026, 12, 5),
            "The baseline (5 December 2026) comes when people have met",
        ),
    ],
)
def test_a_baseline_that_is_missing_or_late_is_spoken_of(
    baseline_on: date | None, read_on: date | None, reached_on: date | None, begins: str
) -> None:
    told = warning(baseline_on, read_on=read_on, started_on=START, reached_on=reached_on)
    assert told[: len(begins)] == begins
    assert bool(told) == bool(begins)


def test_what_the_clock_asks_of_a_plan_has_a_template_that_ships_and_a_tier() -> None:
    steps = [step for kind in evaluating.FIRST.values() for step in kind]
    assert (
        {step.template for step in steps if step.template}
        == {
            "end_of_event",
            "learner_30",
            "learner_90",
            "lead_60",
        }
        <= set(SHIPPED)
    )
    assert all(step.tier in dict(evaluating.TIERS) for step in steps)
    assert {step.level for step in steps if step.reads_measure} == {4}
