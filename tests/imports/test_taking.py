"""From a file to learning requests: each row accounted for, all or nothing, once however often it comes."""

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portfolio import assessments, backlog, deciding, imports
from portfolio.database import Database
from portfolio.deciding import Ruling
from portfolio.importing.account import Account, Fate, refused_as_csv
from portfolio.importing.mapping import BadMapping, Given, Grade, Mapping, parsed
from portfolio.links import Links
from portfolio.models import Answer, Event, Import, LearningRequest, Person
from portfolio.sheets import Unreadable, opened, sheet
from portfolio.states import Verdict
from tests.conftest import Cast
from tests.factory import a_request
from tests.imports.files import NEEDS, an_xlsx, shared

WISHES = (
    "Id,Title,Problem,E-mail,Name,Department,How many,Deadline,Submitted\n"
    "7,Quotes,Too slow,rita@fernweh.example,Rita Requester,Sales,40-60,2027-02-01,2026-10-05 09:00\n"
    "8,Offers,,kim@fernweh.example,Kim,Service,12,before the fair,2026-10-06 10:00\n"
    "9,,,lee@fernweh.example,Lee,Service,,,\n"
    "10,Letters,Nobody answers,not an address,Lee,Service,,,\n"
    "11,Crowds,All of them,lee@fernweh.example,Lee,Service,everybody,,\n"
    "12,Time,Runs backwards,lee@fernweh.example,Lee,Service,3,,2031-01-01 10:00\n"
)


def mapped(session: Session, text: str | bytes, *, name: str = "wishes.csv", **changes: Any) -> Mapping:
    content = text.encode() if isinstance(text, str) else text
    mapping = imports.first_mapping(session, sheet(opened(content)), name, content)
    return mapping.model_copy(update=changes)


def take(database: Database, text: str | bytes, cast: Cast, now: datetime, **changes: Any) -> Account:
    content = text.encode() if isinstance(text, str) else text
    with database.writing() as session:
        mapping = mapped(session, content, **changes)
        _, account = imports.take_file(
            session,
            name="wishes.csv",
            content=content,
            mapping=mapping,
            by=session.merge(cast.manager),
            at=now,
        )
        return account


def counted(account: Account) -> dict[str, int]:
    return {fate.value: count for fate, count in account.counts.items() if count}


def asked_by(email: str = "mara@fernweh.example") -> dict[str, Given]:
    return {"requester.email": Given(fixed=email)}


@pytest.mark.both
def test_each_row_is_created_or_refused_with_its_line_and_reason(
    database: Database, cast: Cast, now: datetime
) -> None:
    account = take(database, WISHES, cast, now)
    assert counted(account) == {"created": 2, "refused": 4}
    assert [(row["line"], row["reason"]) for row in account.refused] == [
        (4, "Title: There is none. Problem or opportunity: There is none."),
        (5, "E-mail: This doesn't look like an e-mail address. Example: kim@example.org"),
        (6, "How many people: Please give the number of people as a number or a range such as 40-60."),
        (7, "Submitted: “2031-01-01 10:00” lies in the future. Is it day or month first?"),
    ]
    with database.reading() as session:
        first, second = session.scalars(select(LearningRequest).order_by(LearningRequest.id))
        assert {answer.question: answer.value for answer in first.answers} == {
            "problem": "Too slow",
            "audience": {"count": {"low": 40.0, "likely": 49.0, "high": 60.0}},
            "deadline": {"on": "2027-02-01"},
        }
        assert (first.title, first.requester_id, first.submitted_at) == (
            "Quotes", cast.requester.id, datetime(2026, 10, 5, 7, 0, tzinfo=UTC),
        )  # fmt: skip
        assert (second.requester.name, second.unit.name if second.unit else "", second.said("deadline")) == (
            "Kim", "Service", {"why": "before the fair"},
        )  # fmt: skip
        assert first.original == {
            "line": 2,
            "mark": first.original["mark"] if first.original else "",
            "cells": {
                "Id": "7", "Title": "Quotes", "Problem": "Too slow", "E-mail": "rita@fernweh.example",
                "Name": "Rita Requester", "Department": "Sales", "How many": "40-60", "Deadline": "2027-02-01",
                "Submitted": "2026-10-05 09:00",
            },
        }  # fmt: skip


