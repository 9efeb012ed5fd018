"""A file of survey answers: the part a person decides, its questions matched with those of earlier years, its rows judged."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo
from itertools import chain
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError

from portfolio.importing import dates
from portfolio.importing.account import Fate
from portfolio.importing.mapping import BadMapping, DateOrder
from portfolio.importing.survey_reading import (
    LONGEST_OPTION,
    MANY,
    NUMBER,
    ONE,
    OTHER,
    SCALE,
    TEXT,
    Asked,
    Found,
    number_of,
    parts,
)
from portfolio.importing.survey_words import ALIKE, alike, in_order, may_be_one, offer_the_same, plain
from portfolio.rules.survey_questions import LONGEST_TEXT, key_for
from portfolio.sheets import Row, Sheet
from portfolio.submission import Strict, one_line

KIND = "survey"
NEW = "new"
APART = "apart"
MOST_ASKED_ABOUT = 60
ONES = ("0", "1")
"""What some programs write for no and yes."""
_YES_NO = {"1": "Yes", "0": "No"}

Line = Annotated[str, BeforeValidator(one_line)]


class SameWord(Strict):
    """An answer of a question, known by its first column, that means the same as another; "apart": it doesn't."""

    column: Line
    word: Line
    same_as: Line


class SurveyMapping(Strict):
    """All that has to be known to take a file of answers in. Questions are known by their first column."""

    source_name: Annotated[str, BeforeValidator(one_line), Field(min_length=1, max_length=120)]
    sheet: str = ""
    header_line: int | None = Field(None, ge=1)
    date_order: DateOrder = "day"
    survey: int | None = Field(None, ge=1, le=2**31 - 1)
    name: Annotated[str, BeforeValidator(one_line), Field(max_length=160)] = ""
    project: int | None = Field(None, ge=1, le=2**31 - 1)
    audience: Literal["learner", "manager", "requester", "anyone"] = "learner"
    asked: int | None = Field(None, ge=0, le=10_000_000)
    answered_on: date | None = None
    by: Line = ""
    kinds: dict[str, Literal["one", "many", "scale", "number", "text", "leave"]] = Field(default_factory=dict)
    labels: dict[str, Annotated[str, BeforeValidator(one_line), Field(max_length=300)]] = Field(
        default_factory=dict
    )
    same: dict[str, str] = Field(default_factory=dict)
    words: list[SameWord] = Field(default_factory=list)
    ones_mean_yes: bool = True

    def means(self, asked: Asked, word: str) -> str:
        """What an answer counts as, by what somebody said."""
        if self.ones_mean_yes and asked.options == ONES:
            return _YES_NO.get(word, word)
        said = next(
            (one.same_as for one in self.words if one.column == asked.first and one.word == word), APART
        )
        return word if said == APART else said


def parsed(body: Any) -> SurveyMapping:
    """A mapping from JSON. Raises BadMapping in words."""
    try:
        return SurveyMapping.model_validate(body)
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(map(str, first["loc"])) or "mapping"
        raise BadMapping(f"{where}: {first['msg'].removeprefix('Value error, ')}") from problem


@dataclass(frozen=True)
class Matched:
    """A question of the file and the one of the survey it goes to. `perhaps` is a question of the survey it may be, and why we
    ask; it is apart while nobody says it is the same."""

    asked: Asked
    key: str
    label: str
    kind: str
    options: tuple[str, ...]
    known: str = ""
    perhaps: str = ""
    perhaps_label: str = ""
    why: str = ""


@dataclass(frozen=True)
class SameWords:
    """Two answers of one question that may mean the same."""

    column: str
    label: str
    word: str
    other: str
    said: str


@dataclass(frozen=True)
class Said:
    """A row as a response."""

    line: int
    row_key: str
    answers: dict[str, Any]
    group: str
    address: str
    answered_at: datetime | None


