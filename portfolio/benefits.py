"""What people think a project was worth: estimates with the share due to the work and how sure they are."""

import csv
import hashlib
import io
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from portfolio.database import Gone, hold
from portfolio.history import record
from portfolio.looking_back import CutOff, changes_since
from portfolio.models import BenefitEstimate, Person, Project
from portfolio.rules.money import LEAST_SHOWN, Benefits, Estimate, benefits
from portfolio.submission import number_in

MOST_ROWS = 2_000
"""Lines of one file; who has more people to ask has a measure."""
LARGEST_FILE = 2_000_000
"""Bytes."""
NAMES = {
    "amount": ("amount", "value", "benefit", "annual value", "improvement", "betrag", "wert"),
    "isolation": ("isolation", "contribution", "share", "due to", "anteil"),
    "confidence": ("confidence", "sure", "sicherheit"),
    "basis": ("basis", "why", "reason", "grund"),
}
"""Words in the head of a column, by what it holds."""
SHARES = ("isolation", "confidence")
LEFT_OUT_THEN = "left out then"
REMOVED = "removed"


class FileRefused(ValueError):
    """The file can't be read as estimates; the message says what is wrong. Nothing was taken."""


@dataclass(frozen=True)
class Given:
    """One estimate as it came: money a year, and two shares 0..1."""

    amount: float
    isolation: float
    confidence: float
    basis: str = ""
    row_key: str | None = None


@dataclass(frozen=True)
class Taken:
    """What became of a file: so many new, so many that were here already."""

    new: int
    known: int


def add(
    session: Session, project: Project, given: Given, *, on: date, by: Person | None, at: datetime
) -> BenefitEstimate:
    """Write down what one person said. Nobody's name is kept."""
    estimate = BenefitEstimate(
        project_id=project.id,
        amount=given.amount,
        isolation=given.isolation,
        confidence=given.confidence,
        basis=given.basis,
        row_key=given.row_key,
        given_on=on,
        recorded_at=at,
        by_id=by.id if by else None,
    )
    session.add(estimate)
    session.flush()
    record(session, "project.benefit_estimated", project, by=by, at=at, estimate=estimate.id)
    return estimate


def take_file(
    session: Session, project: Project, content: bytes, *, on: date, by: Person, at: datetime
) -> Taken:
    """Take estimates from a CSV file, all or none; a line that is here already counts once. Raises FileRefused."""
    given = read_file(content)
    hold(session, project)
    keys = [one.row_key for one in given]
    known = set(
        session.scalars(
            select(BenefitEstimate.row_key).where(
                BenefitEstimate.project_id == project.id, BenefitEstimate.row_key.in_(keys)
            )
        )
    )
    fresh = [one for one in given if one.row_key not in known]
    session.add_all(
        BenefitEstimate(
            project_id=project.id,
            amount=one.amount,
            isolation=one.isolation,
            confidence=one.confidence,
            basis=one.basis,
            row_key=one.row_key,
            given_on=on,
            recorded_at=at,
            by_id=by.id,
        )
        for one in fresh
    )
    session.flush()
    record(session, "project.benefits_taken", project, by=by, at=at, new=len(fresh), known=len(known))
    return Taken(len(fresh), len(given) - len(fresh))


def read_file(content: bytes) -> list[Given]:
    """The estimates of a CSV file with a head. A column of shares is written 0.7, or 70, or 70 %. Raises FileRefused."""
    if len(content) > LARGEST_FILE:
        raise FileRefused("This file is too large: at most 2 MB.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    mark = max(",;\t", key=text.partition("\n")[0].count)
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=mark) if any(cell.strip() for cell in row)]
    if not rows:
        raise FileRefused("This file is empty.")
    if len(rows) > MOST_ROWS + 1:
        raise FileRefused(f"Please give at most {MOST_ROWS} lines at once.")
    places = _places(rows[0])
    parts_of = {part: _whole([_cells(row, places)[part] for row in rows[1:]]) for part in SHARES}
    seen: dict[tuple[str, ...], int] = defaultdict(int)
    return [_read_row(row, number, places, parts_of, seen) for number, row in enumerate(rows[1:], start=2)]


def say_asked(session: Session, project: Project, asked: int | None, *, by: Person, at: datetime) -> None:
    """Say how many people were asked what it was worth; who didn't answer counts as zero."""
    if asked != project.estimates_asked:
        before, project.estimates_asked = project.estimates_asked, asked
        record(session, "project.benefits_asked", project, by=by, at=at, asked=asked, was=before)


def leave_out(
    session: Session, project: Project, estimate: BenefitEstimate, why: str, *, by: Person, at: datetime
) -> None:
    """Don't count an estimate, and say why; with "" it counts again. Raises Gone."""
    _hold(session, estimate)
    if why != estimate.left_out:
        was_out, estimate.left_out = bool(estimate.left_out), why
        what = "left_out" if why else "counted_again"
        record(
            session, f"project.benefit_{what}", project, by=by, at=at, estimate=estimate.id, was_out=was_out
        )


def remove(
    session: Session, project: Project, estimate: BenefitEstimate, *, by: Person, at: datetime
) -> None:
    """It was written down by mistake: from now on it counts in nothing, and the same line of a file comes in again. Cut-offs
    before still count it, and for them only whether there were words matters: those can name people, and go. Raises Gone."""
    _hold(session, estimate)
    record(session, "project.benefit_removed", project, by=by, at=at, estimate=estimate.id)
    estimate.removed_at, estimate.row_key = at, None
    estimate.basis = REMOVED if estimate.basis.strip() else ""
    estimate.left_out = REMOVED if estimate.left_out else ""


