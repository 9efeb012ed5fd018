"""Where somebody's name or address stands besides their own row: in files that wait, in mails kept as files, in what others wrote.

What is a copy is taken away with them. What others wrote is told, since only a person can say whether they are meant.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from sqlalchemy import String, cast, or_, select
from sqlalchemy.orm import Session

from portfolio import imports
from portfolio.models import Base, Import, Person

MOST_SHOWN = 20
"""Of one kind; where there are more, the search finds them."""
LARGEST_PART = 200_000_000
ENCODINGS = ("utf-8", "latin-1", "utf-16")
PLACES = (
    ("learning_requests", "id", "/inbox/{}", ("title",)),
    ("answers", "learning_request_id", "/inbox/{}", ("value",)),
    ("messages", "learning_request_id", "/inbox/{}", ("words",)),
    ("decisions", "learning_request_id", "/inbox/{}", ("words",)),
    ("supporters", "learning_request_id", "/inbox/{}", ("words",)),
    ("overrides", "learning_request_id", "/inbox/{}", ("reason",)),
    ("cards", "id", "/cards/{}", ("title", "notes", "blocked_by")),
    ("comments", "card_id", "/cards/{}", ("words",)),
    ("checklist_items", "card_id", "/cards/{}", ("words",)),
    ("blockers", "card_id", "/cards/{}", ("reason",)),
    ("card_links", "card_id", "/cards/{}", ("label", "address")),
    ("expert_asks", "card_id", "/cards/{}", ("why", "words")),
    ("work_logs", "card_id", "/cards/{}", ("note",)),
    ("projects", "id", "/projects/{}", ("name", "health_note", "audience", "hypothesis", "stop_rule", "sponsor")),
    ("evaluation_steps", "project_id", "/projects/{}", ("what", "source", "method", "owner")),
    ("training_sessions", "project_id", "/projects/{}", ("title", "place")),
    ("costs", "project_id", "/projects/{}/proof", ("note",)),
    ("benefit_estimates", "project_id", "/projects/{}/proof", ("basis", "left_out")),
    ("iterations", "id", "/iterations/{}", ("goal", "shown", "learned", "next_step", "review", "retrospective", "record")),
    ("resources", "id", "/library/{}", ("title", "about", "link")),
    ("success_cases", "id", "/cases/{}", ("who", "role", "used", "result", "evidence", "barriers", "helped", "quote")),
    ("measures", "id", "/measures/{}", ("name", "source")),
    ("readings", "measure_id", "/measures/{}", ("note",)),
    ("withdrawn_readings", "measure_id", "/measures/{}", ("why",)),
    ("surveys", "id", "/surveys/{}", ("name", "words", "questions")),
    ("responses", "survey_id", "/surveys/{}", ("answers",)),
    ("plans", "id", "/plan", ("why",)),
    ("editions", "id", "/reports/{}", ("title", "correction", "figures", "html")),
)  # fmt: skip
"""Table, the column that names the page, its address, and what people write there. Published reports stay as they were published."""


@dataclass(frozen=True)
class Place:
    """A page where the words occur."""

    table: str
    number: int
    path: str


class StillBeingTaken(ValueError):
    """A file that names them is on its way in."""


def words_of(person: Person) -> list[str]:
    """Their address, and their name where it is more than a word: alone, "Kim" means many."""
    return [person.email, *([person.name.strip()] if " " in person.name.strip() else [])]


def places(session: Session, words: Iterable[str]) -> list[Place]:
    """Where others wrote one of these, each page once a kind."""
    spelt = _spelt(words)
    found = []
    for name, key, path, columns in PLACES:
        table = Base.metadata.tables[name]
        told = or_(
            *(
                cast(table.c[one], String).icontains(word, autoescape=True)
                for one in columns
                for word in spelt
            )
        )
        numbers = session.scalars(
            select(table.c[key])
            .where(told, table.c[key].is_not(None))
            .distinct()
            .order_by(table.c[key])
            .limit(MOST_SHOWN)
        )
        found += [Place(name, int(number), path.format(number)) for number in numbers]
    return found


def forget_files(session: Session, words: Iterable[str], *, by: Person, at: datetime) -> int:
    """Forget the files waiting to be taken in that name them, and their words in the accounts of those that were; returns how many
    files went. Raises StillBeingTaken."""
    told = list(words)
    named = re.compile("|".join(map(re.escape, told)), re.IGNORECASE)
    waiting = session.scalars(
        select(Import).where(Import.taken_at.is_(None), Import.dropped_at.is_(None))
    ).all()
    naming = [
        one for one in waiting if one.content and any(_tells(text, told) for text in _texts(one.content))
    ]
    if any(one.wanted_at is not None for one in naming):
        raise StillBeingTaken(
            "A file that names them is being taken in. Wait until it is through, or stop it."
        )
    for one in naming:
        imports.drop(session, one, by=by, at=at)
    account = cast(Import.account, String), cast(Import.mapping, String)
    clause = or_(*(part.icontains(word, autoescape=True) for part in account for word in _spelt(told)))
    for one in session.scalars(select(Import).where(clause)):
        one.account, one.mapping = scrubbed(one.account, named), scrubbed(one.mapping, named)
    return len(naming)


def forget_mails(folder: Path, words: Iterable[str]) -> int:
    """Delete the mails kept as files that are from, to or about them; returns how many. What can't be read stays."""
    told = list(words)
    gone = 0
    for file in sorted(folder.glob("*.eml")) if folder.is_dir() else ():
        if any(_tells(text, told) for text in _mail_texts(file.read_bytes())):
            file.unlink(missing_ok=True)
            gone += 1
    return gone


def scrubbed(value: Any, named: re.Pattern[str], instead: str = "(erased)") -> Any:
    """A JSON value without the words, however deep they stand."""
    if isinstance(value, str):
        return named.sub(instead, value)
    if isinstance(value, dict):
        return {key: scrubbed(one, named, instead) for key, one in value.items()}
    return [scrubbed(one, named, instead) for one in value] if isinstance(value, list) else value


# Below: how the verbs above do it


def _spelt(words: Iterable[str]) -> set[str]:
    """The words as they are, and as JSON writes them."""
    told = set(words)
    return told | {json.dumps(word)[1:-1] for word in told}


def _tells(text: str, words: Iterable[str]) -> bool:
    folded = " ".join(text.casefold().split())
    return any(word.casefold() in folded for word in _spelt(words))


def _texts(content: bytes) -> Iterator[str]:
    """What a file says: a table's packed parts, or its text in the encodings it may have."""
    try:
        with ZipFile(BytesIO(content)) as packed:
            for part in packed.infolist():
                with packed.open(part) as opened:
                    text = opened.read(LARGEST_PART).decode("utf-8", "ignore")
                yield unescape(re.sub(r"<[^>]*>", " ", text))
                yield unescape(re.sub(r"<[^>]*>", "", text))
    except BadZipFile:
        for encoding in ENCODINGS:
            yield content.decode(encoding, "ignore")


def _mail_texts(content: bytes) -> Iterator[str]:
    mail = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
    yield "\n".join(str(value) for value in mail.values())
    for part in mail.walk():
        if part.get_content_maintype() == "text":
            text = part.get_content()
            yield unescape(re.sub(r"<[^>]*>", " ", text)) if part.get_content_subtype() == "html" else text
