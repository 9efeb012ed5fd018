"""The mailbox on a mail server: what lies there unseen, fetched one by one, marked seen once it is ours."""

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

CONNECT_SECONDS = 15
READ_SECONDS = 60
PORTS = {"imap": 143, "imap+starttls": 143, "imaps": 993}


class MailboxProblem(Exception):
    """The mailbox can't be used now; the message says why, without the password."""


@dataclass(frozen=True)
class Place:
    """Where the mailbox is, from a URL like imaps://USER:PASSWORD@HOST:PORT/FOLDER."""

    scheme: str
    host: str
    port: int
    user: str
    folder: str
    password: str = field(repr=False)

    @classmethod
    def of(cls, url: str) -> "Place":
        said = urlsplit(url)
        return cls(
            scheme=said.scheme,
            host=said.hostname or "localhost",
            port=said.port or PORTS[said.scheme],
            user=unquote(said.username or ""),
            password=unquote(said.password or ""),
            folder=unquote(said.path.strip("/")) or "INBOX",
        )


@dataclass(frozen=True)
class Fetched:
    """A mail, or its headers alone where it is larger than was asked for."""

    uid: int
    raw: bytes = field(repr=False)
    size_bytes: int

    @property
    def is_cut(self) -> bool:
        return self.size_bytes > len(self.raw)


class Mailbox:
    """One opened folder. Numbers of mails (UIDs) hold while it is open; nothing remembers them longer, so that a server
    that numbers anew (UIDVALIDITY) confuses nobody."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def unseen(self) -> list[int]:
        """Numbers of the mails nobody has seen, oldest first."""
        return sorted(self._client.search(["UNSEEN", "UNDELETED"]))

    def fetch(self, uid: int, *, largest_bytes: int) -> Fetched | None:
        """The mail as it lies there; None where it has gone meanwhile. It stays unseen."""
        found = self._client.fetch([uid], ["RFC822.SIZE"]).get(uid)
        if found is None:
            return None
        size = int(found[b"RFC822.SIZE"])
        section = b"BODY[]" if size <= largest_bytes else b"BODY[HEADER]"
        answer = self._client.fetch([uid], [section.replace(b"BODY[", b"BODY.PEEK[")]).get(uid)
        raw = (answer or {}).get(section)
        if raw is None:
            return None
        whole = section == b"BODY[]"
        return Fetched(uid, bytes(raw), len(raw) if whole else size)

    def mark_taken(self, mail: Fetched) -> None:
        """Seen; flagged besides where only its headers were taken, so that somebody looks at the rest."""
        self._client.add_flags(
            [mail.uid], [b"\\Seen", b"\\Flagged"] if mail.is_cut else [b"\\Seen"], silent=True
        )


@contextmanager
def opened(url: str) -> Iterator[Mailbox]:
    """Sign in, open the folder, and sign out again. Raises MailboxProblem, also for what goes wrong while it is open."""
    from imapclient.exceptions import IMAPClientError

    place = Place.of(url)
    client = None
    try:
        context = ssl.create_default_context()
        client = _connected(place, context)
        if place.scheme == "imap+starttls":
            client.starttls(context)
        client.login(place.user, place.password)
        folder = client.select_folder(place.folder)
        if b"READ-ONLY" in folder:
            raise MailboxProblem(
                f"The folder “{place.folder}” can only be read, so nothing can be marked as seen."
            )
        yield Mailbox(client)
    except (OSError, IMAPClientError, EOFError) as problem:
        raise MailboxProblem(_words(problem, place)) from None
    finally:
        if client is not None:
            _close(client)


def _connected(place: Place, context: ssl.SSLContext) -> Any:
    from imapclient import IMAPClient, SocketTimeout

    return IMAPClient(
        place.host,
        place.port,
        ssl=place.scheme == "imaps",
        ssl_context=context,
        timeout=SocketTimeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
    )


def _close(client: Any) -> None:
    """Say goodbye where somebody still listens."""
    from imapclient.exceptions import IMAPClientError

    try:
        client.logout()
    except (OSError, IMAPClientError, EOFError):
        client.shutdown()


def _words(problem: Exception, place: Place) -> str:
    said = str(problem) or type(problem).__name__
    for secret in {place.password, place.password.replace("\\", "\\\\").replace('"', '\\"')} - {""}:
        said = said.replace(secret, "…")
    said = re.sub(r"^b'(.*)'$", r"\1", said)
    return f"{place.host}:{place.port} said: {said}"[:300]
