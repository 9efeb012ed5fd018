"""Survey templates: the shipped ones as the manager changed them, and back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio.history import record
from portfolio.models import Organisation, Person, SurveyTemplate
from portfolio.rules.survey_questions import Question, questions_of
from portfolio.rules.survey_templates import SHIPPED, Template


class UnknownTemplate(ValueError):
    """There is no template of this key."""


class StaleTemplate(ValueError):
    """Somebody else changed the template meanwhile; nothing was overwritten."""


@dataclass(frozen=True)
class Kept:
    """A template as it is now. `version` is 0 while the shipped one holds."""

    template: Template
    version: int
    changed_at: datetime | None = None


def save(
    session: Session,
    key: str,
    *,
    name: str,
    subject: str,
    intro: str,
    days_after: int | None,
    questions: Sequence[Question],
    version: int | None,
    by: Person,
    at: datetime,
) -> None:
    """Keep other words and questions; surveys that were made from it before stay as they are.

    `version` is the one that was read. Raises StaleTemplate where it has another by now, UnknownTemplate.
    """
    shipped = _shipped(key)
    kept = session.get(SurveyTemplate, key, with_for_update=True)
    if version is not None and version != (kept.version if kept else 0):
        raise StaleTemplate("Somebody else changed this template meanwhile.")
    if kept is None:
        kept = SurveyTemplate(key=key, audience=shipped.audience, version=0)
        session.add(kept)
    kept.name, kept.days_after = name, days_after
    kept.words = {"subject": subject, "intro": intro}
    kept.questions = [one.as_json() for one in questions]
    kept.version += 1
    kept.changed_at, kept.changed_by_id = at, by.id
    _record(session, "changed", key, by=by, at=at)


def restore(session: Session, key: str, *, by: Person, at: datetime) -> None:
    """Go back to the survey Outsize came with."""
    kept = session.get(SurveyTemplate, key)
    if kept is not None:
        session.delete(kept)
        _record(session, "restored", key, by=by, at=at)


# Queries


def of(session: Session, key: str) -> Template:
    """The template as it is now. Raises UnknownTemplate."""
    return _now(_shipped(key), session.get(SurveyTemplate, key)).template


def find(session: Session, key: str) -> Kept | None:
    return _now(SHIPPED[key], session.get(SurveyTemplate, key)) if key in SHIPPED else None


def listed(session: Session) -> list[Kept]:
    """All of them, in the order they are offered."""
    changed = {one.key: one for one in session.scalars(select(SurveyTemplate))}
    return [_now(shipped, changed.get(key)) for key, shipped in SHIPPED.items()]


def _shipped(key: str) -> Template:
    if key not in SHIPPED:
        raise UnknownTemplate("There is no such template.")
    return SHIPPED[key]


def _now(shipped: Template, kept: SurveyTemplate | None) -> Kept:
    if kept is None:
        return Kept(shipped, 0)
    changed = replace(
        shipped,
        name=kept.name,
        days_after=kept.days_after,
        subject=kept.words["subject"],
        intro=kept.words["intro"],
        questions=questions_of(kept.questions),
    )
    return Kept(changed, kept.version, kept.changed_at)


def _record(session: Session, what: str, key: str, *, by: Person, at: datetime) -> None:
    """Templates have no number of their own: they are the organisation's."""
    ours = session.scalars(select(Organisation).order_by(Organisation.id)).first()
    record(session, f"survey_template.{what}", ours or by, by=by, at=at, template=key)
