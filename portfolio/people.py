"""Who is who: getting to know people, signing in and out, roles."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from pwdlib import PasswordHash
from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portfolio import letters, mails
from portfolio.history import record
from portfolio.links import Links
from portfolio.models import Person, SignInLink, Unit, Visit
from portfolio.states import Role

LINK_LASTS = timedelta(hours=1)
FIRST_LINK_LASTS = timedelta(hours=24)
VISIT_LASTS = timedelta(days=30)
UNKNOWN_MANAGER = "manager@outsize.invalid"

_passwords = PasswordHash.recommended()


class LinkRefused(ValueError):
    """The sign-in link is unknown, used or too old."""


def meet(session: Session, email: str, *, at: datetime, name: str = "", unit: str = "") -> Person:
    """The person with this e-mail, made known if new. A name or unit given fills in one that was missing."""
    email = email.lower()
    person = session.scalar(select(Person).where(Person.email == email))
    if person is None:
        known = {"name": name, "unit_id": find_unit(session, unit).id if unit else None}
        _insert_once(session, Person, email=email, roles=Role.REQUESTER.value, created_at=at, **known)
        person = session.scalars(select(Person).where(Person.email == email)).one()
    if name and not person.name:
        person.name = name
    if unit and person.unit_id is None:
        person.unit = find_unit(session, unit)
    return person


def find_unit(session: Session, name: str) -> Unit:
    """The unit of this name (upper and lower case alike), made if new."""
    found = session.scalar(select(Unit).where(func.lower(Unit.name) == name.lower()))
    if found is None:
        _insert_once(session, Unit, name=name)
        found = session.scalars(select(Unit).where(Unit.name == name)).one()
    return found


def grant(
    session: Session, person: Person, roles: Iterable[Role], *, by: Person | None, at: datetime
) -> None:
    """Give a person exactly these roles (everybody stays a requester)."""
    wanted = [role.value for role in Role if role in {*roles, Role.REQUESTER}]
    person.roles = " ".join(wanted)
    record(session, "person.roles_set", person, by=by, at=at, roles=wanted)


def invite_manager(session: Session, *, now: datetime) -> str:
    """A one-time sign-in token for the manager; makes a nameless one where there is none yet."""
    manager = session.scalar(
        select(Person)
        .where(Person.roles.contains(Role.MANAGER.value) | Person.roles.contains(Role.ADMIN.value))
        .order_by(Person.id)
    )
    if manager is None:
        manager = meet(session, UNKNOWN_MANAGER, at=now, name="L&D manager")
        grant(session, manager, [Role.MANAGER, Role.ADMIN], by=None, at=now)
    return _new_link(session, manager, now, FIRST_LINK_LASTS)


def send_link(session: Session, email: str, *, links: Links, at: datetime) -> None:
    """Mail a sign-in link, if we know the address. The caller can't tell whether we did."""
    person = session.scalar(select(Person).where(Person.email == email.lower()))
    if person is None:
        return
    token = _new_link(session, person, at, LINK_LASTS)
    subject, text = letters.sign_in(links.page(f"/sign-in/{token}"))
    mails.queue(session, to=person.email, subject=subject, text=text, about="sign-in", at=at)


def open_link(session: Session, token: str, *, now: datetime) -> Person:
    """Use a sign-in link up. Raises LinkRefused."""
    link = session.scalar(
        select(SignInLink).where(SignInLink.token_digest == digest(token)).with_for_update()
    )
    if link is None or link.used_at is not None or link.expires_at <= now:
        raise LinkRefused("This sign-in link has been used or is too old. Ask for a new one.")
    link.used_at = now
    return link.person


def check_link(session: Session, token: str, *, now: datetime) -> bool:
    """Whether a sign-in link would still work; changes nothing."""
    link = session.scalar(select(SignInLink).where(SignInLink.token_digest == digest(token)))
    return link is not None and link.used_at is None and link.expires_at > now


def set_password(session: Session, person: Person, password: str, *, at: datetime) -> None:
    """Keep an argon2 hash of the password; ends every other visit is left to the caller."""
    person.password_hash = _passwords.hash(password)
    record(session, "person.password_set", person, by=person, at=at)


def with_password(session: Session, email: str, password: str) -> Person | None:
    """The person whose password this is; takes as long when there is none."""
    person = session.scalar(select(Person).where(Person.email == email.lower()))
    if person is None or person.password_hash is None:
        _passwords.verify(password, _decoy())
        return None
    return person if _passwords.verify(password, person.password_hash) else None


def begin_visit(session: Session, person: Person, *, now: datetime, browser: str = "") -> str:
    """Sign a browser in; returns the token its cookie carries."""
    token = secrets.token_urlsafe(32)
    session.add(
        Visit(
            token_digest=digest(token),
            person_id=person.id,
            browser=browser[:200],
            created_at=now,
            expires_at=now + VISIT_LASTS,
        )
    )
    record(session, "person.signed_in", person, by=person, at=now)
    return token


def visitor(session: Session, token: str, *, now: datetime) -> Person | None:
    """Who is signed in with this cookie token, if anybody."""
    visit = session.scalar(select(Visit).where(Visit.token_digest == digest(token)))
    if visit is None or visit.ended_at is not None or visit.expires_at <= now:
        return None
    return visit.person


def end_visit(session: Session, token: str, *, now: datetime) -> None:
    """Sign this browser out."""
    visit = session.scalar(select(Visit).where(Visit.token_digest == digest(token)))
    if visit is not None and visit.ended_at is None:
        visit.ended_at = now


def end_all_visits(session: Session, person: Person, *, now: datetime) -> int:
    """Sign a person out everywhere; returns how many browsers that ended."""
    ended = session.execute(
        update(Visit).where(Visit.person_id == person.id, Visit.ended_at.is_(None)).values(ended_at=now)
    )
    record(session, "person.signed_out_everywhere", person, by=person, at=now)
    return int(ended.rowcount)  # type: ignore[attr-defined] # an UPDATE's result has it


def with_roles(session: Session) -> list[Person]:
    """Everybody who is more than a requester, by name."""
    return list(
        session.scalars(select(Person).where(Person.roles != Role.REQUESTER.value).order_by(Person.name))
    )


def managers(session: Session) -> list[Person]:
    """Everybody who manages and can be written to."""
    return [person for person in with_roles(session) if person.manages and person.email != UNKNOWN_MANAGER]


def digest(token: str) -> str:
    """How a secret is kept: SHA-256, in hex. The tokens are long and random, so no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def _new_link(session: Session, person: Person, now: datetime, lasts: timedelta) -> str:
    token = secrets.token_urlsafe(32)
    session.add(
        SignInLink(token_digest=digest(token), person_id=person.id, created_at=now, expires_at=now + lasts)
    )
    return token


_decoys: list[str] = []


def _decoy() -> str:
    if not _decoys:
        _decoys.append(_passwords.hash("nobody's password"))
    return _decoys[0]


def _insert_once(session: Session, model: type[Person] | type[Unit], **values: object) -> None:
    """Insert unless somebody else just did: two first requests by one person may arrive together."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    session.execute(dialect.insert(model).values(**values).on_conflict_do_nothing())


def find(session: Session, email: str) -> Person | None:
    """The person with this e-mail, if known."""
    return session.scalar(select(Person).where(Person.email == email.lower()))


def named(session: Session, name: str) -> list[Person]:
    """Everybody of this whole name, upper and lower case alike; at most two."""
    return list(session.scalars(select(Person).where(func.lower(Person.name) == name.lower()).limit(2)))
