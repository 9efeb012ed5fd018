"""`outsize import`, `export`, `backup` and `restore` from the command line's side."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from cli import data
from portfolio import database as databases
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import LearningRequest, Person
from portfolio.settings import Settings
from tests.conftest import Cast
from tests.factory import a_request
from tests.imports.files import NEEDS
from tests.imports.test_taking import WISHES


class Said(list[str]):
    """What a command printed."""

    def __call__(self, words: str) -> None:
        self.append(words)

    def __contains__(self, words: object) -> bool:
        return str(words) in "\n".join(self)


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    written = tmp_path / "needs.csv"
    written.write_text(NEEDS, encoding="utf-8")
    return written


def here(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(LearningRequest)) or 0


def test_a_look_prints_the_account_and_changes_nothing(
    configured: Settings, database: Database, cast: Cast, file: Path, said: Said
) -> None:
    assert data.import_file(configured, file, requester="mara@fernweh.example", echo=said) == 0
    assert [
        line for line in said if "Question" in line or "rows =" in line or "Line" in line or "want" in line
    ] == [
        (
            "  Question: Do “Very needed” and “Highly needed” mean the same? No question offers both, and the scales they"
            " stand in are otherwise the same. (now: apart)"
        ),
        "     6 of   10 want Pivot tables",
        "     5 of    9 want Hiring talks",
        "  Line 7 refused: The row grades none of the topics and says no wish.",
        "11 rows = 2 created + 8 merged + 0 updated + 0 already here + 1 refused",
    ]
    assert said[-1] == "Nothing was changed. With --take it is taken in."
    assert here(database) == 0


def test_a_mapping_is_saved_edited_and_used(
    configured: Settings, database: Database, cast: Cast, file: Path, said: Said, tmp_path: Path
) -> None:
    mapping, refused = tmp_path / "mapping.json", tmp_path / "refused.csv"
    data.import_file(configured, file, save_mapping=mapping, requester="mara@fernweh.example", echo=said)
    body = json.loads(mapping.read_text(encoding="utf-8"))
    next(grade for grade in body["scale"] if grade["word"] == "Very needed")["same_as"] = "Highly needed"
    mapping.write_text(json.dumps(body), encoding="utf-8")
    code = data.import_file(
        configured, file, mapping_file=mapping, refused_file=refused, dry_run=False, echo=said
    )
    assert (code, here(database)) == (0, 4)
    assert refused.read_text(encoding="utf-8-sig").splitlines()[1].startswith("7,The row grades none")
    with database.reading() as session:
        need = session.scalars(select(LearningRequest).where(LearningRequest.title == "Pivot tables")).one()
        assert need.said("demand") == {
            "Not needed": 2, "Slightly needed": 2, "Highly needed": 4, "Absolutely essential": 2,
        }  # fmt: skip


def test_a_long_file_is_taken_by_the_thousand_and_told_how_far(
    configured: Settings, database: Database, cast: Cast, tmp_path: Path, said: Said
) -> None:
    file = tmp_path / "wishes 2026-11-20.csv"
    rows = [f"{number},Need {number},Slow,kim@fernweh.example\n" for number in range(5000)]
    file.write_text("ID,Title,Problem,E-mail\n" + "".join(rows[:3000]))
    assert data.import_file(configured, file, dry_run=False, echo=said) == 0
    assert [line for line in said if line.endswith(" rows")] == [
        "1,000 of 3,000 rows", "2,000 of 3,000 rows", "3,000 of 3,000 rows",
    ]  # fmt: skip
    assert "3000 rows = 3000 created" in said
    grown = tmp_path / "wishes 2026-11-21 (1).csv"
    grown.write_text(
        "E-mail,ID,Title,Problem\n"
        + "".join("kim@fernweh.example," + row.rsplit(",", 1)[0] + "\n" for row in rows)
    )
    assert (
        data.import_file(configured, grown, dry_run=False, requester="mara@fernweh.example", echo=said) == 0
    )
    assert "5000 rows = 2000 created + 0 merged + 0 updated + 3000 already here" in said
    assert here(database) == 5000


def test_without_anybody_who_asks_the_rows_are_refused_with_what_to_do(
    configured: Settings, database: Database, cast: Cast, tmp_path: Path, said: Said
) -> None:
    file = tmp_path / "wishes.csv"
    file.write_text("Title\nQuotes\n")
    assert data.import_file(configured, file, dry_run=False, echo=said) == 1
    assert "Line 2 refused: There is no e-mail address of who asked." in said


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        (None, {}, "can't be read: No such file"),
        ("", {}, "The file is empty"),
        ("Title\nQ\n", {"kind": "nonsense"}, "There is no kind “nonsense”"),
        ("Title\nQ\n", {"requester": "mara"}, "doesn't look like an e-mail address"),
        ("Title\nQ\n", {"mapping_file": "missing.json"}, "missing.json: No such file"),
        ("Title\nQ\n", {"mapping_file": "broken.json"}, "can't be used"),
        ("Title\nQ\n", {"save_mapping": "no/such/folder.json"}, "No such file or directory"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(
    configured: Settings,
    database: Database,
    tmp_path: Path,
    said: Said,
    content: str | None,
    options: dict[str, str],
    words: str,
) -> None:
    file = tmp_path / "wishes.csv"
    if content is not None:
        file.write_text(content)
    (tmp_path / "broken.json").write_text("{")
    given = {
        key: tmp_path / value if key in {"mapping_file", "save_mapping"} else value
        for key, value in options.items()
    }
    assert data.import_file(configured, file, echo=said, **given) == 1  # type: ignore[arg-type] # one option at a time
    assert words in said


def test_everything_goes_out_and_into_a_new_installation(
    configured: Settings, database: Database, cast: Cast, links: Links, tmp_path: Path, said: Said
) -> None:
    with database.writing() as session:
        a_request(session, links=links)
    out = tmp_path / "all.zip"
    assert data.export(configured, out, echo=said) == 0
    assert oct(out.stat().st_mode & 0o777) == "0o600"
    assert data.import_file(configured, out, dry_run=False, echo=said) == 1
    assert "This installation isn't empty" in said
    fresh = configured.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'fresh.db'}"})
    assert data.import_file(fresh, out, echo=said) == 0
    assert "With --take it is taken into this installation" in said
    assert data.import_file(fresh, out, dry_run=False, echo=said) == 0
    assert said[-1].startswith("http://testserver/sign-in/")
    opened = databases.connect(fresh.database_url)
    assert here(opened) == 1
    with opened.reading() as session:
        assert session.scalars(select(Person.name).where(Person.roles.contains("manager"))).all() == [
            "Mara Manager"
        ]
    opened.dispose()
    assert data.export(configured, tmp_path / "no" / "folder.zip", echo=said) == 1


def test_a_backup_is_made_and_restored(
    configured: Settings, database: Database, cast: Cast, tmp_path: Path, said: Said, now: datetime
) -> None:
    (tmp_path / "wishes.csv").write_text(WISHES)
    assert data.backup(configured, echo=said) == 0
    backup = Path(said[-1].removeprefix("The backup is "))
    data.import_file(configured, tmp_path / "wishes.csv", dry_run=False, echo=said)
    assert here(database) == 2
    database.dispose()
    assert data.restore(configured, backup, echo=said) == 0
    assert here(database) == 0
    assert data.restore(configured, tmp_path / "wishes.csv", echo=said) == 1
    assert "is not a backup of Outsize" in said