@pytest.mark.both
def test_an_imported_row_is_stored_as_the_form_would_have_stored_it(
    database: Database, cast: Cast, now: datetime, links: Links
) -> None:
    text = (
        "Title,Problem,Behaviour,Audience,How many,Measure,Today,Target,By when,If nothing,Deadline,Why that date,"
        "E-mail,Name,Department\n"
        "Quotes take too long,New sales people need four days for a quote; customers leave.,"
        "Write a standard quote within a day.,New sales people,24,Days for a quote,4,1,2027-03-31,"
        "We lose about two customers a month.,2027-02-01,The trade fair,rita@fernweh.example,Rita Requester,Sales\n"
    )
    with database.writing() as session:
        a_request(session, links=links, at=now)
    take(database, text, cast, now)
    with database.reading() as session:
        by_form, by_file = session.scalars(select(LearningRequest).order_by(LearningRequest.id))
        own = {"id", "source", "source_name", "source_key", "original"}
        names = [column.key for column in LearningRequest.__table__.columns if column.key not in own]
        assert {name: getattr(by_file, name) for name in names} == {
            name: getattr(by_form, name) for name in names
        }

        def answers(one: LearningRequest) -> dict[str, Any]:
            return {a.question: (a.value, a.said_by_id, a.said_at, a.form_version) for a in one.answers}

        assert answers(by_file) == answers(by_form)
        events = [
            (event.at, event.action, event.subject_type, event.details["form_version"])
            for event in session.scalars(select(Event).where(Event.action == "learning_request.submitted"))
        ]
        assert events[0] == events[1]


@pytest.mark.both
def test_the_same_file_again_changes_nothing(database: Database, cast: Cast, now: datetime) -> None:
    take(database, WISHES, cast, now)
    assert counted(take(database, WISHES, cast, now + timedelta(days=1))) == {"already_here": 2, "refused": 4}
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LearningRequest)) == 2


@pytest.mark.both
def test_a_changed_row_brings_its_request_up_to_date(database: Database, cast: Cast, now: datetime) -> None:
    take(database, WISHES, cast, now)
    with database.writing() as session:
        session.execute(update(LearningRequest).values(score_wanted_at=None))
    later = now + timedelta(days=1)
    changed = WISHES.replace("7,Quotes,Too slow", "7,Quotes and offers,Far too slow")
    assert counted(take(database, changed, cast, later)) == {"updated": 1, "already_here": 1, "refused": 4}
    with database.reading() as session:
        first, second = session.scalars(select(LearningRequest).order_by(LearningRequest.id))
        assert (first.title, first.said("problem"), first.score_wanted_at) == (
            "Quotes and offers", "Far too slow", later,
        )  # fmt: skip
        assert second.score_wanted_at is None
    assert counted(take(database, changed, cast, later)) == {"already_here": 2, "refused": 4}


@pytest.mark.both
def test_a_closed_request_is_not_changed_by_a_file(
    database: Database, cast: Cast, now: datetime, links: Links
) -> None:
    take(database, WISHES, cast, now)
    with database.writing() as session:
        first = session.scalars(select(LearningRequest).order_by(LearningRequest.id)).first()
        assert first is not None
        ruling = Ruling(Verdict.DECLINE, words="Not this year.")
        deciding.decide(session, first, ruling, links=links, by=session.merge(cast.manager), at=now)
        number = first.id
    account = take(database, WISHES.replace("Too slow", "Far too slow"), cast, now)
    assert counted(account) == {"already_here": 1, "refused": 5}
    assert (
        account.refused[0]["reason"]
        == f"It became request {number}, which is closed, so its answers stay as they are."
    )


