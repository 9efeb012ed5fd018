"""Every source that is due is fetched, and one that fails keeps no other waiting."""

from datetime import timedelta
from typing import Any

import pytest

from flows import connection, fetch_learning
from portfolio.learning import sources
from portfolio.models import LearningSource
from portfolio.settings import Settings
from tests.conftest import NOW, Cast
from tests.systems import PASSWORD, USER, AStore, serving

STATEMENT = {
    "id": "5b1c7c7e-2d9b-4c55-9c2e-6f7d6c0f8a11",
    "actor": {"mbox": "mailto:rita@fernweh.example"},
    "verb": {"id": "http://adlnet.gov/expapi/verbs/completed"},
    "object": {"id": "https://learn.fernweh.example/quotes"},
    "stored": "2026-11-19T10:00:00Z",
}


def test_only_what_is_on_and_due_is_fetched(
    clockwork: Settings, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTSIZE_LEARNING_MAY_BE_LOCAL", "true")
    connection.settings.cache_clear()
    monkeypatch.setattr(fetch_learning, "now", lambda: NOW)
    with connection.database().writing() as session:
        given: dict[str, Any] = {
            "address": "http://127.0.0.1:1",
            "secret": "x",
            "may_be_local": True,
            "by": cast.manager,
        }
        for kind, name in (
            ("moodle", "due"),
            ("lrs", "paused"),
            ("push", "sends by itself"),
            ("lrs", "later"),
        ):
            source = sources.add(session, kind=kind, name=name, at=NOW, **given).source
            source.is_on = name != "paused"
            source.next_run_at = NOW + timedelta(hours=1) if name == "later" else source.next_run_at
    assert fetch_learning.due.fn() == [1]


def test_a_run_says_how_each_source_went(
    clockwork: Settings, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTSIZE_LEARNING_MAY_BE_LOCAL", "true")
    connection.settings.cache_clear()
    monkeypatch.setattr(fetch_learning, "now", lambda: NOW)
    with serving(AStore([STATEMENT]).answer) as address:
        with connection.database().writing() as session:
            for kind, where in (("moodle", "http://127.0.0.1:1"), ("lrs", f"{address}/xapi")):
                sources.add(
                    session, kind=kind, name=kind, address=where, user=USER, secret=PASSWORD, may_be_local=True, by=cast.manager, at=NOW,
                )  # fmt: skip
        assert [fetch_learning.fetch_one.fn(number) for number in fetch_learning.due.fn()] == [0, 1]
    assert fetch_learning.due.fn() == []
    with connection.database().reading() as session:
        found = [session.get_one(LearningSource, number) for number in (1, 2)]
    assert [bool(one.problem) for one in found] == [True, False]
    assert [one.next_run_at for one in found] == [NOW + timedelta(minutes=15), NOW + timedelta(hours=24)]
