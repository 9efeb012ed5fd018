"""What a file of survey answers asks, by its headers and what stands below them, whichever program wrote it."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from portfolio.importing import dates
from portfolio.importing.profiles import ROWS_LOOKED_AT, Profile, squeeze
from portfolio.importing.survey_words import in_order, plain, wording
from portfolio.sheets import Sheet

MOST_OPTIONS = 40
MOST_PARTS = 60
LONGEST_OPTION = 200
OTHER = "Other"
ONE, MANY, SCALE, NUMBER, TEXT = "one", "many", "scale", "number", "text"

_WHEN = (
    "submit date (utc)", "submitted at", "completion time", "submission date", "date submitted", "end date", "timestamp", "zeitstempel",
    "horodateur", "marca temporal", "fertigstellungszeit", "date",
)  # fmt: skip
_ALSO_WHEN = {"start date (utc)", "start time", "started at", "start date", "last modified time", "startzeit"}
_ROW_ID = {"id", "#", "response id", "submission id", "response number", "token", "no."}
_NAMES = {
    "name", "your name", "full name", "first name", "last name", "surname", "submitter", "respondent", "submitted by", "vorname",
    "nachname", "phone", "phone number", "ip address", "ip", "user agent", "browser",
}  # fmt: skip
_ADDRESS = re.compile(
    r"(.*\b)?e-?mail( address)?( ?\d| \(\d\))?|username|correo.*|adresse e-mail", re.IGNORECASE
)
_NO_ANSWER = re.compile(
    r"(points|feedback) - .*|total points|quiz feedback|score|network id|response type|stage date.*|ending|tags",
    re.IGNORECASE,
)
_A_NUMBER = re.compile(r"[-+−]?\d{1,12}([.,]\d{1,9})?( ?%)?")
_CODE = re.compile(r"(.*[\s_]|.*[a-z])?(id|code|token)", re.IGNORECASE)
_OTHER = re.compile(
    r"(other|andere[rs]?|sonstiges|autre|otros?|annat|anna)( \(?please specify\)?.*)?", re.IGNORECASE
)
_RECOMMEND = re.compile(r"recommend|empfehl", re.IGNORECASE)


@dataclass(frozen=True)
class Asked:
    """A question of the file: the columns it fills and how its answers stand there.

    `sign` parts the answers of one cell where there may be several. `spread`: each column is one answer, and `named` says whether
    the file has the question's words as well. `other` is the column of other answers in own words.
    """

    columns: tuple[str, ...]
    label: str
    kind: str
    options: tuple[str, ...] = ()
    sign: str = ""
    spread: bool = False
    named: bool = True
    other: str = ""
    answered: int = 0

    @property
    def first(self) -> str:
        """The column it is known by in a mapping."""
        return self.columns[0]


@dataclass(frozen=True)
class LeftOut:
    """A column that is not taken, and why."""

    column: str
    why: str


@dataclass(frozen=True)
class Found:
    """All that was recognised in a file."""

    program: str
    name: str
    asked: tuple[Asked, ...]
    left_out: tuple[LeftOut, ...]
    when: str = ""
    row_id: str = ""
    address: str = ""

    @property
    def is_of_people(self) -> bool:
        """Whether these look like answers: a program of forms wrote it, or something in it is asked or rated."""
        return bool(self.program) or any(
            one.label.endswith("?") or one.kind in {SCALE, MANY} for one in self.asked
        )


def columns_of(sheet: Sheet) -> list[Profile]:
    """What stands in each column, cells whole: one may hold many answers."""
    values: list[Counter[str]] = [Counter() for _ in sheet.headers]
    rows = [row for row in islice(sheet.rows(), ROWS_LOOKED_AT) if not row.is_blank]
    for row in rows:
        for place, cell in enumerate(row.cells[: len(values)]):
            if said := squeeze(cell):
                values[place][said] += 1
    return [
        Profile(
            header.name,
            header.original,
            len(rows),
            found.total(),
            found,
            len(found),
            sum(len(word) * times for word, times in found.items()) / max(1, found.total()),
        )
        for header, found in zip(sheet.headers, values, strict=True)
    ]


def recognise(columns: Sequence[Profile], kinds: dict[str, str] | None = None) -> Found:
    """What a file asks. `kinds` are kinds somebody chose, by first column; "leave" leaves a question out."""
    headers = [wording(column.original) or column.name for column in columns]
    prefix = _prefix(headers)
    when = _when(columns, headers)
    row_id = next(
        (
            one.name
            for one, header in zip(columns, headers, strict=True)
            if header.casefold() in _ROW_ID and _is_apart(one)
        ),
        "",
    )
    address = next(
        (
            one.name
            for one, header in zip(columns, headers, strict=True)
            if one.filled and _ADDRESS.fullmatch(header)
        ),
        "",
    )
    left_out = {
        one.name: why
        for one, header in zip(columns, headers, strict=True)
        if (why := _why_not(one, header, when, row_id))
    }
    rest = [
        (one, header.removeprefix(prefix).strip())
        for one, header in zip(columns, headers, strict=True)
        if one.name not in left_out
    ]
    asked, unasked = _questions(rest)
    made = tuple(
        _as_chosen(one, columns, kinds or {}) for one in asked if (kinds or {}).get(one.first) != "leave"
    )
    chosen_out = [
        LeftOut(column, "You left it out.")
        for one in asked
        if (kinds or {}).get(one.first) == "leave"
        for column in one.columns
    ]
    silent = [LeftOut(name, why) for name, why in left_out.items()]
    return Found(
        _program(headers),
        prefix.strip(" :"),
        made,
        tuple(silent + unasked + chosen_out),
        when,
        row_id,
        address,
    )


def parts(cell: str, sign: str) -> list[str]:
    """The answers of one cell, each once."""
    said = (" ".join(part.split()) for part in (cell.split(sign) if sign else [cell]))
    return list(dict.fromkeys(part for part in said if part))


def number_of(text: str) -> float | None:
    """The number a cell is, with a point or a comma; None for words with a number in them."""
    said = text.strip()
    if not _A_NUMBER.fullmatch(said):
        return None
    return float(said.rstrip(" %").replace("−", "-").replace(",", "."))


# Below: which columns are no answers


def _program(headers: Sequence[str]) -> str:
    said = [header.casefold() for header in headers]
    if said[:1] == ["submitter"] or "submitter email" in said:
        return "Indico"
    if "submit date (utc)" in said or "network id" in said:
        return "Typeform"
    if {"start time", "completion time"} <= set(said):
        return "Microsoft Forms"
    if said[:1] in (["timestamp"], ["zeitstempel"]):
        return "Google Forms"
    return ""


def _prefix(headers: Sequence[str]) -> str:
    """What a program writes before every question: "Post-workshop survey: "."""
    heads = Counter(found[0] for header in headers if (found := re.match(r"[^:?]{3,60}: (?=\S)", header)))
    head, times = heads.most_common(1)[0] if heads else ("", 0)
    return head if times >= 3 and times * 2 >= len(headers) else ""


def _when(columns: Sequence[Profile], headers: Sequence[str]) -> str:
    for word in _WHEN:
        for one, header in zip(columns, headers, strict=True):
            if header.casefold() == word and one.filled and _are_times(one):
                return one.name
    return ""


def _are_times(column: Profile) -> bool:
    from datetime import UTC

    texts = list(column.values)
    read = sum(dates.moment(text, month_first=False, zone=UTC) is not None for text in texts)
    return read * 10 >= len(texts) * 8


def _why_not(column: Profile, header: str, when: str, row_id: str) -> str:
    """Why a column is no answer; "" where it is one, or may be."""
    said = header.casefold().strip(" *:")
    reasons = (
        (column.name == when, "When it was answered."),
        (column.name == row_id or said in _ROW_ID, "The row's number."),
        (said in _ALSO_WHEN, "Times of the program."),
        (
            said in _NAMES or _ADDRESS.fullmatch(said) or _are_addresses(column),
            "Names and addresses are never kept with answers.",
        ),
        (_NO_ANSWER.fullmatch(said), "The program's own, not an answer."),
        (column.filled >= 5 and _are_times(column), "A day, not an answer."),
        (
            _CODE.fullmatch(header) and column.filled >= 5 and column.distinct >= 0.8 * column.filled,
            "A code for each person.",
        ),
    )
    return next((words for applies, words in reasons if applies), "")


def _are_addresses(column: Profile) -> bool:
    found = sum("@" in text and " " not in text for text in column.values)
    return found > 0 and found * 2 >= len(column.values)


def _is_apart(column: Profile) -> bool:
    return column.filled == column.rows and column.distinct >= column.filled * 0.95


# Below: which columns are one question


def _questions(columns: Sequence[tuple[Profile, str]]) -> tuple[list[Asked], list[LeftOut]]:
    """Columns one after another as questions: those that are each one answer go together up to their "Other"."""
    asked: list[Asked] = []
    left_out: list[LeftOut] = []
    run: list[tuple[Profile, str]] = []
    for place, (column, header) in enumerate(columns):
        if _OTHER.fullmatch(header):
            asked += _ended(run, left_out, other=column)
            if not run and asked and asked[-1].kind in {ONE, SCALE, MANY} and not asked[-1].other:
                asked[-1] = _with_other(asked[-1], column)
            elif not run:
                left_out.append(LeftOut(column.name, "It belongs to no question."))
            run = []
        elif (_is_answer(column, header) and (not run or _goes_on(run, column, header))) or (
            not column.filled and (run or _answer_follows(columns[place + 1 :])) and _may_be_answer(header)
        ):
            run.append((column, header))
        else:
            asked += _ended(run, left_out)
            run = [(column, header)] if _is_answer(column, header) else []
            if not run and column.filled:
                asked.append(_single(column, header))
            elif not run:
                left_out.append(LeftOut(column.name, "Nobody answered it."))
    return asked + _ended(run, left_out), left_out


def _is_answer(column: Profile, header: str) -> bool:
    """Whether all that stands below is the header's own words, or of "Question | answer" the answer."""
    own = {plain(header), plain(header.rpartition(" | ")[2])}
    return column.filled > 0 and all(plain(value) in own for value in column.values)


