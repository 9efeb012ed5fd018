"""How quickly similar requests are found, and, where real texts lie beside the repository, how well."""

import csv
import os
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import perf_counter
from unittest.mock import patch

from sqlalchemy import insert, select

from portfolio import similar
from portfolio.database import Database
from portfolio.demo import asks
from portfolio.models import Answer, LearningRequest, Person
from portfolio.similarity.meaning import Keeper
from tests.benchmarks import data
from tests.benchmarks.results import Result
from tests.benchmarks.site import load, serving

DATA = Path(os.environ.get("OUTSIZE_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")
SIZES = (1_000, 10_000)
SEEDS = (1, 2, 3)
ASKED = 300


@dataclass(frozen=True)
class Question:
    """Something somebody types, and the places of the texts that are right answers."""

    words: str
    right: frozenset[int]


@dataclass(frozen=True)
class Quality:
    """How often a right answer is among the first five, and the mean of 1 / its place among the first twenty."""

    recall_at_5: float
    mean_reciprocal_rank: float


def search() -> list[Result]:
    """Queries as they are typed, over 1,000 and 10,000 open requests; then recall on real texts, if there are any."""
    return [*_times(), *_qualities()]


def _times() -> list[Result]:
    found = []
    for count in SIZES:
        with data.installation() as (folder, database):
            data.fill_requests(database, count)
            begun = perf_counter()
            similar.warm(database)
            found.append(Result(f"search: learn {count:,} requests", perf_counter() - begun, unit="s"))
            typed = _typed(ASKED)
            with database.reading() as session:
                seconds = []
                for words in typed:
                    begun = perf_counter()
                    similar.similar(session, words)
                    seconds.append(perf_counter() - begun)
            found.append(Result.of(f"search: {count:,} requests, in process", seconds, aim="median <= 20 ms"))
            bearer = f"Bearer {data.token(database)}"
            with serving(folder) as site:
                site.wait("/healthz")
                calls = [("GET", f"/api/v1/similar?q={'+'.join(words.split())}", None) for words in typed]
                first = load(site.port, [calls[:1]], Authorization=bearer)
                load(site.port, [calls[:100]], Authorization=bearer)
                seen = load(site.port, [calls], Authorization=bearer)
            note = f"the first after the start {1000 * first.seconds[0]:.0f} ms"
            found.append(
                Result.of(
                    f"search: {count:,} requests, over HTTP", seen.seconds, aim="median <= 20 ms", note=note
                )
            )
    return found


def _typed(count: int) -> list[str]:
    """Beginnings of what people ask for: three letters, a few words, a title, a title and a problem."""
    chance = Random(data.SEED)
    found = []
    for _ in range(count):
        ask = chance.choice(asks.EVERYTHING)
        whole = re.sub(r"[^\w ]", "", f"{ask.title} {ask.problem}")
        found.append(whole[: chance.choice((3, 12, 30, 60, 120, 400))].strip() or ask.title)
    return found


def _qualities() -> list[Result]:
    if not (DATA / "duplicates" / "banking77_train.csv").exists():
        return []
    found = []
    for name, make in (("banking77, any of the intent", paraphrases), ("skills, other labels", other_labels)):
        for seed in SEEDS:
            texts, questions = make(DATA, seed=seed)
            with data.installation() as (_, database):
                fill_texts(database, texts)
                similar.warm(database)
                for method, meanings in (("words", False), ("words and meaning", True)):
                    one = measured(database, questions, meanings=meanings)
                    note = f"MRR {one.mean_reciprocal_rank:.3f}, {len(questions)} questions, {len(texts):,} texts, seed {seed}"
                    found.append(
                        Result(f"recall@5: {name}, {method}", 100 * one.recall_at_5, unit="%", note=note)
                    )
    return found


def paraphrases(
    folder: Path, *, seed: int, texts: int = 10_003, questions: int = 400
) -> tuple[list[str], list[Question]]:
    """Customers' questions held out from banking77; right is whatever asks with the same intent."""
    chance = Random(seed)
    kept = chance.sample(_intents(folder, "train"), texts)
    places = defaultdict(set)
    for place, (_, intent) in enumerate(kept):
        places[intent].add(place)
    asked = chance.sample(_intents(folder, "test"), questions)
    return [words for words, _ in kept], [
        Question(words, frozenset(places[intent])) for words, intent in asked
    ]


def other_labels(
    folder: Path, *, seed: int, texts: int = 10_000, questions: int = 400
) -> tuple[list[str], list[Question]]:
    """Skills of ESCO: the first half of each one's labels is the text, the last four words of the others are asked."""
    chance = Random(seed)
    with (folder / "catalogue" / "esco_skills.csv").open(encoding="utf-8") as file:
        rows = [" ".join(row["description"].split()) for row in csv.DictReader(file)]
    labels = [re.split(r"(?<=[a-z)0-9]) (?=[A-Z][a-z]+\b)", row)[0].split() for row in rows]
    kept = chance.sample([words for words in labels if len(words) >= 8], texts)
    halves = [(" ".join(words[: len(words) // 2]), " ".join(words[-4:])) for words in kept]
    asked = chance.sample(range(len(halves)), questions)
    return [first for first, _ in halves], [Question(halves[place][1], frozenset({place})) for place in asked]


def fill_texts(database: Database, texts: Sequence[str]) -> None:
    """An open request for each text, numbered from 1."""
    with database.writing() as session:
        asker = session.scalars(select(Person.id).order_by(Person.id).limit(1)).one()
        for start in range(0, len(texts), 500):
            some = list(enumerate(texts[start : start + 500], start + 1))
            session.execute(
                insert(LearningRequest),
                [
                    {"id": number, "title": words[:200], "status": "submitted", "status_since": data.NOW, "requester_id": asker,
                     "submitted_at": data.NOW, "source": "import", "link_version": 1}
                    for number, words in some
                ],
            )  # fmt: skip
            session.execute(
                insert(Answer),
                [
                    {"learning_request_id": number, "question": "problem", "value": words, "said_at": data.NOW, "form_version": 1}
                    for number, words in some
                ],
            )  # fmt: skip


def measured(database: Database, questions: Sequence[Question], *, meanings: bool = True) -> Quality:
    """Ask all questions as the API does."""
    if meanings:
        similar.warm(database)
        return _measured(database, questions)
    with patch.object(Keeper, "memory", lambda _keeper, _patience: None):
        return _measured(database, questions)


def _measured(database: Database, questions: Sequence[Question]) -> Quality:
    places = []
    with database.reading() as session:
        for question in questions:
            found = similar.similar(session, question.words, limit=20, floor=similar.ANYTHING).requests
            right = (place for place, one in enumerate(found, 1) if one.id - 1 in question.right)
            places.append(next(right, None))
    hits = [place for place in places if place]
    return Quality(
        sum(place <= 5 for place in hits) / len(places), sum(1 / place for place in hits) / len(places)
    )


def _intents(folder: Path, part: str) -> list[tuple[str, str]]:
    with (folder / "duplicates" / f"banking77_{part}.csv").open(encoding="utf-8") as file:
        return [(row["text"].strip().strip('"'), row["category"]) for row in csv.DictReader(file)]
