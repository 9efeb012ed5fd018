"""What becomes of a mail that came in, on real databases."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import func, select

from portfolio import arrivals, conversations, deciding, drafts, files, mails, supporters
from portfolio.arrivals import ArrivalSettled
from portfolio.database import Database
from portfolio.deciding import Ruling
from portfolio.links import Links
from portfolio.models import Arrival, Draft, Event, File, LearningRequest, Mail, Message, Organisation
from portfolio.organisation import AddressRefused
from portfolio.settings import Settings
from portfolio.states import ArrivalStatus, Verdict
from tests.conftest import Cast
from tests.factory import a_request

Receive = Callable[..., Arrival | None]
PDF = b"%PDF-1.7 a plan"


def a_mail(
    words: str = "New people need four days for a quote.",
    *,
    sender: str = "Rita Requester <rita@fernweh.example>",
    subject: str = "Quotes take too long",
    answers: str | None = None,
    files: dict[str, bytes] | None = None,
    **headers: str,
) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "training@fernweh.example", subject
    message["Message-ID"] = headers.pop(
        "message_id", f"<{abs(hash((words, subject, sender)))}@fernweh.example>"
    )
    if answers:
        message["In-Reply-To"] = answers
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(words)
    for name, content in (files or {}).items():
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


@pytest.fixture
def receive(database: Database, configured: Settings, links: Links, now: datetime) -> Receive:
    settings = configured.model_copy(update={"intake_address": "Training <training@fernweh.example>"})

    def received(raw: bytes, at: datetime = now, **more: Any) -> Arrival | None:
        with database.writing() as session:
            return arrivals.receive(session, raw, links=links, settings=settings, at=at, **more)

    return received


def asked(database: Database, links: Links) -> tuple[int, str]:
    """A request of Rita's, and the id of the mail she got about it."""
    with database.writing() as session:
        request = a_request(session, links=links)
        mail = session.scalars(select(Mail).where(Mail.about == f"learning_request:{request.id}")).one()
        return request.id, mail.message_id


def conversation(database: Database, number: int) -> list[tuple[str, str]]:
    with database.reading() as session:
        request = session.get_one(LearningRequest, number)
        lines = conversations.of(session, request, internal=True)
        return [(line.by.email if line.by else "", line.words) for line in lines]


def queued(database: Database, to: str) -> list[Mail]:
    with database.reading() as session:
        return list(session.scalars(select(Mail).where(Mail.recipient == to).order_by(Mail.id)))


@pytest.mark.both
def test_a_mail_of_somebody_known_becomes_a_draft_and_its_sender_gets_the_link(
    database: Database, cast: Cast, links: Links, receive: Receive
) -> None:
    raw = a_mail(
        subject="Fwd: Quotes take too long", files={"plan.pdf": PDF}, message_id="<1@fernweh.example>"
    )
    arrival = receive(raw)
    assert arrival is not None
    assert (arrival.status, arrival.why) == (ArrivalStatus.DRAFTED, "We know the sender.")
    with database.reading() as session:
        draft = session.scalars(select(Draft)).one()
        assert (draft.source, draft.email, draft.values) == (
            "mail",
            "rita@fernweh.example",
            {
                "title": "Quotes take too long",
                "problem": "New people need four days for a quote.",
                "requester_email": "rita@fernweh.example",
                "requester_name": "Rita Requester",
            },
        )
        assert draft.original == {
            "arrival": arrival.id,
            "subject": "Fwd: Quotes take too long",
            "text": "New people need four days for a quote.",
        }
        assert [(file.name, file.content) for file in files.listed(session, draft=draft)] == [
            ("plan.pdf", PDF)
        ]
        assert session.get_one(Arrival, arrival.id).raw == raw
    (mail,) = queued(database, "rita@fernweh.example")
    assert (mail.subject, mail.in_reply_to) == (
        "Your request is almost there: Quotes take too long",
        "<1@fernweh.example>",
    )
    assert links.draft(draft) in mail.text


