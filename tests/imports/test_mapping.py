"""What a file's headers and cells propose, and what only a person can say."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from portfolio.importing import scales
from portfolio.importing.dates import moment, month_comes_first
from portfolio.importing.mapping import BadMapping, Grade, Mapping, parsed
from portfolio.importing.profiles import profiles
from portfolio.importing.proposal import propose, source_name
from portfolio.sheets import Sheet, opened, sheet
from tests.imports.files import NEEDS

BERLIN = ZoneInfo("Europe/Berlin")


def a_sheet(text: str) -> Sheet:
    return sheet(opened(text.encode()))


def columns_of(mapping: Mapping) -> dict[str, str]:
    return {key: given.column for key, given in mapping.fields.items() if given.column}


# Header shapes from public repositories; the rows are invented.
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            ("Id,Start time,Completion time,Email,Name,What training do you need?,Describe the problem,Your department\n"
            "1,3/1/2026 9:00,3/1/2026 9:02,kim@a.example,Kim,Quotes,Too slow,Sales\n"
            "2,3/1/2026 9:00,3/13/2026 9:02,lee@a.example,Lee,Offers,Too late,Sales\n"),
            {
                "id": "Id", "submitted": "Completion time", "requester.email": "Email", "requester.name": "Name",
                "title": "What training do you need?", "problem": "Describe the problem",
                "requester.unit": "Your department",
            },
        ),
        (
            ("Timestamp,Email Address,Training topic,How many people need it?,Deadline\n"
            "2026/09/27 3:00:00 PM GMT+3,kim@a.example,Quotes,12,2027-01-01\n"),
            {
                "submitted": "Timestamp", "requester.email": "Email Address", "title": "Training topic",
                "audience.count": "How many people need it?", "deadline.on": "Deadline",
            },
        ),
        (
            ("Summary,Issue key,Issue id,Issue Type,Status,Reporter,Creator,Created,Due date,Description,Watchers,Watchers\n"
            "Quotes,LD-1,1001,Task,Open,Kim,Kim,30/Oct/26 5:00 PM,30/Nov/26 5:00 PM,Too slow,a,b\n"
            "Offers,LD-2,1002,Task,Open,Lee,Lee,30/Oct/26 5:00 PM,30/Nov/26 5:00 PM,Too late,a,b\n"),
            {
                "title": "Summary", "id": "Issue key", "requester.name": "Reporter", "submitted": "Created",
                "deadline.on": "Due date", "problem": "Description",
            },
        ),
        (
            ("ID,Start time,Completion time,Email,Name,Last modified time,Email2,Training topic,What\u00a0problem\ndoes it solve? \n"
            "1,10/9/26 8:00:00,10/9/26 8:04:11,anonymous,Anonymous,,kim@a.example,Quotes,Too slow\n"
            "2,10/13/26 8:00:00,10/13/26 8:04:11,anonymous,,,lee@a.example,Offers,Too late\n"
            ).replace("What\u00a0problem\ndoes it solve? ", '"What\u00a0problem\ndoes it solve? "'),
            {
                "id": "ID", "submitted": "Completion time", "requester.email": "Email2", "title": "Training topic",
                "problem": "What problem does it solve?", "requester.name": "Name",
            },
        ),
        (
            ("ID,Start time,Completion time,Email,Name,Total points,Quiz feedback,Last modified time,Topic,Points - Topic\n"
            "1,10/13/26 8:00:00,10/13/26 8:04:11,kim@a.example,Kim,1,,,Quotes,1\n"),
            {
                "id": "ID", "submitted": "Completion time", "requester.email": "Email", "requester.name": "Name",
                "title": "Topic",
            },
        ),
        (
            ("Timestamp,Email address,Score,Topic,How many people?,Email Address2\n"
            "2026/09/27 3:00:00 PM GMT+3,kim@a.example,4 / 5,Quotes,12,boss@a.example\n"),
            {
                "submitted": "Timestamp", "requester.email": "Email address", "title": "Topic",
                "audience.count": "How many people?",
            },
        ),
        (
            ("Resumen,Clave de incidencia,ID de la incidencia,Tipo de Incidencia,Estado,Informador,Creada,Fecha de vencimiento,Descripción\n"
            "Ofertas,LD-1,1001,Tarea,Abierta,Kim,30/oct/26 5:00 PM,30/nov/26,Tardan\n"
            "Quejas,LD-2,1002,Tarea,Abierta,Lee,30/ago/26 17:00,,Muchas\n"),
            {
                "title": "Resumen", "id": "Clave de incidencia", "requester.name": "Informador", "submitted": "Creada",
                "deadline.on": "Fecha de vencimiento", "problem": "Descripción",
            },
        ),
        (
            ("Title,Audience,,Measure,,,Deadline\n,Who,How many,Name,Today,Target,\n"
            "Quotes,Sales,40,Days,4,1,2027-02-01\nOffers,Service,12,Days,9,2,2027-03-01\n"),
            {
                "title": "Title", "audience.who": "Audience | Who", "audience.count": "Audience | How many",
                "measure.name": "Measure | Name", "measure.today": "Measure | Today", "measure.wanted": "Measure | Target",
                "deadline.on": "Deadline",
            },
        ),
    ],
    ids=[
        "ms_forms", "google_forms", "jira", "ms_forms_anonymous", "ms_forms_quiz", "google_forms_two_addresses",
        "jira_spanish", "two_header_rows",
    ],
)  # fmt: skip
def test_the_headers_of_common_exports_find_their_fields(text: str, expected: dict[str, str]) -> None:
    assert columns_of(propose(a_sheet(text), "export.csv")) == expected


def test_without_a_title_or_problem_column_the_most_telling_text_and_the_rest_stand_in() -> None:
    mapping = propose(
        a_sheet("Country,Wanted skills\nCH,Pivot tables\nDE,Hiring talks\n"),
        "x.csv",
        requester="kim@a.example",
    )
    assert (columns_of(mapping), mapping.rest_into_problem) == ({"title": "Wanted skills"}, True)
    assert mapping.given("requester.email").fixed == "kim@a.example"


def test_an_id_column_whose_values_repeat_is_not_taken_for_one() -> None:
    rows = "".join(f"{number % 3},Need {number}\n" for number in range(30))
    assert columns_of(propose(a_sheet(f"Id,Title\n{rows}"), "x.csv")) == {"title": "Title"}


@pytest.mark.parametrize(
    ("name", "known_as"),
    [
        ("survey 2026 (1).xlsx", "survey 2026"), ("C:\\Users\\kim\\wishes - Copy.csv", "wishes"),
        ("Training needs(1-25).xlsx", "Training needs"), ("Wishes 2026-09-27.csv", "Wishes"),
        ("wishes_20260927 (2).csv", "wishes"), ("Jira 2026-10-30T17_00_01+0100.csv", "Jira"),
        ("Wishes 27.09.2026 - Kopie.xlsx", "Wishes"), ("2026-09-27.csv", "2026-09-27"), ("team 7.csv", "team 7"),
        ("../../etc/passwd", "passwd"), (".csv", "import"), ("x" * 500 + ".csv", "x" * 120),
    ],
)  # fmt: skip
def test_a_file_is_known_by_its_name_however_often_it_is_downloaded(name: str, known_as: str) -> None:
    assert source_name(name) == known_as


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-09-08 14:03:21", datetime(2026, 9, 8, 14, 3, 21, tzinfo=BERLIN)),
        ("2026-03-18T09:39:49Z", datetime(2026, 3, 18, 9, 39, 49, tzinfo=UTC)),
        ("2026/09/20 10:00:00 AM", datetime(2026, 9, 20, 10, 0, tzinfo=BERLIN)),
        ("2026/09/27 3:00:00 PM GMT+3", datetime(2026, 9, 27, 15, 0, tzinfo=timezone(timedelta(hours=3)))),
        ("5/10/2026 09:15:00", datetime(2026, 10, 5, 9, 15, tzinfo=BERLIN)),
        ("6/21/2025 16:14", datetime(2025, 6, 21, 16, 14, tzinfo=BERLIN)),
        ("30/Oct/26 5:00 PM", datetime(2026, 10, 30, 17, 0, tzinfo=BERLIN)),
        ("6/21/2025 16:14:09", datetime(2025, 6, 21, 16, 14, 9, tzinfo=BERLIN)),
        ("30/ago/26 5:00 p. m.", datetime(2026, 8, 30, 17, 0, tzinfo=BERLIN)),
        ("30/juil./26 17:00", datetime(2026, 7, 30, 17, 0, tzinfo=BERLIN)),
        ("2026/09/27 午後 3:00:00 GMT+9", datetime(2026, 9, 27, 15, 0, tzinfo=timezone(timedelta(hours=9)))),
        ("46099.404166666667", datetime(2026, 3, 18, 9, 42, tzinfo=BERLIN)),
        ("46099", datetime(2026, 3, 18, tzinfo=BERLIN)),
        ("460", None),
        ("30/Jul/18 23:33", datetime(2018, 7, 30, 23, 33, tzinfo=BERLIN)),
        ("18.03.2026", datetime(2026, 3, 18, tzinfo=BERLIN)),
        ("12/1/2026 12:05 AM", datetime(2026, 1, 12, 0, 5, tzinfo=BERLIN)),
        ("yesterday", None),
        ("99/99/2026", None),
        ("2026-02-30", None),
        ("", None),
    ],
)
def test_times_are_read_as_exports_write_them(text: str, expected: datetime | None) -> None:
    assert moment(text, month_first=False, zone=BERLIN) == expected


def test_a_day_counted_from_1904_is_the_same_day() -> None:
    counted = moment("44637.404166666667", month_first=False, zone=BERLIN, from_1904=True)
    assert counted == datetime(2026, 3, 18, 9, 42, tzinfo=BERLIN)


def test_the_order_of_day_and_month_is_taken_from_dates_that_tell() -> None:
    assert moment("5/10/2026", month_first=True, zone=UTC) == datetime(2026, 5, 10, tzinfo=UTC)
    assert month_comes_first(["5/10/2026", "5/13/2026"])
    assert month_comes_first(["5/10/2026 9:00:00 AM"])
    assert not month_comes_first(["5/10/2026", "13/5/2026 9:00"])


def test_a_matrix_is_found_with_its_topics_and_scale_and_blanks_and_case_are_merged_silently() -> None:
    mapping = propose(a_sheet(NEEDS), "needs.csv")
    assert mapping.kind == "needs_survey"
    assert [topic.topic for topic in mapping.topics] == ["Pivot tables", "Hiring talks"]
    assert mapping.wishes == ["Anything else you wish for?"]
    assert [(grade.word, grade.wants) for grade in mapping.scale] == [
        ("Not needed", False), ("Slightly needed", False), ("Highly needed", True), ("Very needed", True),
        ("Absolutely essential", True),
    ]  # fmt: skip


def test_words_that_may_be_one_grade_are_asked_about() -> None:
    found = profiles(a_sheet(NEEDS))
    asked = scales.near_synonyms(scales.matrices(found), found)
    assert [(pair.one, pair.other) for pair in asked] == [("Very needed", "Highly needed")]


def test_a_misspelt_grade_is_asked_about_and_numbers_are_not() -> None:
    rows = "".join(f"{number % 5 + 1},{(number + 2) % 5 + 1}\n" for number in range(30))
    numbers = profiles(a_sheet(f"Need [Pivot],Need [Hiring]\n{rows}"))
    assert scales.near_synonyms(scales.matrices(numbers), numbers) == []
    assert [(grade.word, grade.wants) for grade in scales.scale(scales.matrices(numbers))] == [
        ("1", False), ("2", False), ("3", False), ("4", True), ("5", True),
    ]  # fmt: skip
    words = ["Moderately needed", "Moderatly needed", "Not needed", "Not needed", "Moderately needed"] * 6
    spelt = profiles(a_sheet("Need [Pivot],Need [Hiring]\n" + "".join(f"{word},{word}\n" for word in words)))
    assert [(pair.one, pair.other) for pair in scales.near_synonyms(scales.matrices(spelt), spelt)] == [
        ("Moderately needed", "Moderatly needed")
    ]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "source_name: Field required"),
        ([], "mapping: "),
        ({"source_name": "x", "fields": {"nonsense": {"column": "A"}}}, "there is no field “nonsense”"),
        ({"source_name": "x", "scale": [{"word": "a", "same_as": "b"}]}, "can't mean the same"),
        ({"source_name": "x", "typo": 1}, "typo: Extra inputs"),
    ],
)
def test_a_bad_mapping_is_refused_in_words(body: object, words: str) -> None:
    with pytest.raises(BadMapping, match=words):
        parsed(body)


def test_a_grade_that_means_another_is_counted_there() -> None:
    mapping = Mapping(
        source_name="x",
        scale=[Grade(word="Very", wants=True, same_as="High"), Grade(word="High", wants=True)],
    )
    assert (mapping.means("very"), mapping.means("HIGH"), mapping.means("other")) == ("High", "High", "other")
    assert mapping.wanted() == ["High"]