def test_rows_that_say_the_same_are_kept_apart_or_merged_as_the_mapping_says(
    database: Database, cast: Cast, now: datetime
) -> None:
    text = "Topic,Country\nQuotes,CH\nQuotes,CH\nOffers,DE\nQuotes,CH\n"
    fields = {"title": Given(column="Topic"), **asked_by()}
    merged = take(database, text, cast, now, fields=fields, same_rows="merge", source_name="merged")
    assert counted(merged) == {"created": 2, "merged": 2}
    numbers = [number for _, _, number in merged.as_json()["outcomes"]]
    assert numbers[0] == numbers[1] == numbers[3] != numbers[2]
    apart = {"fields": fields, "same_rows": "apart", "source_name": "apart"}
    assert counted(take(database, text, cast, now, **apart)) == {"created": 4}
    assert counted(take(database, text, cast, now, **apart)) == {"already_here": 4}
    assert counted(take(database, text + "Quotes,CH\n", cast, now, **apart)) == {
        "already_here": 4,
        "created": 1,
    }


def test_one_id_with_two_meanings_is_refused_and_with_one_merged(
    database: Database, cast: Cast, now: datetime
) -> None:
    text = "Ticket,Title,Problem\nA,Quotes,slow\nB,Offers,late\nA,Quotes,slow\nA,Quotes,fast\n"
    fields = {
        "id": Given(column="Ticket"), "title": Given(column="Title"), "problem": Given(column="Problem"), **asked_by(),
    }  # fmt: skip
    account = take(database, text, cast, now, fields=fields)
    assert counted(account) == {"created": 2, "merged": 1, "refused": 1}
    assert account.refused[0]["reason"] == "The id A stands in line 2 already, with other words."


@pytest.mark.both
def test_taking_is_all_or_nothing(database: Database, cast: Cast, now: datetime) -> None:
    rows = "".join(f"Need {number},x,kim{number}@fernweh.example\n" for number in range(2500))
    content = f"Title,Problem,E-mail\n{rows}".encode()

    def fail_at_the_end() -> None:
        with database.writing() as session:
            imports.take_file(
                session, name="x", content=content, mapping=mapped(session, content), by=None, at=now
            )
            session.execute(insert(LearningRequest).values(id=1))

    with pytest.raises(SQLAlchemyError):
        fail_at_the_end()
    with database.reading() as session:
        kept = {
            model: session.scalar(select(func.count()).select_from(model))
            for model in (LearningRequest, Answer, Import)
        }
        assert kept == {LearningRequest: 0, Answer: 0, Import: 0}


def test_a_dry_run_changes_nothing_and_says_what_taking_does(
    database: Database, cast: Cast, now: datetime
) -> None:
    content = WISHES.encode()
    with database.reading() as session:
        mapping = mapped(session, content)
        looked = imports.look(session, content, mapping, now=now)
        assert session.scalar(select(func.count()).select_from(LearningRequest)) == 0
        assert [*session.new, *session.dirty] == []
    assert [(row["line"], row["title"], row["requester"], row["count"]) for row in looked.preview] == [
        (2, "Quotes", "rita@fernweh.example", {"low": 40.0, "likely": 49.0, "high": 60.0}),
        (3, "Offers", "kim@fernweh.example", 12.0),
    ]
    taken = take(database, WISHES, cast, now)
    assert (looked.counts, looked.refused) == (taken.counts, taken.refused)


