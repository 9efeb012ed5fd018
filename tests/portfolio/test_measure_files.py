"""Readings from files: what columns are taken for, long and wide tables, and rows that are wrong."""

from datetime import date, datetime
from io import BytesIO

import pytest
import xlsxwriter
from sqlalchemy.orm import Session

from portfolio import measure_files, measures, participants, sheets
from portfolio.database import Database
from portfolio.imports import NotWaiting
from portfolio.links import Links
from portfolio.measure_files import Plan, propose, what_is_missing
from portfolio.models import Import, Measure
from tests.conftest import Cast
from tests.factory import a_project


def roles(table: str) -> dict[str, str]:
    """What each column is taken for; those left out are left out."""
    plan = propose(sheets.sheet(sheets.opened(table.encode())))
    return {name: role for name, role in plan.roles.items() if role}


@pytest.mark.parametrize(
    ("table", "found"),
    [
        ("Date,Score,Phase,Group\n2026-01-01,4,before,control\n", {"Date": "day", "Score": "value", "Phase": "when", "Group": "group"}),
        ("year,month,late,pop\n2002,1,728,364277.4\n2002,2,659,364277.4\n", {"year": "year", "month": "month", "late": "value", "pop": "exposure"}),
        ("Month;Tage\n2026-01;3,5\n2026-02;4\n", {"Month": "day", "Tage": "value"}),
        ("site,pre,post\nA,1,2\nB,2,3\n", {"site": "subject", "pre": "before", "post": "after"}),
        ("id,value,post\n17,1,0\n23,2,1\n", {"id": "subject", "value": "value", "post": "when"}),
        ("a,b\n1.5,2\n2.5,7\n", {}),
    ],
)  # fmt: skip
def test_columns_are_known_by_their_names_and_cells(table: str, found: dict[str, str]) -> None:
    assert roles(table) == found


def test_the_words_for_the_comparison_group_are_found_where_they_say_so() -> None:
    def words(table: str) -> tuple[str, ...]:
        return propose(sheets.sheet(sheets.opened(table.encode()))).comparison

    assert words("day,value,group\n2026-01-01,1,Control\n2026-01-01,2,trained\n") == ("Control",)
    assert words("day,value,train\n2026-01-01,1,0\n2026-01-01,2,1\n") == ("0",)
    assert words("day,value,comparison\n2026-01-01,1,0\n2026-01-01,2,1\n") == ("1",)
    assert words("day,value,group\n2026-01-01,1,A\n2026-01-01,2,B\n") == ()


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (Plan({"a": "value", "b": "value"}), "Two columns are both “The value”."),
        (Plan({"a": "day"}), "which column is the value"),
        (Plan({"a": "value"}), "No column says the day."),
        (Plan({"a": "value", "b": "when"}, before_on=date(2026, 1, 1)), "No column says the day."),
        (Plan({"a": "value", "b": "day"}), "the day people met the solution"),
        (Plan({"a": "before", "b": "after"}), "the day the values before were read"),
        (Plan({"a": "before", "b": "after"}, before_on=date(2026, 2, 1), after_on=date(2026, 1, 1)), "has to come after"),
        (Plan({"a": "value", "b": "day"}, cut_on=date(2026, 1, 1)), ""),
        (Plan({"a": "value", "b": "day", "c": "when"}), ""),
    ],
)  # fmt: skip
def test_what_a_plan_still_needs_is_told(plan: Plan, words: str) -> None:
    told = what_is_missing(plan)
    assert (words in told, bool(told)) == (True, bool(words))


def a_measure(session: Session, cast: Cast, now: datetime, **facts: object) -> Measure:
    project = a_project(session, by=cast.manager, at=now)
    return measures.add(session, name="Score", project=project, by=cast.manager, at=now, **facts)


def bring(
    session: Session, measure: Measure, content: bytes, cast: Cast, now: datetime, plan: Plan | None = None
) -> Import:
    kept = measure_files.start(session, measure, name="file", content=content, by=cast.manager, at=now)
    if plan is not None:
        measure_files.change_plan(session, kept, plan)
    return kept


