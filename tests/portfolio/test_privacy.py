"""What is kept about a person is found, handed out and erased, and every count stays what it was."""

import json
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portfolio import (
    benefits,
    comments,
    mails,
    participants,
    people,
    privacy,
    projects,
    survey_invitations,
    surveys,
    tokens,
)
from portfolio.database import Database
from portfolio.learning import records
from portfolio.links import Links
from portfolio.models import (
    Absence,
    ApiToken,
    Base,
    Card,
    Draft,
    Import,
    Invitation,
    LearningRecord,
    LearningRequest,
    LearningSource,
    Mail,
    Measure,
    Message,
    Organisation,
    Outlet,
    Participant,
    Person,
    Reading,
    Response,
    SuccessCase,
    Supporter,
)
from portfolio.people import digest
from portfolio.privacy import NotErasable
from portfolio.rules.learning import Identity, of_mailbox
from portfolio.settings import Settings
from portfolio.traces import Place
from tests.conftest import NOW, Cast
from tests.factory import a_card, a_project, a_request

pytestmark = pytest.mark.both
ADDRESS, NAME = "rita@fernweh.example", "Rita Requester"
NOT_THERE = {"sign_in_links", "visits"}


@pytest.fixture
def links(configured: Settings) -> Links:
    return Links.of(configured)


@pytest.fixture
def rita(database: Database, cast: Cast, links: Links) -> Person:
    """Somebody who asked, talked, took part, answered, was measured and is named in a case."""
    with database.writing() as session:
        asked = a_request(session, links=links)
        person = asked.requester
        project = a_project(session, by=cast.manager)
        card = a_card(session, by=cast.manager)
        session.add(
            Message(learning_request_id=asked.id, words="Please call me, Rita", by_id=person.id, at=NOW)
        )
        comments.add(session, card, "I know this well", links=links, by=person, at=NOW)
        participants.add(session, project, [person, cast.expert], source="typed", by=cast.manager, at=NOW)
        survey = surveys.draft(session, template="end_of_event", project=project, by=cast.manager, at=NOW)
        survey_invitations.invite(session, survey, [person, cast.expert], by=cast.manager, at=NOW)
        surveys.open_(session, survey, by=cast.manager, at=NOW)
        own = participants.pseudonym_of(links, project, person)
        session.add(
            Response(
                survey_id=survey.id,
                answers={"a": "b"},
                pseudonym=own,
                groups={"unit": "Sales"},
                answered_at=NOW,
            )
        )
        source = LearningSource(kind="push", name="An LMS", added_at=NOW)
        session.add(source)
        session.flush()
        session.add(
            LearningRecord(
                source_id=source.id, external="1", kind="completed", person_id=person.id, pseudonym="lms-1",
                raw={"actor": "Rita"}, happened_at=NOW, received_at=NOW,
            )
        )  # fmt: skip
        session.add(
            SuccessCase(
                project_id=project.id, who="Rita Requester, Sales", quote="Ha", may_quote=True, added_at=NOW
            )
        )
        mails.queue(session, to=ADDRESS, subject="Hello Rita", text="Dear Rita", at=NOW)
        session.add(Draft(values={"title": "Rita's next"}, email=ADDRESS, created_at=NOW, changed_at=NOW))
        ours = session.scalars(select(Organisation)).one()
        ours.report_recipients = f"leader@fernweh.example, {ADDRESS}"
    return person


def test_the_file_has_everything_but_keys_and_no_answer_given_in_confidence(
    database: Database, rita: Person, links: Links
) -> None:
    with database.reading() as session:
        person = session.get_one(Person, rita.id)
        taken = privacy.export(session, person)
        counted = {one.table: one.rows for one in privacy.kept(session, person)}
    assert taken["people"][0]["email"] == ADDRESS
    assert "password_hash" not in taken["people"][0]
    assert [one["words"] for one in taken["messages"]] == ["Please call me, Rita"]
    assert {
        "learning_requests",
        "answers",
        "comments",
        "invitations",
        "participants",
        "learning_records",
        "mails",
        "drafts",
    } <= taken.keys()
    assert "responses" not in taken
    assert {name: len(taken[name]) for name in counted if name in taken} == {
        name: rows for name, rows in counted.items() if name in taken
    }
    json.dumps(taken)


