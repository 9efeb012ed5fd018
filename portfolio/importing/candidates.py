"""What a row of a file would become: a request ready to be taken in, or the reason why not."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import partial
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from portfolio.importing.dates import moment
from portfolio.importing.fields import BY_KEY
from portfolio.importing.mapping import BadMapping, Mapping
from portfolio.importing.profiles import squeeze
from portfolio.sheets import Row, Sheet
from portfolio.submission import Submission, clean, explain

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LONGEST_CELL_KEPT = 10_000
NOBODY = {"anonymous", "anonym", "anonymous user", "anonyme", "n/a", "-"}


@dataclass(frozen=True)
class Candidate:
    """One row judged on its own. `key` says which row it is, `mark` what it says; `reason` is empty when it can be taken.

    `values` are the submission's answers; `unit` is the request's, which is not the asker's where one stands in for all.
    """

    line: int
    cells: list[str]
    key: str = ""
    mark: str = ""
    submission: Submission | None = None
    values: dict[str, Any] = field(default_factory=dict)
    submitted_at: datetime | None = None
    unit: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Reading:
    """What reading a file needs to know beside the mapping; `most` rows of it where only a look is wanted."""

    sheet: Sheet
    mapping: Mapping
    now: datetime
    zone: ZoneInfo
    most: int | None = None

    def __post_init__(self) -> None:
        known = {header.name for header in self.sheet.headers}
        missing = sorted(self.mapping.columns() - known)
        if missing:
            raise BadMapping(
                f"There is no column “{missing[0]}” in this file. There are: {', '.join(sorted(known))}."
            )

    def rows(self) -> Iterator[Row]:
        """The rows that say something."""
        return islice((row for row in self.sheet.rows() if not row.is_blank), self.most)

    def places(self) -> dict[str, int]:
        return {header.name: place for place, header in enumerate(self.sheet.headers)}


def requests(reading: Reading) -> Iterator[Candidate]:
    """Each row that isn't blank, as a request or a refusal."""
    lookup = Lookup(reading)
    keys = RowKeys(reading)
    for row in reading.rows():
        key = keys.of(row)
        surplus = row.cells[len(reading.sheet.headers) :]
        if any(cell.strip() for cell in surplus):
            yield Candidate(
                row.line,
                row.cells,
                key,
                reason=f"The row has {len(row.cells)} cells, the header {len(reading.sheet.headers)}. Is a delimiter not quoted?",
            )
            continue
        try:
            submitted_at = lookup.submitted_at(row)
        except RowRefused as problem:
            yield Candidate(row.line, row.cells, key, reason=str(problem))
        else:
            said_at = submitted_at.isoformat() if lookup.has("submitted") and submitted_at else ""
            yield candidate(row, key, lookup.body(row), submitted_at, unit=lookup.unit(row), told=said_at)


def candidate(
    row: Row, key: str, body: dict[str, Any], submitted_at: datetime | None, *, unit: str = "", told: str = ""
) -> Candidate:
    """A row whose request is `body`. `told` is what else is news when it changes."""
    make = partial(Candidate, row.line, row.cells, key)
    if "requester" not in body:
        return make(
            reason="There is no e-mail address of who asked. Map a column, or give one address for all."
        )
    try:
        submission = Submission.model_validate(body)
    except ValidationError as problem:
        return make(reason=_in_words(problem))
    values = submission.values()
    mark = _mark([submission.title, values, submission.requester.model_dump(), unit, told])
    return make(mark=mark, submission=submission, values=values, submitted_at=submitted_at, unit=unit)


class RowRefused(ValueError):
    """The row can't be taken; the message says why."""


class RowKeys:
    """Which row a row is: its id where a column gives one, else a digest of all it says.

    Rows that say the same are counted through (…#2), or share one key where the mapping merges them.
    """

    def __init__(self, reading: Reading) -> None:
        given = reading.mapping.given("id")
        self._column = reading.places().get(given.column) if given.column else None
        self._merge = reading.mapping.same_rows == "merge"
        self._seen: Counter[bytes] = Counter()

    def of(self, row: Row) -> str:
        if self._column is not None and (id_ := squeeze(row.cells[self._column])):
            return f"id:{id_}" if len(id_) <= 150 else f"id:{_digest(id_)}"
        digest = hashlib.sha256("\x1f".join(map(squeeze, row.cells)).encode("utf-8", "replace")).digest()[:16]
        if self._merge:
            return f"row:{digest.hex()}"
        self._seen[digest] += 1
        times = self._seen[digest]
        return f"row:{digest.hex()}" if times == 1 else f"row:{digest.hex()}#{times}"


