"""Everything in one file: a zip with each table as CSV to look at and as JSON Lines to take back, and a manifest."""

import base64
import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from enum import Enum
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from typing import IO, Any

from sqlalchemy import (
    Column,
    Date,
    LargeBinary,
    Table,
    bindparam,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy import Enum as EnumType
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portfolio.models import Base
from portfolio.models.base import UtcDateTime
from portfolio.sheets import safe_for_sheets

FORMAT = 1
LEFT_OUT = {
    "sign_in_links": "one-time links to sign in",
    "visits": "who is signed in where",
    "api_tokens": "keys of programs",
    "kept_answers": "answers kept for repeated calls",
    "pulses": "heartbeats of processes",
    "learning_lookups": "answers of learning systems, kept for a while",
}
SECRET_COLUMNS = {
    ("people", "password_hash"): "passwords",
    ("outlets", "address"): "where news goes, as such an address can be as good as a password",
    ("outlets", "secret"): "what webhooks are signed with",
    ("outlets", "old_secret"): "what they were signed with before",
    ("learning_sources", "secret"): "tokens of learning systems",
}
MOVED = {("imports", "content"): ("import_contents", "import_id")}
"""Columns of earlier versions and the table that holds them now, by the number of the row they stood in."""

SIGN_IN_MAILS = "mails with links to sign in"
AT_ONCE = 500
LARGE_AT_ONCE = 2
"""Rows held in memory at a time; few where a row can hold a file of 25 MB."""
_NEVER_HELD_BY_LOAD = "pulses"


class NotAnArchive(ValueError):
    """The file can't be taken in; the message says why. Nothing was changed."""


class NotEmpty(ValueError):
    """This installation holds something already. Nothing was changed."""


def export(session: Session, file: IO[bytes], *, at: datetime) -> dict[str, int]:
    """Write everything to `file` and return the rows by table. Memory does not grow with the tables."""
    if session.get_bind().dialect.name == "postgresql" and not session.in_transaction():
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    counts = {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
        for table in _tables():
            with packed.open(f"{table.name}.jsonl", "w", force_zip64=True) as part:
                counts[table.name] = _write(part, (_json_line(row) for row in _rows(session, table)))
            with packed.open(f"{table.name}.csv", "w", force_zip64=True) as part:
                _write(part, _csv_lines(table, _rows(session, table)))
        packed.writestr("manifest.json", json.dumps(_manifest(session, counts, at), indent=2))
        packed.writestr("README.txt", _readme(at))
    return counts


def load(session: Session, file: IO[bytes]) -> dict[str, int]:
    """Take an export back into an empty installation, ids and all. Raises NotAnArchive or NotEmpty; the caller rolls back."""
    try:
        with zipfile.ZipFile(file) as packed:
            manifest = _read_manifest(packed)
            _check_empty(session)
            counts = {table.name: _take(session, packed, table, manifest) for table in _tables()}
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as problem:
        raise NotAnArchive(f"The file is damaged or no export ({problem}). Nothing was changed.") from problem
    except SQLAlchemyError as problem:
        words = str(getattr(problem, "orig", problem)).splitlines()[0].split(" (Background")[0]
        raise NotAnArchive(f"The export does not hold together ({words}). Nothing was changed.") from problem
    _set_sequences(session)
    return counts


def is_archive(file: IO[bytes]) -> bool:
    """Whether a file looks like an export of ours."""
    try:
        with zipfile.ZipFile(file) as packed:
            return "manifest.json" in packed.namelist() and "learning_requests.jsonl" in packed.namelist()
    except (zipfile.BadZipFile, OSError):
        return False
    finally:
        file.seek(0)


# Writing


def _tables() -> list[Table]:
    """What is exported, what others point to first."""
    return [table for table in Base.metadata.sorted_tables if table.name not in LEFT_OUT]


def _at_once(table: Table) -> int:
    return LARGE_AT_ONCE if any(isinstance(one.type, LargeBinary) for one in table.columns) else AT_ONCE


def _columns(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if (table.name, column.name) not in SECRET_COLUMNS]


def _rows(session: Session, table: Table) -> Iterator[dict[str, Any]]:
    columns = _columns(table)
    query = select(*columns).order_by(*table.primary_key.columns)
    if table.name == "mails":
        query = query.where(table.c.about.is_distinct_from("sign-in"))
    found = session.execute(query.execution_options(yield_per=_at_once(table)))
    for row in found:
        yield {column.name: _plain(value) for column, value in zip(columns, row, strict=True)}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def _json_line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"


def _csv_lines(table: Table, rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """As a spreadsheet opens it: a BOM, no formulas, files named by their size only."""
    names = [column.name for column in _columns(table)]
    files = {column.name for column in _columns(table) if isinstance(column.type, LargeBinary)}
    yield "\ufeff" + _csv_line(names)
    for row in rows:
        yield _csv_line([_cell(row[name], is_file=name in files) for name in names])


def _csv_line(cells: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()


def _cell(value: Any, *, is_file: bool) -> str:
    if value is None:
        return ""
    if is_file:
        return f"({len(value) * 3 // 4} bytes, in the JSON Lines)"
    if isinstance(value, bool | int | float):
        return str(value)
    return safe_for_sheets(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _write(part: IO[bytes], lines: Iterable[str]) -> int:
    count = 0
    for line in lines:
        part.write(line.encode("utf-8", "surrogatepass"))
        count += 1
    return count


def _manifest(session: Session, counts: dict[str, int], at: datetime) -> dict[str, Any]:
    return {
        "product": "outsize",
        "format": FORMAT,
        "version": _version(),
        "schema": _schema(session),
        "made_at": at.isoformat(),
        "rows": counts,
        "left_out": _left_out(),
    }


def _left_out() -> list[str]:
    return [*LEFT_OUT.values(), *SECRET_COLUMNS.values(), SIGN_IN_MAILS]


def _version() -> str:
    try:
        return version("outsize")
    except PackageNotFoundError:
        return "unknown"


def _schema(session: Session) -> str:
    return str(session.scalar(text("SELECT version_num FROM alembic_version")))


def _readme(at: datetime) -> str:
    return (
        f"Everything Outsize held on {at:%Y-%m-%d %H:%M} UTC.\n\n"
        "Each table is here twice: .csv to look at (cells that a spreadsheet could take for a formula begin with '),\n"
        ".jsonl exactly as it was, one row a line, files in base64. To take it back into an empty installation:\n\n"
        "    outsize import THIS-FILE.zip --data NEW-FOLDER\n\n"
        f"Left out, because they are secrets or of the moment: {'; '.join(_left_out())}.\n"
        "Private tracking links go on working only with the same base address and secret key (file secret-key in the\n"
        "data folder): copy that file by hand.\n"
    )


# Taking back


def _read_manifest(packed: zipfile.ZipFile) -> dict[str, Any]:
    try:
        manifest = json.loads(packed.read("manifest.json"))
    except (KeyError, ValueError) as problem:
        raise NotAnArchive(
            "This is no export of Outsize: it has no manifest. Nothing was changed."
        ) from problem
    if (
        not isinstance(manifest, dict)
        or manifest.get("product") != "outsize"
        or not isinstance(manifest.get("rows"), dict)
    ):
        raise NotAnArchive("This is no export of Outsize. Nothing was changed.")
    unknown = sorted(set(manifest["rows"]) - {table.name for table in _tables()})
    if manifest.get("format") != FORMAT or unknown:
        raise NotAnArchive(
            f"This export was made by another version ({manifest.get('version')}). Please upgrade first."
            " Nothing was changed."
        )
    return manifest


def _check_empty(session: Session) -> None:
    for table in Base.metadata.sorted_tables:
        if table.name != _NEVER_HELD_BY_LOAD and session.execute(select(table).limit(1)).first() is not None:
            raise NotEmpty(
                f"This installation isn't empty: there is something in {table.name.replace('_', ' ')}."
                " An export is taken into a new one: give a new folder with --data, or a new database."
                " Nothing was changed."
            )


def _take(session: Session, packed: zipfile.ZipFile, table: Table, manifest: dict[str, Any]) -> int:
    expected = manifest["rows"].get(table.name)
    if expected is None:
        return 0
    own = _own_reference(table)
    later: list[dict[str, Any]] = []
    count = 0
    for rows in _batches(packed, table):
        later += _held_back(rows, own) if own else []
        moved = _moved(table, rows)
        session.execute(insert(table), rows)
        for other, its_rows in moved:
            session.execute(insert(other), its_rows)
        count += len(rows)
    if own and later:
        session.execute(
            update(table).where(table.c.id == bindparam("its_id")).values({own: bindparam("points_to")}),
            later,
        )
    if count != expected:
        raise NotAnArchive(
            f"{table.name} has {count} rows where {expected} were exported. Nothing was changed."
        )
    return count


def _batches(packed: zipfile.ZipFile, table: Table) -> Iterator[list[dict[str, Any]]]:
    """The rows of a table, as many at once as one statement takes. Raises NotAnArchive."""
    try:
        part = packed.open(f"{table.name}.jsonl")
    except KeyError as problem:
        raise NotAnArchive(f"The export lacks {table.name}.jsonl. Nothing was changed.") from problem
    with part:
        lines = io.TextIOWrapper(part, "utf-8", errors="surrogatepass", newline="\n")
        rows = (_row(line, table) for line in lines)
        while some := list(islice(rows, _at_once(table))):
            yield some


def _held_back(rows: list[dict[str, Any]], own: str) -> list[dict[str, Any]]:
    """Takes out of rows what they point to in their own table, which may not be there yet; returns it for later."""
    found = []
    for row in rows:
        if row.get(own) is not None:
            found.append({"its_id": row["id"], "points_to": row[own]})
            row[own] = None
    return found


def _moved(table: Table, rows: list[dict[str, Any]]) -> list[tuple[Table, list[dict[str, Any]]]]:
    """Take what stands in another table now out of the rows of an earlier version."""
    found = []
    for (name, column), (other, reference) in MOVED.items():
        if name == table.name and column in rows[0]:
            values = [(row["id"], row.pop(column)) for row in rows]
            its_rows = [{reference: id_, column: value} for id_, value in values if value is not None]
            if its_rows:
                found.append((Base.metadata.tables[other], its_rows))
    return found


def _own_reference(table: Table) -> str | None:
    """The column by which a table points into itself: filled in once all its rows are there."""
    return next((key.parent.name for key in table.foreign_keys if key.column.table is table), None)


def _row(line: str, table: Table) -> dict[str, Any]:
    try:
        said = json.loads(line)
        columns = {column.name: column for column in _columns(table)} | _moved_away(table)
        if said.keys() - columns.keys():
            raise NotAnArchive(  # noqa: TRY301 - passes through
                f"{table.name} has a column this version doesn't know ({min(said.keys() - columns.keys())})."
                " Please upgrade first. Nothing was changed."
            )
        return {name: _typed(columns[name], value) for name, value in said.items()}
    except NotAnArchive:
        raise
    except (ValueError, TypeError, AttributeError) as problem:
        raise NotAnArchive(f"{table.name}.jsonl can't be read ({problem}). Nothing was changed.") from problem


def _moved_away(table: Table) -> dict[str, Column[Any]]:
    return {
        column: Base.metadata.tables[other].columns[column]
        for (name, column), (other, _) in MOVED.items()
        if name == table.name
    }


def _typed(column: Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, UtcDateTime):
        return datetime.fromisoformat(value)
    if isinstance(column.type, Date):
        return date.fromisoformat(value)
    if isinstance(column.type, LargeBinary):
        return base64.b64decode(value)
    if isinstance(column.type, EnumType) and column.type.enum_class is not None:
        return column.type.enum_class(value)
    return value


def _set_sequences(session: Session) -> None:
    """PostgreSQL counts on from the highest id taken in; SQLite does so by itself."""
    if session.get_bind().dialect.name != "postgresql":
        return
    for table in _tables():
        column = table.autoincrement_column
        if column is None:
            continue
        sequence = session.scalar(select(func.pg_get_serial_sequence(table.name, column.name)))
        if sequence:
            highest = session.scalar(select(func.max(column)))
            if highest is not None:
                session.execute(select(func.setval(sequence, highest)))