def test_an_erased_person_is_nowhere_and_every_count_is_what_it_was(
    database: Database, rita: Person, cast: Cast, links: Links
) -> None:
    same = (LearningRequest, Message, Participant, Invitation, Response, LearningRecord, Card, Supporter)
    with database.reading() as session:
        before = [session.scalar(select(func.count()).select_from(model)) for model in same]
        own = session.scalars(select(Response.pseudonym)).one() or ""
        session_project = session.scalars(select(Participant.project_id)).first()
    with database.writing() as session:
        measured = Reading(
            measure_id=_a_measure(session, session_project), value=1, read_on=NOW.date(), after=False, subject=own, recorded_at=NOW
        )  # fmt: skip
        session.add(measured)
    with database.writing() as session:
        privacy.erase(session, session.get_one(Person, rita.id), links=links, by=cast.manager, at=NOW)
    with database.reading() as session:
        assert [session.scalar(select(func.count()).select_from(model)) for model in same] == before
        everything = _everything(session)
        assert [
            word
            for word in (ADDRESS, NAME, "Dear Rita", "call me", "know this well", own)
            if word in everything
        ] == []
        gone = session.get_one(Person, rita.id)
        assert (gone.email, gone.display_name, gone.roles) == (
            f"erased-{rita.id}@erased.invalid",
            f"erased-{rita.id}",
            "requester",
        )
        given, read = (
            session.scalars(select(Response.pseudonym)).one(),
            session.scalars(select(Reading.subject)).one(),
        )
        assert given == read != own
        assert session.scalars(select(Organisation.report_recipients)).one() == "leader@fernweh.example"
        assert session.scalar(select(func.count()).select_from(Mail).where(Mail.recipient == ADDRESS)) == 0
        assert privacy.found(session, "rita") == []


