"""`outsize import`, `export`, `backup` and `restore`: what stands in the data, in and out."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from portfolio import archive, backups, database, imports, people, sheets
from portfolio.database import Database
from portfolio.importing.account import Account, Fate, refused_as_csv
from portfolio.importing.mapping import BadMapping, Kind, Mapping, parsed
from portfolio.importing.taking import Taking
from portfolio.links import Links
from portfolio.settings import Settings
from portfolio.submission import Requester

Echo = Callable[[str], None]


def import_file(
    settings: Settings,
    file: Path,
    *,
    kind: str | None = None,
    mapping_file: Path | None = None,
    save_mapping: Path | None = None,
    refused_file: Path | None = None,
    requester: str | None = None,
    dry_run: bool = True,
    echo: Echo = print,
) -> int:
    """Take a file in, or say what that would do. Returns the exit code: 0, or 1 where nothing can be taken."""
    try:
        content = file.read_bytes()
    except OSError as problem:
        return _failed(echo, f"{file} can't be read: {problem.strerror}.")
    database.migrate(settings.database_url)
    opened = database.connect(settings.database_url)
    try:
        with file.open("rb") as handle:
            if archive.is_archive(handle):
                return _load(opened, settings, file, dry_run=dry_run, echo=echo)
        mapping = _mapping(opened, file, content, kind, mapping_file, requester)
        if save_mapping:
            save_mapping.write_text(
                json.dumps(mapping.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"
            )
            echo(f"The mapping stands in {save_mapping}.")
        account = _run(opened, file, content, mapping, dry_run=dry_run, echo=echo)
    except (sheets.Unreadable, BadMapping) as problem:
        return _failed(echo, f"{file.name}: {problem}")
    except OSError as problem:
        return _failed(echo, f"{problem.filename}: {problem.strerror}.")
    finally:
        opened.dispose()
    _tell(account, mapping, file, dry_run=dry_run, echo=echo)
    if refused_file and account.refused:
        refused_file.write_text("".join(refused_as_csv(account.headers, account.refused)), newline="")
        echo(f"The refused rows stand in {refused_file}.")
    return 0 if account.rows > account.counts[Fate.REFUSED] else 1


def export(settings: Settings, file: Path, *, echo: Echo = print) -> int:
    """Write everything to a zip. The file appears under its name only when whole."""
    part = file.with_name(file.name + ".part")
    opened = database.connect(settings.database_url)
    try:
        with (
            os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as handle,
            opened.reading() as session,
        ):
            counts = archive.export(session, handle, at=datetime.now(UTC))
        part.rename(file)
    except OSError as problem:
        part.unlink(missing_ok=True)
        return _failed(echo, f"{file} can't be written: {problem.strerror}.")
    finally:
        opened.dispose()
    echo(f"{sum(counts.values()):,} rows of {len(counts)} tables are in {file}.")
    echo(
        "Passwords, sign-in links, visits and program keys are left out; README.txt in it says what else to copy."
    )
    return 0


def backup(settings: Settings, *, echo: Echo = print) -> int:
    """Write a backup beside the data, as the clock does daily."""
    try:
        file = backups.back_up(settings, now=datetime.now(UTC))
    except (backups.BackupFailed, OSError) as problem:
        return _failed(echo, str(problem))
    echo(f"The backup is {file}")
    return 0


def restore(settings: Settings, file: Path, *, echo: Echo = print) -> int:
    """Put a backup back and bring its tables up to date. The product must be stopped."""
    try:
        kept = backups.restore(settings, file, now=datetime.now(UTC))
    except (backups.BackupFailed, OSError) as problem:
        return _failed(echo, str(problem))
    database.migrate(settings.database_url)
    echo(f"{file.name} is back." + (f" What was there before is kept as {kept}" if kept else ""))
    return 0


def _mapping(
    opened: Database,
    file: Path,
    content: bytes,
    kind: str | None,
    mapping_file: Path | None,
    requester: str | None,
) -> Mapping:
    if requester:
        _check_address(requester)
    if mapping_file:
        try:
            mapping = parsed(json.loads(mapping_file.read_text(encoding="utf-8")))
        except ValueError as problem:
            raise BadMapping(f"{mapping_file} can't be used: {problem}") from problem
        return _asked_by(mapping, requester)
    if kind not in {None, *get_args(Kind)}:
        raise BadMapping(f"There is no kind “{kind}”. There are: {', '.join(get_args(Kind))}.")
    known: Kind | None = "needs_survey" if kind == "needs_survey" else "requests" if kind else None
    sheet = sheets.sheet(sheets.opened(content))
    with opened.reading() as session:
        mapping = imports.first_mapping(
            session, sheet, file.name, content, kind=known, requester=requester or ""
        )
    return _asked_by(mapping, requester)


def _asked_by(mapping: Mapping, requester: str | None) -> Mapping:
    """With whom to name where the file names nobody; said here it holds over what was said before."""
    if not requester:
        return mapping
    given = mapping.given("requester.email").model_copy(update={"fixed": requester})
    return mapping.model_copy(update={"fields": {**mapping.fields, "requester.email": given}})


def _check_address(requester: str) -> None:
    try:
        Requester(email=requester)
    except ValueError as problem:
        raise BadMapping(
            f"“{requester}” doesn't look like an e-mail address. Example: kim@example.org"
        ) from problem


def _run(
    opened: Database, file: Path, content: bytes, mapping: Mapping, *, dry_run: bool, echo: Echo
) -> Account:
    now = datetime.now(UTC)
    if dry_run:
        with opened.reading() as session:
            return imports.look(session, content, mapping, now=now)
    with opened.reading() as session:
        taking = imports.begin_file(session, content, mapping, by=None, at=now)
    if taking.reading.sheet.is_longer_than(imports.AT_ONCE):
        return _take_long(opened, file, content, taking, echo)
    with opened.writing() as session:
        _, account = imports.take_file(
            session, name=file.name, content=content, mapping=mapping, by=None, at=now
        )
        return account


def _take_long(opened: Database, file: Path, content: bytes, taking: Taking, echo: Echo) -> Account:
    """A thousand rows at a time, as the clock takes long files, so that people can go on working meanwhile."""
    rows = sum(1 for _ in taking.reading.rows())
    told = 0
    while (some := taking.judge_some()) is not None:
        with opened.writing() as session:
            taking.write(session, some)
        if (tenth := 10 * taking.rows_done // max(rows, 1)) > told:
            told = tenth
            echo(f"{taking.rows_done:,} of {rows:,} rows")
    with opened.writing() as session:
        imports.finish_file(session, taking, name=file.name, content=content, by=None, at=datetime.now(UTC))
    return taking.account


def _load(opened: Database, settings: Settings, file: Path, *, dry_run: bool, echo: Echo) -> int:
    if dry_run:
        echo(
            f"{file.name} is an export of Outsize. With --take it is taken into this installation, if that is empty."
        )
        return 0
    try:
        with file.open("rb") as handle, opened.writing() as session:
            counts = archive.load(session, handle)
    except (archive.NotAnArchive, archive.NotEmpty) as problem:
        return _failed(echo, f"{file.name}: {problem}")
    echo(f"{sum(counts.values()):,} rows of {len(counts)} tables are here again.")
    with opened.writing() as session:
        token = people.invite_manager(session, now=datetime.now(UTC))
    echo("Passwords and sign-in links were not in the export. The manager signs in, once, at:")
    echo(Links.of(settings).page(f"/sign-in/{token}"))
    return 0


def _tell(account: Account, mapping: Mapping, file: Path, *, dry_run: bool, echo: Echo) -> None:
    echo(
        f"{file.name}: {account.how}. Read as {mapping.kind.replace('_', ' ')}, known as “{mapping.source_name}”."
    )
    for field, given in mapping.fields.items():
        echo(
            f"  {field:18} {'column “' + given.column + '”' if given.column else ''}{' else ' if given.column and given.fixed else ''}{given.fixed}"
        )
    for question in account.questions:
        echo(f"  Question: {question.words} (now: {question.default})")
    for note in account.notes:
        echo(f"  Note: {note}")
    for need in account.needs[:10]:
        echo(f"  {need['wanted']:4} of {need['answered']:4} want {need['topic']}")
    if len(account.needs) > 10:
        echo(f"  ... and {len(account.needs) - 10} more topics")
    for row in account.refused[:20]:
        echo(f"  Line {row['line']} refused: {row['reason']}")
    if len(account.refused) > 20:
        echo(f"  ... and {len(account.refused) - 20} more refused")
    counts = " + ".join(f"{count} {fate.value.replace('_', ' ')}" for fate, count in account.counts.items())
    made = ", ".join(
        f"{count} {fate.value.replace('_', ' ')}" for fate, count in account.made.items() if count
    )
    echo(f"{account.rows} rows = {counts}")
    echo(f"Learning requests: {made or 'none'}.")
    if dry_run:
        echo("Nothing was changed. With --take it is taken in.")


def _failed(echo: Echo, words: str) -> int:
    echo(words)
    return 1
