"""The cause table in force: versions, what it does to the score, and what a diagnosis means in words."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio import assessments, causes, forms, history, learning_requests
from portfolio.database import Database
from portfolio.editing import put
from portfolio.links import Links
from portfolio.models import CauseTable, LearningRequest
from portfolio.questions import FIRST as FIRST_FORM
from portfolio.questions import YES_NO, Kind, Question
from portfolio.rules.fit import CAUSES, FIRST, Causes, Fit, diagnose
from portfolio.rules.rubric import DEFAULT
from tests.conftest import Cast
from tests.factory import a_request, a_submission

BLAMELESS = ("fault", "blame", "lazy", "wrong with", "fail", "should have", "unwilling", "bad")


def a_table(**yes: tuple[float, ...]) -> Causes:
    """The shipped table with other rows."""
    rows = {**dict(FIRST.yes), **{key: tuple(zip(CAUSES, row, strict=True)) for key, row in yes.items()}}
    return replace(FIRST, yes=tuple(rows.items()))


def scored(session: Any, request: LearningRequest, now: datetime) -> Any:
    assessments.score_waiting(session, now=now, flow_run_id=None)
    session.expire_all()
    found = learning_requests.find(session, request.id)
    assert found is not None and found.assessment is not None
    return found.assessment


@pytest.mark.both
def test_a_published_table_is_in_force_and_has_every_open_request_scored_by_it(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    telling = a_table(cause_could=(0.05, 0.99, 0.05, 0.05, 0.05, 0.05))
    with database.writing() as session:
        asked = a_request(session, links=links, answers={"cause_could": "yes"})
        before = scored(session, asked, now)
        assert (before.working["likeliest_cause"], before.working["cause_table"]) == ("expectations", 1)
        assert before.working["causes"] == {
            cause: round(chance, 4)
            for cause, chance in diagnose(FIRST, {"cause_could": "yes"}).causes.items()
        }
        published = causes.publish(session, telling, seen=1, by=cast.manager, at=now)
        assert (published.version, causes.current(session)) == (2, published)
        session.expire_all()
        assert asked.score_wanted_at == now
        after = scored(session, asked, now)
        assert (after.working["likeliest_cause"], after.working["cause_table"]) == ("tools", 2)
        assert after.fit == pytest.approx(diagnose(telling, {"cause_could": "yes"}).fit)
        assert after.fit < before.fit
    with database.reading() as session:
        kept = session.get_one(CauseTable, 2)
        assert [(one.action, one.by_id, one.details) for one in history.timeline(session, kept)] == [
            ("cause_table.published", cast.manager.id, {"version": 2})
        ]
        assert causes.of_version(session, 1) == FIRST
        assert causes.of_version(session, 2) == replace(telling, version=2)
        assert causes.of_version(session, 3) is None


@pytest.mark.both
def test_the_later_of_two_tables_is_refused(database: Database, cast: Cast, now: datetime) -> None:
    with database.writing() as session:
        first = causes.publish(session, a_table(), seen=1, by=cast.manager, at=now)
        with pytest.raises(causes.Stale) as refused:
            causes.publish(session, FIRST, seen=1, by=cast.leader, at=now)
        assert refused.value.causes == first
        assert causes.current(session) == first


def test_resetting_keeps_who_can_help(database: Database, cast: Cast, now: datetime) -> None:
    ours = replace(FIRST.route("tools"), owner="Kim in IT", owns="the quote tool", address="kim@x.example")
    routes = tuple(replace(ours, words="Ours.") if one.cause == "tools" else one for one in FIRST.routes)
    with database.writing() as session:
        causes.publish(
            session, replace(a_table(cause_did=(0.5,) * 6), routes=routes), seen=1, by=cast.manager, at=now
        )
        back = causes.reset(session, seen=2, by=cast.manager, at=now)
    assert (back.version, back.prior, back.yes) == (3, FIRST.prior, FIRST.yes)
    assert back.route("tools") == ours


def test_without_a_published_table_the_rubrics_prior_counts_and_with_one_the_tables(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    prior = tuple(zip(CAUSES, (0.1, 0.1, 0.1, 0.4, 0.2, 0.1), strict=True))
    with database.writing() as session:
        assert assessments.current_rubric(session) == DEFAULT
        assessments.publish_rubric(session, replace(DEFAULT, cause_prior=prior), by=cast.manager, at=now)
        assert assessments.current_rubric(session).prior_fit == pytest.approx(0.6)
        causes.publish(session, a_table(), seen=1, by=cast.manager, at=now)
        rubric = assessments.current_rubric(session)
        assert rubric.prior_fit == pytest.approx(0.4)
        assert rubric is assessments.current_rubric(session)  # found again, so its draws are too
        assert scored(session, a_request(session, links=links), now).fit == pytest.approx(0.4)


@pytest.mark.both
def test_an_own_question_about_causes_tells_nothing_until_its_row_is_edited(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    own = Question(
        "new_screen", "Did the screen change lately?", kind=Kind.ONE_OF, options=YES_NO, feeds="cause"
    )
    with database.writing() as session:
        forms.change(session, put(FIRST_FORM, own), stamp="1.0", by=cast.manager, at=now)
        form = forms.publish(session, stamp="2.1", by=cast.manager, at=now)
        assert causes.questions_of(session, FIRST)[-1] == ("cause_own_new_screen", own.label, True)
        body = {**a_submission().model_dump(mode="json"), "answers": {"new_screen": "yes"}}
        asked = learning_requests.submit(
            session,
            forms.submission_model(form).model_validate(body),
            links=links,
            by=None,
            at=now,
            form_version=form.version,
        )
        assert scored(session, asked, now).fit == pytest.approx(0.4)
        table = a_table(cause_own_new_screen=(0.2, 0.9, 0.2, 0.3, 0.2, 0.2))
        causes.publish(session, table, seen=1, by=cast.manager, at=now)
        told = scored(session, asked, now)
        assert (told.working["likeliest_cause"], told.fit < 0.35) == ("tools", True)
        found = learning_requests.find(session, asked.id)
        assert found is not None
        assert causes.fit_of(session, found).fit == pytest.approx(told.fit)
        forms.change(session, FIRST_FORM, stamp="2.0", by=cast.manager, at=now)
        forms.publish(session, stamp="3.1", by=cast.manager, at=now)
        assert causes.questions_of(session, table)[-1] == ("cause_own_new_screen", own.label, False)


# In words


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({}, None),
        ({"cause_could": "unsure"}, None),
        (
            {"cause_could": "yes", "cause_did": "yes", "cause_obstacle": "yes"},
            "Sounds like people know how, and something else gets in the way: perhaps the tool or the process, perhaps too little time.",
        ),
        (
            {"cause_could": "no", "cause_did": "no", "cause_obstacle": "no"},
            "Sounds like people haven't had the chance to learn how yet.",
        ),
        (
            {"cause_obstacle": "no"},
            "It may be that people haven't had the chance to learn how yet; it isn't sure yet.",
        ),
    ],
)
def test_the_requester_reads_what_it_sounds_like_graded_by_how_sure_it_is(
    answers: dict[str, str], words: str | None
) -> None:
    assert causes.plain(diagnose(FIRST, answers)) == words


def test_where_nothing_stands_out_both_of_the_likelier_are_named() -> None:
    even = {**dict.fromkeys(CAUSES, 0.12), "tools": 0.3, "capacity": 0.22}
    words = "It's hard to say yet: perhaps it is the tool or the process, perhaps too little time."
    assert causes.plain(Fit(even, 0.24, 1)) == words


def test_a_sure_cause_elsewhere_is_said_as_the_product_says_it() -> None:
    sure = Fit({**dict.fromkeys(CAUSES, 0.05), "tools": 0.75}, 0.10, 3)
    assert causes.plain(sure) == "Sounds like people know how, but the tool or the process gets in the way."


@given(st.lists(st.floats(0.01, 1), min_size=6, max_size=6))
def test_words_never_blame_and_name_the_likeliest_answer(raw: list[float]) -> None:
    chances = {cause: share / sum(raw) for cause, share in zip(CAUSES, raw, strict=True)}
    found = Fit(chances, chances["knowledge"] + chances["skill"], 1)
    words = causes.plain(found)
    assert words is not None
    assert words.endswith(".")
    assert not any(blame in words.lower() for blame in BLAMELESS)


def test_no_shipped_words_blame_anybody() -> None:
    said = " ".join(
        [*causes.PLAIN.values(), *causes.SHORT.values(), *(one.words for one in FIRST.routes)]
    ).lower()
    assert [blame for blame in BLAMELESS if blame in said] == []


def test_the_draft_names_who_can_help() -> None:
    route = replace(
        FIRST.route("tools"), owner="Kim in IT", owns="the quote tool", address="kim@fernweh.example"
    )
    assert causes.draft(route) == (
        f"{FIRST.route('tools').words}\n\n"
        "Kim in IT owns the quote tool; we've asked them to call you. You can reach them here: kim@fernweh.example"
    )
    assert (
        causes.elsewhere(replace(route, owns="", address=""))
        == "Kim in IT looks after this; we've asked them to call you."
    )
    assert causes.elsewhere(FIRST.route("tools")) == "We'll find out who can change it, and put you in touch."
