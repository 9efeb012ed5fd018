"""An edition: golden figures of a small story, the same bytes each time, frozen once."""

import io
import json
import re
import shutil
import subprocess
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from cli import reporting
from portfolio import editions, learning_requests, report_designs
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import Edition, Event, Project, Survey
from portfolio.rules.report_sections import preset
from portfolio.settings import Settings
from portfolio.states import EditionStatus
from reports import edition as report
from reports.document import pdf_of
from reports.pages import pages_of
from tests.conftest import Cast
from tests.factory import a_submission
from tests.reports.story import AFTERWARDS, QUARTER, on, tell

PARTS = ("html", "pdf", "xlsx", "pptx", "mail_html")


@pytest.fixture
def told(database: Database, cast: Cast, links: Links) -> Database:
    with database.writing() as session:
        tell(session, manager=session.merge(cast.manager, load=False), links=links)
    return database


def built(
    database: Database,
    *,
    now: datetime = AFTERWARDS,
    kind: str = "quarterly",
    period: tuple[date, date] = QUARTER,
    audience: str = "",
    **about: int,
) -> Edition:
    with database.writing() as session:
        asked = editions.ask(
            session, kind=kind, period_start=period[0], period_end=period[1], by=None, at=now
        )
        if audience:
            asked.design = {
                "report": None,
                "name": "",
                "audience": audience,
                "sections": preset(audience),
                **about,
            }
        number = asked.id
    with database.writing() as session:
        report.build(session, number, now=now, flow_run_id="run-1")
    return kept(database, number)


def kept(database: Database, number: int) -> Edition:
    with database.reading() as session:
        edition = editions.find(session, number, "figures", *PARTS)
        assert edition is not None
        return edition


def figures_of(edition: Edition) -> dict[str, Any]:
    assert edition.figures is not None
    return edition.figures


def text_of(edition: Edition, tmp_path: Path) -> str:
    assert edition.pdf is not None
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    file = tmp_path / "report.pdf"
    file.write_bytes(edition.pdf)
    said = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True)
    return said.stdout


def words_of(edition: Edition, tmp_path: Path) -> str:
    return " ".join(text_of(edition, tmp_path).split())


@pytest.mark.both
def test_the_figures_of_the_story(told: Database) -> None:
    found = figures_of(built(told, audience="manager"))
    assert found["failures"] == {}
    assert found["summary"] == (
        "From 1 July to 30 September 2026, 8 requests came in and 5 were decided, half of them within 3 days; "
        "1 project finished and 1 stopped early; 1 of 1 measured result confirmed."
    )
    names = ("label", "value", "base", "change")
    assert [tuple(kpi[name] for name in names) for kpi in found["kpis"]] == [
        ("Requests received", "8", "and 2 imported", "6 more than before (2)"),
        ("Requests decided", "5", "5 of 10 (50 %) that waited", "3 more than before (2)"),
        (
            "Time to first decision",
            "3 days",
            "median of 5 decisions",
            "too few to compare (before: 2 decisions)",
        ),
        ("Projects finished", "1", "of 3 worked on, 1 stopped early", "1 more than before (0)"),
        ("Hours delivered", "12", "of 30 available in 1 iteration closed", "12 more than before (0)"),
    ]
    assert found["projects"] == {
        "started": ["Safer lifting", "First weeks"],
        "finished": ["Faster quotes"],
        "stopped": ["Safer lifting"],
        "hours_saved": 30.0,
        "hours_saved_of": 1,
        "live": 1,
    }
    assert found["verdicts"] == [
        {"verdict": "decline", "count": 3, "reasons": [["not training", 2], ["no capacity", 1]]},
        {"verdict": "accept", "count": 1, "reasons": [["no reason noted", 1]]},
        {"verdict": "answer", "count": 1, "reasons": [["no reason noted", 1]]},
    ]
    assert found["sources"] == [
        {"source": "form", "name": "", "requests": 8, "needs": 0, "decided": 5},
        {"source": "import", "name": "wishes.xlsx", "requests": 2, "needs": 0, "decided": 0},
    ]


def test_flow_gives_percentiles_with_their_count_and_says_what_it_left_out(told: Database) -> None:
    found = figures_of(built(told))
    deciding, finishing = found["deciding"], found["finishing"]
    assert {name: deciding[name] for name in ("count", "p50", "p85", "waiting", "left_out")} == {
        "count": 5, "p50": 3.0, "p85": 10.0, "waiting": 4, "left_out": [],
    }  # fmt: skip
    assert {name: finishing[name] for name in ("count", "p50", "p85", "under_way", "left_out")} == {
        "count": 5, "p50": 6.0, "p85": 20.0, "under_way": 2, "left_out": ["2 without a recorded start"],
    }  # fmt: skip
    assert finishing["weeks"][0] == "2026-07-02"
    assert finishing["pace"] == [1, 2, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]


