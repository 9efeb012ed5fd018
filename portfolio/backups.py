"""Backups: one file a day that `restore` takes back."""

import fcntl
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import make_url

from portfolio.settings import Settings


class BackupFailed(RuntimeError):
    """The backup could not be made or read; the message says why and what was left as it was."""


def back_up(settings: Settings, *, now: datetime) -> Path:
    """Write a complete copy of the database to <data>/backups and drop the oldest beyond `backups_kept`.

    SQLite is copied page by page while people go on working; PostgreSQL by pg_dump, which must be installed. The file
    appears under its name only when whole.
    """
    folder = settings.data / "backups"
    folder.mkdir(exist_ok=True)
    sqlite = settings.database_url.startswith("sqlite")
    file = folder / f"outsize-{now:%Y%m%d-%H%M%S}.{'db' if sqlite else 'pgdump'}"
    part = file.with_suffix(file.suffix + ".part")
    try:
        if sqlite:
            _copy_sqlite(_sqlite_file(settings), part)
        else:
            _run(["pg_dump", "--format=custom", f"--file={part}"], settings)
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)
    for old in sorted(folder.glob("outsize-*.*"))[: -settings.backups_kept]:
        old.unlink()
    return file


def restore(settings: Settings, backup: Path, *, now: datetime) -> Path | None:
    """Put a backup back. What was there before is kept beside it, and its path returned. Stop the product first."""
    if not backup.is_file():
        raise BackupFailed(f"There is no file {backup}. Nothing was changed.")
    _check_stopped(settings)
    if backup.suffix == ".pgdump":
        name = make_url(settings.database_url).database
        _run(["pg_restore", "--clean", "--if-exists", f"--dbname={name}", str(backup)], settings)
        return None
    _check_sqlite(backup)
    current = _sqlite_file(settings)
    kept = None
    if current.exists():
        kept = current.with_name(f"{current.name}.before-restore-{now:%Y%m%d-%H%M%S}")
        _copy_sqlite(current, kept)
    for stale in (current, Path(f"{current}-wal"), Path(f"{current}-shm")):
        stale.unlink(missing_ok=True)
    shutil.copyfile(backup, current)
    return kept


def _sqlite_file(settings: Settings) -> Path:
    return Path(settings.database_url.removeprefix("sqlite:///"))


def _copy_sqlite(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _check_sqlite(backup: Path) -> None:
    try:
        with closing(sqlite3.connect(f"file:{backup}?mode=ro", uri=True)) as opened:
            found = opened.execute("PRAGMA integrity_check").fetchone()[0]
            opened.execute("SELECT count(*) FROM learning_requests")
    except sqlite3.DatabaseError as problem:
        raise BackupFailed(
            f"{backup} is not a backup of Outsize ({problem}). Nothing was changed."
        ) from problem
    if found != "ok":
        raise BackupFailed(f"{backup} is damaged ({found}). Nothing was changed.")


def _check_stopped(settings: Settings) -> None:
    """Refuse while `outsize serve` holds the folder."""
    lock = settings.data / "serve.lock"
    if not lock.exists():
        return
    with lock.open() as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            raise BackupFailed(
                "Outsize is running on this folder. Stop it first. Nothing was changed."
            ) from problem


def _run(command: list[str], settings: Settings) -> None:
    """Run one of PostgreSQL's programs. Where to connect goes by the environment, so no password shows in a process list."""
    place = make_url(settings.database_url)
    where = {
        "PGHOST": place.host or str(place.query.get("host", "")),
        "PGPORT": str(place.port or ""),
        "PGUSER": place.username or "",
        "PGPASSWORD": str(place.password or ""),
        "PGDATABASE": place.database or "",
    }
    environment = {**os.environ, **{name: value for name, value in where.items() if value}}
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    except FileNotFoundError as problem:
        raise BackupFailed(
            f"{command[0]} is not installed; it comes with PostgreSQL's client tools."
        ) from problem
    except subprocess.CalledProcessError as problem:
        raise BackupFailed(f"{command[0]} failed: {problem.stderr.strip()}") from problem
