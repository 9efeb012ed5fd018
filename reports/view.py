"""What the reports' pages are given, one typed object each."""

from dataclasses import dataclass, field
from datetime import date, datetime

from markupsafe import Markup

from portfolio.models import Edition, Goal, Mail, Project, Report, Share
from portfolio.rules.comparing_editions import Comparison
from portfolio.rules.report_sections import AUDIENCES, Audience, Section, audience_of
from portfolio.shares import LASTS_DAYS
from portfolio.states import EditionStatus
from reports.forms import PERIODS
from web.forms import Errors, Fields

RHYTHM_WORDS = {
    "": "only when asked",
    "weekly": "every week",
    "monthly": "every month",
    "quarterly": "every quarter",
    "rolling": "every so many days",
}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Design:
    """One designed report in the list."""

    report: Report
    about: str
    readers: int

    @property
    def path(self) -> str:
        return f"/reports/designs/{self.report.id}"

    @property
    def audience(self) -> Audience:
        return audience_of(self.report.audience)

    @property
    def rhythm(self) -> str:
        if self.report.rhythm == "rolling":
            return f"every {self.report.rolling_days} days"
        return RHYTHM_WORDS[self.report.rhythm]


@dataclass(frozen=True)
class Reports:
    """The designs, then the editions; for the manager the form that asks for one more."""

    designs: list[Design]
    editions: list[Edition]
    following: int | None
    may_change: bool
    style: str
    saved: str = ""
    values: Fields = field(default_factory=Fields)
    errors: Errors = field(default_factory=Errors)
    periods: tuple[tuple[str, str], ...] = PERIODS

    @property
    def choices(self) -> list[tuple[int, str]]:
        return [(one.report.id, one.report.name) for one in self.designs]

    @property
    def first_design(self) -> int | str:
        """What stands in the form to begin with: the first that is about everything."""
        whole = (one.report.id for one in self.designs if one.report.audience == "leadership")
        return next(whole, "")


@dataclass(frozen=True)
class NewDesign:
    """What a report may begin as."""

    goals: list[Goal]
    projects: list[Project]
    values: Fields = field(default_factory=Fields)
    errors: Errors = field(default_factory=Errors)
    audiences: tuple[Audience, ...] = AUDIENCES


@dataclass(frozen=True)
class Line:
    """A section as it stands in the builder."""

    section: Section
    on: bool
    title: str
    words: str
    must: bool

    @property
    def name(self) -> str:
        return self.title or self.section.title


@dataclass(frozen=True)
class Builder:
    """One report as it is being designed."""

    report: Report
    lines: list[Line]
    goals: list[Goal]
    projects: list[Project]
    editions: list[Edition]
    version: int
    may_change: bool
    quiet_weekdays: frozenset[int]
    moved: str = ""
    saved: str = ""
    stale: bool = False
    values: Fields = field(default_factory=Fields)
    errors: Errors = field(default_factory=Errors)
    rhythms: tuple[tuple[str, str], ...] = tuple(
        (key, words[0].upper() + words[1:]) for key, words in RHYTHM_WORDS.items()
    )
    weekdays: tuple[str, ...] = WEEKDAYS
    periods: tuple[tuple[str, str], ...] = PERIODS

    @property
    def path(self) -> str:
        return f"/reports/designs/{self.report.id}"

    @property
    def audience(self) -> Audience:
        return audience_of(self.report.audience)

    @property
    def has_ended(self) -> bool:
        return self.report.ended_at is not None


@dataclass(frozen=True)
class SharedBy:
    """A link to an edition, in its list."""

    share: Share
    address: str
    is_open: bool


@dataclass(frozen=True)
class Sent:
    """A mail with an edition: whether it got there, and if not, why."""

    mail: Mail
    waits_for: datetime | None

    @property
    def state(self) -> str:
        if self.mail.sent_at is not None:
            return "sent"
        if self.mail.given_up_at is not None:
            return "failed"
        return "trying" if self.mail.attempts else "waiting"


@dataclass(frozen=True)
class EditionPage:
    """One edition in whatever state it is."""

    edition: Edition
    document: Markup
    may_change: bool
    style: str
    values: Fields = field(default_factory=Fields)
    errors: Errors = field(default_factory=Errors)
    mailed: int = 0
    shared: int = 0
    has_slides: bool = False
    design: Report | None = None
    sent: list[Sent] = field(default_factory=list)
    shares: list[SharedBy] = field(default_factory=list)
    corrects: Edition | None = None
    corrections: list[Edition] = field(default_factory=list)
    changes: Comparison | None = None
    can_compare: bool = False
    lasts: tuple[tuple[int, str], ...] = tuple((days, f"{days} days") for days in LASTS_DAYS)

    @property
    def path(self) -> str:
        return f"/reports/{self.edition.number}"

    @property
    def is_waiting(self) -> bool:
        return self.edition.status is EditionStatus.ASKED

    @property
    def is_failed(self) -> bool:
        return self.edition.status is EditionStatus.FAILED

    @property
    def is_ready(self) -> bool:
        return self.edition.status is EditionStatus.PUBLISHED

    @property
    def unsent(self) -> int:
        return sum(one.state == "failed" for one in self.sent)


@dataclass(frozen=True)
class Compared:
    """What differs between an edition and an earlier one."""

    edition: Edition
    earlier: Edition | None
    comparison: Comparison | None

    @property
    def path(self) -> str:
        return f"/reports/{self.edition.number}"


@dataclass(frozen=True)
class Shared:
    """One edition as those see it who have no account."""

    edition: Edition
    share: Share
    document: Markup
    path: str
    style: str
    is_corrected: bool = False

    @property
    def until(self) -> datetime:
        return self.share.expires_at


@dataclass(frozen=True)
class Gone:
    """A link whose time is over."""

    on: date | None = None