@dataclass
class SurveyAccount:
    """What becomes of each row: created, already here, or refused with the reason. `remarks` count what was left out of rows."""

    outcomes: list[tuple[int, Fate, str]] = field(default_factory=list)
    remarks: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        return len(self.outcomes)

    @property
    def counts(self) -> dict[str, int]:
        met = Counter(fate.value for _, fate, _ in self.outcomes)
        return {fate.value: met[fate.value] for fate in (Fate.CREATED, Fate.ALREADY_HERE, Fate.REFUSED)}

    def as_json(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "counts": self.counts,
            "outcomes": [[line, fate.value, why] for line, fate, why in self.outcomes],
            "remarks": [[words, count] for words, count in self.remarks.most_common()],
        }


def matched(found: Found, questions: Sequence[Mapping[str, Any]], mapping: SurveyMapping) -> list[Matched]:
    """Each question of the file with the survey's question it goes to: the one of the same words, or the one somebody said is the
    same. One that is only much alike is asked about."""
    by_words = {
        plain(words): question
        for question in questions
        for words in (question["label"], *question.get("also", ()))
    }
    keys = [str(question["key"]) for question in questions]
    by_key = dict(zip(keys, questions, strict=True))
    labels = {one.first: mapping.labels.get(one.first) or one.label for one in found.asked}
    same = {
        one.first: str(by_words[plain(labels[one.first])]["key"])
        for one in found.asked
        if plain(labels[one.first]) in by_words
    }
    same |= {column: key for column, key in mapping.same.items() if key in by_key and column in labels}
    taken: set[str] = set()
    made = []
    for one in found.asked:
        label = labels[one.first]
        key = same.get(one.first, "")
        if key and key not in taken:
            taken.add(key)
            made.append(_known(one, by_key[key], mapping))
            continue
        key = key_for(label, [*keys, *(other.key for other in made)])
        free = [question for question in questions if question["key"] not in {*same.values(), *taken}]
        made.append(_new(one, key, label, mapping, free))
    return _each_once(made)


def questions_after(questions: Sequence[Mapping[str, Any]], found: Sequence[Matched]) -> list[dict[str, Any]]:
    """The survey's questions once the file is in: wider where it offers more, and those that are new below."""
    by_key = {one.key: one for one in found}
    kept = [
        {**question, "kind": one.kind, "options": list(one.options), "also": _also(question, one)}
        if (one := by_key.get(question["key"]))
        else dict(question)
        for question in questions
    ]
    known = {question["key"] for question in questions}
    return kept + [
        {
            "key": one.key,
            "label": one.label,
            "kind": one.kind,
            "options": list(one.options),
            "reverse": None,
            "level": None,
            "tier": None,
            "required": False,
        }
        for one in found
        if one.key not in known
    ]


def same_words(found: Sequence[Matched], mapping: SurveyMapping) -> list[SameWords]:
    """Pairs of answers that may mean the same, each asked once; the one that came first is kept."""
    asked = []
    for one in found:
        if one.kind not in {ONE, MANY, SCALE}:
            continue
        told = {same.word: same.same_as for same in mapping.words if same.column == one.asked.first}
        words = list(dict.fromkeys(chain(one.options, one.asked.options)))
        for place, word in enumerate(words):
            other = next((earlier for earlier in words[:place] if may_be_one(earlier, word)), "")
            if word in told or other:
                offered = other or (told[word] if told[word] != APART else words[0])
                asked.append(SameWords(one.asked.first, one.label, word, offered, told.get(word, APART)))
    return asked[:MOST_ASKED_ABOUT]