def _may_be_answer(header: str) -> bool:
    return not header.endswith("?") and len(header) <= 80


def _answer_follows(rest: Sequence[tuple[Profile, str]]) -> bool:
    """Whether the next column that says something is an answer."""
    for column, header in rest:
        if column.filled or _OTHER.fullmatch(header) or not _may_be_answer(header):
            return _is_answer(column, header)
    return False


def _goes_on(run: Sequence[tuple[Profile, str]], column: Profile, header: str) -> bool:
    del column
    return _stem(run[0][1]) == _stem(header)


def _stem(header: str) -> str:
    return header.rpartition(" | ")[0]


def _ended(
    run: Sequence[tuple[Profile, str]], left_out: list[LeftOut], other: Profile | None = None
) -> list[Asked]:
    """The columns so far as one question of several answers."""
    if not run:
        return []
    if not any(column.filled for column, _ in run):
        left_out.extend(LeftOut(column.name, "Nobody answered it.") for column, _ in run)
        return []
    options = [header.rpartition(" | ")[2] for _, header in run]
    stem = _stem(run[0][1])
    label = stem or f"Which of these: {', '.join(options[:4])}{' …' if len(options) > 4 else ''}"
    made = Asked(
        tuple(column.name for column, _ in run),
        label[:300],
        MANY,
        tuple(dict.fromkeys(option[:LONGEST_OPTION] for option in options)),
        spread=True,
        named=bool(stem),
        answered=max(column.filled for column, _ in run),
    )
    return [_with_other(made, other) if other is not None else made]