@pytest.mark.both
def test_an_import_waits_until_it_is_taken_once_or_dropped(
    database: Database, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        waiting = imports.start(session, name="wishes.csv", content=WISHES.encode(), by=cast.manager, at=now)
        other = imports.start(session, name="wishes.csv", content=WISHES.encode(), by=cast.manager, at=now)
        number, dropped = waiting.number, other.number
    with database.writing() as session:
        imports.take(session, session.get_one(Import, number), by=cast.manager, at=now)
        imports.drop(session, session.get_one(Import, dropped), by=cast.manager, at=now)
    with database.writing() as session:
        for again in (number, dropped):
            with pytest.raises(imports.NotWaiting):
                imports.take(session, session.get_one(Import, again), by=cast.manager, at=now)
        taken = session.get_one(Import, number)
        assert (taken.content, taken.taken_at, taken.account["counts"]) == (
            None, now, {"created": 2, "merged": 0, "updated": 0, "already_here": 0, "refused": 4},
        )  # fmt: skip
        assert [(one.number, one.rows) for one in imports.recent(session)] == [(dropped, None), (number, 6)]
        line = session.scalars(select(Event).where(Event.action == "import.taken")).one()
        assert (line.subject_id, line.details) == (
            number,
            {
                "kind": "requests",
                "rows": 6,
                "created": 2,
                "merged": 0,
                "updated": 0,
                "already_here": 0,
                "refused": 4,
            },
        )


def test_a_file_taken_before_under_another_name_doubles_nothing(
    database: Database, cast: Cast, now: datetime
) -> None:
    take(database, WISHES, cast, now)
    with database.writing() as session:
        again = imports.start(session, name="renamed.csv", content=WISHES.encode(), by=cast.manager, at=now)
        account = imports.take(session, again, by=cast.manager, at=now)
    assert counted(account) == {"already_here": 2, "refused": 4}


def test_another_source_with_the_same_form_gets_the_mapping_but_a_name_of_its_own(
    database: Database, cast: Cast, now: datetime
) -> None:
    """Two copies of one form both count their answers from 1."""
    take(database, WISHES, cast, now)
    other = WISHES.replace("Quotes", "Cranes").replace("Offers", "Forklifts")
    with database.writing() as session:
        theirs = imports.start(session, name="warehouse.csv", content=other.encode(), by=cast.manager, at=now)
        assert theirs.mapping["source_name"] == "warehouse"
        assert imports.read_like(session, theirs) is None
        account = imports.take(session, theirs, by=cast.manager, at=now)
    assert counted(account) == {"created": 2, "refused": 4}
    more = other + "13,Ramps,Slow,kim@fernweh.example,Kim,,,,\n"
    with database.writing() as session:
        again = imports.start(session, name="renamed.csv", content=more.encode(), by=cast.manager, at=now)
        assert again.mapping["source_name"] == "warehouse"
        account = imports.take(session, again, by=cast.manager, at=now)
    assert counted(account) == {"created": 1, "already_here": 2, "refused": 4}


def test_a_mapping_is_remembered_for_columns_in_another_sheet_and_order_and_fitted_to_the_dates(
    database: Database, cast: Cast, now: datetime
) -> None:
    notes = ["About this file", "It is made by hand"]
    table = [["Wish", "When", "Who"], ["Quotes", "5/10/2026", "kim@fernweh.example"]]
    content = an_xlsx(notes, [], *table)
    with database.writing() as session:
        first = imports.start(session, name="wishes.xlsx", content=content, by=cast.manager, at=now)
        fields = {
            "title": Given(column="Wish"),
            "submitted": Given(column="When"),
            "requester.email": Given(column="Who"),
        }
        mapping = parsed(first.mapping).model_copy(
            update={"header_line": 3, "fields": fields, "source_name": "Ours"}
        )
        imports.change_mapping(session, first, mapping)
        imports.take(session, first, by=cast.manager, at=now)
    grown = an_xlsx(notes, [], ["Who", "Wish", "When"], ["kim@fernweh.example", "Quotes", "5/10/2026"],
                    ["lee@fernweh.example", "Offers", "10/13/2026"])  # fmt: skip
    with database.writing() as session:
        again = imports.start(session, name="other.xlsx", content=grown, by=cast.manager, at=now)
        read = parsed(again.mapping)
        assert (read.source_name, read.header_line, read.fields, read.date_order) == (
            "Ours",
            3,
            fields,
            "month",
        )
        earlier = imports.read_like(session, again)
        assert earlier is not None
        assert earlier.id == first.id


def test_fixed_words_fill_what_the_file_lacks(database: Database, cast: Cast, now: datetime) -> None:
    fields = {
        "title": Given(fixed="Instructor training for {Skill}"), "audience.who": Given(column="Who", fixed="Everybody"),
        "requester.unit": Given(column="Team"), **asked_by(),
    }  # fmt: skip
    take(
        database,
        "Skill,Who,Team\nR,,Lab\nPython,Students,\n",
        cast,
        now,
        fields=fields,
        rest_into_problem=True,
    )
    with database.reading() as session:
        found = list(session.scalars(select(LearningRequest).order_by(LearningRequest.id)))
        assert [
            (one.title, one.said("audience")["who"], one.said("problem"), one.unit and one.unit.name)
            for one in found
        ] == [
            ("Instructor training for R", "Everybody", "Skill: R", "Lab"),
            ("Instructor training for Python", "Students", "Skill: Python", None),
        ]
        assert {one.requester.email for one in found} == {"mara@fernweh.example"}


def test_a_stand_in_for_anonymous_people_keeps_their_own_name_and_unit(
    database: Database, cast: Cast, now: datetime
) -> None:
    text = "Title,Email,Name,Department\nQuotes,anonymous,Anonymous,Lab\nOffers,anonymous,Kim,Lab\n"
    with database.writing() as session:
        mapping = mapped(session, text)
    fields = {**mapping.fields, "requester.email": Given(column="Email", fixed="mara@fernweh.example")}
    take(database, text, cast, now, fields=fields)
    with database.reading() as session:
        mara = session.get_one(Person, cast.manager.id)
        assert (mara.name, mara.unit) == ("Mara Manager", None)
        assert {one.unit.name for one in session.scalars(select(LearningRequest)) if one.unit} == {"Lab"}


def test_long_titles_are_cut_at_a_word_and_kept_whole_in_the_problem(
    database: Database, cast: Cast, now: datetime
) -> None:
    long = "word " * 80
    take(
        database,
        f"Title,Note\n{long},x\n",
        cast,
        now,
        fields={"title": Given(column="Title"), **asked_by()},
        rest_into_problem=False,
    )
    with database.reading() as session:
        one = session.scalars(select(LearningRequest)).one()
        assert (one.title, one.said("problem")) == ("word " * 38 + "word…", long.strip())


def test_rows_that_cannot_be_kept_are_refused_not_raised(
    database: Database, cast: Cast, now: datetime
) -> None:
    text = (
        'Title,Problem\nBig,"'
        + "x" * 2_000_000
        + '"\nA,b,c\n\x00,\u200b\n"=1+1",@SUM\n\U0001f600 \u202eabc,\ud83d\n'
    )
    account = take(database, text.encode("utf-8", "surrogatepass"), cast, now, fields={
        "title": Given(column="Title"), "problem": Given(column="Problem"), **asked_by(),
    })  # fmt: skip
    assert [(row["line"], row["reason"][:44]) for row in account.refused] == [
        (2, "Problem or opportunity: There are more than "),
        (3, "The row has 3 cells, the header 2. Is a deli"),
    ]
    assert account.rows == 5
    lines = "".join(refused_as_csv(account.headers, account.refused)).splitlines()
    assert lines[0] == "\ufeffLine,Reason,Title,Problem"
    assert len(lines) == 3


def test_a_survey_becomes_one_need_a_topic_and_its_wishes(
    database: Database, cast: Cast, now: datetime
) -> None:
    account = take(
        database,
        NEEDS,
        cast,
        now,
        fields={"id": Given(column="Id"), "submitted": Given(column="Completion time"), **asked_by()},
    )
    assert counted(account) == {"created": 2, "merged": 8, "refused": 1}
    assert (account.refused[0]["line"], account.refused[0]["reason"]) == (
        7, "The row grades none of the topics and says no wish.",
    )  # fmt: skip
    assert [(need["topic"], need["wanted"], need["answered"], need["demand"]) for need in account.needs] == [
        (
            "Pivot tables", 6, 10,
            {"Not needed": 2, "Slightly needed": 2, "Very needed": 4, "Absolutely essential": 2},
        ),
        (
            "Hiring talks", 5, 9,
            {"Not needed": 2, "Slightly needed": 2, "Highly needed": 4, "Absolutely essential": 1},
        ),
    ]  # fmt: skip
    with database.reading() as session:
        found = list(session.scalars(select(LearningRequest).order_by(LearningRequest.id)))
        assert [(one.title, one.source, one.submitted_at) for one in found] == [
            ("Talking to angry customers", "needs_survey", datetime(2026, 10, 1, 7, 0, tzinfo=UTC)),
            ("Reading contracts", "needs_survey", datetime(2026, 10, 1, 7, 15, tzinfo=UTC)),
            ("Pivot tables", "needs_survey", datetime(2026, 10, 2, 7, 21, tzinfo=UTC)),
            ("Hiring talks", "needs_survey", datetime(2026, 10, 2, 7, 21, tzinfo=UTC)),
        ]
        assert found[2].said("problem") == (
            "6 of 10 people who graded “Pivot tables” in the survey “wishes” want it: they answered “Highly needed” or"
            " “Very needed” or “Absolutely essential”.\n\n"
            "All grades: 2 “Not needed”, 2 “Slightly needed”, 4 “Very needed”, 2 “Absolutely essential”.\n"
            "Base: 11 people answered the survey; 1 of them left this topic out."
        )
        assert found[2].said("audience")["count"] == 6


def test_more_answers_to_a_survey_update_its_needs(database: Database, cast: Cast, now: datetime) -> None:
    changes = {"fields": {"id": Given(column="Id"), **asked_by()}}
    take(database, NEEDS, cast, now, **changes)
    assert counted(take(database, NEEDS, cast, now, **changes)) == {"already_here": 10, "refused": 1}
    more = take(database, f"{NEEDS}12,2026-10-03 09:00:00,anonymous,Very needed,,\n", cast, now, **changes)
    assert counted(more) == {"already_here": 2, "merged": 9, "refused": 1}
    assert more.made == Counter({Fate.UPDATED: 2, Fate.ALREADY_HERE: 2})


def test_grades_said_to_be_the_same_are_counted_together(
    database: Database, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        scale = mapped(session, NEEDS).scale
    same = [
        Grade(
            word=grade.word, wants=grade.wants, same_as="Highly needed" if grade.word == "Very needed" else ""
        )
        for grade in scale
    ]
    account = take(database, NEEDS, cast, now, fields=asked_by(), scale=same)
    assert account.needs[0]["demand"] == {
        "Not needed": 2, "Slightly needed": 2, "Highly needed": 4, "Absolutely essential": 2,
    }  # fmt: skip


def test_the_clock_scores_what_was_taken(database: Database, cast: Cast, now: datetime) -> None:
    take(database, NEEDS, cast, now, fields=asked_by())
    with database.writing() as session:
        assert len(assessments.score_waiting(session, now=now, flow_run_id=None)) == 4
        assert backlog.search(session, backlog.Wanted()).items[0].leverage is not None


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "empty"), (b"x" * 1_048_577, "MB"), (b"PK\x03\x04", "damaged")],
    ids=["empty", "large", "damaged"],
)
def test_a_file_that_cannot_be_read_leaves_nothing_behind(
    database: Database, cast: Cast, now: datetime, content: bytes, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "MOST_BYTES", 1024**2)
    with database.writing() as session:
        with pytest.raises(Unreadable, match=words):
            imports.start(session, name="x.csv", content=content, by=cast.manager, at=now)
        assert session.scalar(select(func.count()).select_from(Import)) == 0