@dataclass
class Lookup:
    """Reads the cells of a row by field."""

    reading: Reading
    _places: dict[str, int] = field(init=False)
    _rest: list[tuple[str, int]] = field(init=False)

    def __post_init__(self) -> None:
        self._places = self.reading.places()
        used = self.reading.mapping.columns()
        self._rest = [(name, place) for name, place in self._places.items() if name not in used]
        mapping = self.reading.mapping
        self._sources = {
            key: (self._places[given.column] if given.column else None, given.fixed)
            for key, given in mapping.fields.items()
            if given.column or given.fixed
        }
        self._answers = [key for key in self._sources if key.startswith("answers.")]

    def has(self, key: str) -> bool:
        return key in self._sources

    def value(self, row: Row, key: str) -> str:
        """What the row, else the fixed words, say to a field."""
        if key not in self._sources:
            return ""
        place, fixed = self._sources[key]
        said = "" if place is None else row.cells[place].replace("\u00a0", " ").strip()
        if said and not (key.startswith("requester.") and said.casefold() in NOBODY):
            return said
        return self._filled(fixed, row) if fixed else ""

    def own(self, row: Row, key: str) -> str:
        """What the row itself says to a field about a person; empty if it says "anonymous"."""
        place = self._sources.get(key, (None, ""))[0]
        said = "" if place is None else squeeze(row.cells[place])
        return "" if said.casefold() in NOBODY else said

    def body(self, row: Row) -> dict[str, Any]:
        """The row as the form would have sent it."""
        title, problem = self._title_and_problem(row)
        body: dict[str, Any] = {"title": title, "problem": problem}
        for key in ("behaviour", "if_nothing"):
            if said := self.value(row, key):
                body[key] = said
        self._add(body, "audience", row, ("who", "count"))
        self._add(body, "measure", row, ("name", "today", "wanted"))
        for name in ("today", "wanted"):
            if re.fullmatch(r"-?\d{1,15}(\.\d{1,6})?", body.get("measure", {}).get(name, "")):
                body["measure"][name] = float(body["measure"][name])
        if by := self._day(row, "measure.by"):
            body.setdefault("measure", {})["by"] = by
        self._add_deadline(body, row)
        answers = {
            key.removeprefix("answers."): said for key in self._answers if (said := self.value(row, key))
        }
        if answers:
            body["answers"] = answers
        if requester := self.requester(row):
            body["requester"] = requester
        return body

    def requester(self, row: Row) -> dict[str, str]:
        """Who asked. Where one address stands in for all, the row's name and unit are not that person's."""
        email = self.value(row, "requester.email")
        if not email:
            return {}
        if self.own(row, "requester.email"):
            return {"email": email, "name": self.value(row, "requester.name")[:120], "unit": self.unit(row)}
        return {"email": email, "name": self._sources.get("requester.name", (None, ""))[1][:120]}

    def unit(self, row: Row) -> str:
        return squeeze(self.value(row, "requester.unit"))[:120]

    def submitted_at(self, row: Row) -> datetime | None:
        """When the row says it was sent; None where it doesn't say. Raises RowRefused for what can't be."""
        said = self.value(row, "submitted")
        if not said:
            return None
        found = self._moment(said)
        if found is None:
            raise RowRefused(
                f"Submitted: “{said[:60]}” is no date we can read. Write it like 2026-03-18 09:42."
            )
        if found > self.reading.now + timedelta(days=1):
            raise RowRefused(f"Submitted: “{said[:60]}” lies in the future. Is it day or month first?")
        if found < EARLIEST:
            raise RowRefused(f"Submitted: “{said[:60]}” is before 1990.")
        return min(found, self.reading.now)

    def _title_and_problem(self, row: Row) -> tuple[str, str]:
        title, problem = self.value(row, "title"), self.value(row, "problem")
        if self.reading.mapping.rest_into_problem:
            rest = [f"{name}: {said}" for name, place in self._rest if (said := row.cells[place].strip())]
            problem = "\n".join(filter(None, [problem, *rest]))
        full = squeeze(title)
        title = shortened(full or first_words(problem))
        if len(full) > len(title):
            problem = f"{full}\n\n{problem}" if problem else full
        return title, problem or full

    def _add(self, body: dict[str, Any], part: str, row: Row, names: tuple[str, ...]) -> None:
        said = {name: value for name in names if (value := self.value(row, f"{part}.{name}"))}
        if said:
            body[part] = said

    def _add_deadline(self, body: dict[str, Any], row: Row) -> None:
        """A date that is none ("before the summer") says why, not when."""
        said, why = self.value(row, "deadline.on"), self.value(row, "deadline.why")
        day = self._day(row, "deadline.on")
        if said and day is None:
            why = f"{said}. {why}" if why else said
        if day or why:
            body["deadline"] = {"on": day, "why": why}

    def _day(self, row: Row, key: str) -> date | None:
        said = self.value(row, key)
        found = said and self._read(said, UTC)
        return found.date() if found else None

    def _moment(self, said: str) -> datetime | None:
        return self._read(said, self.reading.zone)

    def _read(self, said: str, zone: tzinfo) -> datetime | None:
        from_1904 = self.reading.sheet.source.from_1904
        return moment(said, month_first=self._month_first, zone=zone, from_1904=from_1904)

    @property
    def _month_first(self) -> bool:
        return self.reading.mapping.date_order == "month"

    def _filled(self, fixed: str, row: Row) -> str:
        if "{" not in fixed:
            return fixed
        return re.sub(
            r"\{([^{}]+)\}",
            lambda found: row.cells[self._places[found[1]]].strip() if found[1] in self._places else found[0],
            fixed,
        ).strip()


