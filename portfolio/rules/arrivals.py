"""What becomes of a mail that came in, and why: values in, a status with its reason out."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from portfolio.states import ArrivalStatus

MOST_IN_AN_HOUR = 20
"""More mails than this from one sender within an hour look like two machines answering each other."""

NO_REPLY = re.compile(
    r"(mailer-daemon|no[-_.]?reply|do[-_.]?not[-_.]?reply|bounces?)([-+_.=].*)?", re.IGNORECASE
)


@dataclass(frozen=True)
class Facts:
    """What is known about a mail: `machine` and `forged` say why it is taken for one, or nothing."""

    sender: str = "kim@fernweh.example"
    machine: str = ""
    forged: str = ""
    is_too_large: bool = False
    is_empty: bool = False
    answers_ours: bool = False
    takes_part: bool = False
    is_known: bool = False
    from_our_domains: bool = False
    in_the_last_hour: int = 0


@dataclass(frozen=True)
class Fate:
    """What becomes of a mail, with the reason people read."""

    status: ArrivalStatus
    why: str


def becomes(facts: Facts) -> Fate:
    """The first reason that holds decides, the most careful first."""
    if facts.machine:
        return Fate(ArrivalStatus.DROPPED, facts.machine)
    if facts.is_empty:
        return Fate(ArrivalStatus.DROPPED, "There is nothing in it.")
    doubt = _doubt(facts)
    if doubt:
        return Fate(ArrivalStatus.QUARANTINED, doubt)
    if facts.answers_ours:
        return Fate(ArrivalStatus.THREADED, "It answers a mail of ours.")
    if facts.is_known:
        return Fate(ArrivalStatus.DRAFTED, "We know the sender.")
    return Fate(ArrivalStatus.DRAFTED, "The sender's domain may ask.")


def _doubt(facts: Facts) -> str:
    is_welcome = facts.answers_ours or facts.is_known or facts.from_our_domains
    doubts = (
        (not facts.sender, "It names no sender we can read."),
        (
            facts.is_too_large,
            "It is too large to be fetched whole. All of it is in the mailbox, marked with a flag.",
        ),
        (bool(facts.forged), facts.forged),
        (
            facts.in_the_last_hour >= MOST_IN_AN_HOUR,
            f"More than {MOST_IN_AN_HOUR} mails from this sender within an hour.",
        ),
        (
            facts.answers_ours and not facts.takes_part,
            "It answers a mail of ours, but the sender takes no part in that request.",
        ),
        (not is_welcome, "We don't know the sender."),
    )
    return next((why for holds, why in doubts if holds), "")


def written_by_machine(headers: Mapping[str, str], sender: str, ours: Collection[str]) -> str:
    """Why nobody typed this mail, or nothing. `headers` by lower-case name; `ours` are our own addresses.

    After RFC 3834 (Auto-Submitted, null Return-Path), RFC 2919 (List-Id) and what mail programs do besides.
    """
    submitted = headers.get("auto-submitted", "").split(";")[0].strip().lower()
    precedence = headers.get("precedence", "").strip().lower()
    loop = headers.get("x-loop", "").lower()
    signs = (
        (sender in ours, "It came from our own address."),
        (any(address in loop for address in ours), "It came back to us: a loop."),
        (submitted not in {"", "no"}, "A machine wrote it: it says it was sent automatically."),
        (
            any(name in headers for name in ("x-autoreply", "x-autorespond", "x-auto-response-suppress")),
            "A machine wrote it: it asks for no automatic answer.",
        ),
        (headers.get("return-path", "-").strip() in {"", "<>"}, "A machine wrote it: it wants no answer."),
        (
            headers.get("content-type", "").strip().lower().startswith("multipart/report"),
            "A mail server's report about another mail.",
        ),
        (precedence in {"bulk", "junk", "list", "auto_reply"}, f"It was sent in bulk ({precedence})."),
        ("list-id" in headers, "It came through a mailing list."),
        (
            bool(NO_REPLY.fullmatch(sender.partition("@")[0])),
            "A machine wrote it: nobody reads mail at the sender's address.",
        ),
    )
    return next((why for holds, why in signs if holds), "")


def forged(results: str) -> str:
    """Why the sender's address is doubted, or nothing: from the receiving server's own Authentication-Results."""
    said = dict(re.findall(r"\b(dmarc|spf)\s*=\s*([a-z]+)", results.lower()[:4000]))
    if said.get("dmarc") == "fail":
        return "The mail server doubts that the sender's address is true (DMARC failed)."
    if said.get("spf") == "fail" and said.get("dmarc") != "pass":
        return "The mail server doubts that the sender's address is true (SPF failed)."
    return ""


def plain_subject(subject: str) -> str:
    """A subject without what mail programs put before it: Re:, Fwd:, AW:, WG:, [EXT] and their like."""
    prefix = re.compile(
        r"\s*((re|fwd?|aw|wg|antw|sv|vs|tr|rif|odp|ynt|r)\s*(\[\d+\])?\s*[::]|\[(ext|extern|external)\])\s*",
        re.IGNORECASE,
    )
    while match := prefix.match(subject):
        subject = subject[match.end() :]
    return subject.strip()
