"""Files as people have them, read as tables."""

import json
import tracemalloc
from datetime import date, datetime

import pytest

from portfolio import sheets
from portfolio.sheets import Unreadable, opened, safe_for_sheets, sheet
from tests.imports.files import an_ods, an_xlsx, shared


def read(content: bytes, name: str = "") -> tuple[list[str], list[tuple[int, list[str]]]]:
    found = sheet(opened(content), name)
    return [header.name for header in found.headers], [
        (row.line, row.cells) for row in found.rows() if not row.is_blank
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_a_csv_is_read_whatever_its_encoding_and_delimiter(encoding: str, sign: str) -> None:
    text = f'Titel{sign}Größe – m²\n"a{sign}b"{sign}ü\nzwei{sign}"x, y; z"\n'
    assert read(text.encode(encoding)) == (
        ["Titel", "Größe – m²"],
        [(2, [f"a{sign}b", "ü"]), (3, ["zwei", "x, y; z"])],
    )


def test_excels_own_word_for_the_delimiter_is_obeyed() -> None:
    assert read(b"sep=;\ntitle;note\na,b;c,d\n") == (["title", "note"], [(3, ["a,b", "c,d"])])


def test_lines_are_those_of_the_file_where_quotes_hold_line_breaks() -> None:
    content = b'title,note\r\n"one\r\ntwo\r\nthree",x\r\n\r\nlast,"y\n"\r\n'
    assert read(content) == (["title", "note"], [(2, ["one\r\ntwo\r\nthree", "x"]), (6, ["last", "y\n"])])


def test_old_mac_line_ends_are_lines() -> None:
    assert read(b"a,b\r1,2\r3,4\r") == (["a", "b"], [(2, ["1", "2"]), (3, ["3", "4"])])


def test_headers_are_tidied_and_told_apart_and_their_originals_kept() -> None:
    content = "\ufeffWhat\u00a0do you\nneed?;  ;Comment;comment;<b>Why</b>\n1;2;3;4;5\n".replace(
        "What\u00a0do you\nneed?", '"What\u00a0do you\nneed?"'
    ).encode()
    found = sheet(opened(content))
    assert [(header.original, header.name) for header in found.headers] == [
        ("What\u00a0do you\nneed?", "What do you need?"),
        ("  ", "Column 2"),
        ("Comment", "Comment"),
        ("comment", "comment (2)"),
        ("<b>Why</b>", "Why"),
    ]


def test_short_rows_are_padded_and_long_ones_keep_all_their_cells() -> None:
    _, rows = read(b"a,b,c\n1\n1,2,3\n1,2,3\n1,2,3,4\n")
    assert rows == [(2, ["1", "", ""]), (3, ["1", "2", "3"]), (4, ["1", "2", "3"]), (5, ["1", "2", "3", "4"])]


def test_a_note_above_the_table_is_not_its_header() -> None:
    content = an_xlsx(["Training wishes 2026"], [], ["Title", "Problem", "Team"], ["Quotes", "slow", "Sales"])
    assert read(content) == (["Title", "Problem", "Team"], [(4, ["Quotes", "slow", "Sales"])])


GROUPS = (
    ["Title", "Audience", None, "Measure", None, "Deadline"],
    [None, "Who", "How many", "Name", "Today", None],
    ["Quotes", "Sales", 40, "Days", 4, "2027-02-01"],
    ["Offers", "Service", 12, "Days", 9, None],
)
GROUPED = ["Title", "Audience | Who", "Audience | How many", "Measure | Name", "Measure | Today", "Deadline"]
ACROSS = ((0, 1, 0, 2, "Audience"), (0, 3, 0, 4, "Measure"))
DOWN = ((0, 0, 1, 0, "Title"), (0, 5, 1, 5, "Deadline"))


@pytest.mark.parametrize("merged", [ACROSS, ACROSS + DOWN], ids=["across", "across and down"])
@pytest.mark.parametrize("note", [(), (["Training wishes 2026"], [])], ids=["on top", "below a title"])
def test_two_header_rows_merged_over_groups_are_read_as_one(
    merged: tuple[tuple[int, int, int, int, str], ...], note: tuple[list[str], ...]
) -> None:
    moved = tuple(
        (top + len(note), left, low + len(note), right, word) for top, left, low, right, word in merged
    )
    title = ((0, 0, 0, 3, note[0][0]),) if note else ()
    found = sheet(opened(an_xlsx(*note, *GROUPS, merged=moved + title)))
    assert [header.name for header in found.headers] == GROUPED
    assert found.header_line == len(note) + 2
    assert [(row.line, row.cells[:3]) for row in found.rows()] == [
        (len(note) + 3, ["Quotes", "Sales", "40"]),
        (len(note) + 4, ["Offers", "Service", "12"]),
    ]


def test_two_header_rows_with_gaps_are_read_as_one_in_a_csv() -> None:
    text = "\n".join(",".join("" if cell is None else str(cell) for cell in row) for row in GROUPS)
    assert read(text.encode())[0] == GROUPED
    survey = b"Respondent ID,Which skills?,,Anything else?\n,Pivot,Hiring,Open-Ended Response\n1,yes,,no\n2,,yes,no\n"
    assert read(survey)[0] == [
        "Respondent ID",
        "Which skills? | Pivot",
        "Which skills? | Hiring",
        "Anything else?",
    ]


def test_a_header_row_that_is_told_takes_the_groups_above_it_along() -> None:
    source = opened(an_xlsx(*GROUPS, merged=ACROSS + DOWN))
    assert [header.name for header in sheet(source, header_line=2).headers] == GROUPED
    assert sheet(source, header_line=3).headers[0].name == "Quotes"


@pytest.mark.parametrize(
    "rows",
    [
        b"Title,,Problem\nQuotes,x,slow\nOffers,y,late\n",
        b"Title,,Problem\nQuotes,4,\nOffers,5,late\nCalls,6,none\n",
        b"Title,Problem,Team,\nQuotes,slow,,\nOffers,late,Sales,\n",
        b"Training wishes,,\nTitle,Problem,Team\nQuotes,slow,Sales\n",
    ],
)
def test_a_first_row_with_blanks_is_no_second_header(rows: bytes) -> None:
    assert not [name for name in read(rows)[0] if "|" in name]


def test_a_cell_merged_over_two_columns_of_a_plain_header_makes_no_second_header() -> None:
    content = an_xlsx(
        ["Title", "Comments", None], ["Quotes", "slow", "late"], merged=((0, 1, 0, 2, "Comments"),)
    )
    assert read(content) == (["Title", "Comments", "Column 3"], [(2, ["Quotes", "slow", "late"])])


@pytest.mark.parametrize("from_1904", [False, True])
def test_days_are_those_the_sheet_shows_whichever_year_it_counts_from(*, from_1904: bool) -> None:
    moment = datetime(2026, 3, 18, 9, 42)  # noqa: DTZ001 - a sheet knows no zones
    source = opened(an_xlsx(["When"], [moment], [date(1904, 3, 1)], date_1904=from_1904))
    assert source.from_1904 is from_1904
    assert [row.cells[0] for row in sheet(source).rows()] == ["2026-03-18 09:42:00", "1904-03-01"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark_is_known_whatever_the_script(encoding: str) -> None:
    text = "Тема;Отдел\nЖалобы;Сервис\nСметы;Продажи\n"
    assert read(text.encode(encoding)) == (
        ["Тема", "Отдел"],
        [(2, ["Жалобы", "Сервис"]), (3, ["Сметы", "Продажи"])],
    )


def test_headers_that_differ_by_case_or_blanks_alone_are_told_apart() -> None:
    assert read("Watchers,watchers , Watchers,Watchers\u00a0,watchers (2)\n1,2,3,4,5\n".encode())[0] == [
        "Watchers", "watchers (2)", "Watchers (3)", "Watchers (4)", "watchers (2) (2)",
    ]  # fmt: skip


def test_html_in_a_cell_stays_text_and_a_dash_of_windows_is_read() -> None:
    content = b"Topic,Why\n<h1>Hi</h1>,Quotes \x97 slow\n<html>,</html>\n"
    assert read(content) == (
        ["Topic", "Why"],
        [(2, ["<h1>Hi</h1>", "Quotes — slow"]), (3, ["<html>", "</html>"])],
    )


def test_a_quotation_mark_that_never_closes_is_named_with_its_line() -> None:
    with pytest.raises(Unreadable, match=r"opened in line 3 is never closed"):
        read(b'a,b\n1,2\n3,"4\n5,6\n7,8\n')


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty"),
        (b"\xef\xbb\xbf \r\n\r\n", "The file is empty"),
        (b",,,\n,,,\n", "There is nothing in this file"),
        (b"%PDF-1.7 ...", "This is a PDF"),
        (b"\r\n<!DOCTYPE html><title>Sign in</title>", "This is a web page"),
        (b'[{"title": "Quotes"}]', "This is JSON"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", "an old Excel file"),
        (b"PK\x03\x04 broken", "damaged"),
    ],
)
def test_what_is_no_table_is_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        sheet(opened(content))


def test_a_damaged_workbook_is_refused_in_words() -> None:
    whole = an_xlsx(["Title"], ["Quotes"])
    for cut in (len(whole) // 3, len(whole) - 30):
        with pytest.raises(Unreadable, match=r"damaged|can't be opened"):
            sheet(opened(whole[:cut]))


def test_one_stray_cell_far_away_is_refused_before_it_fills_the_memory() -> None:
    stray = an_xlsx(*([["Title"]] + [[]] * 200_000 + [[None] * 16_000 + ["x"]]))
    with pytest.raises(Unreadable, match=r"spans 3,200,\d{3},\d{3} cells"):
        opened(stray)
    with pytest.raises(Unreadable, match=r"spans \d+,\d+,\d+ cells"):
        opened(an_ods(["Title"], ["x"] * 50, repeat=900_000))


def test_cells_of_a_workbook_read_as_a_person_sees_them() -> None:
    content = an_xlsx(
        ["What", "Value"],
        ["whole", 40.0],
        ["part", 0.25],
        ["yes", True],
        ["text", "007"],
        ["time", datetime(2026, 3, 18, 9, 42)],  # noqa: DTZ001 - a sheet knows no zones
        ["day", date(2026, 3, 18)],
        ["nothing", None],
    )
    assert [cells[1] for _, cells in read(content)[1]] == [
        "40", "0.25", "yes", "007", "2026-03-18 09:42:00", "2026-03-18", "",
    ]  # fmt: skip


def test_a_cell_merged_over_rows_holds_for_each_of_them() -> None:
    content = an_xlsx(
        ["Team", "Title"],
        [None, "Quotes"],
        [None, "Offers"],
        ["Finance", "Closing"],
        merged=((1, 0, 2, 0, "Sales"),),
    )
    assert [cells for _, cells in read(content)[1]] == [
        ["Sales", "Quotes"], ["Sales", "Offers"], ["Finance", "Closing"],
    ]  # fmt: skip


def test_an_open_document_sheet_with_a_million_empty_rows_is_quick_to_read() -> None:
    assert read(an_ods(["Title", "Problem"], ["Quotes", "slow"])) == (
        ["Title", "Problem"],
        [(2, ["Quotes", "slow"])],
    )


def test_a_cell_of_two_megabytes_and_nul_bytes_are_read() -> None:
    _, rows = read(b"title,note\nq\x00uote," + b"x" * 2_000_000 + b"\n")
    assert [(line, cells[0], len(cells[1])) for line, cells in rows] == [(2, "quote", 2_000_000)]


def test_reading_a_csv_costs_no_memory_by_row() -> None:
    content = b"title,note\n" + b"a need,with words in it\n" * 100_000
    source = opened(content)
    tracemalloc.start()
    assert sum(1 for _ in sheet(source).rows()) == 100_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6_000_000


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_cell_we_write_is_a_formula(cell: str) -> None:
    assert safe_for_sheets(cell) == f"'{cell}"
    assert safe_for_sheets("plain = text") == "plain = text"


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        "comma_in_quotes", "empty", "empty_crlf", "escaped_quotes", "json", "location_coordinates", "newlines",
        "newlines_crlf", "quotes_and_newlines", "simple", "simple_crlf", "utf8",
    ],
)  # fmt: skip
def test_the_csv_spectrum_reads_as_its_answers_say(name: str) -> None:
    headers, rows = read(shared(f"import/csv_spectrum/csvs/{name}.csv").read_bytes())
    answer = json.loads(shared(f"import/csv_spectrum/json/{name}.json").read_text())
    found = [dict(zip(headers, cells, strict=True)) for _, cells in rows]
    if name == "location_coordinates":  # its published answer is one object, and has another phone number
        answer = [{**answer, "Contact Phone Number": "2095257564"}]
    assert found == answer


@pytest.mark.shared
def test_workbooks_with_notes_around_the_table_are_read_from_their_header() -> None:
    source = opened(shared("import/xlsx/deaths.xlsx").read_bytes())
    found = {name: sheet(source, name) for name in source.sheets}
    headers = ["Name", "Profession", "Age", "Has kids", "Date of birth", "Date of death"]
    assert {name: [header.name for header in one.headers] for name, one in found.items()} == {
        "arts": headers,
        "other": headers,
    }
    assert next(found["arts"].rows()) == sheets.Row(
        6, ["David Bowie", "musician", "69", "yes", "1947-01-08", "2016-01-10"]
    )
    mixed = sheet(opened(shared("import/xlsx/type-me.xlsx").read_bytes()), "date_coercion")
    assert [row.cells[0] for row in mixed.rows()] == [
        "", "2016-05-23", "2016-04-28 11:30:00", "yes", "cabbage", "4.3", "39448",
    ]  # fmt: skip
