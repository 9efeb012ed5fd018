"""A needs survey: one request for each topic with its demand by grade, and one for each wish in free text."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from portfolio.importing.candidates import (
    Candidate,
    Lookup,
    Reading,
    RowKeys,
    RowRefused,
    candidate,
    shortened,
)
from portfolio.importing.mapping import Mapping, Topic
from portfolio.importing.profiles import squeeze
from portfolio.sheets import Row

NO_WISH = re.compile(
    r"[\W_]*(no|none|nothing|n/?a|nil|keine?|nichts|non|rien|no idea|not? (that i know|really|applicable))?[\W_]*",
    re.IGNORECASE,
)

MOST_WORDS = 30


@dataclass
class Need:
    """One topic: how many gave which grade."""

    topic: Topic
    demand: Counter[str] = field(default_factory=Counter)

    @property
    def answered(self) -> int:
        return self.demand.total()

    def wanted(self, words: list[str]) -> int:
        return sum(self.demand[word] for word in words)


@dataclass(frozen=True)
class Answer:
    """One row of the survey: how many topics it graded, and its wishes."""

    line: int
    cells: list[str]
    graded: int
    wishes: list[Candidate]
    reason: str = ""


class Survey:
    """Reads a survey row by row; `needs` is whole when the rows are through."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.needs = [Need(topic) for topic in reading.mapping.topics]
        self.unknown_words: Counter[str] = Counter()
        self.rows = 0
        self.latest: datetime | None = None
        self._lookup = Lookup(reading)
        self._places = reading.places()

    def answers(self) -> Iterator[Answer]:
        keys = RowKeys(self.reading)
        for row in self.reading.rows():
            self.rows += 1
            yield self._answer(row, keys.of(row))

    def candidates(self) -> list[Candidate]:
        """The needs as requests, most wanted first; call it when the rows are through."""
        wanted = self.reading.mapping.wanted()
        order = sorted(self.needs, key=lambda need: -need.wanted(wanted))
        return [self._need(need) for need in order if need.answered]

    def _answer(self, row: Row, key: str) -> Answer:
        graded = self._count(row)
        try:
            at = self._lookup.submitted_at(row)
        except RowRefused as problem:
            return Answer(row.line, row.cells, graded, [], str(problem))
        if at is not None and (self.latest is None or at > self.latest):
            self.latest = at
        wishes = [
            candidate(row, f"{key}/wish{number}", self._wish(row, said), at, unit=self._lookup.unit(row))
            for number, column in enumerate(self.reading.mapping.wishes, start=1)
            if (said := row.cells[self._places[column]].replace("\u00a0", " ").strip())
            and not NO_WISH.fullmatch(said)
        ]
        reason = " ".join(wish.reason for wish in wishes if wish.reason)
        if not graded and not wishes:
            reason = "The row grades none of the topics and says no wish."
        return Answer(row.line, row.cells, graded, [wish for wish in wishes if not wish.reason], reason)

    def _count(self, row: Row) -> int:
        mapping = self.reading.mapping
        known = {grade.word.casefold() for grade in mapping.scale}
        graded = 0
        for need in self.needs:
            said = squeeze(row.cells[self._places[need.topic.column]])
            if not said:
                continue
            word = said[:60].strip()
            if word.casefold() not in known:
                self.unknown_words[word] += 1
                if len(need.demand) >= MOST_WORDS:
                    word = "other answers"
            need.demand[mapping.means(word)] += 1
            graded += 1
        return graded

    def _wish(self, row: Row, said: str) -> dict[str, Any]:
        survey = self.reading.mapping.source_name
        body: dict[str, Any] = {
            "title": shortened(squeeze(said)),
            "problem": f"A wish in the survey “{survey}”, in their own words:\n\n{said}",
            "audience": {"who": "One person; how many more is open"},
        }
        if requester := self._lookup.requester(row):
            body["requester"] = requester
        return body

    def _need(self, need: Need) -> Candidate:
        mapping = self.reading.mapping
        row = Row(0, [""] * len(self.reading.sheet.headers))
        body: dict[str, Any] = {
            "title": shortened(squeeze(need.topic.topic)),
            "problem": in_words(need, mapping, self.rows),
            "audience": {
                "who": f"People who answered the survey “{mapping.source_name}”",
                "count": need.wanted(mapping.wanted()),
            },
            "answers": {"demand": _ordered(need, mapping)},
        }
        if requester := self._lookup.requester(row):
            body["requester"] = requester
        return candidate(Row(0, []), _need_key(need.topic), body, self.latest)


def in_words(need: Need, mapping: Mapping, asked: int) -> str:
    """How many of how many want it, by which rule, out of whom."""
    words = mapping.wanted()
    counted = " or ".join(f"“{word}”" for word in words) or "nothing"
    grades = ", ".join(f"{count} “{word}”" for word, count in _ordered(need, mapping).items())
    skipped = asked - need.answered
    return (
        f"{need.wanted(words)} of {need.answered} people who graded “{squeeze(need.topic.topic)}” in the survey"
        f" “{mapping.source_name}” want it: they answered {counted}.\n\n"
        f"All grades: {grades}.\n"
        f"Base: {asked} people answered the survey; {skipped} of them left this topic out."
    )


def _ordered(need: Need, mapping: Mapping) -> dict[str, int]:
    """Grades with their counts in the scale's order, then words the scale doesn't know."""
    scale = [grade.word for grade in mapping.scale if not grade.same_as]
    found = {word: need.demand[word] for word in scale if need.demand[word]}
    return {**found, **{word: count for word, count in need.demand.items() if word not in found}}


def _need_key(topic: Topic) -> str:
    return f"need:{hashlib.sha256(squeeze(topic.column).casefold().encode()).hexdigest()[:32]}"
