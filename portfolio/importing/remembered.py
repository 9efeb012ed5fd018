"""The mapping last taken for the same columns, so that a source is explained once."""

import hashlib
import re
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio import sheets
from portfolio.importing import dates
from portfolio.importing.mapping import BadMapping, Mapping, parsed
from portfolio.importing.profiles import profiles
from portfolio.importing.proposal import date_texts, source_name
from portfolio.models import Import
from portfolio.sheets import Sheet, Unreadable

PLACES_TRIED = 20


def headers_digest(names: Iterable[str]) -> str:
    """The same for the same columns in any order, however often one of them is repeated, as Jira does with watchers."""
    plain = {re.sub(r"( \(\d+\))+$", "", name).casefold() for name in names}
    return hashlib.sha256("\x1f".join(sorted(plain)).encode("utf-8", "replace")).hexdigest()


def digest_of(sheet: Sheet) -> str:
    return headers_digest(header.name for header in sheet.headers)


def find(session: Session, sheet: Sheet) -> tuple[Import, Mapping, Sheet] | None:
    """The import last taken with these columns, its mapping fitted to this file, and where in the file they stand.

    Where the sheet or row that was found by itself has other columns, those that people chose before are tried.
    """
    for candidate in [sheet, *_elsewhere(session, sheet)]:
        latest = session.scalars(
            select(Import)
            .where(Import.headers_digest == digest_of(candidate), Import.taken_at.is_not(None))
            .order_by(Import.taken_at.desc(), Import.id.desc())
            .limit(5)
        )
        for earlier in latest:
            mapping = _fitted(earlier, candidate)
            if mapping is not None:
                return earlier, mapping, candidate
    return None


def reads_alike(one: Mapping, other: Mapping) -> bool:
    """Whether two mappings read a file the same way into the same source, wherever in it the columns stand."""
    place: dict[str, object] = {"sheet": "", "header_line": None, "date_order": "day", "scale": []}
    return one.model_copy(update=place) == other.model_copy(update=place)


def is_named_alike(name: str, earlier: Import) -> bool:
    """Whether two files have one name, but for " (1)" and the day of the export."""
    return source_name(name).casefold() == source_name(earlier.name).casefold()


def _fitted(earlier: Import, sheet: Sheet) -> Mapping | None:
    """The earlier mapping for this sheet. Dates that tell their order are believed over what was said of others."""
    try:
        mapping = parsed(earlier.mapping)
    except BadMapping:
        return None
    if not mapping.columns() <= {header.name for header in sheet.headers}:
        return None
    texts = date_texts(profiles(sheet), mapping.fields)
    told = dates.ambiguous(texts) is False
    order = ("month" if dates.month_comes_first(texts) else "day") if told else mapping.date_order
    return mapping.model_copy(
        update={"sheet": sheet.name, "header_line": sheet.header_line, "date_order": order}
    )


def _elsewhere(session: Session, sheet: Sheet) -> Iterable[Sheet]:
    found = session.execute(
        select(Import.mapping["sheet"].as_string(), Import.mapping["header_line"].as_integer())
        .where(Import.taken_at.is_not(None), Import.headers_digest != "")
        .order_by(Import.id.desc())
        .limit(PLACES_TRIED)
    )
    places = {(name or "", line) for name, line in found if line}
    for name, line in sorted(places - {(sheet.name, sheet.header_line)}):
        if name in sheet.source.sheets:
            try:
                yield sheets.sheet(sheet.source, name, line)
            except Unreadable:
                continue
