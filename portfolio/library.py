"""The library: what people can use today, kept true by owners, review dates and those who report what is out of date."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field
from sqlalchemy import ColumnElement, Select, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased, joinedload

from portfolio import letters, mails, people
from portfolio.history import record
from portfolio.links import Links
from portfolio.models import File, OutdatedReport, Person, Resource
from portfolio.states import Role
from portfolio.submission import Email, Line, OptionalDate, Prose, Strict, one_line

KINDS = (
    ("guide", "Guide"),
    ("job_aid", "Job aid"),
    ("checklist", "Checklist"),
    ("video", "Video"),
    ("course", "Course"),
    ("template", "Template"),
    ("example", "Example"),
    ("tool", "Tool"),
    ("contact", "Person to ask"),
    ("other", "Something else"),
)
"""What a resource can be, and how it is called."""

MOST_MINUTES = 100_000

KindKey = Literal[
    "guide", "job_aid", "checklist", "video", "course", "template", "example", "tool", "contact", "other"
]


class ShelvingRefused(ValueError):
    """The resource can't stand where it was put; `field` says what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def link_of(text: Any) -> Any:
    """A link people may press: to the web, to a mailbox, or to a page of ours. Anything that would run is refused."""
    text = one_line(text)
    if not isinstance(text, str) or not text:
        return text
    if _is_ours(text) or _is_web(text) or _is_mailbox(text):
        return quote(text, safe=_KEPT)
    raise ValueError(
        "Please give a web address (https://...), mailto:name@example.org or a path such as /guide."
    )


def _topics(text: Any) -> Any:
    """Topics as "a, b, c", each once."""
    text = one_line(text)
    if not isinstance(text, str):
        return text
    said = [topic.strip(" .") for topic in text.replace(";", ",").split(",")]
    return ", ".join(dict.fromkeys(topic for topic in said if topic))


