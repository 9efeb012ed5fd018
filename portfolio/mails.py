"""The mail outbox: queued with what made it true, sent by the clock, kept in a folder where there is no mail server."""

import re
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio.database import Database
from portfolio.models import Edition, Mail
from portfolio.settings import Settings

MOST_TRIES = 8


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
) -> Mail:
    """Put a mail in the outbox, in the caller's transaction."""
    mail = Mail(
        recipient=to,
        subject=re.sub(r"\s+", " ", subject)[:250],
        text=text,
        html=html,
        about=about,
        attachments=list(attachments),
        message_id=f"<{uuid4().hex}@outsize>",
        queued_at=at,
        next_try_at=at,
    )
    session.add(mail)
    return mail


def send_waiting(database: Database, settings: Settings, *, now: datetime, limit: int = 20) -> int:
    """Send up to `limit` mails whose time has come; returns how many left.

    Three steps, so that a slow mail server holds no transaction: take them (each gets its next try 1, 2, 4 ... minutes
    from now), hand them over, note what became of them. After eight tries a mail is given up and listed. A crash after
    handing over sends it again with the same Message-ID, which receivers fold into one.
    """
    with database.writing() as session:
        taken = _take(session, settings, now, limit)
    taken_by = postman(settings)
    problems = {mail.id: _hand_over(taken_by, message, mail) for mail, message in taken}
    with database.writing() as session:
        for mail_id, problem in problems.items():
            _note(session.get_one(Mail, mail_id), problem, now)
    return sum(problem is None for problem in problems.values())


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
    return [(mail, _compose(session, mail, settings.mail_from, now)) for mail in waiting]


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


def _compose(session: Session, mail: Mail, sender: str, now: datetime) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = parseaddr(mail.recipient)[1]
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
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
