"""The form as the manager changes it: drafts, checks, versions, and answers that keep the question they were given to."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from portfolio import (
    assessments,
    editing,
    form_problems,
    forms,
    history,
    learning_requests,
    next_questions,
    questions,
)
from portfolio.database import Database
from portfolio.editing import key_for, moved, options_from, placed, put, without
from portfolio.form_differences import differences
from portfolio.form_problems import Wrong, problems
from portfolio.links import Links
from portfolio.models import FormVersion, LearningRequest
from portfolio.questions import FIRST, Condition, Form, Kind, Question
from portfolio.submission import ChangedAnswers, Submission
from tests.conftest import Cast
from tests.factory import a_request, a_submission

SITE = Question(
    "site", "Which site?", kind=Kind.ONE_OF, options=(("north", "North"), ("south", "South")), always=True
)
COST = Question(
    "cost_of_errors", "What do errors cost a year?", kind=Kind.NUMBER, unit="a year", feeds="value"
)


def publish(session: Session, form: Form, *, by: Any, at: datetime) -> Form:
    """Put a form in force by the way a manager goes."""
    forms.change(session, form, stamp=forms.desk(session).stamp, by=by, at=at)
    return forms.publish(session, stamp=forms.desk(session).stamp, by=by, at=at)


def scored(session: Session, request: LearningRequest, now: datetime) -> LearningRequest:
    assessments.score_waiting(session, now=now, flow_run_id=None)
    session.expire_all()
    found = learning_requests.find(session, request.id)
    assert found is not None
    return found


# The draft and its versions


@pytest.mark.both
def test_a_change_begins_a_draft_and_publishing_puts_it_in_force(
    database: Database, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        assert forms.desk(session).stamp == "1.0"
        forms.change(session, put(FIRST, SITE), stamp="1.0", by=cast.manager, at=now, question="site")
    with database.writing() as session:
        desk = forms.desk(session)
        assert (desk.stamp, desk.form.own, desk.in_force) == ("2.1", (SITE,), FIRST)
        assert forms.current(session) == FIRST
        published = forms.publish(session, stamp="2.1", by=cast.manager, at=now)
    with database.reading() as session:
        assert forms.current(session) == published == replace(put(FIRST, SITE), version=2)
        (kept,) = forms.versions(session)
        assert (kept.version, kept.published_at) == (2, now)
        assert kept.published_by is not None and kept.published_by.id == cast.manager.id
        assert [(one.action, one.by_id, one.details) for one in history.timeline(session, kept)] == [
            ("form.begun", cast.manager.id, {}),
            ("form.changed", cast.manager.id, {"question": "site"}),
            ("form.published", cast.manager.id, {"questions": 25}),
        ]
        assert forms.published_version(session, 1) == FIRST


@pytest.mark.both
def test_the_later_of_two_managers_is_told_and_nothing_is_overwritten(
    database: Database, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        seen = forms.desk(session).stamp
        forms.change(session, put(FIRST, SITE), stamp=seen, by=cast.manager, at=now)
    for act in (
        lambda session: forms.change(session, FIRST, stamp=seen, by=cast.leader, at=now),
        lambda session: forms.publish(session, stamp=seen, by=cast.leader, at=now),
        lambda session: forms.discard(session, stamp=seen, by=cast.leader, at=now),
    ):
        with pytest.raises(forms.Stale), database.writing() as session:
            act(session)
    with database.reading() as session:
        assert forms.desk(session).form.own == (SITE,)


def test_a_page_from_before_a_publication_is_stale_too(database: Database, cast: Cast, now: datetime) -> None:
    with database.writing() as session:
        seen = forms.desk(session).stamp
        publish(session, put(FIRST, SITE), by=cast.manager, at=now)
        with pytest.raises(forms.Stale):
            forms.change(session, FIRST, stamp=seen, by=cast.manager, at=now)


def test_discarding_leaves_the_form_in_force(database: Database, cast: Cast, now: datetime) -> None:
    with database.writing() as session:
        forms.change(session, put(FIRST, SITE), stamp="1.0", by=cast.manager, at=now)
        forms.discard(session, stamp="2.1", by=cast.manager, at=now)
        assert (forms.desk(session).stamp, forms.current(session)) == ("1.0", FIRST)
        assert session.scalar(select(func.count()).select_from(FormVersion)) == 0


def test_a_form_with_something_wrong_is_not_published(database: Database, cast: Cast, now: datetime) -> None:
    with database.writing() as session:
        bare = replace(SITE, options=())
        forms.change(session, put(FIRST, bare), stamp="1.0", by=cast.manager, at=now)
        with pytest.raises(forms.NotReady) as refused:
            forms.publish(session, stamp="2.1", by=cast.manager, at=now)
        assert refused.value.wrong == [
            Wrong("site", "options", "Please give two options or more, one a line.")
        ]
        assert forms.current(session) == FIRST


# Old answers keep their question


@pytest.mark.both
def test_an_answer_keeps_its_question_when_that_is_reworded_or_no_longer_asked(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        form = publish(session, put(put(FIRST, SITE), COST), by=cast.manager, at=now)
        body = {
            **a_submission().model_dump(mode="json"),
            "answers": {"site": "south", "cost_of_errors": "10-20"},
        }
        submission = forms.submission_model(form).model_validate(body)
        asked = learning_requests.submit(
            session, submission, links=links, by=None, at=now, form_version=form.version
        )
        reworded = replace(SITE, label="Where?", options=(("north", "The north"), ("south", "The south")))
        publish(session, without(put(form, reworded), "cost_of_errors"), by=cast.manager, at=now)
        number = asked.id
    with database.writing() as session:
        found = learning_requests.find(session, number)
        assert found is not None
        told = {
            one.key: (one.label, dict(one.options).get(str(value)))
            for one, value in forms.answered(session, found)
        }
        assert told["site"] == ("Which site?", "South")
        assert told["cost_of_errors"] == ("What do errors cost a year?", None)
        now_asked = forms.current(session)
        changed = forms.changed_model(now_asked).model_validate({"site": "north"})
        learning_requests.change_answers(
            session, found, changed, by=cast.requester, at=now, form_version=now_asked.version
        )
        told = {
            one.key: (one.label, dict(one.options).get(str(value)))
            for one, value in forms.answered(session, found)
        }
        assert told["site"] == ("Where?", "The north")


def test_a_question_brought_back_keeps_its_key(database: Database, cast: Cast, now: datetime) -> None:
    with database.writing() as session:
        publish(session, put(FIRST, SITE), by=cast.manager, at=now)
        publish(session, FIRST, by=cast.manager, at=now)
        assert forms.current(session).question("site") is None
        assert forms.used_before(session)["site"] == SITE


# What feeds the score


@pytest.mark.both
def test_an_own_number_that_feeds_the_value_moves_the_score_as_the_shipped_one_does(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        form = publish(session, put(FIRST, COST), by=cast.manager, at=now)
        model = forms.submission_model(form)

        def asked(**answers: str) -> LearningRequest:
            body = {**a_submission().model_dump(mode="json"), "answers": answers}
            return learning_requests.submit(
                session, model.model_validate(body), links=links, by=None, at=now, form_version=form.version
            )

        by_own, by_shipped = asked(cost_of_errors="100000-300000"), asked(value_per_year="100000-300000")
        by_both = asked(cost_of_errors="1-2", value_per_year="100000-300000")
        silent = asked()
        own, shipped, both, none = (
            scored(session, one, now).assessment for one in (by_own, by_shipped, by_both, silent)
        )
        assert own and shipped and both and none
        assert (own.impact_likely, own.working["unknown"]) == (
            shipped.impact_likely,
            shipped.working["unknown"],
        )
        assert both.impact_likely == shipped.impact_likely
        assert none.impact_likely < own.impact_likely


@pytest.mark.both
def test_publishing_has_every_open_request_scored_by_what_now_counts(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        form = publish(session, put(FIRST, replace(COST, feeds="")), by=cast.manager, at=now)
        body = {**a_submission().model_dump(mode="json"), "answers": {"cost_of_errors": 900_000}}
        asked = learning_requests.submit(
            session,
            forms.submission_model(form).model_validate(body),
            links=links,
            by=None,
            at=now,
            form_version=form.version,
        )
        before = scored(session, asked, now).leverage
        publish(session, put(form, COST), by=cast.manager, at=now)
        session.expire_all()
        assert asked.score_wanted_at == now
        after = scored(session, asked, now).leverage
        assert before is not None and after is not None and after > before
        publish(session, without(form, COST.key), by=cast.manager, at=now)
        assert scored(session, asked, now).leverage == before  # it counts as it did when it was asked


@pytest.mark.parametrize(
    ("question", "value", "same"),
    [
        (Question("heads", "Heads?", kind=Kind.NUMBER, feeds="people"), 40.0, {"audience": {"count": 40.0}}),
        (Question("harm", "Harm?", kind=Kind.STEP, feeds="risk"), 4, {"risk": 4}),
        (Question("urgent", "Urgent?", kind=Kind.STEP, feeds="waiting"), 4, {"waiting": 4}),
        (
            Question("ready", "Ready by?", kind=Kind.DATE, feeds="waiting"),
            {"on": "2026-12-01", "why": "Fair"},
            {"deadline": {"on": "2026-12-01", "why": "Fair"}},
        ),
        (
            Question("goal_of_ours", "Which?", kind=Kind.MEASURE, feeds="gap"),
            {"name": "Errors", "today": 4, "wanted": 1},
            {"measure": {"name": "Errors", "today": 4, "wanted": 1}},
        ),
        (
            Question("as_what", "As what?", kind=Kind.ONE_OF, feeds="format"),
            "workshop",
            {"format": "workshop"},
        ),
        (
            Question("length", "How long?", kind=Kind.NUMBER, feeds="finished_hours"),
            2.0,
            {"finished_hours": 2.0},
        ),
        (Question("experts", "Experts?", kind=Kind.NUMBER, feeds="expert_hours"), 9.0, {"expert_hours": 9.0}),
        (Question("mood", "Mood?", kind=Kind.ONE_OF, feeds="cause"), "yes", {"cause_own_mood": "yes"}),
    ],
)
def test_each_input_stands_in_where_the_shipped_question_has_no_answer(
    question: Question, value: Any, same: dict[str, Any]
) -> None:
    known = forms.Known({1: FIRST, 2: replace(put(FIRST, question), version=2)})
    assert known.count_in([forms.Said(question.key, value, 2)]) == {question.key: value, **same}
    if question.feeds != "cause":
        ((key, other),) = same.items()
        said = {key: {"who": "all", "count": 7} if key == "audience" else other}
        given = [forms.Said(key, said[key], 2), forms.Said(question.key, value, 2)]
        assert known.count_in(given) == {question.key: value, **said}


def test_of_two_own_questions_that_feed_the_same_the_one_asked_first_counts() -> None:
    later = replace(COST, key="later", label="Another cost?")
    known = forms.Known({1: FIRST, 2: replace(put(put(FIRST, COST), later), version=2)})
    given = [forms.Said("later", 5.0, 2), forms.Said("cost_of_errors", 9.0, 2)]
    assert known.count_in(given)["value_per_year"] == 9.0


def test_scoring_reads_as_often_however_many_forms_and_requests_there_are(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    counted: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: counted.append(given[2]))

    def statements(requests: int) -> int:
        with database.writing() as session:
            for _ in range(requests):
                a_request(session, links=links)
            session.flush()
            counted.clear()
            assessments.score_waiting(session, now=now, flow_run_id=None)
            return sum(one.startswith("SELECT") for one in counted)

    first = statements(1)
    with database.writing() as session:
        publish(session, put(FIRST, SITE), by=cast.manager, at=now)
        publish(session, put(FIRST, COST), by=cast.manager, at=now)
        assessments.score_waiting(session, now=now, flow_run_id=None)
    assert statements(3) == first <= 9


KNOWN_BUT_FOR_THE_VALUE = {
    **dict.fromkeys(("cause_could", "cause_did", "cause_obstacle"), "no"),
    "risk": 1,
    "waiting": 1,
    "format": "elearning",
    "finished_hours": 1,
}


@pytest.mark.parametrize("left_out", [False, True])
def test_what_an_own_answer_stands_in_for_is_not_asked_and_its_question_is_where_the_shipped_one_was_left_out(
    database: Database, cast: Cast, links: Links, now: datetime, left_out: bool
) -> None:
    form = put(FIRST, COST)
    with database.writing() as session:
        published = publish(
            session, without(form, "value_per_year") if left_out else form, by=cast.manager, at=now
        )
        body = a_submission().model_dump(mode="json")

        def asked_next(**answers: Any) -> set[str]:
            whole = {**body, "answers": {**KNOWN_BUT_FOR_THE_VALUE, **answers}}
            submission = forms.submission_model(published).model_validate(whole)
            request = learning_requests.submit(
                session, submission, links=links, by=None, at=now, form_version=published.version
            )
            found = learning_requests.find(session, request.id)
            assert found is not None
            return {one.question for one in next_questions.worth_answering(session, found, now=now)}

        before, after = asked_next(), asked_next(cost_of_errors=50_000)
        assert before & {"value_per_year", "cost_of_errors"} == {
            "cost_of_errors" if left_out else "value_per_year"
        }
        assert not after & {"value_per_year", "cost_of_errors"}


# Who may answer what


def test_only_managers_may_answer_what_is_for_managers_only() -> None:
    inside = Question("hunch", "Your hunch?", internal=True)
    form = replace(put(FIRST, inside), version=2)
    assert forms.asked(form, {}) == FIRST.questions
    body = {"title": "T", "problem": "P", "requester": {"email": "a@b.example"}, "answers": {"hunch": "Hm"}}
    with pytest.raises(ValueError, match="hunch"):
        forms.submission_model(form).model_validate(body)
    with pytest.raises(ValueError, match="hunch"):
        forms.changed_model(form).model_validate({"hunch": "Hm"})
    assert forms.submission_model(form, inside=True).model_validate(body).values()["hunch"] == "Hm"
    assert forms.changed_model(form, inside=True).model_validate({"hunch": "Hm"}).values() == {"hunch": "Hm"}


# The form as a value


def test_a_new_question_comes_last_in_its_group_and_moving_stays_within_it() -> None:
    inside = Question("hunch", "Your hunch?", internal=True)
    form = put(put(FIRST, inside), SITE)
    keys = [one.key for one in form.questions]
    assert (keys[7], keys[-1], keys[0]) == ("site", "hunch", "title")
    assert [one.key for one in moved(form, "site", -1).questions][6:8] == ["site", "deadline"]
    assert moved(form, "site", 1) == form == moved(form, "title", -1)
    assert [one.key for one in placed(form, "site", "title").questions][:2] == ["site", "title"]
    assert placed(form, "site", "") == form
    on_demand = put(form, replace(SITE, always=False))
    assert [one.key for one in on_demand.questions][-2:] == ["site", "hunch"]
    assert moved(form, "nobody", 1) == form


@given(st.data())
def test_no_order_of_moves_loses_a_question_or_mixes_the_groups(data: st.DataObject) -> None:
    form = put(FIRST, SITE)
    for _ in range(5):
        key = data.draw(st.sampled_from([one.key for one in form.questions]))
        by = data.draw(st.sampled_from([-1, 1]))
        form = moved(form, key, by)
    assert {one.key for one in form.questions} == {*(one.key for one in FIRST.questions), "site"}
    groups = [editing.group_of(one) for one in form.questions]
    assert groups == sorted(groups, key=editing.GROUPS.index)


@pytest.mark.parametrize(
    ("label", "taken", "key"),
    [
        ("Which site?", (), "which_site"),
        ("Größe des Teams (Köpfe)", (), "grosse_des_teams_kopfe"),
        ("???", (), "question"),
        ("3 reasons", (), "q_3_reasons"),
        ("Title", (), "title_2"),
        ("Values", (), "values_2"),
        ("Copy", (), "copy_2"),
        ("Answers", (), "answers_2"),
        ("Cause could", (), "q_cause_could"),
        ("Site", ("site",), "site_2"),
        ("Lead name", ("lead",), "lead_name_2"),
        ("Lead", ("lead_name",), "lead_2"),
        ("A very long question about everything there is", (), "a_very_long_question_about"),
    ],
)
def test_a_key_is_made_from_the_words_and_is_like_no_other(
    label: str, taken: tuple[str, ...], key: str
) -> None:
    assert key_for(label, taken) == key


@given(st.text(max_size=60))
def test_any_words_make_a_key_that_can_be_a_field(label: str) -> None:
    key = key_for(label, ())
    assert key.isidentifier() and key.isascii() and len(key) <= 33
    assert key not in questions.SHIPPED
    assert not hasattr(Submission, key) and not hasattr(ChangedAnswers, key)


BEFORE = (("red", "Red"), ("green", "Green"), ("blue", "Blue"))


@pytest.mark.parametrize(
    ("lines", "options"),
    [
        ("Red\nGreen\nBlue", BEFORE),
        ("Red\nDark green\nBlue", (("red", "Red"), ("green", "Dark green"), ("blue", "Blue"))),
        ("Blue\nRed\nGreen", (("blue", "Blue"), ("red", "Red"), ("green", "Green"))),
        ("Red\nBlue", (("red", "Red"), ("blue", "Blue"))),
        ("Red\nGreen\nBlue\nBlack", (*BEFORE, ("black", "Black"))),
        ("Red\n\n  Green \nBlue\nred!", (*BEFORE, ("red_2", "red!"))),
        ("Rot\nGrün\nBlau", (("red", "Rot"), ("green", "Grün"), ("blue", "Blau"))),
    ],
)
def test_a_reworded_option_keeps_its_value(lines: str, options: tuple[tuple[str, str], ...]) -> None:
    assert options_from(lines, BEFORE) == options


@given(
    st.lists(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8), max_size=8)
)
def test_options_have_values_of_their_own_and_keep_their_words(labels: list[str]) -> None:
    found = options_from("\n".join(labels), BEFORE)
    assert [words for _, words in found] == labels
    assert len({value for value, _ in found}) == len(labels)


def test_where_values_are_fixed_each_line_names_its_own() -> None:
    steps = ("0", "1", "2", "3", "4", "5")
    assert options_from("0: None\n5: All: of it", (), steps) == (("0", "None"), ("5", "All: of it"))
    assert options_from("7: Too much", (), steps) == (("", "7: Too much"),)


def wrong(question: Question, form: Form = FIRST) -> list[tuple[str, str]]:
    return [(one.field, one.words) for one in problems(put(form, question), question.key)]


@pytest.mark.parametrize(
    ("question", "field", "words"),
    [
        (replace(SITE, label=""), "label", "Please fill this in."),
        (replace(SITE, label="A SHORT TITLE"), "label", "Another question has the same words; people would not know which is which."),
        (replace(SITE, options=()), "options", "Please give two options or more, one a line."),
        (replace(SITE, options=(("a", "North"), ("b", "north"))), "options", "Two options have the same words."),
        (replace(SITE, kind=Kind.STEP), "options", "Please begin each line with one of 0, 1, 2, 3, 4, 5 and a colon, as in “0: ...”."),
        (replace(SITE, feeds="cause"), "options", "Please begin each line with one of yes, no, unsure and a colon, as in “yes: ...”."),
        (replace(SITE, feeds="cause", options=(("yes", "Yes"), ("unsure", "?"))), "options", "Please keep a yes and a no."),
        (replace(SITE, feeds="value"), "feeds", "An answer of this kind (one of several) can't say what it is worth a year."),
        (replace(COST, feeds="rain"), "feeds", "An answer of this kind (a number or a range) can't say rain."),
        (replace(COST, required=True), "required", "Only a question that is always asked can be required."),
        (Question("f", "A file?", kind=Kind.FILE, internal=True), "asked", "A file can't be kept to managers. Please choose another kind, or ask the requester."),
        (Question("t", "Text?", longest=0), "longest", "Please give a number of characters from 1 to 8,000."),
        (replace(SITE, only_if=(Condition("risk", ("5",)),)), "only_if", "“What could go wrong if people can't do this?” is asked later. Please choose a question that comes before this one."),
        (replace(SITE, only_if=(Condition("gone"),)), "only_if", "“gone” is no longer asked. Please choose a question that comes before this one."),
        (replace(COST, only_if=(Condition("cause_could", ("perhaps",)),)), "only_if", "“If it really mattered, could most of them do it today?” has other options by now. Please tick those that count."),
        (replace(COST, only_if=(Condition("title", ("x",)),)), "only_if", "“A short title” has no options to choose from: leave it at any answer."),
        (replace(COST, types=("audit",)), "types", "One of these types is no longer there. Please choose again."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_beside_its_field(question: Question, field: str, words: str) -> None:
    assert wrong(question) == [(field, words)]


@pytest.mark.parametrize("key", ["title", "problem"])
@pytest.mark.parametrize(
    "change",
    [
        {"required": False},
        {"always": False, "required": False},
        {"internal": True, "required": False},
        {"units": ("Sales",)},
    ],
)
def test_title_and_problem_are_asked_of_everybody_and_required(key: str, change: dict[str, Any]) -> None:
    question = FIRST.question(key)
    assert question is not None
    assert [one.field for one in problems(put(FIRST, replace(question, **change)), key)] == ["asked"]
    label = questions.label(key)
    assert Wrong("", "questions", f"“{label}” has to be asked.") in problems(without(FIRST, key))


def test_the_other_core_questions_may_go_on_demand_and_be_left_out() -> None:
    deadline = FIRST.question("deadline")
    assert deadline is not None
    assert problems(put(FIRST, replace(deadline, always=False))) == []
    assert problems(without(FIRST, "deadline")) == []


def test_the_shipped_form_has_nothing_wrong() -> None:
    assert problems(FIRST) == []


def test_a_requester_is_never_asked_by_what_only_managers_know() -> None:
    hunch = Question("hunch", "A hunch?", kind=Kind.ONE_OF, options=(("a", "A"), ("b", "B")), internal=True)
    follow = Question("follow", "Follow?", internal=True, only_if=(Condition("hunch", ("a",)),))
    form = put(FIRST, hunch)
    assert problems(put(form, follow)) == []
    assert problems(put(form, replace(follow, internal=False)))[0].field == "only_if"


def test_units_nobody_belongs_to_are_warned_of_not_refused() -> None:
    form = put(FIRST, replace(SITE, units=("sales", "Moon base")))
    assert problems(form) == []
    assert [(one.question, one.field) for one in form_problems.warnings(form, ["Sales"])] == [
        ("site", "units")
    ]


def test_what_changes_is_told_in_sentences() -> None:
    risk = FIRST.question("risk")
    assert risk is not None
    old = put(FIRST, SITE)
    new = put(without(old, "budget"), COST)
    new = put(
        new, replace(SITE, label="Where?", options=(("north", "Up north"), ("east", "East")), required=True)
    )
    new = moved(replace(new, types=(("a", "Audit"), ("b", "Basics"))), "if_nothing", -1)
    assert differences(old, new) == [
        "New: “What do errors cost a year?” (on demand).",
        "No longer asked: “Is there a budget?”. Answers given stay.",
        "“Which site?” now reads “Where?”.",
        "“Where?”: always, required (was: always).",
        "“Where?”: new option “East”.",
        "“Where?”: without “South”.",
        "“Where?”: option “North” now reads “Up north”.",
        "“What happens if we do nothing?” has moved.",
        "Types of request are now: Audit, Basics.",
    ]
    assert differences(old, old) == []
