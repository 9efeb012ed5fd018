"""The organisation: set up once at the first visit, changed in settings."""

from dataclasses import replace
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio import assessments, cards
from portfolio.history import record
from portfolio.models import Organisation, Person


class AddressRefused(ValueError):
    """This organisation takes requests from its own mail domains only; the message names them."""


@cache
def time_zones() -> list[str]:
    """The names to choose from, in order. Read from the disk once: they are six hundred files."""
    return sorted(available_timezones())


def current(session: Session) -> Organisation | None:
    """The organisation, or None before the first visit."""
    return session.scalar(select(Organisation).order_by(Organisation.id))


def set_up(
    session: Session,
    *,
    name: str,
    hours_per_week: float,
    by: Person | None,
    at: datetime,
    iteration_weeks: int = 2,
    time_zone: str = "Europe/Berlin",
    currency: str = "EUR",
    headcount: int | None = None,
) -> Organisation:
    """Set the organisation up, or change it: the board gets its columns, the rubric its effort line."""
    organisation = current(session) or Organisation(
        set_up_at=at, name=name, hours_per_week=0, iteration_weeks=0
    )
    capacity_changed = (organisation.hours_per_week, organisation.iteration_weeks) != (
        hours_per_week,
        iteration_weeks,
    )
    organisation.name = name
    organisation.hours_per_week = hours_per_week
    organisation.iteration_weeks = iteration_weeks
    organisation.time_zone = time_zone if time_zone in time_zones() else "UTC"
    organisation.currency = currency
    organisation.headcount = headcount
    session.add(organisation)
    session.flush()
    cards.lay_out(session)
    if capacity_changed:
        rubric = assessments.published_rubric(session)
        fits = hours_per_week * iteration_weeks
        assessments.publish_rubric(session, replace(rubric, effort_cut_hours=fits), by=by, at=at)
    record(session, "organisation.set_up", organisation, by=by, at=at, hours_per_week=hours_per_week)
    return organisation


def set_rhythm(
    session: Session, ours: Organisation, *, weeks: int, starts_on: date, by: Person, at: datetime
) -> None:
    """Iterations last `weeks` weeks, and one begins on `starts_on`; the next ones are proposed from it."""
    if weeks != ours.iteration_weeks:
        rubric = assessments.published_rubric(session)
        fits = ours.hours_per_week * weeks
        assessments.publish_rubric(session, replace(rubric, effort_cut_hours=fits), by=by, at=at)
    ours.iteration_weeks, ours.iterations_start_on = weeks, starts_on
    record(
        session,
        "organisation.rhythm_set",
        ours,
        by=by,
        at=at,
        weeks=weeks,
        starts_on=starts_on.isoformat(),
    )


def open_intake(
    session: Session,
    organisation: Organisation,
    *,
    public: bool,
    domains: list[str],
    by: Person,
    at: datetime,
) -> None:
    """Say who may ask: everybody or only who has signed in, and from which mail domains; all where `domains` is empty."""
    organisation.intake_public = public
    organisation.intake_domains = " ".join(domains)
    record(session, "organisation.intake_set", organisation, by=by, at=at, public=public, domains=domains)


def check_address(session: Session, email: str, *, by: Person | None = None) -> None:
    """Raise AddressRefused where this address may not ask or join. A manager may enter a request for anybody.

    The one place that says so, for the form, the API and joining.
    """
    ours = current(session)
    domains = ours.intake_domains.split() if ours else []
    if not domains or (by is not None and by.manages) or email.rpartition("@")[2].lower() in domains:
        return
    endings = [f"@{domain}" for domain in domains]
    named = " or ".join([", ".join(endings[:-1]), endings[-1]] if len(endings) > 1 else endings)
    raise AddressRefused(f"Please use your work address, one that ends with {named}.")


def zone(organisation: Organisation | None) -> ZoneInfo:
    """The time zone people here live in."""
    return ZoneInfo(organisation.time_zone if organisation else "UTC")
