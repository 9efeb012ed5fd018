"""The `outsize` command."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from portfolio import settings as all_settings
from portfolio.settings import BadSettings, Settings
from portfolio.states import Role

IMPORT_HELP = """Take a CSV, XLSX or ODS file in as learning requests, or an export of Outsize into an empty installation.

Without --take it says what would happen, row by row, and changes nothing.

Examples:

  outsize import wishes.csv

  outsize import survey.xlsx --requester kim@example.org --take      who asks where the file names nobody

  outsize import survey.xlsx --save-mapping survey.json              then edit survey.json, and:

  outsize import survey.xlsx --mapping survey.json --refused refused.csv --take

  outsize import outsize-2026-11-20.zip --data new-folder --take     an export, into a new installation
"""

app = typer.Typer(
    name="outsize",
    help="Learning requests from the ask to the proof. Every command takes --data DIR or OUTSIZE_DATA.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
token_app = typer.Typer(
    help="Tokens for programs that use the API.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(token_app, name="token")

Data = Annotated[
    Path | None,
    typer.Option("--data", help="Folder with everything that is kept. Default: OUTSIZE_DATA, else ./data."),
]
Host = Annotated[str | None, typer.Option("--host", help="Address to listen on. Default: 127.0.0.1.")]
Port = Annotated[int | None, typer.Option("--port", help="Port to listen on. Default: 8000.")]


@app.command()
def serve(
    host: Host = None,
    port: Port = None,
    data: Data = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Fill an empty data folder with a believable year.")
    ] = False,
    reload: Annotated[bool, typer.Option("--reload", help="Start again when the code changes.")] = False,
) -> None:
    """Run the whole product: web, Prefect server and worker.

    Examples: outsize serve · outsize serve --port 9000 --data /srv/outsize · outsize serve --demo --data demo
    """
    from cli import serve as supervisor

    raise typer.Exit(supervisor.run(_settings(data, host, port), demo=demo, reload=reload))


@app.command()
def web(host: Host = None, port: Port = None, data: Data = None) -> None:
    """Run only the web server, for installations spread over several machines.

    Example: OUTSIZE_DATABASE_URL=postgresql://... outsize web --host 0.0.0.0
    """
    from cli import serve as supervisor

    raise typer.Exit(supervisor.run_web(_settings(data, host, port)))


@app.command()
def worker(data: Data = None) -> None:
    """Run only the worker; PREFECT_API_URL says which Prefect server it works for.

    Example: PREFECT_API_URL=http://prefect.internal:4200/api outsize worker
    """
    from cli import worker as clock

    raise typer.Exit(clock.run(_settings(data)))


@app.command()
def migrate(data: Data = None) -> None:
    """Bring the database up to this version. `serve` does it by itself.

    Example: outsize migrate --data /srv/outsize
    """
    from portfolio import database as databases

    databases.migrate(_settings(data).database_url)
    typer.echo("The database is up to date.")


@app.command()
def demo(data: Data = None) -> None:
    """Fill an empty installation with a believable year of an invented company.

    Example: outsize demo --data demo
    """
    from portfolio import database as databases
    from portfolio import demo as demos
    from portfolio.links import Links

    settings = _settings(data)
    databases.migrate(settings.database_url)
    opened = databases.connect(settings.database_url)
    demos.fill(opened, now=datetime.now(UTC), links=Links.of(settings))
    opened.dispose()
    typer.echo("The demo year is in.")


@token_app.command("create")
def create_token(
    role: Annotated[Role, typer.Option("--role", help="What the token may do.")],
    name: Annotated[str, typer.Option("--name", help="What it is for.")],
    read_only: Annotated[bool, typer.Option("--read-only", help="Only reading.")] = False,
    data: Data = None,
) -> None:
    """Make a bearer token; it stands alone on the last line and is shown only now.

    Example: outsize token create --role manager --name bench
    """
    from portfolio import database as databases
    from portfolio import tokens

    settings = _settings(data)
    databases.migrate(settings.database_url)
    opened = databases.connect(settings.database_url)
    with opened.writing() as session:
        token = tokens.create(
            session, name=name, role=role, at=datetime.now(UTC), scopes="read" if read_only else "read write"
        )
    opened.dispose()
    typer.echo(token)


@app.command("import", help=IMPORT_HELP)
def import_(
    file: Annotated[Path, typer.Argument(help="A CSV, XLSX or ODS file, or a zip made by `outsize export`.")],
    kind: Annotated[
        str | None, typer.Option("--kind", help="requests or needs_survey; found out where left open.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option("--mapping", help="JSON file saying which column is what.")
    ] = None,
    save_mapping: Annotated[
        Path | None, typer.Option("--save-mapping", help="Write the mapping used here, to edit.")
    ] = None,
    refused: Annotated[
        Path | None, typer.Option("--refused", help="Write the refused rows with reasons here, as CSV.")
    ] = None,
    requester: Annotated[
        str | None, typer.Option("--requester", help="E-mail where the file names nobody.")
    ] = None,
    take: Annotated[
        bool, typer.Option("--take", help="Really take it; without, only say what would happen.")
    ] = False,
    data: Data = None,
) -> None:
    from cli import data as files

    raise typer.Exit(
        files.import_file(
            _settings(data),
            file,
            kind=kind,
            mapping_file=mapping,
            save_mapping=save_mapping,
            refused_file=refused,
            requester=requester,
            dry_run=not take,
        )
    )


@app.command()
def export(file: Annotated[Path, typer.Argument(help="Where to write the zip.")], data: Data = None) -> None:
    """Write everything as a zip of CSV and JSON Lines that `outsize import` takes back.

    Example: outsize export everything.zip
    """
    from cli import data as files

    raise typer.Exit(files.export(_settings(data), file))


@app.command()
def backup(data: Data = None) -> None:
    """Copy the database to the backups folder, while people work.

    Example: outsize backup --data /srv/outsize
    """
    from cli import data as files

    raise typer.Exit(files.backup(_settings(data)))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file from the backups folder.")], data: Data = None
) -> None:
    """Put a backup back. Stop the product first; what was there is kept beside it.

    Example: outsize restore data/backups/outsize-20260101-030000.db
    """
    from cli import data as files

    raise typer.Exit(files.restore(_settings(data), file))


@app.command()
def report(
    kind: Annotated[str, typer.Option("--kind", help="weekly, monthly or quarterly.")] = "quarterly",
    design: Annotated[
        str | None, typer.Option("--design", help="Number or name of a report you designed.")
    ] = None,
    data: Data = None,
) -> None:
    """Build the report of the last full period now, without Prefect, and say where it is: by one of your designs as the page would,
    or without one as two pages for leadership.

    Example: outsize report --kind monthly --design "For the sponsors"
    """
    from cli import reporting

    raise typer.Exit(reporting.build(_settings(data), kind, design))


def _settings(data: Path | None, host: str | None = None, port: int | None = None) -> Settings:
    try:
        return all_settings.load(data, host=host, port=port)
    except BadSettings as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from problem
