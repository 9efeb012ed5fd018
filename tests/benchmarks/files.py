"""Files of 100,000 rows brought in as a manager brings them: uploaded, looked at, taken by the clock's own process."""

import csv
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import perf_counter

import xlsxwriter
from sqlalchemy import func, select

from portfolio.database import Database
from portfolio.models import Import, LearningRequest
from tests.benchmarks import data
from tests.benchmarks.results import Result
from tests.benchmarks.site import Client, serving
from web.people import COOKIE

ROWS = 100_000
ROOT = Path(__file__).parents[2]
HEADER = (
    "ID", "Completion time", "Email", "Name", "Department", "What training do you need?", "Describe the problem",
    "How many people?", "Needed by", "Notes",
)  # fmt: skip
WORDS = (  # noqa: SIM905 - words are read as words
    "quotes customers four days new people learn machine safety report budget training team service offers meeting"
    " angry call workshop guide first line manager data sheet sales process change audit"
).split()


def take_files() -> list[Result]:
    """100,000 rows of ten columns, as CSV and as XLSX: from the upload to the last row written."""
    return [*_one("csv", as_csv()), *_one("xlsx", as_xlsx())]


def rows(count: int = ROWS) -> Iterator[list[str]]:
    """The same each time; 5,000 people of 40 units asked."""
    chance = Random(data.SEED)
    first = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(count):
        at = first + timedelta(minutes=4 * number)
        yield [
            str(number + 1), f"{at:%Y-%m-%d %H:%M:%S}", f"person{number % 5000}@bench.example", f"Person {number % 5000}",
            f"Unit {number % 40}", f"{' '.join(chance.choices(WORDS, k=6))} {number}", " ".join(chance.choices(WORDS, k=40)),
            f"{chance.randint(2, 40)}-{chance.randint(41, 90)}", "2027-02-01", " ".join(chance.choices(WORDS, k=12)),
        ]  # fmt: skip


def as_csv() -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([HEADER, *rows()])
    return text.getvalue().encode()


def as_xlsx() -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for place, row in enumerate([HEADER, *rows()]):
            sheet.write_row(place, 0, row)
    return file.getvalue()


def _one(kind: str, content: bytes) -> list[Result]:
    with data.installation() as (folder, database), serving(folder, "web") as site:
        site.wait("/healthz")
        client = Client(site.port, Cookie=f"{COOKIE}={data.visit(database)}")
        begun = perf_counter()
        _ask(client, "POST", "/settings/imports", _form(f"needs.{kind}", content))
        uploaded = perf_counter() - begun
        _ask(client, "GET", "/settings/imports/1")
        looked = perf_counter() - begun - uploaded
        _ask(client, "POST", "/settings/imports/1", _form(do="take"))
        wanted = perf_counter() - begun - uploaded - looked
        client.close()
        web = _peak_megabytes(site.process.pid)
        seconds, cpu, peak = _taken(folder)
        whole = perf_counter() - begun
        done = _done(database)
    size = f"{len(content) / 1e6:.0f} MB"
    steps = f"uploaded {uploaded:.1f}, looked at {looked:.1f}, wanted {wanted:.1f}, taken {seconds:.1f} s; {done:,} requests"
    aim = "< 60 s, < 500 MB"
    return [
        Result(f"import: {kind}, {size}", whole, unit="s", aim=aim, note=steps),
        Result(f"import: {kind}, the taking", seconds, unit="s", aim=aim, note=f"{cpu:.1f} s computing, {peak:.0f} MB at most"),
        Result(f"import: {kind}, the web", web, unit="MB", aim="< 500 MB", note="at most, from start to end"),
    ]  # fmt: skip


def _taken(folder: Path) -> tuple[float, float, float]:
    """Seconds, processor seconds and megabytes at most of the process that takes the file, as the worker starts it."""
    environment = {**os.environ, "OUTSIZE_DATA": str(folder), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", "-m", "flows.taking", "1"]
    begun = perf_counter()
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, cwd=folder) as child:
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise RuntimeError(f"The taking ended with {child.returncode}.")
    return perf_counter() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def _done(database: Database) -> int:
    with database.reading() as session:
        taken = session.get_one(Import, 1)
        count = session.scalar(select(func.count()).select_from(LearningRequest)) or 0
    if taken.rows_done != ROWS or count != ROWS:
        raise RuntimeError(f"{taken.rows_done} rows of {ROWS} are through, {count} requests are here.")
    return count


def _peak_megabytes(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def _ask(client: Client, method: str, path: str, form: tuple[bytes, str] | None = None) -> None:
    status, body = client.send(method, path, *form) if form else client.ask(method, path)
    if status not in {200, 303}:
        raise RuntimeError(f"{method} {path} answered {status}: {body[:300]!r}")


def _form(name: str = "", content: bytes = b"", **fields: str) -> tuple[bytes, str]:
    """A form with a file as browsers send it, and its content type."""
    mark = "a-line-between-parts"
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    ]
    if name:
        head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        parts.append(head.encode() + content + b"\r\n")
    return b"".join([*parts, f"--{mark}--\r\n".encode()]), f"multipart/form-data; boundary={mark}"