def test_a_result_has_its_grade_its_interval_and_what_it_is_worth(told: Database) -> None:
    (found,) = figures_of(built(told))["results"]
    said = {
        name: found[name]
        for name in ("measure", "grade", "outcome", "readings", "said", "worth_said", "needed")
    }
    assert said == {
        "measure": "Days for a quote",
        "grade": "trend",
        "outcome": "confirmed",
        "readings": 6,
        "said": "From 4.07 days to 1.6 days: 2.47 lower (95 % interval −3.09 to −1.84).",
        "worth_said": "Return in the first year on EUR 3,000 of recorded costs: 229 % (between 146 % and 312 %), paid back in 3.6 months. "
        "Here 1 day counts as EUR 4,000 a year (nobody noted where that is from).",
        "needed": "a comparison group, or 8 readings before and 8 after",
    }


def test_a_small_group_of_answers_is_hidden(told: Database) -> None:
    shown, hidden = figures_of(built(told, audience="manager"))["surveys"]
    assert (shown["answered"], shown["questions"][0]["counts"]) == (
        6,
        [["Weekly", 3], ["Once", 2], ["Not yet", 1]],
    )
    assert (hidden["answered"], hidden["hidden"], hidden["questions"]) == (3, True, [])


@pytest.mark.both
def test_the_same_cut_off_gives_the_same_bytes_whatever_happens_later(
    told: Database, links: Links, cast: Cast
) -> None:
    first = built(told, now=on(10, 2), audience="manager")
    with told.writing() as session:
        learning_requests.submit(session, a_submission(title="Too late"), links=links, by=None, at=on(11, 1))
    second = built(told, now=AFTERWARDS, audience="manager")
    assert first.checksum == second.checksum == report.checksum_of(figures_of(second))
    assert [getattr(first, part) for part in PARTS] == [getattr(second, part) for part in PARTS]
    assert first.data_cut_off_at == on(9, 30, 22)


def test_a_published_edition_never_changes(told: Database, links: Links) -> None:
    first = built(told, now=on(9, 15))
    with told.writing() as session:
        report.build(session, first.id, now=AFTERWARDS, flow_run_id="run-2")
    again = kept(told, first.id)
    assert (again.checksum, again.flow_run_id, again.published_at) == (first.checksum, "run-1", on(9, 15))
    with told.reading() as session:
        assert session.query(Event).filter_by(action="edition.published", subject_id=first.id).count() == 1


def test_a_period_that_still_runs_is_compared_with_as_many_days_before(told: Database) -> None:
    found = figures_of(built(told, now=on(8, 14)))
    assert (found["is_complete"], found["covered"]["words"], found["before"]["words"]) == (
        False,
        "1 July to 14 August 2026",
        "17 May to 30 June 2026",
    )
    assert (found["compared"], found["kpis"][0]["change"]) == (
        "“Before” is 17 May to 30 June 2026.",
        "3 more than before (0)",
    )


def test_a_part_that_fails_is_said_and_the_others_stand(told: Database, tmp_path: Path) -> None:
    with told.writing() as session:
        survey = session.get_one(Survey, 1)
        survey.questions = [{"label": "A question without its key"}]
    edition = built(told, audience="manager")
    found = figures_of(edition)
    assert found["failures"] == {"surveys": "This part could not be built (KeyError)."}
    assert (edition.status, found["kpis"][0]["value"]) == (EditionStatus.PUBLISHED, "8")
    assert "Missing. This part could not be built (KeyError)." in words_of(edition, tmp_path)


def test_an_empty_house_has_a_report_that_teaches(database: Database, cast: Cast, tmp_path: Path) -> None:
    edition = built(database)
    assert figures_of(edition)["summary"] == (
        "From 1 July to 30 September 2026, nobody asked for anything and none were decided; no project ended."
    )
    said = words_of(edition, tmp_path)
    assert "No goal is set. With two or three goals" in said
    assert "Two readings of a business measure, one before and one after, are a beginning" in said


@pytest.mark.parametrize(
    ("audience", "about", "sheets"),
    [("leadership", {}, 2), ("sponsor", {"goal": 1}, 1), ("showcase", {"project": 1}, 1)],
)
def test_a_report_keeps_to_its_pages(
    told: Database, tmp_path: Path, audience: str, about: dict[str, Any], sheets: int
) -> None:
    pages = text_of(built(told, audience=audience, **about), tmp_path).split("\f")
    assert len([page for page in pages if page.strip()]) == sheets


def test_the_pdf_has_two_pages_and_its_title(told: Database, tmp_path: Path) -> None:
    edition = built(told)
    pages = text_of(edition, tmp_path).split("\f")
    assert len([page for page in pages if page.strip()]) == 2
    assert "Quarterly report, Q3 2026" in pages[0]
    assert "2 of 2" in pages[1]