def _with_other(asked: Asked, column: Profile) -> Asked:
    """The question with its column of other answers: ticked as “Other”, the words themselves are not kept."""
    columns = (*asked.columns, column.name)
    if not column.filled:
        return replace(asked, columns=columns)
    options = asked.options if OTHER in asked.options else (*asked.options, OTHER)
    return replace(asked, columns=columns, options=options, other=column.name)


def _single(column: Profile, header: str) -> Asked:
    kind, options, sign = _kind(column, header)
    return Asked((column.name,), header[:300], kind, options, sign, answered=column.filled)


def _as_chosen(asked: Asked, columns: Sequence[Profile], kinds: dict[str, str]) -> Asked:
    """The question read as the kind somebody chose."""
    kind = kinds.get(asked.first, asked.kind)
    if kind == asked.kind or asked.spread:
        return asked
    column = next(one for one in columns if one.name == asked.first)
    if kind in {TEXT, NUMBER}:
        return replace(asked, kind=kind, options=(), sign="")
    sign = _sign(column, strict=False) if kind == MANY else ""
    options = _options(column, sign, least=1)
    if kind == SCALE:
        options = in_order(options) or options
    return replace(asked, kind=kind, options=options, sign=sign)


def _kind(column: Profile, header: str) -> tuple[str, tuple[str, ...], str]:
    """What kind of question a column answers, its options, and the sign that parts several answers in a cell."""
    numbers = [number_of(value) for value in column.values]
    if all(number is not None for number in numbers):
        return _numeric([number for number in numbers if number is not None], header)
    if header.endswith("Other"):
        return TEXT, (), ""
    if sign := _sign(column, strict=True):
        return MANY, _options(column, sign, least=1), sign
    ordered = in_order(_options(column, "", least=1))
    if ordered and len(ordered) > 2:
        return SCALE, ordered, ""
    closed = column.distinct <= 12 and column.filled >= 2 * column.distinct
    options = _options(column, "", least=1 if closed else 2)
    if _are_own_words(column) or (len(options) < 2 and not closed):
        return TEXT, (), ""
    return ONE, options, ""