@pytest.mark.both
def test_a_mail_fetched_twice_is_taken_once_and_two_with_one_id_are_two(
    database: Database, cast: Cast, receive: Receive
) -> None:
    raw = a_mail(message_id="<same@fernweh.example>")
    assert receive(raw) is not None
    assert receive(raw) is None
    assert receive(b"Received: by another way\n" + raw) is None
    assert receive(a_mail("Something else.", message_id="<same@fernweh.example>")) is not None
    with database.reading() as session:
        assert session.scalar(select(func.count(Draft.id))) == 2


@pytest.mark.both
def test_a_reply_stands_in_the_conversation_in_its_own_words(
    database: Database, cast: Cast, links: Links, receive: Receive
) -> None:
    number, message_id = asked(database, links)
    words = (
        "Yes, 24 people.\n\nOn Fri, Nov 20, 2026 at 10:00 AM Outsize <a@b.example> wrote:\n\n> How many?\n"
    )
    raw = a_mail(
        words, subject="Re: We have your request", answers=message_id, files={"plan.pdf": PDF, "x.exe": b"MZ"}
    )
    arrival = receive(raw)
    assert arrival is not None
    assert (arrival.status, arrival.learning_request_id, arrival.draft_id) == (
        ArrivalStatus.THREADED,
        number,
        None,
    )
    assert arrival.why == "It answers a mail of ours. Left in the mail: x.exe."
    assert conversation(database, number) == [("rita@fernweh.example", "Yes, 24 people.")]
    with database.reading() as session:
        (file,) = session.scalars(select(File)).all()
        assert (file.name, file.learning_request_id, file.message_id) == (
            "plan.pdf",
            number,
            arrival.message_id,
        )
    (told,) = queued(database, "mara@fernweh.example")
    assert told.subject == f"Rita Requester wrote about request {number}: Quotes take too long"
    assert told.text.startswith("Yes, 24 people.\n\n")
    assert links.page(f"/requests/{number}") in told.text


def test_the_managers_own_mailed_answer_goes_to_the_requester_and_to_no_manager(
    database: Database, cast: Cast, links: Links, receive: Receive
) -> None:
    number, message_id = asked(database, links)
    receive(a_mail("When is the fair?", answers=message_id))
    (told,) = queued(database, "mara@fernweh.example")
    arrival = receive(a_mail("In March.", sender="mara@fernweh.example", answers=told.message_id))
    assert arrival is not None
    assert arrival.status is ArrivalStatus.THREADED
    assert conversation(database, number) == [
        ("rita@fernweh.example", "When is the fair?"),
        ("mara@fernweh.example", "In March."),
    ]
    first, answer = queued(database, "rita@fernweh.example")
    assert answer.text.startswith("In March.")
    assert answer.in_reply_to == first.message_id
    assert len(queued(database, "mara@fernweh.example")) == 1


def test_the_manager_who_decided_last_is_told_once_until_the_mail_has_left(
    database: Database, cast: Cast, configured: Settings, links: Links, now: datetime
) -> None:
    from portfolio import people
    from portfolio.states import Role

    with database.writing() as session:
        second = people.meet(session, "mio@fernweh.example", at=now, name="Mio")
        people.grant(session, second, [Role.MANAGER], by=None, at=now)
        request = a_request(session, links=links)
        ask = Ruling(Verdict.ASK, words="How many?")
        deciding.decide(session, request, ask, links=links, by=second, at=now)
        for words in ("Twenty-four.", "Or twenty-five."):
            conversations.say(session, request, words, links=links, by=request.requester, at=now)
    assert len(queued(database, "mio@fernweh.example")) == 1
    mails.send_waiting(database, configured, now=now)
    with database.writing() as session:
        request = session.get_one(LearningRequest, request.id)
        conversations.say(session, request, "Settled: 24.", links=links, by=request.requester, at=now)
        conversations.say(session, request, "For us.", links=links, by=second, at=now, internal=True)
    assert len(queued(database, "mio@fernweh.example")) == 2
    assert queued(database, "mara@fernweh.example") == []