def _blank_is_none(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def Whole(least: int, most: int) -> Any:  # noqa: N802 - reads as a type where it is used
    """A whole number, or nothing."""
    return Annotated[Annotated[int, Field(ge=least, le=most)] | None, BeforeValidator(_blank_is_none)]


class ResourceGiven(Strict):
    """What may be said of a resource."""

    title: Annotated[str, Field(min_length=1, max_length=200), BeforeValidator(one_line)]
    kind: KindKey = "guide"
    link: Annotated[str, Field(max_length=500), BeforeValidator(link_of)] = ""
    about: Prose(4000) = ""  # type: ignore[valid-type] # pydantic builds the type at run time
    minutes: Whole(0, MOST_MINUTES) = None  # type: ignore[valid-type] # as above
    topics: Annotated[str, Field(max_length=400), BeforeValidator(_topics)] = ""
    audience: Line(200) = ""  # type: ignore[valid-type] # as above
    language: Line(60) = ""  # type: ignore[valid-type] # as above
    owner: Annotated[Email | Literal[""], AfterValidator(str)] = ""
    review_on: OptionalDate = None
    part_of: Whole(1, 2**31 - 1) = None  # type: ignore[valid-type] # as above


def add(
    session: Session,
    given: ResourceGiven,
    *,
    by: Person | None,
    at: datetime,
    source: tuple[str, str] | None = None,
) -> Resource:
    """Put a resource on the shelf; a part goes behind the parts that are there. Raises ShelvingRefused."""
    resource = Resource(title=given.title, created_at=at, uses=0, position=0)
    if source:
        resource.source_name, resource.source_key = source
    whole = _whole(session, given, None)
    session.add(resource)
    _fill(session, resource, given, whole, at=at)
    session.flush()
    record(session, "resource.added", resource, by=by, at=at)
    return resource


def change(
    session: Session, resource: Resource, given: ResourceGiven, *, by: Person | None, at: datetime
) -> list[str]:
    """Say something else of a resource; returns the fields that changed. Raises ShelvingRefused."""
    before = as_given(resource)
    changed = sorted(
        name for name in ResourceGiven.model_fields if getattr(before, name) != getattr(given, name)
    )
    if changed:
        _fill(session, resource, given, _whole(session, given, resource), at=at)
        resource.changed_at = at
        record(session, "resource.changed", resource, by=by, at=at, fields=changed)
    return changed


def retire(session: Session, resource: Resource, *, by: Person, at: datetime) -> None:
    """Take a resource off the shelf: it is suggested to nobody any more. What was said of it stays."""
    if resource.retired_at is None:
        resource.retired_at = at
        record(session, "resource.retired", resource, by=by, at=at)


def bring_back(session: Session, resource: Resource, *, by: Person, at: datetime) -> None:
    """Put a retired resource back on the shelf."""
    if resource.retired_at is not None:
        resource.retired_at = None
        record(session, "resource.brought_back", resource, by=by, at=at)


def move_part(session: Session, part: Resource, *, up: bool, by: Person, at: datetime) -> None:
    """Put a part one place before or behind where it stands among the parts of its whole."""
    whole = session.get(Resource, part.part_of_id) if part.part_of_id else None
    if whole is None:
        return
    standing = parts(session, whole, retired=True)
    place = standing.index(part)
    other = place - 1 if up else place + 1
    if 0 <= other < len(standing):
        standing[place], standing[other] = standing[other], standing[place]
        for position, one in enumerate(standing, 1):
            one.position = position
        record(session, "resource.parts_ordered", whole, by=by, at=at)


def use(session: Session, resource: Resource, *, by: Person | None, at: datetime) -> None:
    """Somebody pressed "Open"."""
    session.execute(
        update(Resource)
        .where(Resource.id == resource.id)
        .values(uses=Resource.uses + 1)
        .execution_options(synchronize_session=False)
    )
    record(session, "resource.used", resource, by=by, at=at)


def report_outdated(
    session: Session,
    resource: Resource,
    words: str,
    *,
    email: str | None = None,
    links: Links,
    by: Person | None,
    at: datetime,
) -> OutdatedReport:
    """Somebody says it is out of date: its owner hears of it by mail, or the managers where nobody owns it."""
    report = OutdatedReport(resource_id=resource.id, words=words, email=email, at=at)
    session.add(report)
    record(session, "resource.reported_outdated", resource, by=by, at=at)
    for person in [resource.owner] if resource.owner else managers(session):
        settling = links.page(f"/library/{resource.id}") if person.manages else ""
        subject, text = letters.outdated(resource, words, links.resource(resource), settling)
        mails.queue(
            session, to=person.email, subject=subject, text=text, about=f"resource:{resource.id}", at=at
        )
    return report


def settle_reports(
    session: Session,
    resource: Resource,
    *,
    mended: bool,
    review_on: date | None,
    by: Person,
    at: datetime,
) -> int:
    """Somebody looked: it is right as it is, or was mended. Closes all open reports, thanks those who left an address
    and sets the next review where one is given; returns how many were closed."""
    open_ones = open_reports(session, resource)
    for report in open_ones:
        report.settled_at, report.settled_by_id = at, by.id
        if report.email:
            subject, text = letters.report_settled(resource, mended=mended)
            mails.queue(
                session, to=report.email, subject=subject, text=text, about=f"resource:{resource.id}", at=at
            )
    if review_on:
        resource.review_on = review_on
    if open_ones or review_on:
        outcome = "mended" if mended else "still_right"
        record(
            session,
            "resource.reports_settled",
            resource,
            by=by,
            at=at,
            reports=len(open_ones),
            outcome=outcome,
        )
    return len(open_ones)


# Queries


def find(session: Session, number: int) -> Resource | None:
    """One resource with its owner."""
    if not 0 < number < 2**31:
        return None
    return session.scalar(select(Resource).where(Resource.id == number).options(joinedload(Resource.owner)))


def parts(session: Session, whole: Resource, *, retired: bool = False) -> list[Resource]:
    """The parts of a resource in their order."""
    query = select(Resource).where(Resource.part_of_id == whole.id)
    if not retired:
        query = query.where(Resource.retired_at.is_(None))
    return list(session.scalars(query.order_by(Resource.position, Resource.id)))


def open_reports(session: Session, resource: Resource) -> list[OutdatedReport]:
    """What was said to be out of date and nobody has looked at yet, oldest first."""
    return list(
        session.scalars(
            select(OutdatedReport)
            .where(OutdatedReport.resource_id == resource.id, OutdatedReport.settled_at.is_(None))
            .order_by(OutdatedReport.id)
        )
    )


def wholes(session: Session) -> list[Resource]:
    """What a part can belong to."""
    return list(
        session.scalars(
            select(Resource)
            .where(Resource.part_of_id.is_(None), Resource.retired_at.is_(None))
            .order_by(func.lower(Resource.title), Resource.id)
            .limit(1000)
        )
    )


@dataclass(frozen=True)
class Wanted:
    """Which resources a list shows. `state`: current, overdue, reported, retired."""

    text: str = ""
    kind: str = ""
    state: str = "current"
    page: int = 1
    limit: int = 50


@dataclass(frozen=True)
class Listed:
    """One resource as the list shows it. `can_open` is whether a link, a file or parts stand behind it."""

    resource: Resource
    parts: int
    reports: int
    can_open: bool


@dataclass(frozen=True)
class Shelf:
    """A page of the library, how many resources match in all, and how many need a look whatever is searched for."""

    lines: list[Listed]
    count: int
    overdue: int
    reported: int


def listed(session: Session, wanted: Wanted, *, today: date) -> Shelf:
    """The resources wanted, by title. Parts stand under their whole, unless something is searched for."""
    matching = _matching(wanted, today)
    part, whole = aliased(Resource), Resource
    counts = (
        select(func.count()).where(part.part_of_id == whole.id, part.retired_at.is_(None)).scalar_subquery(),
        select(func.count())
        .where(OutdatedReport.resource_id == whole.id, OutdatedReport.settled_at.is_(None))
        .scalar_subquery(),
        exists().where(File.resource_id == whole.id),
    )
    rows = session.execute(
        matching.add_columns(*counts)
        .options(joinedload(Resource.owner))
        .order_by(func.lower(Resource.title), Resource.id)
        .limit(wanted.limit)
        .offset((wanted.page - 1) * wanted.limit)
    ).all()
    return Shelf(
        lines=[
            Listed(resource, of_it, reports, bool(resource.link or has_file or of_it))
            for resource, of_it, reports, has_file in rows
        ],
        count=_count(session, matching),
        overdue=_count(session, _matching(Wanted(state="overdue"), today)),
        reported=_count(session, _matching(Wanted(state="reported"), today)),
    )


def is_empty(session: Session) -> bool:
    """Whether nothing was ever put on the shelf."""
    return session.scalar(select(Resource.id).limit(1)) is None


def as_given(resource: Resource) -> ResourceGiven:
    """A resource as it would be said. What older rules let in stays as it is."""
    return ResourceGiven.model_construct(
        title=resource.title,
        kind=resource.kind,  # type: ignore[arg-type] # kinds of before our list stay as they are
        link=resource.link,
        about=resource.about,
        minutes=resource.minutes,
        topics=resource.topics,
        audience=resource.audience,
        language=resource.language,
        owner=resource.owner.email if resource.owner else "",
        review_on=resource.review_on,
        part_of=resource.part_of_id,
    )


def managers(session: Session) -> Sequence[Person]:
    """Everybody who manages."""
    return session.scalars(
        select(Person)
        .where(or_(Person.roles.contains(Role.MANAGER.value), Person.roles.contains(Role.ADMIN.value)))
        .where(Person.email.not_like("%.invalid"))
        .order_by(Person.id)
    ).all()


def _fill(
    session: Session, resource: Resource, given: ResourceGiven, whole: Resource | None, *, at: datetime
) -> None:
    for name in ("title", "kind", "link", "about", "minutes", "topics", "audience", "language", "review_on"):
        setattr(resource, name, getattr(given, name))
    resource.owner = people.meet(session, given.owner, at=at) if given.owner else None
    moved = resource.part_of_id != (whole.id if whole else None)
    resource.part_of_id = whole.id if whole else None
    if moved:
        resource.position = _last_position(session, whole) + 1 if whole else 0


def _whole(session: Session, given: ResourceGiven, resource: Resource | None) -> Resource | None:
    """What this is a part of. One level deep: a part has no parts."""
    if given.part_of is None:
        return None
    whole = session.get(Resource, given.part_of)
    if whole is None or whole.part_of_id is not None or (resource is not None and whole.id == resource.id):
        raise ShelvingRefused("part_of", "Please choose another resource, one that is no part itself.")
    if resource is not None and parts(session, resource, retired=True):
        raise ShelvingRefused("part_of", "This has parts of its own, so it can't become a part.")
    return whole


def _last_position(session: Session, whole: Resource) -> int:
    return session.scalar(select(func.max(Resource.position)).where(Resource.part_of_id == whole.id)) or 0


def _matching(wanted: Wanted, today: date) -> Select[Resource]:
    query = select(Resource).where(_in_state(wanted.state, today))
    if wanted.kind:
        query = query.where(Resource.kind == wanted.kind)
    for word in wanted.text.split()[:8]:
        places = (Resource.title, Resource.topics, Resource.about, Resource.audience)
        query = query.where(or_(*(place.icontains(word, autoescape=True) for place in places)))
    if wanted.state == "current" and not wanted.text and not wanted.kind:
        query = query.where(Resource.part_of_id.is_(None))
    return query


def _in_state(state: str, today: date) -> ColumnElement[bool]:
    if state == "retired":
        return Resource.retired_at.is_not(None)
    here = Resource.retired_at.is_(None)
    if state == "overdue":
        return here & (Resource.review_on < today)
    if state == "reported":
        open_one = exists().where(
            OutdatedReport.resource_id == Resource.id, OutdatedReport.settled_at.is_(None)
        )
        return here & open_one
    return here


def _count(session: Session, query: Select[Any]) -> int:
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


_KEPT = "/:?#[]@!$&'()*+,;=-._~%"
"""What stays as it is in a link; a blank or an umlaut is written as browsers send it."""


def _is_ours(text: str) -> bool:
    return text.startswith("/") and not text.startswith(("//", "/\\")) and "\\" not in text


def _is_web(text: str) -> bool:
    try:
        place = urlsplit(text)
        return place.scheme.lower() in {"http", "https"} and bool(place.hostname) and "\\" not in text
    except ValueError:
        return False


def _is_mailbox(text: str) -> bool:
    scheme, _, rest = text.partition(":")
    return scheme.lower() == "mailto" and "@" in rest and " " not in rest