def test_notes_on_how_it_was_counted_give_way_before_a_third_page_begins(
    told: Database, tmp_path: Path
) -> None:
    edition = built(told)
    assert edition.html is not None
    long = edition.html.replace("<dt>Results</dt><dd>", f"<dt>Results</dt><dd>{3000 * 'Much more. '}")
    assert long != edition.html
    edition.pdf = pdf_of(long, title="A", organisation="B", made_at=AFTERWARDS, pages=2)
    pages = text_of(edition, tmp_path).split("\f")
    assert len([page for page in pages if page.strip()]) == 2
    assert "Versions." in pages[1]


def test_the_workbook_has_numbers_as_numbers_and_days_as_days(told: Database) -> None:
    book = CalamineWorkbook.from_filelike(io.BytesIO(built(told).xlsx or b""))
    assert book.sheet_names == [
        "About", "Contents", "Key figures", "Decisions wanted", "Goals", "Measured results", "Stories",
        "Projects worked on", "Decisions and reasons", "Requests by week", "Cards finished in the period",
        "Cards finished by week", "Promises kept", "What more capacity would buy", "What needs attention",
    ]  # fmt: skip
    assert book.get_sheet_by_name("Projects worked on").to_python()[1] == [
        "Faster quotes", "workshop", 24.0, "done", date(2026, 4, 20), date(2026, 8, 20), 122.0, "", "", 3000.0,
    ]  # fmt: skip
    contents = book.get_sheet_by_name("Contents").to_python()
    assert [row[0] for row in contents[1:]] == book.sheet_names[2:]
    assert contents[1][:2] == ["Key figures", 13.0]


def test_a_text_that_looks_like_a_formula_stays_text(told: Database, links: Links, cast: Cast) -> None:
    from portfolio.tidy import csv_of

    with told.writing() as session:
        session.get_one(Project, 1).name = '=HYPERLINK("http://evil.example")'
    edition = built(told)
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(edition.xlsx or b"")).get_sheet_by_name(
        "Projects worked on"
    )
    assert sheet.to_python()[1][0] == '=HYPERLINK("http://evil.example")'
    lines = csv_of(figures_of(edition)["tables"]).decode("utf-8-sig").splitlines()
    assert lines[0] == "table,line,column,value"
    assert '''projects,1,Project,"'=HYPERLINK(""http://evil.example"")"''' in lines


def test_the_canonical_figures_are_what_the_checksum_is_of(told: Database) -> None:
    edition = built(told)
    assert json.loads(report.canonical(figures_of(edition))) == edition.figures


def test_the_contents_of_a_long_report_say_on_which_page_each_part_begins(
    told: Database, tmp_path: Path
) -> None:
    with told.reading() as session:
        asked = Edition(
            kind="quarterly", title="In full", period_start=QUARTER[0], period_end=QUARTER[1],
            asked_at=AFTERWARDS, design={"audience": "manager", "sections": preset("manager")},
        )  # fmt: skip
        pdf = asked.pdf = report.make(session, asked, now=AFTERWARDS).pdf
    pages = [" ".join(page.split()) for page in text_of(asked, tmp_path).split("\f")]
    begins = pages_of(pdf)
    assert {"kpis", "goals", "method"} <= set(begins)
    assert max(begins.values()) == len([page for page in pages if page])
    listed = pages[0].split("Contents")[1].split("Requests received")[0]
    shown = [one["key"] for one in preset("manager") if one["on"] and one["key"] != "summary"]
    assert sorted(map(int, re.findall(r"\d+", listed))) == sorted(begins[key] for key in shown)
    assert "How this was counted" in pages[begins["method"] - 1]
    assert pages_of(b"no PDF of ours") == {}


def test_the_command_builds_what_a_design_says(
    told: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with told.writing() as session:
        report_designs.begin(session, audience="manager", name="All of it", by=None, at=AFTERWARDS)
    settings = Settings(data=tmp_path, database_url=told.engine.url.render_as_string(hide_password=False))
    assert reporting.build(settings, "quarterly", "nobody's") == 2
    assert reporting.build(settings, "quarterly", "all of it") == 0
    assert reporting.build(settings, "quarterly") == 0
    said = capsys.readouterr().out
    assert "no report is called so. There are: 1 “All of it”." in said
    with told.reading() as session:
        made = session.scalars(select(Edition).order_by(Edition.id)).all()
        assert [(one.status, one.title.split(",")[0], one.report_id) for one in made] == [
            (EditionStatus.PUBLISHED, "All of it", 1),
            (EditionStatus.PUBLISHED, "Quarterly report", None),
        ]