def test_a_supporter_may_answer_and_a_stranger_may_not(
    database: Database, cast: Cast, links: Links, receive: Receive, now: datetime
) -> None:
    number, message_id = asked(database, links)
    with database.writing() as session:
        request = session.get_one(LearningRequest, number)
        supporters.join(session, request, email="otto@fernweh.example", links=links, at=now)
    ours = receive(a_mail("So do we.", sender="otto@fernweh.example", answers=message_id))
    eli = receive(a_mail("Me too.", sender="eli@fernweh.example", answers=message_id))
    assert ours is not None
    assert eli is not None
    assert (ours.status, eli.status) == (ArrivalStatus.THREADED, ArrivalStatus.QUARANTINED)
    assert (eli.why, eli.learning_request_id) == (
        "It answers a mail of ours, but the sender takes no part in that request.",
        number,
    )
    assert conversation(database, number) == [("otto@fernweh.example", "So do we.")]


def test_answering_the_link_adds_to_the_draft_and_once_it_is_sent_to_the_request(
    database: Database, cast: Cast, links: Links, receive: Receive, now: datetime
) -> None:
    receive(a_mail())
    (mail,) = queued(database, "rita@fernweh.example")
    more = receive(a_mail("It is 24 people.", answers=mail.message_id))
    assert more is not None
    assert more.status is ArrivalStatus.THREADED
    with database.writing() as session:
        draft = session.scalars(select(Draft)).one()
        assert draft.values["problem"] == "New people need four days for a quote.\n\nIt is 24 people."
        request = a_request(session, links=links)
        drafts.sent(session, draft, request, at=now)
    assert receive(a_mail("And two guests.", answers=mail.message_id)) is not None
    assert conversation(database, request.id) == [("rita@fernweh.example", "And two guests.")]
    stranger = receive(a_mail("Let me in.", sender="eli@fernweh.example", answers=mail.message_id))
    assert stranger is not None
    assert stranger.status is ArrivalStatus.QUARANTINED


@pytest.mark.parametrize(
    ("domains", "sender", "status"),
    [
        ("", "sam@fernweh.example", ArrivalStatus.QUARANTINED),
        ("fernweh.example bikes.example", "sam@fernweh.example", ArrivalStatus.DRAFTED),
        ("fernweh.example", "sam@evil-fernweh.example", ArrivalStatus.QUARANTINED),
        ("fernweh.example", "sam@fernweh.example.evil.example", ArrivalStatus.QUARANTINED),
        ("bikes.example", "rita@fernweh.example", ArrivalStatus.QUARANTINED),
        ("bikes.example", "mara@fernweh.example", ArrivalStatus.DRAFTED),
    ],
)
def test_known_people_and_named_domains_may_ask(
    database: Database, cast: Cast, receive: Receive, domains: str, sender: str, status: ArrivalStatus
) -> None:
    with database.writing() as session:
        session.scalars(select(Organisation)).one().intake_domains = domains
    arrival = receive(a_mail(sender=sender))
    assert arrival is not None
    assert arrival.status is status
    assert len(queued(database, sender)) == (status is ArrivalStatus.DRAFTED)


@pytest.mark.both
def test_machines_are_dropped_kept_and_never_written_to(
    database: Database, cast: Cast, links: Links, receive: Receive
) -> None:
    number, message_id = asked(database, links)
    raw = a_mail("I am away until Monday.", answers=message_id, Auto_Submitted="auto-replied")
    arrival = receive(raw)
    assert arrival is not None
    assert (arrival.status, arrival.words) == (ArrivalStatus.DROPPED, "I am away until Monday.")
    assert conversation(database, number) == []
    assert len(queued(database, "rita@fernweh.example")) == 1
    with database.reading() as session:
        assert session.get_one(Arrival, arrival.id).raw == raw


def test_our_own_mail_coming_back_is_dropped(
    database: Database, cast: Cast, configured: Settings, links: Links, now: datetime, receive: Receive
) -> None:
    asked(database, links)
    mails.send_waiting(database, configured, now=now)
    (file,) = (configured.data / "outbox").iterdir()
    arrival = receive(file.read_bytes())
    assert arrival is not None
    assert arrival.status is ArrivalStatus.DROPPED


