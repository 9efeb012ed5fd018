"""The headers of a mail as people read them."""

import re
from email.header import decode_header
from email.message import Message
from email.utils import parseaddr

from portfolio.post.broken import BROKEN
from portfolio.post.text import decoded, line

LONGEST_HEADER = 20_000
MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")
ONE = r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f-\x9f\ud800-\udfff]"
ADDRESS = rf"{ONE}{{1,64}}@{ONE}{{1,180}}"
ENCODED_WORDS = re.compile(r"=\?[^?\s]{1,60}\?[bBqQ]\?[^?]*\?=(?:\s*=\?[^?\s]{1,60}\?[bBqQ]\?[^?]*\?=)*")


def headers_of(message: Message) -> dict[str, str]:
    """Each header's first value, by lower-case name. The uppermost is what the last server wrote."""
    found: dict[str, str] = {}
    for name, value in message.raw_items():
        found.setdefault(str(name).lower(), _unfolded(str(value)))
    return {name: readable(value) for name, value in found.items()} | {"from": found.get("from", "")}


def readable(value: str) -> str:
    """With encoded words as what they stand for; those that stand for nothing stay as they are."""
    return ENCODED_WORDS.sub(_encoded_words, value)


def sender(header: str) -> tuple[str, str]:
    """Name and address; the address empty where it is none.

    Encoded words are read last: read first, a name could bring brackets and pass for an address.
    """
    try:
        name, address = parseaddr(header)
    except BROKEN:
        name, address = "", ""
    found = re.fullmatch(ADDRESS, address.strip())
    if not found:
        found = re.search(rf"(?<=<){ADDRESS}(?=>\s*$)", header)
    return line(readable(name), 200), found[0].lower() if found else ""


def answers(headers: dict[str, str]) -> tuple[str, ...]:
    """Ids of the mails this one answers, the nearest first."""
    direct = MESSAGE_ID.findall(headers.get("in-reply-to", ""))
    chain = MESSAGE_ID.findall(headers.get("references", ""))
    return tuple(dict.fromkeys([*direct, *reversed(chain)]))[:100]


def _unfolded(value: str) -> str:
    """On one line, bytes beyond ASCII as UTF-8 or Windows' Latin letters."""
    text = decoded(value[:LONGEST_HEADER].encode("utf-8", "surrogateescape"), None)
    return re.sub(r"[\r\n]+", "", text)


def _encoded_words(match: re.Match[str]) -> str:
    try:
        parts = decode_header(match[0])
    except BROKEN:
        return match[0]
    return "".join(
        decoded(part, charset) if isinstance(part, bytes) else str(part) for part, charset in parts
    )