def test_a_wide_workbook_makes_pairs_and_addresses_become_pseudonyms(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    file = BytesIO()
    rows = (
        ("E-mail", "Years", "Pre", "Post"),
        ("rita@fernweh.example", 4, 3.125, 4.5),
        ("new@fernweh.example", 1, 2, ""),
    )
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        for place, row in enumerate(rows):
            sheet.write_row(place, 0, row)
    plan = Plan(
        {"E-mail": "subject", "Years": "trait", "Pre": "before", "Post": "after"},
        before_on=date(2026, 9, 1), after_on=date(2026, 11, 1),
    )  # fmt: skip
    with database.writing() as session:
        one = a_measure(session, cast, now)
        kept = bring(session, one, file.getvalue(), cast, now, plan)
        measure_files.take(session, kept, one, links=links, by=cast.manager, at=now)
        session.refresh(one)
        assert one.project is not None
        rita = participants.pseudonym_of(links, one.project, session.merge(cast.requester))
        first, second, third = sorted(one.readings, key=lambda reading: reading.id)
        assert [(first.value, first.after, first.subject, first.traits), (second.value, second.after, second.subject)] == [
            (3.125, False, rita, {"Years": 4}), (4.5, True, rita),
        ]  # fmt: skip
        assert (third.value, "@" in (third.subject or "@")) == (2, False)
        again = bring(session, one, file.getvalue(), cast, now)
        looked = measure_files.look(session, again, one, links=links, now=now)
        assert (looked.difference.changed, looked.difference.unchanged, looked.can_take) == (0, 3, False)


def test_a_row_with_a_value_before_and_after_is_a_pair_without_a_name_too(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    table = "pre,post\n1,2\n5,\n,7\n3,4.5\n"
    plan = Plan({"pre": "before", "post": "after"}, before_on=date(2026, 9, 1), after_on=date(2026, 11, 1))
    with database.writing() as session:
        one = a_measure(session, cast, now)
        kept = bring(session, one, table.encode(), cast, now, plan)
        measure_files.take(session, kept, one, links=links, by=cast.manager, at=now)
        session.refresh(one)
        sides: dict[str | None, list[float]] = {}
        for reading in sorted(one.readings, key=lambda reading: reading.after):
            sides.setdefault(reading.subject, []).append(reading.value)
        assert sorted(sides.values()) == [[1, 2], [3, 4.5], [5], [7]]
        again = bring(session, one, table.encode(), cast, now, plan)
        looked = measure_files.look(session, again, one, links=links, now=now)
        assert (looked.difference.changed, looked.difference.unchanged) == (0, 6)


def test_months_with_what_they_are_counted_among_are_divided_by_a_day(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    table = "year,month,late,pop\n2026,1,7,100.5\n2026,2,8,101\n2026,3,2.5,102\n2026,13,3,102\n2027,1,3,102\n2026,4,1,102\n2026,5,NA,102\n"
    with database.writing() as session:
        one = a_measure(session, cast, now, family="count")
        plan = Plan(
            {"year": "year", "month": "month", "late": "value", "pop": "exposure"}, cut_on=date(2026, 2, 15)
        )
        kept = bring(session, one, table.encode(), cast, now, plan)
        looked = measure_files.look(session, kept, one, links=links, now=now)
        assert looked.empty == 1
        assert looked.errors == (
            (4, "A number of events is a whole number, 0 or more."),
            (5, "“2026” is no day we can read."),
            (6, "2027-01-01 is still to come."),
        )
        measure_files.take(session, kept, one, links=links, by=cast.manager, at=now)
        session.refresh(one)
        assert [(reading.read_on.month, reading.value, reading.exposure, reading.after) for reading in one.readings] == [
            (1, 7, 100.5, False), (2, 8, 101, False), (4, 1, 102, True),
        ]  # fmt: skip
        assert one.cut_on == date(2026, 2, 15)
        with pytest.raises(NotWaiting):
            measure_files.take(session, kept, one, links=links, by=cast.manager, at=now)


@pytest.mark.parametrize(
    ("table", "value"),
    [
        ("day,value\n2026-01-01,3.125\n", 3.125),
        ("day;value\n2026-01-01;3,125\n", 3.125),
        ("day;value\n2026-01-01;3,1\n", 3.1),
        ('day,value\n2026-01-01,"1,234.5"\n', 1234.5),
        ("day;value\n2026-01-01;1.234,5\n", 1234.5),
        ("day,value\n2026-01-01,12 %\n", 12),
    ],
)
def test_a_decimal_comma_is_known_by_the_file(
    database: Database, cast: Cast, links: Links, now: datetime, table: str, value: float
) -> None:
    with database.writing() as session:
        one = a_measure(session, cast, now)
        plan = Plan({"day": "day", "value": "value"}, cut_on=date(2026, 2, 1))
        kept = bring(session, one, table.encode(), cast, now, plan)
        looked = measure_files.look(session, kept, one, links=links, now=now)
        assert [given.value for given in looked.given] == [value]


def test_a_number_with_a_comma_among_others_with_points_is_what_it_says(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    table = b'day,value\n2026-01-01,11.5\n2026-01-02,"9,8"\n2026-01-03,"1,234.5"\n2026-01-04,"2,000"\n'
    with database.writing() as session:
        one = a_measure(session, cast, now)
        plan = Plan({"day": "day", "value": "value"}, cut_on=date(2026, 2, 1))
        kept = bring(session, one, table, cast, now, plan)
        looked = measure_files.look(session, kept, one, links=links, now=now)
        assert [given.value for given in looked.given] == [11.5, 9.8, 1234.5, 2000]