def test_two_machines_without_marks_stop_answering_each_other(
    database: Database, cast: Cast, receive: Receive, now: datetime
) -> None:
    statuses = []
    for turn in range(22):
        arrival = receive(a_mail(f"Thank you for your mail no. {turn}."))
        assert arrival is not None
        statuses.append(arrival.status)
    assert statuses == [ArrivalStatus.DRAFTED] * 20 + [ArrivalStatus.QUARANTINED] * 2
    later = receive(a_mail("A new day."), at=now + timedelta(hours=2))
    assert later is not None
    assert later.status is ArrivalStatus.DRAFTED


def test_words_that_do_not_fit_go_along_as_a_file(database: Database, cast: Cast, receive: Receive) -> None:
    words = "We need help with this. " * 2000
    receive(a_mail(words))
    with database.reading() as session:
        draft = session.scalars(select(Draft)).one()
        (file,) = files.listed(session, draft=draft)
        assert len(draft.values["problem"]) <= 8000
        assert draft.values["problem"].endswith("(It goes on in the file “mail.txt”.)")
        assert file.content.decode().split() == words.split()


def test_a_file_that_is_refused_is_named_to_the_sender(
    database: Database, cast: Cast, receive: Receive
) -> None:
    receive(a_mail(files={"tool.exe": b"MZ"}))
    (mail,) = queued(database, "rita@fernweh.example")
    assert "What we couldn't take along:\nWe can't take “tool.exe”." in mail.text


def test_of_a_mail_too_large_the_headers_wait_for_the_manager(
    database: Database, cast: Cast, receive: Receive
) -> None:
    raw = b"From: rita@fernweh.example\r\nSubject: The video\r\n\r\n"
    arrival = receive(raw, size_bytes=40_000_000)
    assert arrival is not None
    assert (arrival.status, arrival.size_bytes, arrival.subject) == (
        ArrivalStatus.QUARANTINED,
        40_000_000,
        "The video",
    )


@pytest.mark.both
def test_the_manager_lets_a_stranger_in_and_the_stranger_gets_the_link(
    database: Database, cast: Cast, links: Links, receive: Receive, now: datetime
) -> None:
    arrival = receive(a_mail(sender="Sam <sam@nowhere.example>", files={"plan.pdf": PDF}))
    assert arrival is not None
    with database.writing() as session:
        found = session.get_one(Arrival, arrival.id)
        assert found.attachments == [{"name": "plan.pdf", "size_bytes": len(PDF)}]
        arrivals.accept(session, found, links=links, by=cast.manager, at=now)
        with pytest.raises(ArrivalSettled):
            arrivals.accept(session, found, links=links, by=cast.manager, at=now)
        assert (found.status, found.settled_by_id) == (ArrivalStatus.DRAFTED, cast.manager.id)
        assert [file.name for file in session.scalars(select(File))] == ["plan.pdf"]
        actions = session.scalars(select(Event.action).where(Event.subject_type == "arrivals")).all()
    assert actions == ["arrival.quarantined", "arrival.drafted"]
    assert len(queued(database, "sam@nowhere.example")) == 1


def test_a_stranger_let_in_who_answers_stands_in_the_conversation(
    database: Database, cast: Cast, links: Links, receive: Receive, now: datetime
) -> None:
    number, message_id = asked(database, links)
    arrival = receive(a_mail("From my other address.", sender="rita@home.example", answers=message_id))
    assert arrival is not None
    with database.writing() as session:
        arrivals.accept(session, session.get_one(Arrival, arrival.id), links=links, by=cast.manager, at=now)
    assert conversation(database, number) == [("rita@home.example", "From my other address.")]


def test_what_is_dropped_stays_and_can_be_let_in_after_all(
    database: Database, cast: Cast, links: Links, receive: Receive, now: datetime
) -> None:
    arrival = receive(a_mail(sender="sam@nowhere.example"))
    assert arrival is not None
    with database.writing() as session:
        found = session.get_one(Arrival, arrival.id)
        arrivals.drop(session, found, by=cast.manager, at=now)
        assert (found.status, found.why) == (
            ArrivalStatus.DROPPED,
            "We don't know the sender. You dropped it.",
        )
        with pytest.raises(ArrivalSettled):
            arrivals.drop(session, found, by=cast.manager, at=now)
        arrivals.accept(session, found, links=links, by=cast.manager, at=now)
    assert len(queued(database, "sam@nowhere.example")) == 1


