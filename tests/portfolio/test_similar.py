"""Finding what is like what somebody types: kept up to date whoever writes, and an answer to whatever is typed."""

import json
import subprocess
import sys
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from portfolio import archive, deciding, learning_requests, similar
from portfolio import database as databases
from portfolio.database import Database
from portfolio.deciding import Ruling
from portfolio.links import Links
from portfolio.models import LearningRequest, Resource, Unit
from portfolio.similar import Similar
from portfolio.similarity import embedding, meaning
from portfolio.states import Verdict
from portfolio.submission import ChangedAnswers
from tests.benchmarks.search import fill_texts, measured, paraphrases
from tests.benchmarks.site import until
from tests.conftest import Cast
from tests.factory import a_request
from tests.imports.files import DATA, shared

ROOT = Path(__file__).parents[2]
WELDING: dict[str, Any] = {
    "title": "Welding for beginners",
    "problem": "Seams break.",
    "behaviour": "Weld a seam that holds.",
}
GERMAN: dict[str, Any] = {
    "title": "Schulung für Größenmessung",
    "problem": "Maße werden falsch geprüft.",
    "behaviour": "Richtig messen.",
}


def found(database: Database, words: str, **options: object) -> list[str]:
    """The titles of the requests found."""
    with database.reading() as session:
        return [one.title for one in similar.similar(session, words, **options).requests]  # type: ignore[arg-type] # passed on