def test_a_mapping_that_names_a_column_the_file_lacks_is_refused(
    database: Database, cast: Cast, now: datetime
) -> None:
    with pytest.raises(BadMapping, match="no column “Nonsense” in this file"):
        take(database, WISHES, cast, now, fields={"title": Given(column="Nonsense")})


def test_an_xlsx_is_taken_like_a_csv(database: Database, cast: Cast, now: datetime) -> None:
    content = an_xlsx(
        ["Title", "Problem", "E-mail", "How many", "Submitted"],
        ["Quotes", "slow", "rita@fernweh.example", 40.0, datetime(2026, 10, 5, 9, 0)],  # noqa: DTZ001 - a sheet knows no zones
    )
    assert counted(take(database, content, cast, now)) == {"created": 1}
    with database.reading() as session:
        one = session.scalars(select(LearningRequest)).one()
        assert (one.said("audience"), one.submitted_at) == (
            {"count": 40.0},
            datetime(2026, 10, 5, 7, 0, tzinfo=UTC),
        )


@pytest.mark.shared
@pytest.mark.both
def test_the_real_needs_survey_is_taken_whole(database: Database, cast: Cast, now: datetime) -> None:
    content = shared("training_needs/sib_training_needs_2026.xlsx").read_bytes()
    with database.writing() as session:
        waiting = imports.start(
            session, name="sib_training_needs_2026.xlsx", content=content, by=cast.manager, at=now
        )
        mapping = parsed(waiting.mapping)
        looked = imports.look(session, content, mapping, now=now)
        taken = imports.take(session, waiting, by=cast.manager, at=now)
    assert [question.key for question in looked.questions] == ["same:Very needed:Highly needed"]
    assert (taken.rows, counted(taken)) == (260, {"created": 62, "merged": 197, "refused": 1})
    assert taken.refused[0]["line"] == 120  # answer 127 grades no topic and names no wish
    assert (len(taken.needs), taken.made[Fate.CREATED]) == (33, 95)
    # Counted by hand from the file: 67 “Highly needed” + 66 “Absolutely essential” of 231 grades.
    assert (taken.needs[0]["topic"], taken.needs[0]["wanted"], taken.needs[0]["answered"]) == (
        "AI-assisted coding and analysis", 133, 231,
    )  # fmt: skip
    again = take(database, content, cast, now)
    assert counted(again) == {"already_here": 259, "refused": 1}


