"""A sheet of resources onto the shelf: the dry run says what each row would do, taking does exactly that."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portfolio import library, sheets
from portfolio.importing.dates import moment
from portfolio.library import KINDS, ResourceGiven, ShelvingRefused
from portfolio.models import Person, Resource
from portfolio.sheets import Row, Sheet, Unreadable
from portfolio.submission import explain, number_in, one_line

MOST_ROWS = 5_000

HEADERS = {
    "title": "title, name, resource, titel, bezeichnung",
    "kind": "kind, type, format, medium, art, typ",
    "link": "link, url, address, web address, href, where, adresse",
    "about": "about, description, summary, content, beschreibung, inhalt",
    "minutes": "minutes, min, duration, length, time, dauer, minuten",
    "topics": "topics, topic, tags, keywords, subject, themen, thema, schlagworte",
    "audience": "audience, for whom, target group, target audience, zielgruppe",
    "language": "language, lang, sprache",
    "owner": "owner, owner e mail, owner email, responsible, contact, maintainer, verantwortlich",
    "review_on": "review date, review on, review by, next review, review, valid until, prüfdatum",
    "part_of": "part of, belongs to, parent, series, teil von, gehört zu",
}
"""The names a column may go by, in lower case and without signs."""

KINDS_BY_WORD = {
    **{key: key for key, _ in KINDS},
    **{label.lower(): key for key, label in KINDS},
    **dict.fromkeys(
        ("article", "pdf", "page", "handbook", "manual", "wiki", "book", "anleitung", "leitfaden"), "guide"
    ),
    **dict.fromkeys(("one-pager", "cheat sheet", "reference", "sheet"), "job_aid"),
    **dict.fromkeys(("recording", "film", "webinar", "podcast"), "video"),
    **dict.fromkeys(("e-learning", "elearning", "training", "module", "lesson", "kurs", "path"), "course"),
    **dict.fromkeys(("form", "vorlage"), "template"),
    **dict.fromkeys(("software", "app", "werkzeug"), "tool"),
    **dict.fromkeys(("person", "expert", "ansprechpartner"), "contact"),
}


class Fate(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass
class Shelved:
    """What a row does: its line, what it says, and why it is refused if it is."""

    line: int
    fate: Fate
    title: str
    given: dict[str, Any]
    reason: str = ""
    resource: Resource | None = None
    part_of: str = ""


@dataclass(frozen=True)
class Look:
    """What taking the sheet would do. `ignored` are columns that mean nothing to us."""

    how: str
    rows: list[Shelved]
    used: list[str]
    ignored: list[str]

    @property
    def counts(self) -> dict[Fate, int]:
        met = Counter(row.fate for row in self.rows)
        return {fate: met[fate] for fate in Fate}


def look(session: Session, content: bytes) -> Look:
    """Read a sheet and say what each row would do; changes nothing. Raises sheets.Unreadable.

    A row is known by its link, else by its title within its whole: a second import of the same rows changes nothing. An empty
    cell leaves what is there. Words that a spreadsheet would take for a formula are words here.
    """
    sheet = sheets.sheet(sheets.opened(content))
    columns, ignored = _columns(sheet)
    if "title" not in columns:
        raise Unreadable(
            "There is no column called “title”. It needs one; link, kind, minutes and others are welcome."
        )
    rows = [_read(row, columns) for row in _filled(sheet)]
    _recognise(session, rows)
    return Look(sheet.source.how, rows, list(columns), ignored)


def take(session: Session, content: bytes, *, by: Person, at: datetime) -> Look:
    """Put the sheet on the shelf as `look` said; wholes first, so that their parts find them."""
    found = look(session, content)
    to_do = [row for row in found.rows if row.fate in {Fate.CREATED, Fate.UPDATED}]
    for row in (row for row in to_do if not row.part_of):
        _try_to_write(session, row, None, by=by, at=at)
    numbers = _wholes(session)
    for row in (row for row in to_do if row.part_of):
        _try_to_write(session, row, numbers.get(row.part_of.lower()), by=by, at=at)
    return found


def _columns(sheet: Sheet) -> tuple[dict[str, int], list[str]]:
    """Where each field stands, and the columns that are none; the first of two that mean the same is taken."""
    names = {name: field for field, known in HEADERS.items() for name in known.split(", ")}
    places: dict[str, int] = {}
    ignored = []
    for place, header in enumerate(sheet.headers):
        field = names.get(_squeezed(header.original))
        if field is None or field in places:
            ignored.append(header.name)
        else:
            places[field] = place
    return places, ignored


def _squeezed(header: str) -> str:
    plain = "".join(sign if sign.isalnum() else " " for sign in header.lower().partition("(")[0])
    return " ".join(plain.split())


def _filled(sheet: Sheet) -> Iterator[Row]:
    count = 0
    for row in sheet.rows():
        if not row.is_blank:
            count += 1
            if count > MOST_ROWS:
                raise Unreadable(f"That is more than {MOST_ROWS:,} rows. Please bring them in parts.")
            yield row


def _read(row: Row, columns: dict[str, int]) -> Shelved:
    said = {field: one_line(row.cells[place]) for field, place in columns.items()}
    given: dict[str, Any] = {field: words for field, words in said.items() if words}
    part_of = given.pop("part_of", "")
    read = Shelved(row.line, Fate.CREATED, given.get("title", "")[:200], given, part_of=part_of)
    if "kind" in given:
        given["kind"] = KINDS_BY_WORD.get(given["kind"].lower(), given["kind"])
    if "minutes" in given:
        given["minutes"] = _minutes(given["minutes"])
    if "review_on" in given:
        day = moment(given["review_on"], month_first=False, zone=UTC)
        given["review_on"] = day.date().isoformat() if day else given["review_on"]
    if "title" not in given:
        _refuse(read, "There is no title.")
    else:
        try:
            read.given = ResourceGiven.model_validate(given).model_dump(include=set(given))
        except ValidationError as error:
            _refuse(read, " ".join(_in_words(problem.field, problem.words) for problem in explain(error)))
    return read


def _minutes(text: str) -> Any:
    """ "90", "90 min" and "1.5 h" as minutes; what is none of them stays, for the error message."""
    amount = number_in(text)
    if amount is None:
        return text
    in_hours = text.lower().rstrip(".").endswith(("h", "hour", "hours", "std", "stunden"))
    return round(amount * 60 if in_hours else amount)


def _in_words(field: str, words: str) -> str:
    if field == "kind":
        return f"Kind: please say one of {', '.join(label.lower() for _, label in KINDS)}."
    return f"{field.replace('_on', ' date').replace('_', ' ').capitalize()}: {words}"


def _refuse(row: Shelved, reason: str) -> None:
    row.fate, row.reason, row.resource = Fate.REFUSED, reason, None


def _recognise(session: Session, rows: list[Shelved]) -> None:
    """Say for each row whether it is here already: by link first, then by title where no link of the file speaks for it."""
    here = session.scalars(
        select(Resource).options(joinedload(Resource.owner)).order_by(Resource.id.desc())
    ).all()
    titles = {one.id: one.title.lower() for one in here}
    by_link = {one.link: one for one in here if one.link}
    by_title = {(titles.get(one.part_of_id or 0, ""), one.title.lower()): one for one in here}
    good = [row for row in rows if row.fate is not Fate.REFUSED]
    wholes = {row.title.lower() for row in good if not row.part_of} | {
        one.title.lower() for one in here if not one.part_of_id
    }
    said: dict[object, int] = {}
    claimed = {by_link[link].id for row in good if (link := row.given.get("link")) in by_link}
    for row in good:
        key = row.given.get("link") or (row.part_of.lower(), row.title.lower())
        if key in said:
            _refuse(row, f"Line {said[key]} has the same {'link' if row.given.get('link') else 'title'}.")
            continue
        said[key] = row.line
        if row.part_of and row.part_of.lower() not in wholes:
            _refuse(row, f"It is part of “{row.part_of}”, which is neither here nor in the file.")
            continue
        known = by_link.get(row.given.get("link", ""))
        if known is None:
            namesake = by_title.get((row.part_of.lower(), row.title.lower()))
            if namesake is not None and namesake.id not in claimed:
                known = namesake
                claimed.add(namesake.id)
        if known is not None:
            row.resource = known
            row.fate = Fate.UPDATED if _differs(row, known, titles) else Fate.UNCHANGED


def _differs(row: Shelved, known: Resource, titles: dict[int, str]) -> bool:
    before = library.as_given(known)
    if any(getattr(before, field) != value for field, value in row.given.items()):
        return True
    return bool(row.part_of) and titles.get(known.part_of_id or 0, "") != row.part_of.lower()


def _try_to_write(session: Session, row: Shelved, whole: int | None, *, by: Person, at: datetime) -> None:
    try:
        _write(session, row, whole, by=by, at=at)
    except ShelvingRefused as refused:
        row.fate, row.reason = Fate.REFUSED, str(refused)


def _write(session: Session, row: Shelved, whole: int | None, *, by: Person, at: datetime) -> None:
    before = library.as_given(row.resource).model_dump() if row.resource else _EMPTY
    part_of = whole if row.part_of else before["part_of"]
    given = ResourceGiven.model_construct(**{**before, **row.given, "part_of": part_of})
    if row.resource is None:
        row.resource = library.add(session, given, by=by, at=at)
    else:
        library.change(session, row.resource, given, by=by, at=at)


_EMPTY = ResourceGiven.model_construct(title="").model_dump()


def _wholes(session: Session) -> dict[str, int]:
    """The number of each resource that may have parts, by its title in lower case; the oldest of two."""
    rows = session.execute(
        select(Resource.title, Resource.id).where(Resource.part_of_id.is_(None)).order_by(Resource.id.desc())
    )
    return {title.lower(): number for title, number in rows}
