"""The parts of a mail: its structure, its texts and its files."""

import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import Message
from email.utils import collapse_rfc2231_value

from portfolio.post import markup
from portfolio.post.broken import BROKEN
from portfolio.post.headers import headers_of, readable
from portfolio.post.text import cleaned, decoded, line

MOST_WORDS = 200_000
MOST_PARTS = 1000
DEEPEST = 120
MOST_ENCLOSED = 4
MOST_WORK = 400_000_000
"""Parsing compares each line with each open boundary: more bytes times boundaries than that would take minutes."""

LARGEST_DECORATION = 20_000
"""Smaller pictures that a text shows in place belong to a signature."""


@dataclass(frozen=True)
class Attachment:
    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Text:
    """A stretch of words; `is_form` where the same words may be there in another form."""

    words: str
    is_markup: bool = False
    is_form: bool = False


@dataclass
class Contents:
    texts: list[Text] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)

    def words(self) -> str:
        """All texts; of the forms of one text the plain one, unless it is empty."""
        has_plain = any(text.words and text.is_form and not text.is_markup for text in self.texts)
        kept = [text.words for text in self.texts if not (text.is_form and text.is_markup and has_plain)]
        return "\n\n".join(words for words in kept if words)[:MOST_WORDS]


def parsed(raw: bytes) -> Message:
    """As Python reads it; flat, as headers and one text, where that fails or would take for ever."""
    depth = len(re.findall(rb"(?i)boundary\s*=", raw))
    if depth > DEEPEST or depth * len(raw) > MOST_WORK:
        return flat(raw)
    try:
        return message_from_bytes(raw, policy=policy.compat32)
    except BROKEN:
        return flat(raw)


def flat(raw: bytes) -> Message:
    """Only headers and what follows them."""
    head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    message: Message = Message(policy=policy.compat32)
    for one in re.sub(rb"\n[ \t]+", b" ", head).split(b"\n"):
        name, colon, value = one.partition(b":")
        if colon and re.fullmatch(rb"[!-9;-~]{1,100}", name):
            message[name.decode()] = value.strip().decode("ascii", "surrogateescape").replace("\r", "")
    message.set_payload(body.decode("ascii", "surrogateescape"))
    return message


def contents(message: Message, depth: int = 0) -> Contents:
    """What the parts hold, in their order."""
    found = Contents()
    for part, is_form in _leaves(message):
        kind, name = _kind(part), _file_name(part)
        if isinstance(part.get_payload(), list):
            _take_enclosed(part, name, found, depth)
        elif kind in {"text/plain", "text/html"} and not name and _disposition(part) != "attachment":
            found.texts.append(_text(part, kind, is_form=is_form))
        else:
            _take_attached(part, kind, name, found)
    return found


def _leaves(message: Message) -> Iterator[tuple[Message, bool]]:
    """In order, each with whether it is one of several forms of the same text. No recursion: mails nest deep."""
    waiting = [(message, False)]
    for _ in range(MOST_PARTS):
        if not waiting:
            return
        part, is_form = waiting.pop()
        inner = part.get_payload()
        kind = _kind(part)
        if isinstance(inner, list) and kind.startswith("multipart/"):
            is_form = is_form or kind == "multipart/alternative"
            waiting.extend((one, is_form) for one in reversed(inner) if isinstance(one, Message))
        else:
            yield part, is_form


def _text(part: Message, kind: str, *, is_form: bool) -> Text:
    said = decoded(_content(part), _charset(part))
    is_markup = kind == "text/html"
    return Text(cleaned(markup.words(said) if is_markup else said), is_markup, is_form)


def _take_attached(part: Message, kind: str, name: str, found: Contents) -> None:
    content = _content(part)
    is_shown = bool(part.get("content-id")) and _disposition(part) != "attachment"
    if is_shown and kind.startswith("image/") and len(content) <= LARGEST_DECORATION:
        return
    if content:
        ending = mimetypes.guess_extension(kind) or ".bin"
        name = name or f"attachment {len(found.attachments) + 1}{ending}"
        found.attachments.append(Attachment(name, kind, content))


def _take_enclosed(part: Message, name: str, found: Contents, depth: int) -> None:
    """A mail inside a mail: its words are read along, and the whole of it goes with the files."""
    inner = part.get_payload()
    for one in [one for one in inner if isinstance(one, Message)] if isinstance(inner, list) else []:
        headers = headers_of(one)
        subject = line(headers.get("subject", ""), 200)
        words = contents(one, depth + 1).words() if depth < MOST_ENCLOSED else ""
        title = f"Forwarded mail from {line(readable(headers['from']), 200)}: {subject}"
        found.texts.append(Text(f"{title}\n\n{words}".strip()))
        content = _as_bytes(one)
        if content:
            name = name or f"{subject or 'forwarded'}.eml"
            found.attachments.append(Attachment(name, "message/rfc822", content))


def _kind(part: Message) -> str:
    """Its media type; text where it claims to have parts and none could be found."""
    try:
        kind = part.get_content_type()
    except BROKEN:
        return "application/octet-stream"
    has_parts = isinstance(part.get_payload(), list)
    return "text/plain" if kind.startswith(("multipart/", "message/")) and not has_parts else kind


def _disposition(part: Message) -> str:
    return str(part.get("content-disposition", "")).split(";")[0].strip().lower()


def _charset(part: Message) -> str | None:
    try:
        found = part.get_param("charset")
        return None if found is None else collapse_rfc2231_value(found)
    except BROKEN:
        return None


def _file_name(part: Message) -> str:
    try:
        name = part.get_filename("") or ""
    except BROKEN:
        name = "attachment"
    said = decoded(str(name).encode("utf-8", "surrogateescape"), None)
    return line(readable(said), 150)


def _content(part: Message) -> bytes:
    """The bytes of a leaf, decoded where its encoding can be followed."""
    try:
        found = part.get_payload(decode=True)
    except BROKEN:
        found = None
    if isinstance(found, bytes):
        return found
    inner = part.get_payload()
    return inner.encode("utf-8", "surrogateescape") if isinstance(inner, str) else b""


def _as_bytes(message: Message) -> bytes:
    try:
        return message.as_bytes()
    except BROKEN:
        return b""