@pytest.mark.shared
def test_the_real_applications_are_taken_within_seconds(
    database: Database, cast: Cast, now: datetime
) -> None:
    content = shared("applications/amy_applications.csv").read_bytes()
    began = time.perf_counter()
    with database.writing() as session:
        waiting = imports.start(
            session, name="amy_applications.csv", content=content, by=cast.manager, at=now
        )
        taken = imports.take(session, waiting, by=cast.manager, at=now)
    assert time.perf_counter() - began < 10
    assert (taken.rows, counted(taken)) == (2231, {"created": 2231})
    assert len(taken.outcomes) == len({line for line, _, _ in taken.outcomes}) == 2231
    assert counted(take(database, content, cast, now)) == {"already_here": 2231}


@pytest.mark.shared
def test_naughty_strings_are_kept_or_refused_in_words(database: Database, cast: Cast, now: datetime) -> None:
    import csv
    import io
    import json

    strings = json.loads(shared("import/blns.json").read_text())
    text = io.StringIO()
    csv.writer(text).writerows(
        [["Title", "Problem", "Department"], *([string, f"{string} ", string] for string in strings)]
    )
    fields = {
        "title": Given(column="Title"),
        "problem": Given(column="Problem"),
        "requester.unit": Given(column="Department"),
    }
    account = take(database, text.getvalue(), cast, now, fields={**fields, **asked_by()}, same_rows="apart")
    blank = sum(not string.strip() for string in strings)
    assert account.rows == len(strings) - blank
    assert counted(account)["created"] > 500
    assert not [
        row
        for row in account.refused
        if "There are more than" not in row["reason"] and "There is none" not in row["reason"]
    ]
