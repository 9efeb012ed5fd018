"""What people answered on its page and over the API, and files of answers from the upload to the account."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, func, select

from portfolio.database import Database
from portfolio.models import Event, Import, Person, Response, Survey
from tests.conftest import Cast
from tests.portfolio import test_survey_scales

SignIn = Callable[[TestClient, Person | None], None]
QUESTIONS = [
    {"key": "helped", "label": "Did it help?", "kind": "one", "options": ["Yes", "No"]},
    {
        "key": "sure",
        "label": "I am sure now",
        "kind": "scale",
        "options": ["Disagree", "Neither", "Agree"],
        "reverse": None,
    },
    {"key": "more", "label": "Anything else?", "kind": "text", "options": []},
]
FILE = "Timestamp,Email,Did it help?,Which do you use?\n" + "".join(
    f"2026-10-0{day} 09:00:00,p{day}@x.example,{'Yes' if day % 2 else 'No'},{'Git; Tests' if day % 3 else 'Git'}\n"
    for day in range(1, 8)
)


def a_survey(database: Database, now: datetime, people: int = 9, **fields: Any) -> int:
    with database.writing() as session:
        survey = Survey(
            kind="own", name="After the workshop", questions=QUESTIONS, created_at=now, opened_at=now - timedelta(days=9),
            sent_on=now.date(), sent_count=12, **{"closed_at": now - timedelta(days=1), **fields},
        )  # fmt: skip
        session.add(survey)
        session.flush()
        for number in range(people):
            answers = {"helped": "Yes" if number % 3 else "No", "more": f"wish number {number}"}
            if number < 6:
                answers["sure"] = "Agree"
            session.add(
                Response(
                    survey_id=survey.id,
                    answers=answers,
                    groups={"unit": "Sales" if number < 5 else "Legal"},
                    answered_at=now,
                )
            )
        return survey.id


def traces(database: Database) -> int:
    with database.reading() as session:
        return (
            session.scalar(select(func.count()).select_from(Event).where(Event.action != "person.signed_in"))
            or 0
        )


@pytest.fixture
def manager(client: TestClient, sign_in: SignIn, cast: Cast) -> TestClient:
    sign_in(client, cast.manager)
    return client


def upload(client: TestClient, content: str = FILE, name: str = "answers.csv") -> str:
    answer = client.post("/surveys/import", files={"file": (name, content.encode(), "text/csv")})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


# --- results ---


def test_the_page_says_each_answer_with_its_base(
    manager: TestClient, database: Database, now: datetime
) -> None:
    text = manager.get(f"/surveys/{a_survey(database, now)}").text
    assert "“Yes” was answered most often: by 6 of the 9 who answered (67 %)." in text
    assert "Shares are of the 9 people who answered this question." in text
    assert "Shares are of the 6 people who answered this question." in text
    assert "the shares rest on from 6 to 9 people, said beside each" in text
    assert "wish number 3" in text


def test_a_leader_reads_figures_and_nobodys_words(
    client: TestClient, sign_in: SignIn, cast: Cast, database: Database, now: datetime
) -> None:
    number = a_survey(database, now)
    sign_in(client, cast.leader)
    text = client.get(f"/surveys/{number}").text
    assert "6 of the 9 who answered (67 %)" in text
    assert "9 people wrote something." in text
    assert "wish number" not in text
    assert "wish number" not in client.get(f"/api/v1/surveys/{number}/results").text


def test_an_open_survey_keeps_its_answers_to_itself(
    manager: TestClient, database: Database, now: datetime
) -> None:
    number = a_survey(database, now, closed_at=None)
    assert "Answers are shown when it has closed, all at once" in manager.get(f"/surveys/{number}").text
    found = manager.get(f"/api/v1/surveys/{number}/results").json()
    assert (found["shown"], found["questions"], found["answered"]) == (False, [], 9)


def test_results_over_the_api_are_counts_with_their_base(
    manager: TestClient, database: Database, now: datetime
) -> None:
    found = manager.get(f"/api/v1/surveys/{a_survey(database, now)}/results").json()
    first = found["questions"][0]
    assert (found["asked"], found["answered"], found["response_rate"], found["broken_down_by"]) == (
        12,
        9,
        0.75,
        None,
    )
    assert (first["answered"], first["options"]) == (
        9,
        [{"option": "Yes", "people": 6, "share": 6 / 9}, {"option": "No", "people": 3, "share": 3 / 9}],
    )
    assert first["groups"] == []  # four of Legal would be the rest of the total
    assert found["questions"][2]["options"] == []
    assert manager.get("/api/v1/surveys/999/results").status_code == 404


def test_the_api_tells_how_well_questions_hang_together_and_which_seems_reversed(
    manager: TestClient, database: Database, now: datetime
) -> None:
    with database.writing() as session:
        number = test_survey_scales.a_survey(session, now).id
    (scale,) = manager.get(f"/api/v1/surveys/{number}/results").json()["scales"]
    assert (scale["questions"], scale["people"]) == (["alone", "where", "lead", "lost"], 40)
    assert scale["seem_reversed"] == ["lost"]
    assert scale["low"] < scale["alpha"] < scale["high"] < 0.8 < scale["alpha_turned"]


def test_whether_a_question_is_the_other_way_round_is_kept(
    manager: TestClient, database: Database, now: datetime
) -> None:
    number = a_survey(database, now)
    answer = manager.post(f"/surveys/{number}/questions/sure/reversal", data={"reversed": "yes"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/surveys/{number}#results")
    before = traces(database)
    manager.post(f"/surveys/{number}/questions/sure/reversal", data={"reversed": "yes"})
    manager.post(f"/surveys/{number}/questions/sure/reversal", data={"reversed": "perhaps"})
    assert traces(database) == before
    with database.reading() as session:
        assert [one.get("reverse") for one in session.get_one(Survey, number).questions] == [None, True, None]
    assert (
        manager.post(f"/surveys/{number}/questions/none/reversal", data={"reversed": "yes"}).status_code
        == 404
    )


def test_statements_do_not_grow_with_questions_or_answers(
    manager: TestClient, database: Database, app: Any, now: datetime
) -> None:
    few, many = a_survey(database, now, people=5), a_survey(database, now, people=40)
    counted: list[str] = []
    event.listen(app.state.database.engine, "before_cursor_execute", lambda *given: counted.append(given[2]))

    def statements(number: int) -> int:
        counted.clear()
        assert manager.get(f"/surveys/{number}").status_code == 200
        return len(counted)

    statements(few)
    assert statements(few) == statements(many)


# --- files ---


def test_a_file_is_looked_at_then_taken_and_every_row_accounted_for(
    manager: TestClient, database: Database
) -> None:
    address = upload(manager)
    text = manager.get(address).text
    assert "Answers from Google Forms." in text
    assert "Names and addresses are never kept with answers." in text
    with database.reading() as session:
        assert session.scalars(select(Response)).all() == []
    assert manager.post(address, data={"do": "take"}).headers["location"] == address
    assert "New answers</dt><dd>7</dd>" in manager.get(address).text
    lines = manager.get(f"{address}/account.csv").text.splitlines()
    assert lines[:2] == ["\ufeffLine,What became of it,Reason", "2,created,"]
    assert len(lines) == 8
    with database.reading() as session:
        assert "x.example" not in str(
            [(one.answers, one.groups) for one in session.scalars(select(Response))]
        )
        assert session.scalars(select(Survey)).one().name == "answers"


def test_what_is_said_of_the_file_is_kept_and_shown_before_it_is_taken(
    manager: TestClient, database: Database
) -> None:
    address = upload(manager)
    form = {
        "do": "take",
        "source_name": "Autumn",
        "name": "Autumn survey",
        "asked": "20",
        "by": "1",
        "kind.2": "leave",
    }
    answer = manager.post(address, data=form)
    assert answer.headers["location"] == f"{address}?changed=1#dry-run"
    assert "You left it out." in manager.get(address).text
    with database.reading() as session:
        kept = session.scalars(select(Import)).one().mapping
    assert (kept["name"], kept["asked"], kept["by"], kept["kinds"]) == (
        "Autumn survey", 20, "Did it help?", {"Which do you use?": "leave"},
    )  # fmt: skip
    manager.post(address, data={**form, "kind.2": "", "by": "1", "bring_back": "1", "do": "look"})
    with database.reading() as session:
        assert session.scalars(select(Import)).one().mapping["kinds"] == {}


def test_what_is_said_to_be_the_same_is_counted_together(manager: TestClient, database: Database) -> None:
    manager.post(upload(manager), data={"do": "take"})
    address = upload(
        manager,
        FILE.replace("2026-", "2027-").replace("Which do you use?", "Which of them do you use?"),
        "next.csv",
    )
    text = manager.get(address).text
    assert "Is “Which of them do you use?” the same question as “Which do you use?”?" in text
    with database.reading() as session:
        survey = session.scalars(select(Survey)).one()
    form = {"source_name": "next", "survey": str(survey.id), "same.2": survey.questions[1]["key"]}
    assert manager.post(address, data={**form, "do": "look"}).headers["location"] == f"{address}#dry-run"
    assert f'value="{survey.questions[1]["key"]}" checked' in manager.get(address).text
    assert manager.post(address, data={**form, "do": "take"}).headers["location"] == address
    found = manager.get(f"/api/v1/surveys/{survey.id}/results").json()
    assert [one["label"] for one in found["questions"]] == ["Did it help?", "Which do you use?"]
    assert found["questions"][1]["options"][0] == {"option": "Git", "people": 14, "share": 1.0}
    assert found["broken_down_by"] == "file"


def test_what_is_wrong_is_said_beside_the_field_and_nothing_typed_is_lost(manager: TestClient) -> None:
    address = upload(manager)
    answer = manager.post(
        address, data={"do": "take", "source_name": "Autumn", "name": "Mine", "asked": "many"}
    )
    assert answer.status_code == 422
    assert "Please give a number." in answer.text
    assert 'value="many"' in answer.text
    assert 'value="Mine"' in answer.text


@pytest.mark.parametrize(
    ("content", "words"), [("", "The file is empty."), ("Name\nKim\n", "There is no question")]
)
def test_a_file_that_cannot_be_read_says_why(manager: TestClient, content: str, words: str) -> None:
    answer = manager.post("/surveys/import", files={"file": ("x.csv", content.encode(), "text/csv")})
    assert answer.status_code == 422
    assert words in answer.text


def test_no_file_is_asked_for(manager: TestClient) -> None:
    answer = manager.post("/surveys/import", data={"do": "x"})
    assert (answer.status_code, "Please choose a file." in answer.text) == (422, True)


def test_a_dropped_file_is_gone(manager: TestClient, database: Database) -> None:
    address = upload(manager)
    assert manager.post(address, data={"do": "drop"}).headers["location"] == "/surveys/import"
    assert "Nothing was taken in; the file is gone." in manager.get(address).text
    with database.reading() as session:
        assert session.scalars(select(Import)).one().content is None


def test_a_long_file_is_taken_by_the_clock_and_its_page_tells_how_far(
    manager: TestClient, database: Database
) -> None:
    head, rows = FILE.split("\n", 1)
    address = upload(manager, head + "\n" + rows * (2100 // rows.count("\n") + 1))
    assert manager.post(address, data={"do": "take"}).headers["location"] == address
    assert "It begins in a moment." in manager.get(address).text
    with database.reading() as session:
        assert session.scalars(select(Import)).one().wanted_at is not None
        assert session.scalar(select(func.count()).select_from(Response)) == 0
    assert "Being taken in" in manager.get("/surveys/import").text
    manager.post(f"/settings/imports/{address.rsplit('/', 1)[1]}", data={"do": "stop"})
    assert "Nothing is taken in yet." in manager.get(address).text


def test_the_list_of_all_imports_leads_to_where_answers_are_looked_at(manager: TestClient) -> None:
    address = upload(manager)
    number = address.rsplit("/", 1)[1]
    assert manager.get(f"/settings/imports/{number}").headers["location"] == address
    assert manager.post(f"/settings/imports/{number}", data={"do": "take"}).status_code == 303
    assert "Nothing is taken in yet." in manager.get(address).text


def test_only_the_manager_brings_answers_or_says_what_is_reversed(
    client: TestClient, sign_in: SignIn, cast: Cast, database: Database, now: datetime
) -> None:
    number = a_survey(database, now)
    sign_in(client, cast.manager)
    address = upload(client)
    before = traces(database)
    for person in (None, cast.other, cast.expert, cast.leader):
        sign_in(client, person)
        wanted = 303 if person is None else 404
        tries = [
            client.get("/surveys/import"),
            client.get(address),
            client.get(f"{address}/account.csv"),
            client.post(address, data={"do": "take"}),
            client.post("/surveys/import", files={"file": ("x.csv", FILE.encode(), "text/csv")}),
            client.post(f"/surveys/{number}/questions/sure/reversal", data={"reversed": "yes"}),
        ]
        assert [answer.status_code for answer in tries] == [wanted] * len(tries)
    assert traces(database) == before
