"""API tokens, and the answers kept for repeated calls."""

import secrets
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, lazyload

from portfolio import people
from portfolio.history import record
from portfolio.models import ApiToken, KeptAnswer, Person
from portfolio.states import Role

HOLDER = (
    select(Person, ApiToken.scopes)
    .join(ApiToken, ApiToken.person_id == Person.id)
    .where(ApiToken.token_digest == bindparam("digest"), ApiToken.revoked_at.is_(None))
    .options(lazyload(Person.unit))
)
"""Made once: every call of a program asks it, few the unit."""


class Holder(NamedTuple):
    """Whose token it is, and what it may do."""

    person: Person
    scopes: str


def create(
    session: Session,
    *,
    name: str,
    role: Role,
    at: datetime,
    by: Person | None = None,
    scopes: str = "read write",
) -> str:
    """A new bearer token that may do what `role` may; returned once, kept only as a digest."""
    person = people.meet(session, f"{name.lower()}.{role.value}@api.invalid", at=at, name=f"{name} (API)")
    people.grant(session, person, [role], by=by, at=at)
    token = f"outsize_{secrets.token_urlsafe(32)}"
    kept = ApiToken(
        name=name, token_digest=people.digest(token), person_id=person.id, scopes=scopes, created_at=at
    )
    session.add(kept)
    record(session, "api_token.created", kept, by=by, at=at, role=role.value, scopes=scopes)
    return token


def holder(session: Session, token: str) -> Holder | None:
    """Who holds this token, unless it is unknown or revoked."""
    found = session.execute(HOLDER, {"digest": people.digest(token)}).first()
    return Holder(*found) if found is not None else None


def revoke(session: Session, token: ApiToken, *, by: Person, at: datetime) -> None:
    """Make a token useless."""
    token.revoked_at = at
    record(session, "api_token.revoked", token, by=by, at=at)


def listed(session: Session) -> list[ApiToken]:
    """Tokens in force, newest first."""
    return list(
        session.scalars(select(ApiToken).where(ApiToken.revoked_at.is_(None)).order_by(ApiToken.id.desc()))
    )


def kept_answer(session: Session, caller: str, key: str) -> KeptAnswer | None:
    """The answer once given to this caller for this Idempotency-Key. A call with the same key waits until this one is over, and
    then finds its answer; SQLite lets one write at a time anyway."""
    if session.get_bind().dialect.name != "sqlite":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{caller}/{key}", 0))))
    return session.get(KeptAnswer, (caller, key))


def keep_answer(
    session: Session,
    caller: str,
    key: str,
    body_digest: str,
    status: int,
    body: dict[str, Any],
    *,
    at: datetime,
) -> None:
    """Keep an answer in the transaction that made it true; a second writer of the same key fails and changes nothing."""
    session.add(
        KeptAnswer(caller=caller, key=key, body_digest=body_digest, status=status, body=body, kept_at=at)
    )
    session.flush()
