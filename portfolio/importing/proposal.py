"""A first mapping for a file, from its headers and what stands below them. A person changes what it got wrong."""

import re
from collections.abc import Sequence

from portfolio.importing import dates, scales
from portfolio.importing.candidates import NOBODY
from portfolio.importing.fields import DATES, FIELDS, Field, reads_as
from portfolio.importing.mapping import DateOrder, Given, Kind, Mapping
from portfolio.importing.profiles import Profile, profiles
from portfolio.sheets import Sheet, tidy

_WISH = re.compile(
    r"\b(topic|other|wish|suggest|list|comment|missing|else|idea|add|weitere|sonst|autre)", re.IGNORECASE
)
LINE = (4, 120)  # how long the cells of a column of titles are
_IDENTITY = ("id", "requester.email", "submitted")


def propose(sheet: Sheet, file_name: str, *, kind: Kind | None = None, requester: str = "") -> Mapping:
    """The mapping a sheet seems to ask for. `requester` is who asks where the file doesn't say."""
    columns = profiles(sheet)
    needs = [matrix for matrix in scales.matrices(columns) if matrix.is_about_needs]
    kind = kind or ("needs_survey" if needs else "requests")
    fields = _fields(columns)
    if kind == "needs_survey":
        if not needs:
            needs = scales.matrices(columns)
        topics = [topic for matrix in needs for topic in matrix.topics]
        used = {topic.column for topic in topics} | {given.column for given in fields.values()}
        fields = {
            key: given
            for key, given in fields.items()
            if key in {*_IDENTITY, "requester.name", "requester.unit"}
        }
        return Mapping(
            kind=kind,
            source_name=source_name(file_name),
            sheet=sheet.name,
            header_line=sheet.header_line,
            fields=_with_requester(fields, requester),
            date_order=_date_order(columns, fields),
            topics=topics,
            scale=scales.scale(needs),
            wishes=[
                one.name
                for one in columns
                if one.is_free_text and one.name not in used and _WISH.search(one.name)
            ],
        )
    if "title" not in fields:
        fields.update(_title(columns, fields))
    return Mapping(
        kind=kind,
        source_name=source_name(file_name),
        sheet=sheet.name,
        header_line=sheet.header_line,
        fields=_with_requester(fields, requester),
        rest_into_problem="problem" not in fields,
        same_rows="merge" if fields.keys() & {"requester.email", "submitted"} else "apart",
        date_order=_date_order(columns, fields),
    )


_DRIFT = re.compile(
    r"""(?:[\s_-]*(?:
        \(\d+(?:\s*-\s*\d+)?\)                    # a browser's " (1)", MS Forms' "(1-25)"
        |[-–]\s*(?:copy|kopie|copie|copia)\b(?:\s*\(\d+\))?
        |\d{4}[-._]?\d{2}[-._]?\d{2}(?:[T\s_-]*\d{2}[-._:h]?\d{2}(?:[-._:m]?\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?
        |\d{1,2}[-._]\d{1,2}[-._]\d{4}
    ))+$""",
    re.IGNORECASE | re.VERBOSE,
)


def source_name(file_name: str) -> str:
    """What rows of this file are known under: its name without folder, ending, " (1)" and the day it was exported."""
    stem = re.split(r"[/\\]", tidy(file_name))[-1].rsplit(".", 1)[0]
    return (_DRIFT.sub("", stem).strip(" _-") or stem.strip())[:120] or "import"


def _fields(columns: Sequence[Profile]) -> dict[str, Given]:
    """Each field gets the free column whose header names it best; one that only says "anonymous" comes last."""
    fits = sorted(
        (_says_nobody(column, field), place, -column.filled, at, number)
        for number, field in enumerate(FIELDS)
        for at, column in enumerate(columns)
        if (place := reads_as(column.name, field)) is not None and column.filled
    )
    fields: dict[str, Given] = {}
    used: set[int] = set()
    for *_, at, number in fits:
        key = FIELDS[number].key
        if key not in fields and at not in used:
            fields[key] = Given(column=columns[at].name)
            used.add(at)
    if "id" in fields and not _tells_apart(fields["id"], columns):
        del fields["id"]
    return fields


def _says_nobody(column: Profile, field: Field) -> bool:
    return field.key.startswith("requester.") and all(value.casefold() in NOBODY for value in column.values)


def _tells_apart(given: Given, columns: Sequence[Profile]) -> bool:
    column = next(one for one in columns if one.name == given.column)
    return column.filled == column.rows and column.distinct >= column.filled * 0.95


def _title(columns: Sequence[Profile], fields: dict[str, Given]) -> dict[str, Given]:
    """Where no header says title: the first words of the problem (by leaving it open), or the most telling short text."""
    if "problem" in fields:
        return {}
    used = {given.column for given in fields.values()}
    free = [
        one
        for one in columns
        if one.name not in used and one.filled * 2 >= one.rows and LINE[0] <= one.mean_length <= LINE[1]
    ]
    best = max(free, key=lambda one: (min(one.distinct, 100), one.mean_length), default=None)
    return {"title": Given(column=best.name)} if best else {}


def _with_requester(fields: dict[str, Given], requester: str) -> dict[str, Given]:
    if not requester:
        return fields
    mapped = fields.get("requester.email", Given())
    return {**fields, "requester.email": Given(column=mapped.column, fixed=requester)}


def _date_order(columns: Sequence[Profile], fields: dict[str, Given]) -> DateOrder:
    return "month" if dates.month_comes_first(date_texts(columns, fields)) else "day"


def date_texts(columns: Sequence[Profile], fields: dict[str, Given]) -> list[str]:
    """What stands in the columns mapped to dates."""
    names = {fields[key].column for key in DATES if key in fields}
    return [text for column in columns if column.name in names for text in column.values]
