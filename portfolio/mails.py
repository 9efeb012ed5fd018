"""The mail outbox: queued with what made it true, sent by the clock, kept in a folder where there is no mail server."""

import re
import smtplib
import ssl
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from portfolio.database import Database
from portfolio.models import Edition, Mail
from portfolio.settings import Settings

MOST_TRIES = 8
THREADED = ("learning_request:", "draft:")
"""What replies to our mails can be added to, as the beginning of `Mail.about`."""

ANSWERS_WELCOME = "\n\nYou can also answer this mail; your words are added."


class Postman(Protocol):
    """Takes a message away. Raises OSError or smtplib.SMTPException when it can't."""

    def deliver(self, message: EmailMessage, mail: Mail, /) -> None: ...


@dataclass(frozen=True)
class FolderPostman:
    """Keeps each mail as a file, for installations without a mail server. The same mail gives the same file."""

    folder: Path

    def deliver(self, message: EmailMessage, mail: Mail, /) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / f"{mail.id:06d}.eml").write_bytes(message.as_bytes(policy=SMTP))


@dataclass(frozen=True)
class SmtpPostman:
    """Speaks SMTP to the server at `url` (smtp://, smtp+starttls:// or smtps://, with user and password where needed)."""

    url: str

    def deliver(self, message: EmailMessage, _mail: Mail, /) -> None:
        place = urlsplit(self.url)
        context = ssl.create_default_context()
        host, port = place.hostname or "localhost", place.port
        connection: smtplib.SMTP
        if place.scheme == "smtps":
            connection = smtplib.SMTP_SSL(host, port or 465, timeout=30, context=context)
        else:
            connection = smtplib.SMTP(host, port or (25 if place.scheme == "smtp" else 587), timeout=30)
        with connection:
            if place.scheme == "smtp+starttls":
                connection.starttls(context=context)
            if place.username:
                connection.login(unquote(place.username), unquote(place.password or ""))
            connection.send_message(message)


def postman(settings: Settings) -> Postman:
    """Whoever takes mails away in this installation."""
    if settings.smtp_url:
        return SmtpPostman(settings.smtp_url)
    return FolderPostman(settings.data / "outbox")


def queue(
    session: Session,
    *,
    to: str,
    subject: str,
    text: str,
    at: datetime,
    html: str | None = None,
    about: str | None = None,
    attachments: Sequence[dict[str, Any]] = (),
    in_reply_to: str | None = None,
    not_before: datetime | None = None,
) -> Mail:
    """Put a mail in the outbox, in the caller's transaction; it leaves at once, or not before a moment.

    It answers `in_reply_to`, else the first mail about the same to the same person, so that mail programs show one thread.
    """
    mail = Mail(
        recipient=to,
        subject=re.sub(r"\s+", " ", subject)[:250],
        text=text,
        html=html,
        about=about,
        attachments=list(attachments),
        message_id=f"<{uuid4().hex}@outsize>",
        in_reply_to=in_reply_to or _first_about(session, about, to),
        queued_at=at,
        next_try_at=max(at, not_before) if not_before else at,
    )
    session.add(mail)
    return mail


def recall(session: Session, ids: Collection[int]) -> int:
    """Take mails back that nobody has begun to send; returns how many. Fewer than asked for means that some have left."""
    if not ids:
        return 0
    gone = session.execute(delete(Mail).where(Mail.id.in_(ids), Mail.attempts == 0, Mail.sent_at.is_(None)))
    return int(gone.rowcount)  # type: ignore[attr-defined] # a DELETE's result has it


def is_pending(session: Session, about: str, to: str) -> bool:
    """Whether a mail about this still waits to be sent to this person."""
    found = select(Mail.id).where(
        Mail.about == about, Mail.recipient == to, Mail.sent_at.is_(None), Mail.given_up_at.is_(None)
    )
    return session.scalar(found.limit(1)) is not None


