"""What the reports' pages are given, one typed object each."""

from dataclasses import dataclass, field

from markupsafe import Markup

from portfolio.models import Edition
from portfolio.states import EditionStatus
from reports.forms import PERIODS
from web.forms import Errors, Fields


@dataclass(frozen=True)
class Reports:
    """The list, and for the manager the form that asks for one more."""

    editions: list[Edition]
    may_change: bool
    style: str
    values: Fields = field(default_factory=Fields)
    errors: Errors = field(default_factory=Errors)
    periods: tuple[tuple[str, str], ...] = PERIODS


@dataclass(frozen=True)
class Report:
    """One edition in whatever state it is."""

    edition: Edition
    document: Markup
    may_change: bool
    style: str
    values: Fields = field(default_factory=Fields)
    errors: Errors = field(default_factory=Errors)
    mailed: int = 0

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