def judged(
    sheet: Sheet,
    found: Found,
    matches: Sequence[Matched],
    mapping: SurveyMapping,
    known: Iterable[str],
    zone: tzinfo,
    account: SurveyAccount,
) -> Iterator[Said]:
    """The rows that are new, in the file's order; `account` tells of every one. `known` are keys of rows that are here."""
    here, seen = set(known), Counter[str]()
    places = {header.name: place for place, header in enumerate(sheet.headers)}
    spellings = {one.asked.first: _Spelling(one, mapping) for one in matches}
    for row in sheet.rows():
        if row.is_blank:
            continue
        answers = _answers(row, matches, spellings, places, account)
        key = _row_key(row, found, mapping, places)
        seen[key] += 1
        key = hashlib.sha256(f"{key}#{seen[key]}".encode()).hexdigest()
        if not answers:
            account.outcomes.append((row.line, Fate.REFUSED, "It answers nothing."))
        elif key in here:
            account.outcomes.append((row.line, Fate.ALREADY_HERE, ""))
        else:
            account.outcomes.append((row.line, Fate.CREATED, ""))
            account.answered.update(answers.keys())
            yield Said(
                row.line,
                key,
                answers,
                _cell(row, mapping.by, places)[:120],
                _cell(row, found.address, places).casefold(),
                _moment(_cell(row, found.when, places), mapping, zone, sheet, account),
            )


# Below: how the above do it


def _known(one: Asked, question: Mapping[str, Any], mapping: SurveyMapping) -> Matched:
    """The question with the survey's words, and the answers of both."""
    before, label = str(question.get("kind") or ONE), str(question["label"])
    options = _spelt(tuple(question.get("options") or ()), _meant(one, mapping))
    kind = before
    if {before, one.kind} == {ONE, MANY}:
        kind = MANY
    elif {before, one.kind} == {ONE, SCALE} or before == one.kind == SCALE:
        ordered = options if _are_ratings(options) else in_order(options)
        kind, options = (SCALE, ordered) if ordered else (ONE, options)
    if kind in {TEXT, NUMBER}:
        options = ()
    return Matched(one, str(question["key"]), label, kind, options, known=label)


def _new(
    one: Asked, key: str, label: str, mapping: SurveyMapping, free: Sequence[Mapping[str, Any]]
) -> Matched:
    """The question as a new one, with the free question of the survey it may be."""
    options = _spelt((), _meant(one, mapping))
    made = Matched(one, key, label, one.kind, options)
    close = [(alike(label, question["label"]), question) for question in free]
    best, nearest = max(close, key=lambda pair: pair[0], default=(0.0, None))
    if nearest is not None and best >= ALIKE:
        why = "They are worded much alike."
    else:
        nearest = next(
            (question for question in free if offer_the_same(one.options, question.get("options") or ())),
            None,
        )
        why = "They offer the same answers."
        if nearest is None or (one.named and not one.options) or (one.named and len(one.options) < 5):
            return made
    return Matched(
        one,
        key,
        label,
        one.kind,
        options,
        perhaps=str(nearest["key"]),
        perhaps_label=str(nearest["label"]),
        why=why,
    )


def _each_once(found: Sequence[Matched]) -> list[Matched]:
    """Only the question that is most alike is asked about another."""
    best: dict[str, Matched] = {}
    for one in found:
        if one.perhaps and (one.perhaps not in best or _likeness(one) > _likeness(best[one.perhaps])):
            best[one.perhaps] = one
    return [
        one
        if not one.perhaps or best[one.perhaps] is one
        else replace(one, perhaps="", perhaps_label="", why="")
        for one in found
    ]


def _likeness(one: Matched) -> float:
    return alike(one.label, one.perhaps_label)


def _meant(one: Asked, mapping: SurveyMapping) -> tuple[str, ...]:
    return tuple(dict.fromkeys(mapping.means(one, option) for option in one.options))


def _spelt(options: tuple[str, ...], more: Iterable[str]) -> tuple[str, ...]:
    """All options once, in the spelling that came first; blanks and capitals make no difference."""
    known = {_same_key(option) for option in options}
    extra = {_same_key(option): option for option in reversed(list(more)) if _same_key(option) not in known}
    return (*options, *reversed(extra.values()))


def _same_key(option: str) -> str:
    return " ".join(option.casefold().split())