def named(session: Session, message_ids: Sequence[str]) -> Mail | None:
    """The mail of ours that these ids name, and that replies can be added to; the latest of several."""
    about = or_(*(Mail.about.startswith(kind, autoescape=True) for kind in THREADED))
    return session.scalar(
        select(Mail).where(Mail.message_id.in_(message_ids), about).order_by(Mail.id.desc()).limit(1)
    )


def send_waiting(database: Database, settings: Settings, *, now: datetime, limit: int = 20) -> int:
    """Send up to `limit` mails whose time has come; returns how many left.

    Three steps, so that a slow mail server holds no transaction: take them (each gets its next try 1, 2, 4 ... minutes
    from now), hand one after the other over, note at once what became of it. After eight tries a mail is given up and listed.
    A crash between handing over and noting sends that one mail again with the same Message-ID, by which mail programs know it;
    SMTP can't do better.
    """
    with database.writing() as session:
        taken = _take(session, settings, now, limit)
    taken_by, left = postman(settings), 0
    for mail, message in taken:
        problem = _hand_over(taken_by, message, mail)
        with database.writing() as session:
            kept = session.get(Mail, mail.id)
            if kept is not None:  # else it was erased meanwhile
                _note(kept, problem, now)
        left += problem is None
    return left


def _take(session: Session, settings: Settings, now: datetime, limit: int) -> list[tuple[Mail, EmailMessage]]:
    waiting = session.scalars(
        select(Mail)
        .where(Mail.sent_at.is_(None), Mail.given_up_at.is_(None), Mail.next_try_at <= now)
        .order_by(Mail.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for mail in waiting:
        mail.next_try_at = now + timedelta(minutes=2**mail.attempts)
        mail.attempts += 1
    return [(mail, _compose(session, mail, settings, now)) for mail in waiting]


def _hand_over(taken_by: Postman, message: EmailMessage, mail: Mail) -> str | None:
    """What went wrong, if anything."""
    try:
        taken_by.deliver(message, mail)
    except (OSError, smtplib.SMTPException, ValueError) as problem:
        return f"{type(problem).__name__}: {problem}"[:500]
    return None


def _note(mail: Mail, problem: str | None, now: datetime) -> None:
    mail.error = problem or ""
    if problem is None:
        mail.sent_at = now
    elif mail.attempts >= MOST_TRIES:
        mail.given_up_at = now


def _first_about(session: Session, about: str | None, to: str) -> str | None:
    if not (about and about.startswith(THREADED)):
        return None
    return session.scalar(
        select(Mail.message_id).where(Mail.about == about, Mail.recipient == to).order_by(Mail.id).limit(1)
    )


def _compose(session: Session, mail: Mail, settings: Settings, now: datetime) -> EmailMessage:
    """What is handed over. It says that a machine wrote it, and asks others not to answer by machine."""
    message = EmailMessage()
    message["From"] = settings.mail_from
    message["To"] = parseaddr(mail.recipient)[1]
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = mail.message_id
    if mail.in_reply_to:
        message["In-Reply-To"] = mail.in_reply_to
        message["References"] = mail.in_reply_to
    if settings.intake_address:
        message["Reply-To"] = settings.intake_address
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    message["X-Loop"] = parseaddr(settings.intake_address or settings.mail_from)[1]
    can_answer = bool(settings.imap_url and mail.about and mail.about.startswith(THREADED))
    message.set_content(mail.text + (ANSWERS_WELCOME if can_answer else ""))
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    for attachment in mail.attachments:
        edition = session.get(Edition, attachment["edition"])
        if edition is not None and edition.pdf is not None:
            message.add_attachment(
                edition.pdf, maintype="application", subtype="pdf", filename=f"{edition.title}.pdf"
            )
    return message


def try_again(mail: Mail, *, at: datetime) -> None:
    """Give a mail that was given up another round of tries; one that was sent stays sent."""
    if mail.sent_at is None:
        mail.given_up_at, mail.attempts, mail.next_try_at = None, 0, at
