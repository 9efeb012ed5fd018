"""What becomes of a mail: a table of cases, each with its reason."""

from dataclasses import replace

import pytest

from portfolio.rules.arrivals import Facts, becomes, forged, plain_subject, written_by_machine
from portfolio.states import ArrivalStatus

STRANGER = Facts(sender="sam@nowhere.example")
KNOWN = replace(STRANGER, is_known=True)
REPLY = replace(KNOWN, answers_ours=True, takes_part=True)


@pytest.mark.parametrize(
    ("facts", "status", "why"),
    [
        (KNOWN, ArrivalStatus.DRAFTED, "We know the sender."),
        (replace(STRANGER, from_our_domains=True), ArrivalStatus.DRAFTED, "The sender's domain may ask."),
        (STRANGER, ArrivalStatus.QUARANTINED, "We don't know the sender."),
        (REPLY, ArrivalStatus.THREADED, "It answers a mail of ours."),
        (
            replace(REPLY, is_known=False),
            ArrivalStatus.THREADED,
            "It answers a mail of ours.",
        ),
        (
            replace(REPLY, takes_part=False),
            ArrivalStatus.QUARANTINED,
            "It answers a mail of ours, but the sender takes no part in that request.",
        ),
        (replace(REPLY, machine="A machine."), ArrivalStatus.DROPPED, "A machine."),
        (replace(STRANGER, machine="A machine."), ArrivalStatus.DROPPED, "A machine."),
        (replace(KNOWN, is_empty=True), ArrivalStatus.DROPPED, "There is nothing in it."),
        (replace(REPLY, forged="Forged."), ArrivalStatus.QUARANTINED, "Forged."),
        (replace(KNOWN, sender=""), ArrivalStatus.QUARANTINED, "It names no sender we can read."),
        (
            replace(REPLY, is_too_large=True),
            ArrivalStatus.QUARANTINED,
            "It is too large to be fetched whole. All of it is in the mailbox, marked with a flag.",
        ),
        (replace(REPLY, in_the_last_hour=19), ArrivalStatus.THREADED, "It answers a mail of ours."),
        (
            replace(REPLY, in_the_last_hour=20),
            ArrivalStatus.QUARANTINED,
            "More than 20 mails from this sender within an hour.",
        ),
    ],
)
def test_the_first_reason_that_holds_decides(facts: Facts, status: ArrivalStatus, why: str) -> None:
    fate = becomes(facts)
    assert (fate.status, fate.why) == (status, why)


OURS = {"training@fernweh.example", "outsize@fernweh.example"}


@pytest.mark.parametrize(
    ("headers", "sender", "words"),
    [
        ({"auto-submitted": "auto-replied (vacation)"}, "rita@fernweh.example", "sent automatically"),
        ({"auto-submitted": "Auto-Generated; owner-email=x"}, "rita@fernweh.example", "sent automatically"),
        ({"precedence": "Bulk"}, "rita@fernweh.example", "in bulk (bulk)"),
        ({"precedence": "junk"}, "rita@fernweh.example", "in bulk (junk)"),
        ({"precedence": "list"}, "rita@fernweh.example", "in bulk (list)"),
        ({"list-id": "<news.fernweh.example>"}, "rita@fernweh.example", "mailing list"),
        ({"x-auto-response-suppress": "All"}, "rita@fernweh.example", "no automatic answer"),
        ({"x-autoreply": "yes"}, "rita@fernweh.example", "no automatic answer"),
        ({"return-path": "<>"}, "rita@fernweh.example", "wants no answer"),
        ({"x-loop": "Training@fernweh.example"}, "rita@fernweh.example", "a loop"),
        ({"content-type": "multipart/report; report-type=delivery-status"}, "x@y.example", "report"),
        ({}, "MAILER-DAEMON@fernweh.example", "nobody reads mail"),
        ({}, "no-reply@shop.example", "nobody reads mail"),
        ({}, "donotreply+77@shop.example", "nobody reads mail"),
        ({}, "bounces+rita=x@shop.example", "nobody reads mail"),
        ({}, "outsize@fernweh.example", "our own address"),
    ],
)
def test_what_machines_write_is_told_by_its_marks(headers: dict[str, str], sender: str, words: str) -> None:
    assert words in written_by_machine(headers, sender, OURS)


@pytest.mark.parametrize(
    ("headers", "sender"),
    [
        ({}, "rita@fernweh.example"),
        ({"auto-submitted": "no"}, "rita@fernweh.example"),
        ({"auto-submitted": "No ; really"}, "rita@fernweh.example"),
        ({"precedence": "first-class"}, "rita@fernweh.example"),
        ({"return-path": "<rita@fernweh.example>"}, "rita@fernweh.example"),
        ({"x-loop": "someone@else.example"}, "rita@fernweh.example"),
        ({"content-type": "multipart/mixed; boundary=report"}, "rita@fernweh.example"),
        ({}, "noreen@fernweh.example"),
        ({}, "bouncer@fernweh.example"),
    ],
)
def test_what_people_write_is_no_machines(headers: dict[str, str], sender: str) -> None:
    assert written_by_machine(headers, sender, OURS) == ""


@pytest.mark.parametrize(
    ("results", "is_doubted"),
    [
        ("", False),
        ("mx.fernweh.example; spf=pass smtp.mailfrom=x; dkim=pass; dmarc=pass", False),
        ("mx.fernweh.example; dmarc=fail (p=none) header.from=fernweh.example", True),
        ("mx.fernweh.example; spf=fail smtp.mailfrom=x", True),
        ("mx.fernweh.example; spf=fail smtp.mailfrom=x; dkim=pass; dmarc=pass", False),
        ("mx.fernweh.example; spf=softfail smtp.mailfrom=x", False),
        ("mx.fernweh.example; SPF = FAIL", True),
    ],
)
def test_a_sender_the_mail_server_doubts_is_doubted(results: str, *, is_doubted: bool) -> None:
    assert bool(forged(results)) is is_doubted


@pytest.mark.parametrize(
    ("subject", "plain"),
    [
        ("Re: Fwd: RE: Quotes", "Quotes"),
        ("AW: WG: Angebote", "Angebote"),
        ("[EXT] Re[2]: Quotes", "Quotes"),
        ("Reporting: how?", "Reporting: how?"),
        ("Re:", ""),
        ("", ""),
    ],
)
def test_a_subject_loses_what_mail_programs_put_before_it(subject: str, plain: str) -> None:
    assert plain_subject(subject) == plain
