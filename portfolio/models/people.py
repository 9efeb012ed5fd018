"""People, the units they belong to, and how they sign in."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portfolio.models.base import Base
from portfolio.states import Role


class Unit(Base):
    """A department, team or site."""

    __tablename__ = "units"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)


class Person(Base):
    """Someone known by e-mail (kept in lower case). `roles` is a space-separated list of Role words; `hours_per_week` is
    what an expert gives to learning projects, `ask_limit` how many open asks at a time; a new `feed_version` ends old calendar
    addresses. `no_surveys_at`: since then they want none; `unnamed`: reports don't thank them by name; `erased_at`: nothing is
    left but the row others point to."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120), default="")
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    roles: Mapped[str] = mapped_column(String(80), default=Role.REQUESTER.value)
    password_hash: Mapped[str | None] = mapped_column(String(255))
    hours_per_week: Mapped[float | None]
    ask_limit: Mapped[int | None]
    feed_version: Mapped[int] = mapped_column(default=1, server_default="1")
    no_surveys_at: Mapped[datetime | None]
    unnamed: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    erased_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    unit: Mapped[Unit | None] = relationship(lazy="joined")

    def has_role(self, *roles: Role) -> bool:
        held = self.roles.split()
        return any(role.value in held for role in roles)

    @property
    def manages(self) -> bool:
        return self.has_role(Role.MANAGER, Role.ADMIN)

    @property
    def leads(self) -> bool:
        return self.has_role(Role.LEADER)

    @property
    def display_name(self) -> str:
        return self.name or self.email.split("@")[0]


class SignInLink(Base):
    """A one-time link. Only a digest of its token is kept."""

    __tablename__ = "sign_in_links"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="joined")


class Visit(Base):
    """A signed-in browser. Ended by signing out, by the person elsewhere, or by time."""

    __tablename__ = "visits"
    __table_args__ = (Index(None, "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    browser: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="joined")


class ErasedAddress(Base):
    """That somebody with this address was erased: a keyed digest, which leads to no row and from which no address can be read. By it
    a learning system's later records of them are left out, instead of making somebody new."""

    __tablename__ = "erased_addresses"

    digest: Mapped[str] = mapped_column(String(24), primary_key=True)
    erased_on: Mapped[date]


Index("ix_people_name_lower", func.lower(Person.name))