def _are_ratings(options: Sequence[str]) -> bool:
    return all(option.isdecimal() for option in options)


def _also(question: Mapping[str, Any], one: Matched) -> list[str]:
    """Other wordings the question goes by."""
    words = [*question.get("also", ()), one.asked.label]
    return [word for word in dict.fromkeys(words) if plain(word) != plain(str(question["label"]))]


class _Spelling:
    """How the answers of one question are kept. Each word is worked out once, since so many rows say the same."""

    def __init__(self, one: Matched, mapping: SurveyMapping) -> None:
        self._one, self._mapping = one, mapping
        self._kept = {_same_key(option): option for option in one.options}
        self._in_file = {_same_key(option): option for option in reversed(one.asked.options)}
        self._found: dict[str, str] = {}

    def of(self, word: str) -> str:
        if word not in self._found:
            usual = self._in_file.get(_same_key(word), word)
            meant = self._mapping.means(self._one.asked, usual)
            self._found[word] = self._kept.get(_same_key(meant), meant[:LONGEST_OPTION])
        return self._found[word]


def _answers(
    row: Row,
    matches: Sequence[Matched],
    spellings: Mapping[str, _Spelling],
    places: Mapping[str, int],
    account: SurveyAccount,
) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for one in matches:
        said = _said(row, one.asked, places)
        if not said:
            continue
        if one.kind == TEXT:
            answers[one.key] = "; ".join(said)[:LONGEST_TEXT]
        elif one.kind == NUMBER:
            number = number_of(said[0])
            if number is None:
                account.remarks[f"“{one.label}” is no number"] += 1
            else:
                answers[one.key] = int(number) if number.is_integer() else number
        else:
            named = list(dict.fromkeys(map(spellings[one.asked.first].of, said)))
            answers[one.key] = named if one.kind == MANY else named[0]
    return answers


def _said(row: Row, asked: Asked, places: Mapping[str, int]) -> list[str]:
    """What a row says to a question."""
    if asked.kind == TEXT:
        cell = row.cells[places[asked.first]].replace("\u00a0", " ").strip()
        return [cell] if cell else []
    answered = asked.columns if asked.spread else asked.columns[:1]
    said = []
    for place, column in enumerate(answered):
        if column == asked.other:
            continue
        cell = row.cells[places[column]].replace("\u00a0", " ")
        if asked.spread and cell.strip() and place < len(asked.options):
            said.append(asked.options[place])
        elif not asked.spread:
            said += parts(cell, asked.sign)
    if asked.other and row.cells[places[asked.other]].strip():
        said.append(OTHER)
    return list(dict.fromkeys(said))


def _row_key(row: Row, found: Found, mapping: SurveyMapping, places: Mapping[str, int]) -> str:
    """What tells a row again: its number and time, or where it lacks one all it says, without names and addresses. Two copies of a
    form both number their rows from 1."""
    if found.row_id and found.when:
        told = [_cell(row, found.row_id, places)]
    else:
        columns = [found.row_id] if found.row_id else []
        columns += sorted(column for one in found.asked for column in one.columns)
        columns += sorted(one.column for one in found.left_out if one.why == "You left it out.")
        told = [f"{column}={_cell(row, column, places)}" for column in columns]
    return "\x1f".join([mapping.source_name, _cell(row, found.when, places), *told])


def _cell(row: Row, column: str, places: Mapping[str, int]) -> str:
    return " ".join(row.cells[places[column]].split()) if column in places else ""


def _moment(
    text: str, mapping: SurveyMapping, zone: tzinfo, sheet: Sheet, account: SurveyAccount
) -> datetime | None:
    at = (
        dates.moment(
            text, month_first=mapping.date_order == "month", zone=zone, from_1904=sheet.source.from_1904
        )
        if text
        else None
    )
    if text and at is None:
        account.remarks["When it was answered can’t be read"] += 1
    return at