def original(reading: Reading, row: Candidate) -> dict[str, Any]:
    """What is kept of the row as it came: where it stood, and its cells by header."""
    names = (header.name for header in reading.sheet.headers)
    cells = {name: kept_cell(cell) for name, cell in zip(names, row.cells, strict=False) if cell.strip()}
    return {"line": row.line, "mark": row.mark, "cells": cells}


def kept_cell(cell: str) -> str:
    text: str = cell.strip() if cell.isprintable() else clean(cell)
    return text if len(text) <= LONGEST_CELL_KEPT else text[:LONGEST_CELL_KEPT] + " … (cut)"


def _mark(said: list[Any]) -> str:
    """A digest of what a request says: the same mark, nothing new."""
    return _digest(json.dumps(said, sort_keys=True, ensure_ascii=False))


def first_words(text: str) -> str:
    """The first sentence or line of a text."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    return squeeze(re.split(r"(?<=[.!?])\s+(?=\S)", line.strip(), maxsplit=1)[0])


def shortened(text: str, longest: int = 200) -> str:
    """At most `longest` characters, cut at a word."""
    if len(text) <= longest:
        return text
    cut = text[: longest - 1]
    return (cut[: cut.rfind(" ")] if " " in cut[longest // 2 :] else cut).rstrip(" ,;:") + "…"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def _in_words(problem: ValidationError) -> str:
    """Each field that is wrong, by the label people know, and how it could be right."""
    limits = {
        str(error["loc"][0]): error for error in problem.errors(include_url=False) if "_" in error["type"]
    }
    reasons = []
    for one in explain(problem)[:3]:
        path = [str(part) for part in one.path]
        found = next((BY_KEY[key] for key in (".".join(path[:2]), path[0]) if key in BY_KEY), None)
        words = _about_length(limits.get(path[0])) or one.words
        reasons.append(f"{found.label if found else path[-1]}: {words}")
    return " ".join(reasons)


def _about_length(error: Any) -> str:
    if error is None or len(error["loc"]) > 1:
        return ""
    if error["type"].endswith("too_short"):
        return "There is none."
    most = error.get("ctx", {}).get("max_length")
    return f"There are more than {most:,} characters." if most else ""