def test_a_mail_without_a_sender_waits_and_cant_be_let_in(
    database: Database, cast: Cast, links: Links, receive: Receive, now: datetime
) -> None:
    arrival = receive(b"Subject: who am I\n\nwords")
    assert arrival is not None
    assert arrival.status is ArrivalStatus.QUARANTINED
    with database.writing() as session, pytest.raises(AddressRefused):
        arrivals.accept(session, session.get_one(Arrival, arrival.id), links=links, by=cast.manager, at=now)


@pytest.mark.both
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00" * 5000,
        b"From: rita@fernweh.example\nSubject: a\x00b\n\nNUL \x00 and \xed\xa0\x80\n",
        b"From: rita@fernweh.example\nSubject: " + b"x" * 6000 + b"\nMessage-ID: <" + b"y" * 5000 + b">\n\nx",
        b"From: " + b"r" * 400 + b"@fernweh.example\n\nx",
        b"From: rita@fernweh.example\nContent-Type: application/pdf; name=\x00\xff.pdf\n\n%PDF-\x00",
        b"From: rita@fernweh.example\nIn-Reply-To: <" + b"a" * 300 + b"> <b@outsize>\n\nx",
        b"From: rita@fernweh.example\nContent-Type: text/plain; charset=utf-7\n\n+2AA-\n",
    ],
)
def test_broken_mails_are_kept_byte_for_byte(
    database: Database, cast: Cast, receive: Receive, raw: bytes
) -> None:
    arrival = receive(raw)
    assert arrival is not None
    with database.reading() as session:
        assert session.get_one(Arrival, arrival.id).raw == raw


def test_mails_about_one_request_answer_the_first_one_a_person_got(
    database: Database, cast: Cast, configured: Settings, links: Links, now: datetime
) -> None:
    settings = configured.model_copy(
        update={"intake_address": "Training <training@fernweh.example>", "imap_url": "imaps://u:p@h"}
    )
    number, first = asked(database, links)
    with database.writing() as session:
        request = session.get_one(LearningRequest, number)
        conversations.say(session, request, "How many?", links=links, by=cast.manager, at=now)
    mails.send_waiting(database, settings, now=now)
    import email
    from email.policy import default

    _, second = sorted((settings.data / "outbox").iterdir())
    letter = email.message_from_bytes(second.read_bytes(), policy=default)
    assert {
        name: letter[name] for name in ("In-Reply-To", "References", "Reply-To", "Auto-Submitted", "X-Loop")
    } == {
        "In-Reply-To": first,
        "References": first,
        "Reply-To": "Training <training@fernweh.example>",
        "Auto-Submitted": "auto-generated",
        "X-Loop": "training@fernweh.example",
    }
    assert letter.get_content().rstrip().endswith("You can also answer this mail; your words are added.")


def test_what_is_said_has_its_lines(database: Database, cast: Cast, links: Links, receive: Receive) -> None:
    """A mail with files and no words says so."""
    number, message_id = asked(database, links)
    receive(a_mail(" ", answers=message_id, files={"plan.pdf": PDF}))
    assert conversation(database, number) == [("rita@fernweh.example", "(no words)")]
    with database.reading() as session:
        assert session.scalar(select(func.count(Message.id))) == 1


def test_what_was_dropped_is_forgotten_after_ninety_days_and_nothing_else(
    database: Database, cast: Cast, receive: Receive, now: datetime
) -> None:
    from portfolio import upkeep

    receive(a_mail("Away.", Auto_Submitted="auto-replied"))
    receive(a_mail("Known."))
    receive(a_mail("Unknown.", sender="sam@nowhere.example"))
    with database.writing() as session:
        assert upkeep.expire(session, now=now + timedelta(days=89))["dropped_mails"] == 0
        assert upkeep.expire(session, now=now + timedelta(days=91))["dropped_mails"] == 1
        assert session.scalars(select(Arrival.words).order_by(Arrival.id)).all() == ["Known.", "Unknown."]
