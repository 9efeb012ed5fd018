"""Drafts: a request while it is being written, kept as typed, shared by a link, sent once."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from portfolio import files, letters, mails
from portfolio.database import hold
from portfolio.history import record
from portfolio.links import Links
from portfolio.merging import Merged, merge
from portfolio.models import Arrival, Draft, File, LearningRequest, Person
from portfolio.questions import Form

DRAFTS_LAST = timedelta(days=30)
LONGEST_VALUE = 10_000
MOST_VALUES = 400


class Stale(ValueError):
    """Somebody saved since. `draft` holds what is there now; nothing was overwritten."""

    def __init__(self, draft: Draft) -> None:
        super().__init__("Somebody else saved this draft since you opened it.")
        self.draft = draft


class AlreadySent(ValueError):
    """The draft became a request; changes belong there now."""


def begin(
    session: Session,
    values: Mapping[str, str],
    *,
    form: Form,
    at: datetime,
    by: Person | None = None,
    email: str | None = None,
    source: str = "form",
    original: dict[str, Any] | None = None,
) -> Draft:
    """Keep a request that isn't finished, right or wrong as it stands. `values` are the form's fields by name."""
    draft = Draft(
        values=_tidied(values),
        form_version=form.version,
        email=(email or (by.email if by else None)),
        source=source,
        original=original,
        created_at=at,
        changed_at=at,
    )
    session.add(draft)
    session.flush()
    record(session, "draft.begun", draft, by=by, at=at, source=source)
    return draft


def save(
    session: Session, draft: Draft, values: Mapping[str, str], *, form: Form, revision: int, at: datetime
) -> Draft:
    """Keep what was typed since, if nobody saved meanwhile. Saving the same again changes nothing.

    Raises Stale where `revision` is not the latest, AlreadySent once it was sent.
    """
    hold(session, draft)
    if draft.learning_request_id is not None:
        raise AlreadySent("This draft has been sent. Add to the request itself.")
    kept = _tidied(values)
    if kept == draft.values:
        return draft
    if revision != draft.revision:
        raise Stale(draft)
    draft.values, draft.form_version = kept, form.version
    draft.revision += 1
    draft.changed_at = at
    return draft


def write(
    session: Session,
    draft: Draft,
    values: Mapping[str, str],
    *,
    seen: Mapping[str, str],
    form: Form,
    at: datetime,
) -> Merged:
    """Keep what was typed beside what others typed since. `seen` has the prints of what the writer was shown.

    Where both changed one field nothing is kept: the writer is asked which words to take. Raises AlreadySent.
    """
    hold(session, draft)
    merged = merge(draft.values, _tidied(values), seen)
    if merged.contested and draft.learning_request_id is None:
        return merged
    save(session, draft, merged.values, form=form, revision=draft.revision, at=at)
    return merged


def mail_link(session: Session, draft: Draft, email: str, *, links: Links, at: datetime) -> None:
    """Send the draft's link to whoever will finish it."""
    subject, text = letters.draft_link(draft, links.draft(draft), expires_at(draft))
    mails.queue(session, to=email, subject=subject, text=text, about=f"draft:{draft.id}", at=at)


def renew_link(draft: Draft) -> None:
    """Whoever had the old link has it no longer."""
    draft.link_version += 1


def sent(session: Session, draft: Draft, learning_request: LearningRequest, *, at: datetime) -> None:
    """The draft became this request; its files go along."""
    draft.learning_request_id = learning_request.id
    draft.changed_at = at
    files.move(session, draft, learning_request)
    record(session, "draft.sent", draft, by=None, at=at, learning_request=learning_request.id)


def expire(session: Session, *, now: datetime) -> int:
    """Forget drafts nobody touched for 30 days, files and all; returns how many."""
    old = select(Draft.id).where(Draft.changed_at < now - DRAFTS_LAST)
    session.execute(delete(File).where(File.draft_id.in_(old)))
    session.execute(update(Arrival).where(Arrival.draft_id.in_(old)).values(draft_id=None))
    gone = session.execute(delete(Draft).where(Draft.changed_at < now - DRAFTS_LAST))
    return int(gone.rowcount)  # type: ignore[attr-defined] # a DELETE's result has it


# Queries


def find(session: Session, number: int) -> Draft | None:
    return session.get(Draft, number) if 0 < number < 2**31 else None


def expires_at(draft: Draft) -> datetime:
    """When the draft is forgotten unless somebody goes on with it."""
    return draft.changed_at + DRAFTS_LAST


def of_address(session: Session, email: str) -> list[Draft]:
    """The unsent drafts of whoever has this address, latest first."""
    return list(
        session.scalars(
            select(Draft)
            .where(Draft.email == email.lower(), Draft.learning_request_id.is_(None))
            .order_by(Draft.changed_at.desc())
            .limit(50)
        )
    )


def _tidied(values: Mapping[str, str]) -> dict[str, str]:
    """What was typed, field by field; empty fields left out, and no more than a form can hold."""
    kept = {str(name)[:80]: str(text)[:LONGEST_VALUE] for name, text in values.items() if text}
    return dict(sorted(kept.items())[:MOST_VALUES])
