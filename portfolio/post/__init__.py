"""Reads a mail, however broken: any bytes give a letter, and nothing in them makes it fail.

Python's `email` finds the structure; its newer header policy is left alone, since it raises on headers that occur in
real mail (docs/decisions/0042). What can't be read well is read badly; the bytes themselves are kept by the caller.
"""

import hashlib
import re
from dataclasses import dataclass

from portfolio.post.headers import MESSAGE_ID, answers, headers_of, sender
from portfolio.post.parts import Attachment, contents, flat, parsed
from portfolio.post.text import line

__all__ = ["Attachment", "Letter", "key", "own_words", "read"]

MOST_ATTACHMENTS = 50
MOST_SEARCHED = 100_000
MOST_LINES_ABOVE = 3000
"""Quoted mail that begins lower down is taken for the writer's own words."""

HEADERS_COPIED = re.compile(
    r"(?m)^(From|Von|De|Da|Van|Od|Fra|Från) ?:[^\n]*\n"
    r"(?:[^\n:]{1,20}:[^\n]*\n){1,6}?"
    r"(Subject|Betreff|Objet|Asunto|Assunto|Oggetto|Onderwerp|Temat|Emne|Ämne) ?:"
)
"""How Outlook begins what it quotes, which quotequail finds only below a line of dashes."""


@dataclass(frozen=True)
class Letter:
    """What a mail says. `answers` names the mails it answers, the nearest first."""

    headers: dict[str, str]
    sender: str
    sender_name: str
    subject: str
    message_id: str | None
    answers: tuple[str, ...]
    words: str
    attachments: tuple[Attachment, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.subject or self.words or self.attachments)


def read(raw: bytes) -> Letter:
    """The letter in these bytes, whatever they are."""
    message = parsed(raw)
    headers = headers_of(message)
    found = contents(message)
    name, address = sender(headers["from"])
    return Letter(
        headers=headers,
        sender=address,
        sender_name=name,
        subject=line(headers.get("subject", ""), 5000),
        message_id=next(iter(MESSAGE_ID.findall(headers.get("message-id", ""))), None),
        answers=answers(headers),
        words=found.words(),
        attachments=tuple(found.attachments[:MOST_ATTACHMENTS]),
    )


def key(raw: bytes) -> str:
    """Tells mails apart, and is the same when one is fetched twice or arrives by two ways.

    The message's own id alone won't do: two different mails may carry one, and the second must not be lost.
    """
    head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    headers = headers_of(flat(head + b"\n\n"))
    message_id = line(headers.get("message-id", ""), 200)
    if not message_id:
        return hashlib.sha256(raw).hexdigest()
    told = "\n".join(headers.get(name, "") for name in ("from", "subject", "date"))
    digest = hashlib.sha256(told.encode("utf-8", "replace") + b"\n" + body.rstrip()).hexdigest()
    return f"{message_id} {digest[:40]}"


def own_words(words: str) -> str:
    """What the writer added: without quoted mail and signature.

    An answer written below or between the quotes keeps them, since it makes no sense without.
    """
    return _unsigned(_above_quotes(words)) or _unsigned(words) or words.strip()


def _above_quotes(words: str) -> str:
    import quotequail

    top = "\n".join(words.split("\n", MOST_LINES_ABOVE)[:MOST_LINES_ABOVE])
    shown = quotequail.quote(top, quote_intro_line=True, limit=MOST_LINES_ABOVE + 1)
    is_quoting = any(not is_own for is_own, _ in shown)
    above = "\n".join(part for is_own, part in shown if is_own) if is_quoting else words
    copied = HEADERS_COPIED.search(above[:MOST_SEARCHED])
    return above[: copied.start()] if copied else above


def _unsigned(words: str) -> str:
    """Without what follows the line of two dashes."""
    return re.split(r"(?m)^-- ?$", words, maxsplit=1)[0].strip()
