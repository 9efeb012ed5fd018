"""Pages from templates: one environment, strict, escaped; a page gets one typed view object."""

import datetime as dt
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from portfolio import editing, feeds, files, inbox, organisation, pulse
from portfolio.models import Organisation, Person
from web import questions, wording

ROOT = Path(__file__).parent.parent
FOLDERS = [ROOT / door / "templates" for door in ("web", "intake", "board", "reports")]
STATIC = Path(__file__).parent / "static"

STALE_PULSE_SECONDS = 20


@lru_cache(maxsize=2)
def make_environment(*, development: bool) -> Environment:
    """The one template environment of a process, so that each template is compiled once however many applications there are."""
    environment = Environment(
        loader=FileSystemLoader(FOLDERS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=development,
        cache_size=-1,
    )
    environment.globals["static"] = static_path
    environment.globals.update(
        zip_options=lambda words: [(word, word) for word in words],
        goal_options=lambda goals: [(goal.id, goal.name) for goal in goals],
        column_options=lambda columns: [(column.id, column.name) for column in columns],
        iteration_options=lambda found: [(one.id, f"Iteration {one.number}") for one in found],
        project_options=_project_options,
        people_options=lambda people: [(person.id, person.display_name) for person in people],
        face_icon=_face_icon,
        kind_words=editing.kind_words,
        feed_words=feeds.words,
        asked_when=questions.asked_when,
        only_if_words=questions.only_if_words,
        by_buttons=questions.by_buttons,
        file_kinds=",".join(f".{ending}" for ending in files.TAKEN),
    )
    environment.filters.update(
        number=wording.number,
        bytes=wording.size,
        count_words=wording.count_words,
        hours=wording.hours,
        minutes=wording.minutes,
        percent=wording.percent,
        plain=wording.plain,
        label=wording.label,
    )
    return environment


@lru_cache(maxsize=64)
def _face_icon(name: str) -> Markup:
    """A small picture beside words, as the macro `icon` draws it; for what stands on a page hundreds of times."""
    drawing = f"{static_path('lib/icons.svg')}#{escape(name)}"
    return Markup(
        '<svg class="icon" aria-hidden="true" width="16" height="16"><use href="{}"></use></svg>'
    ).format(drawing)


def _project_options(projects: list[Any], also: Any = None) -> list[tuple[int, str]]:
    """Projects to choose from; the one chosen before stays, also when it has ended."""
    known = projects if also is None or also in projects else [*projects, also]
    return [(project.id, project.name) for project in known]


@dataclass
class Here:
    """What every page shows around its content."""

    request: Request
    now: datetime

    @property
    def path(self) -> str:
        return self.request.url.path

    @property
    def person(self) -> Person | None:
        person: Person | None = getattr(self.request.state, "person", None)
        return person

    @property
    def session(self) -> Any:
        return getattr(self.request.state, "session", None)

    @cached_property
    def organisation(self) -> Organisation | None:
        return organisation.current(self.session) if self.session is not None else None

    @property
    def manages(self) -> bool:
        return self.person is not None and self.person.manages

    @property
    def reads_reports(self) -> bool:
        return self.person is not None and (self.person.manages or self.person.leads)

    @cached_property
    def inbox_count(self) -> int:
        return inbox.count(self.session) if self.manages else 0

    @cached_property
    def clock_stands(self) -> bool:
        """Whether flows don't run at the moment; only the manager is told."""
        if not self.manages:
            return False
        beat = pulse.last(self.session, "worker")
        if beat is None:
            return False
        runs = beat.details.get("prefect") or beat.details.get("starting")
        return (self.now - beat.at).total_seconds() > STALE_PULSE_SECONDS or not runs

    @cached_property
    def zone(self) -> ZoneInfo:
        return organisation.zone(self.organisation)

    @property
    def today(self) -> dt.date:
        return self.now.astimezone(self.zone).date()

    def day(self, value: dt.date | None) -> Markup:
        """A date in words, near ones by how far away they are, exact on hover."""
        return wording.day(value, self.today)

    def date(self, value: dt.date | None) -> str:
        """A date as the calendar has it."""
        return wording.date_words(value, self.today)

    def span(self, start: dt.date, end: dt.date) -> str:
        """From one date to another."""
        return wording.span(start, end, self.today)

    def when(self, value: datetime | None) -> Markup:
        """A moment in words, exact on hover, in the organisation's time zone."""
        return wording.when(value, self.now, self.zone)


def page(request: Request, name: str, view: object, status: int = 200) -> HTMLResponse:
    """A whole page."""
    environment: Environment = request.app.state.templates
    html = environment.get_template(name).render(view=view, here=here(request))
    return HTMLResponse(html, status)


partial = page
"""A piece of a page for htmx: rendered the same way, from a template that doesn't extend the base."""


def here(request: Request) -> Here:
    """The shell of this request's page."""
    known: Here | None = getattr(request.state, "here", None)
    if known is None:
        clock = getattr(request.state, "now", None)
        known = request.state.here = Here(request, clock or datetime.now(UTC))
    return known


@lru_cache(maxsize=256)
def static_path(name: str) -> str:
    """A static file's address with its digest, so that browsers may keep it for ever."""
    file = STATIC / name
    digest = sha256(file.read_bytes()).hexdigest()[:10] if file.exists() else "missing"
    return f"/static/{escape(name)}?v={digest}"