# Queries


def of_project(session: Session, project: Project, *, in_steps: bool = False) -> Benefits:
    """What people say this project was worth: floor and central estimate."""
    return of_projects(session, [project], in_steps=in_steps)[project.id]


def of_projects(
    session: Session, projects: Sequence[Project], *, in_steps: bool = False, cut_off: CutOff | None = None
) -> dict[int, Benefits]:
    """The same for several, by project, in a fixed number of statements; at a cut-off as it was in the books then. `in_steps` counts
    whole fives only, the first ones first, so that nobody who may not see single answers works one out by watching the sum."""
    held = defaultdict[int, list[Estimate]](list)
    was_out = _left_out_at(session, cut_off)
    query = select(BenefitEstimate).where(BenefitEstimate.project_id.in_([one.id for one in projects]))
    for one in session.scalars(query.where(_counts(cut_off)).order_by(BenefitEstimate.id)):
        left_out = (one.left_out or LEFT_OUT_THEN) if was_out.get(one.id, bool(one.left_out)) else ""
        held[one.project_id].append(
            Estimate(one.amount, one.isolation, one.confidence, one.basis, left_out, one.id)
        )
    if in_steps:
        held = defaultdict(
            list, {key: said[: len(said) - len(said) % LEAST_SHOWN] for key, said in held.items()}
        )
    asked = _asked_at(session, projects, cut_off)
    return {one.id: benefits(held[one.id], asked=asked[one.id]) for one in projects}


def find(session: Session, project: Project, number: int) -> BenefitEstimate | None:
    """The project's own estimate of this number."""
    estimate = session.get(BenefitEstimate, number) if 0 < number < 2**31 else None
    if estimate is None or estimate.project_id != project.id or estimate.removed_at is not None:
        return None
    return estimate


def _hold(session: Session, estimate: BenefitEstimate) -> None:
    hold(session, estimate)
    if estimate.removed_at is not None:
        raise Gone


def _counts(cut_off: CutOff | None) -> ColumnElement[bool]:
    """Which estimates are in the books: now, or at a cut-off."""
    removed = BenefitEstimate.removed_at
    if cut_off is None:
        return removed.is_(None)
    return and_(
        BenefitEstimate.given_on <= cut_off.last_day,
        BenefitEstimate.recorded_at < cut_off.known_at,
        removed.is_(None) | (removed >= cut_off.known_at),
    )


def _left_out_at(session: Session, cut_off: CutOff | None) -> dict[int, bool]:
    """Of estimates that were taken out or in again since: whether they were out then."""
    if cut_off is None:
        return {}
    changed = changes_since(
        session, cut_off.known_at, "project.benefit_left_out", "project.benefit_counted_again"
    )
    return {
        one.details["estimate"]: one.details.get("was_out", one.action == "project.benefit_counted_again")
        for one in changed
    }


def _asked_at(session: Session, projects: Sequence[Project], cut_off: CutOff | None) -> dict[int, int | None]:
    """How many people had been asked, by project; where the history didn't keep it yet, as it stands."""
    now = {one.id: one.estimates_asked for one in projects}
    changed = changes_since(session, cut_off.known_at, "project.benefits_asked") if cut_off else []
    return now | {one.subject_id: one.details["was"] for one in changed if "was" in one.details}


def _places(head: Sequence[str]) -> dict[str, int]:
    """In which column each part stands."""
    cells = [cell.strip().lower() for cell in head]
    places = {
        part: place
        for part, words in NAMES.items()
        for place, cell in reversed(list(enumerate(cells)))
        if any(word in cell for word in words)
    }
    if missing := [part for part in ("amount", *SHARES) if part not in places]:
        raise FileRefused(
            f"There is no column for {' and '.join(missing)}. The first line names the columns: amount, isolation, confidence, basis."
        )
    return places


def _read_row(
    row: Sequence[str],
    number: int,
    places: dict[str, int],
    parts_of: dict[str, int],
    seen: dict[tuple[str, ...], int],
) -> Given:
    cells = _cells(row, places)
    amount = number_in(cells["amount"])
    if amount is None or not -1e12 <= amount <= 1e12:
        raise FileRefused(f"Line {number}: “{cells['amount'][:40]}” is no amount.")
    shares = []
    for part in SHARES:
        value = number_in(cells[part])
        if value is None or not 0 <= value <= parts_of[part]:
            raise FileRefused(f"Line {number}: “{cells[part][:40]}” is no share from 0 to 100 %.")
        shares.append(value / parts_of[part])
    same = (
        repr(amount),
        *(f"{share:.6g}" for share in shares),
        cells.get("basis", ""),
    )  # however it is written: 70, 70 % or 0.7
    seen[same] += 1
    key = hashlib.sha256(repr((same, seen[same])).encode()).hexdigest()[:40]
    return Given(amount, shares[0], shares[1], cells.get("basis", "")[:500], key)


def _whole(cells: Sequence[str]) -> int:
    """What a share is a share of: 100 where a column is in percent, else 1. Read off the whole column, as "1" alone can be either."""
    values = [number_in(cell) for cell in cells]
    return (
        100 if any("%" in cell for cell in cells) or any(one is not None and one > 1 for one in values) else 1
    )


def _cells(row: Sequence[str], places: dict[str, int]) -> dict[str, str]:
    return {part: row[place].strip() if place < len(row) else "" for part, place in places.items()}