def _are_own_words(column: Profile) -> bool:
    """Whether most people wrote something else."""
    if (column.is_free_text and column.distinct > 8) or column.distinct > MOST_OPTIONS * 5:
        return True
    return column.distinct * 2 > column.filled and (column.mean_length > 20 or column.distinct > 12)


def _numeric(numbers: Sequence[float], header: str) -> tuple[str, tuple[str, ...], str]:
    """Ratings are a scale; whether something is so is 0 or 1; all other numbers are numbers."""
    whole = all(number.is_integer() for number in numbers)
    low, high = min(numbers), max(numbers)
    if whole and low >= 0 and high <= 10:
        if {low, high} <= {0, 1}:
            return ONE, ("0", "1"), ""
        if high > 7 and (_RECOMMEND.search(header) or low == 0):
            return SCALE, tuple(str(step) for step in range(11)), ""
        top = next(step for step in (4, 5, 7, 10) if high <= step)
        first = 0 if low == 0 else 1
        if len(set(numbers)) > 1:
            return SCALE, tuple(str(step) for step in range(first, top + 1)), ""
    return NUMBER, (), ""


def _sign(column: Profile, *, strict: bool) -> str:
    """The sign between several answers of a cell: one whose parts come again and again, in more than one company."""
    if sum(times for value, times in column.values.items() if value.endswith(";")) * 2 > column.filled:
        return ";"  # Microsoft Forms ends each answer of several with it
    for sign in (";", "\n", ", "):
        whole = [value for value in column.values if sign in value]
        if not whole:
            continue
        found: Counter[str] = Counter()
        company: dict[str, set[str]] = {}
        for value, times in column.values.items():
            here = parts(value, sign)
            for part in here:
                found[part] += times
                company.setdefault(part, set()).add(value)
        together = [part for value in whole for part in parts(value, sign)]
        elsewhere = sum(len(company[part]) > 1 for part in together)
        again = sum(times for part, times in found.items() if len(company[part]) > 1)
        fits = len(found) <= MOST_PARTS and (
            elsewhere * 2 >= len(together)
            if sign == ";"
            else again * 3 >= 2 * found.total() and len(found) < len(column.values)
        )
        if fits or not strict:
            return sign
    return ""


def _options(column: Profile, sign: str, *, least: int) -> tuple[str, ...]:
    """The answers given, the most frequent first; those of fewer than `least` people are nobody's option."""
    spelt: dict[str, Counter[str]] = {}
    for value, times in column.values.items():
        for part in parts(value, sign):
            spelt.setdefault(part.casefold(), Counter())[part] += times
    counts = {words.most_common(1)[0][0]: words.total() for words in spelt.values()}
    named: Iterable[str] = (word for word in counts if counts[word] >= least and len(word) <= LONGEST_OPTION)
    return tuple(sorted(named, key=lambda word: (-counts[word], word))[:MOST_OPTIONS])