@pytest.mark.both
def test_each_kind_is_found_by_its_words_and_said_why(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        a_request(session, links=links)
        a_request(session, links=links, **WELDING)
        session.add(Resource(title="How to weld", topics="welding, metal", created_at=now))
    similar.warm(database)
    with database.reading() as session:
        seen = similar.similar(session, "welding for beginners")
    assert [(one.kind, one.number, one.title) for one in [*seen.requests, *seen.resources]] == [
        ("request", 2, "Welding for beginners"),
        ("resource", 1, "How to weld"),
    ]
    assert seen.requests[0].reason == "Same words: welding, beginners"
    assert seen.declines == []


@pytest.mark.both
def test_other_words_are_found_by_their_meaning(database: Database, cast: Cast, links: Links) -> None:
    with database.writing() as session:
        a_request(
            session,
            links=links,
            title="Calming angry customers",
            problem="Callers shout.",
            behaviour="Stay polite.",
        )
        a_request(session, links=links, **WELDING)
    if not similar.warm(database):
        pytest.skip("there are no word vectors for this machine")
    with database.reading() as session:
        best = similar.similar(session, "dealing with furious clients", floor=similar.ANYTHING).requests[0]
    assert (best.title, best.reason) == ("Calming angry customers", "Says much the same in other words")


@pytest.mark.both
def test_words_alone_find_until_meanings_are_ready_and_where_there_are_none(
    database: Database, cast: Cast, links: Links, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.writing() as session:
        a_request(session, links=links)
        a_request(session, links=links, **WELDING)
    monkeypatch.setattr(embedding, "load", lambda: None)
    assert found(database, "weld") == ["Welding for beginners"]
    assert found(database, "Quotes take long") == ["Quotes take too long"]


@pytest.mark.both
def test_a_half_typed_word_finds_what_begins_like_it(database: Database, cast: Cast, links: Links) -> None:
    with database.writing() as session:
        a_request(session, links=links, title="Onboarding takes a month")
        a_request(session, links=links, **WELDING)
    for typed in ("onb", "onboar", "onboardi", "onboarding"):
        assert found(database, typed, floor=similar.ANYTHING)[0] == "Onboarding takes a month"


@pytest.mark.both
def test_other_languages_are_found_with_and_without_their_accents(
    database: Database, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        a_request(session, links=links, **GERMAN)
        a_request(session, links=links, **WELDING)
    similar.warm(database)
    for typed in ("Schulung Größenmessung", "GRÖSSENMESSUNG SCHULUNG FÜR", "schulung fur", "falsch geprüft"):
        assert found(database, typed, floor=0.2)[0] == GERMAN["title"]


@pytest.mark.both
def test_the_index_follows_every_change(database: Database, cast: Cast, links: Links, now: datetime) -> None:
    def titles(words: str) -> list[str]:
        return found(database, words, floor=0.3)

    with database.writing() as session:
        a_request(session, links=links, **WELDING)
        resource = Resource(title="Soldering", created_at=now)
        session.add(resource)
    similar.warm(database)
    assert titles("welding seams") == ["Welding for beginners"]

    with database.writing() as session:
        changed = ChangedAnswers(problem="Lacquer peels off bicycles.")
        learning_requests.change_answers(session, _request(session, 1), changed, by=None, at=now)
    assert titles("lacquer peels") == ["Welding for beginners"]

    with database.writing() as session:
        unit = session.query(Unit).filter_by(name="Sales").one()
        unit.name = "Velodrome"
    assert titles("velodrome") == ["Welding for beginners"]

    with database.writing() as session:
        ruling = Ruling(Verdict.DECLINE, words="Not now.", reason="priority")
        deciding.decide(session, _request(session, 1), ruling, links=links, by=cast.manager, at=now)
        session.get_one(Resource, 1).retired_at = now
    with database.reading() as session:
        seen = similar.similar(session, "welding soldering", floor=0.2)
    assert ([one.title for one in seen.declines], seen.requests, seen.resources) == (
        ["Welding for beginners"],
        [],
        [],
    )

    with database.writing() as session:
        deciding.reopen(session, _request(session, 1), by=cast.manager, at=now)
        learning_requests.withdraw(session, _request(session, 1), by=None, at=now)
    with database.reading() as session:
        assert not similar.similar(session, "welding lacquer", floor=0)

    with database.writing() as session:
        session.delete(session.get_one(Resource, 1))
        a_request(session, links=links, title="Soldering by hand")
    assert titles("soldering") == ["Soldering by hand"]


@pytest.mark.both
def test_what_is_undone_is_not_found(database: Database, cast: Cast, links: Links) -> None:
    similar.warm(database)
    with pytest.raises(RuntimeError, match="midway"), database.writing() as session:
        a_request(session, links=links, **WELDING)
        assert similar.similar(session, "welding for beginners").requests[0].title == "Welding for beginners"
        raise RuntimeError("midway")
    assert found(database, "welding for beginners", floor=0) == []
    with database.writing() as session:
        a_request(session, links=links, **GERMAN)
    assert found(database, "Schulung", floor=0) == [GERMAN["title"]]


@pytest.mark.both
def test_what_an_archive_brings_is_found(
    database: Database, cast: Cast, links: Links, now: datetime, tmp_path: Path
) -> None:
    with database.writing() as session:
        a_request(session, links=links, **WELDING)
    file = BytesIO()
    with database.reading() as session:
        archive.export(session, file, at=now)
    url = f"sqlite:///{tmp_path}/restored.db"
    databases.migrate(url)
    restored = databases.connect(url)
    with restored.writing() as session:
        archive.load(session, file)
    assert found(restored, "welding beginners") == ["Welding for beginners"]
    restored.dispose()


@pytest.mark.both
def test_a_database_with_rows_is_indexed_when_it_is_upgraded(
    database_url: str, database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        a_request(session, links=links, **WELDING)
        session.add(Resource(title="How to weld", created_at=now))
        session.execute(text("DELETE FROM search_entries"))
    for statement in _index_again(database):
        with database.writing() as session:
            session.execute(text(statement))
    with database.reading() as session:
        seen = similar.similar(session, "weld", floor=0.1)
    assert [one.title for one in [*seen.requests, *seen.resources]] == [
        "Welding for beginners",
        "How to weld",
    ]


@pytest.mark.both
def test_an_unrelated_request_does_not_push_out_the_same_words(
    database: Database, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        a_request(session, links=links, **WELDING)
        a_request(session, links=links)
    similar.warm(database)
    typed = " ".join([*WELDING.values(), "Sales"])
    for number in range(60):
        with database.reading() as session:
            first = similar.similar(session, typed).requests[0]
        assert (first.title, first.score) == ("Welding for beginners", 1.0)
        with database.writing() as session:
            a_request(
                session,
                links=links,
                title=f"Taxes of country {number}",
                problem="Forms changed.",
                behaviour="Fill in.",
            )


def test_the_same_words_find_the_same(database: Database, cast: Cast, links: Links) -> None:
    with database.writing() as session:
        for number in range(30):
            a_request(session, links=links, title=f"Quotes take {number} days")
    similar.warm(database)

    def asked() -> Similar:
        with database.reading() as session:
            return similar.similar(session, "quotes take days", limit=30)

    first = asked()
    assert len(first.requests) == 30
    assert [asked() for _ in range(5)] == [first] * 5


def test_the_own_request_is_left_out_and_the_own_unit_goes_first(
    database: Database, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        a_request(session, links=links)
        other = {"name": "Otto", "email": "otto@fernweh.example", "unit": "Finance"}
        a_request(session, links=links, requester=other)
    similar.warm(database)
    with database.reading() as session:
        typed = "Quotes take too long"
        assert [one.number for one in similar.similar(session, typed, unit="finance").requests] == [2, 1]
        assert [one.number for one in similar.similar(session, typed, leave_out=1).requests] == [2]


@pytest.mark.both
def test_alike_is_only_what_surely_asks_the_same(database: Database, cast: Cast, links: Links) -> None:
    with database.writing() as session:
        mine = a_request(session, links=links)
        a_request(session, links=links, title="Quotes take much too long")
        a_request(session, links=links, **WELDING)
    similar.warm(database)
    with database.reading() as session:
        assert [one.number for one in similar.alike(session, _request(session, mine.id))] == [2]


NAUGHTY = [
    '"', '""', "*", "a*", "NEAR", "NEAR(quotes take, 2)", "quotes AND", "OR", "NOT quotes", "-quotes", "title:quotes", "words : x",
    "^quotes", "{quotes}", "quotes\x00take", "\x00\x00\x00", "🦔🦔🦔 quotes", "'; DROP TABLE search_entries; --", "%s%s%s", "\\", "\\'",
    "quotes' & !take", "a_b_c", "___", "ﷺﷺﷺ", "e\u0301e\u0301e\u0301", "İstanbul", "ß" * 500, "a" * 8000, "quotes " * 1200, "١٢٣", "²²²", "\ud800abc",
    "日本語の研修", " \t\n ", "it's", "C++ / C#", "https://a.example/b?c=d&e", "x@y.example",
]  # fmt: skip


@pytest.mark.both
@pytest.mark.parametrize("warm", [False, True], ids=["words", "meaning"])
def test_whatever_is_typed_is_answered(
    database: Database, cast: Cast, links: Links, warm: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.writing() as session:
        a_request(session, links=links)
    if warm:
        similar.warm(database)
    else:
        monkeypatch.setattr(embedding, "load", lambda: None)
    with database.reading() as session:
        for typed in NAUGHTY:
            assert isinstance(similar.similar(session, typed, floor=0), Similar)


@pytest.mark.shared
@pytest.mark.both
def test_the_big_list_of_naughty_strings_is_answered(database: Database, cast: Cast, links: Links) -> None:
    strings = json.loads(shared("import/blns.json").read_text("utf-8"))
    with database.writing() as session:
        a_request(session, links=links)
    similar.warm(database)
    with database.reading() as session:
        for typed in strings:
            assert isinstance(similar.similar(session, typed, floor=0), Similar)


def test_several_readers_and_a_writer_agree(database: Database, cast: Cast, links: Links) -> None:
    """What one process (here: a keeper of its own) wrote, another finds by meaning without being told."""
    similar.warm(database)
    with database.writing() as session:
        a_request(session, links=links, **WELDING)
    kept = meaning.Keeper(database.engine)
    assert kept.learn() == similar.warm(database)
    assert found(database, "a course on joining metal", floor=0.05) == ["Welding for beginners"]


def test_the_thread_learns_and_ends_when_told(database: Database, cast: Cast, links: Links) -> None:
    with database.writing() as session:
        a_request(session, links=links, **WELDING)
    kept = similar.keep_ready(database, after=0.0)
    assert embedding.load() is None or until(lambda: kept.memory(0), within=20) is not None
    kept.stop()
    assert found(database, "welding for beginners") == ["Welding for beginners"]


def test_the_vectors_come_without_a_network() -> None:
    script = (
        "import socket, logging\n"
        "def refuse(*_): raise AssertionError('the network was asked')\n"
        "socket.socket.connect = refuse\n"
        "socket.getaddrinfo = refuse\n"
        "from portfolio.similarity import embedding\n"
        "found = embedding.load()\n"
        "print(logging.getLogger().handlers, None if found is None else found.vectors.shape)\n"
    )
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout in {"[] (32000, 256)\n", "[] None\n"}


@pytest.mark.shared
@pytest.mark.slow
def test_real_paraphrases_are_found_as_well_as_the_docs_say(database: Database, cast: Cast) -> None:
    shared("duplicates/banking77_train.csv")
    if embedding.load() is None:
        pytest.skip("there are no word vectors for this machine")
    texts, questions = paraphrases(DATA, seed=1, texts=3000, questions=150)
    fill_texts(database, texts)
    by_words = measured(database, questions, meanings=False)
    by_both = measured(database, questions)
    assert by_both.recall_at_5 >= 0.88
    assert by_both.mean_reciprocal_rank >= 0.82
    assert by_both.mean_reciprocal_rank > by_words.mean_reciprocal_rank


def _request(session: object, number: int) -> LearningRequest:
    one = learning_requests.find(session, number)  # type: ignore[arg-type] # a session
    assert one is not None
    return one


def _index_again(database: Database) -> list[str]:
    """The statements by which the migration indexes what is there."""
    import importlib.util

    file = ROOT / "portfolio/migrations/versions/0003_similar_requests.py"
    spec = importlib.util.spec_from_file_location("migration_0003", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    on_sqlite = database.engine.dialect.name == "sqlite"
    return list(module.for_sqlite() if on_sqlite else module.for_postgres())[-2:]