def test_copies_of_their_name_and_their_keys_go_as_well(
    database: Database, rita: Person, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        person = session.get_one(Person, rita.id)
        asked = session.scalars(select(LearningRequest)).one()
        asked.original = {"cells": [["Rita Requester", ADDRESS.upper()], "Faster quotes"], "mark": 3}
        mails.queue(
            session, to="kim@fernweh.example", subject="RITA REQUESTER asked", text="What Rita Requester said", html="<p>Rita Requester</p>",
            about="learning_request:1", at=NOW,
        ).sent_at = NOW  # fmt: skip
        mails.queue(session, to="kim@fernweh.example", subject="News", text=f"Ask {ADDRESS} now", at=NOW)
        tokens.keep_answer(session, "kim", "k", "d", 201, {"requester": {"email": ADDRESS}}, at=NOW)
        session.add(ApiToken(name="r", token_digest=digest("token"), person_id=person.id, created_at=NOW))
        session.add(
            Absence(
                person_id=person.id, from_on=NOW.date(), until_on=NOW.date(), note="Surgery", added_at=NOW
            )
        )
        free = Measure(name="Calls", project_id=None, created_at=NOW)
        session.add(free)
        session.flush()
        for subject in (ADDRESS, links.key("pseudonym", f"measure {free.id}", person.id)):
            session.add(
                Reading(
                    measure_id=free.id,
                    value=1,
                    read_on=NOW.date(),
                    after=False,
                    subject=subject,
                    recorded_at=NOW,
                )
            )
        told = links.key("pseudonym", "learning", of_mailbox(ADDRESS).key)
        source = session.scalars(select(LearningSource.id)).one()
        session.add(
            LearningRecord(source_id=source, external="2", kind="used", pseudonym=told, happened_at=NOW, received_at=NOW)
        )  # fmt: skip
        session.flush()
        was = {*session.scalars(select(Reading.subject)), told}
    with database.writing() as session:
        privacy.erase(session, session.get_one(Person, rita.id), links=links, by=cast.manager, at=NOW)
    with database.reading() as session:
        everything = _everything(session)
        assert [
            one for one in (*was, ADDRESS, NAME, "Surgery") if one and one.lower() in everything.lower()
        ] == []
        assert session.scalars(select(LearningRequest.original)).one() == {
            "cells": [["(erased)", "(erased)"], "Faster quotes"],
            "mark": 3,
        }
        assert session.scalars(select(Mail.text).order_by(Mail.id)).all()[-2:] == [
            "(erased)",
            "Ask somebody now",
        ]
        assert tokens.holder(session, "token") is None


def test_what_is_handed_out_opens_nothing(database: Database, rita: Person, cast: Cast, links: Links) -> None:
    with database.writing() as session:
        outlets_ = Outlet(
            kind="webhook", name="News", address="https://x.example/key", secret="s3cret-new", old_secret="s3cret-old", events="",
            added_at=NOW, added_by_id=rita.id,
        )  # fmt: skip
        session.add(outlets_)
        invited = session.scalars(select(Invitation).where(Invitation.person_id == rita.id)).one()
        address = links.answering(invited, "q", 1)
        mails.queue(session, to=ADDRESS, subject="A survey", text=f"Here: {address}\nThanks", at=NOW)
    with database.reading() as session:
        taken = privacy.export(session, session.get_one(Person, rita.id))
    text = json.dumps(taken)
    assert [
        one for one in ("s3cret-new", "s3cret-old", "x.example", links.answering_key(invited)) if one in text
    ] == []
    assert (
        taken["mails"][-1]["text"]
        == f"Here: http://testserver/answers/{invited.id}/…?question=q&answer=1\nThanks"
    )


def test_oneself_a_manager_and_who_is_erased_already_are_refused(
    database: Database, rita: Person, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        other = session.get_one(Person, cast.manager.id)
        with pytest.raises(NotErasable, match="yourself"):
            privacy.erase(session, other, links=links, by=cast.manager, at=NOW)
        with pytest.raises(NotErasable, match="role"):
            privacy.erase(session, other, links=links, by=cast.expert, at=NOW)
        person = session.get_one(Person, rita.id)
        privacy.erase(session, person, links=links, by=cast.manager, at=NOW)
        with pytest.raises(NotErasable, match="already"):
            privacy.erase(session, person, links=links, by=cast.manager, at=NOW)


def _a_measure(session: Session, project: int | None) -> int:
    made = Measure(name="Days for a quote", project_id=project, created_at=NOW)
    session.add(made)
    session.flush()
    return made.id


def _everything(session: Session) -> str:
    """Every value of every table, as text; but what the person asked for, which stays on purpose."""
    return " ".join(
        str(value)
        for table in Base.metadata.sorted_tables
        if table.name != "answers"
        for row in session.execute(select(table))
        for value in row
    )


def test_files_that_wait_and_mails_kept_as_files_go_and_others_words_are_told(
    database: Database, rita: Person, cast: Cast, links: Links, tmp_path: Path
) -> None:
    packed = BytesIO()
    with ZipFile(packed, "w") as book:
        book.writestr("xl/sharedStrings.xml", "<t>Rita </t><t>Requester</t>")
    outbox = tmp_path / "outbox"
    outbox.mkdir()
    for number, text in enumerate(
        (f"To: {ADDRESS}", "To: kim@fernweh.example\n\nRita=20Requester?", "To: kim@x.example\n\nRita?")
    ):
        head = "Content-Transfer-Encoding: quoted-printable\n"
        (outbox / f"{number}.eml").write_text(head + text + "\n")
    with database.writing() as session:
        for name, content in (
            ("a.csv", f"Title,E-mail\nQ,{ADDRESS.upper()}\n".encode()),
            ("b.csv", "Title,By\nQ,Rita Requester\n".encode("utf-16")),
            ("c.xlsx", packed.getvalue()),
            ("d.csv", b"Title,By\nQ,Margarita\n"),
        ):
            waiting = Import(name=name, kind="requests", digest="", mapping={"at": ADDRESS}, started_at=NOW)
            waiting.content = content
            session.add(waiting)
        card = session.scalars(select(Card)).one()
        card.notes = "Ask Rita Requester first"
        project = projects.add(session, name="Q", solution_type="workshop", by=cast.manager, at=NOW)
        given = benefits.Given(10.0, 1.0, 1.0, "Rita Requester says so")
        benefits.add(session, project, given, on=NOW.date(), by=cast.manager, at=NOW)
    with database.writing() as session:
        wanted = session.get_one(Import, 1)
        wanted.wanted_at = NOW
        with pytest.raises(NotErasable, match="being taken in"):
            privacy.erase(session, session.get_one(Person, rita.id), links=links, by=cast.manager, at=NOW)
        wanted.wanted_at = None
    with database.writing() as session:
        person = session.get_one(Person, rita.id)
        before = privacy.named_by_others(session, person)
        assert Place("cards", card.id, f"/cards/{card.id}") in before
        assert Place("benefit_estimates", project.id, f"/projects/{project.id}/proof") in before
        privacy.erase(session, person, links=links, outbox=outbox, by=cast.manager, at=NOW)
    assert [one.name for one in outbox.iterdir()] == ["2.eml"]
    with database.reading() as session:
        left = session.scalars(select(Import.name).where(Import.dropped_at.is_(None))).all()
        assert left == ["d.csv"]
        assert not any(ADDRESS in str(one) for one in session.scalars(select(Import.mapping)))
        told = privacy.named_by_others(session, session.get_one(Person, rita.id))
        assert Place("cards", card.id, f"/cards/{card.id}") in told
        assert session.scalars(select(Card.notes)).one() == "Ask Rita Requester first"


def test_a_learning_system_makes_nobody_new_of_who_was_erased(
    database: Database, rita: Person, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        privacy.erase(session, session.get_one(Person, rita.id), links=links, by=cast.manager, at=NOW)
        source = session.scalars(select(LearningSource)).one()
        hashed = Identity(of_mailbox(ADDRESS).key)
        things = [
            records.Thing("9", "completed", NOW, who=of_mailbox(ADDRESS)),
            records.Thing("10", "completed", NOW, who=hashed),
            records.Thing("11", "completed", NOW, who=of_mailbox("kim@fernweh.example")),
        ]
        assert records.keep(session, source, things, links=links, at=NOW) == 1
        assert ADDRESS not in _everything(session)
        people.meet(session, ADDRESS, at=NOW)
        assert records.keep(session, source, things, links=links, at=NOW) == 2, "they came back themselves"
