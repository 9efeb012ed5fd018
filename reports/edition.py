"""Building an edition: read the history up to the cut-off, compute, set, and freeze."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy.orm import Session

from portfolio import editions, organisation
from portfolio.history import record
from portfolio.models import Edition
from portfolio.states import EditionStatus


@dataclass(frozen=True)
class Made:
    """A report ready to be frozen."""

    figures: dict[str, Any]
    html: str
    pdf: bytes
    xlsx: bytes
    pptx: bytes
    mail_html: str
    checksum: str
    cut_off: datetime


def build(session: Session, edition_id: int, *, now: datetime, flow_run_id: str | None) -> None:
    """Make an edition and freeze it. A published one, or one that is gone, is left as it is."""
    edition = editions.find(session, edition_id)
    if edition is None or edition.status is EditionStatus.PUBLISHED:
        return
    freeze(session, edition, make(session, edition, now=now), now=now, flow_run_id=flow_run_id)


def make(session: Session, edition: Edition, *, now: datetime) -> Made:
    """Everything of an edition, from data before its cut-off. Only reads; the same data and cut-off give the same bytes."""
    from reports import frames
    from reports.asked import Asked, Design
    from reports.document import html_of, pdf_of
    from reports.figures import figures_of
    from reports.letter import mail_html_of, mail_text_of
    from reports.scope import scope_of
    from reports.slides import slides_of
    from reports.workbook import workbook_of

    ours = organisation.current(session)
    scope = scope_of(
        edition.kind, edition.period_start, edition.period_end, now=now, zone=organisation.zone(ours)
    )
    about = Design.of(edition.design).about
    known_at = now if edition.corrects_id is not None else None
    read = frames.read(
        session, cut_off=scope.cut_off, last_day=scope.last_day, about=about, known_at=known_at
    )
    figures = figures_of(Asked(session, read, scope, edition, ours))
    figures["letter"] = mail_text_of(figures)
    html = html_of(figures)
    cut_off = scope.cut_off.astimezone(UTC)
    return Made(
        figures=figures,
        html=html,
        pdf=pdf_of(
            html,
            title=figures["title"],
            organisation=figures["organisation"],
            made_at=cut_off,
            pages=figures["pages"],
        ),
        xlsx=workbook_of(figures, made_at=cut_off),
        pptx=slides_of(figures, made_at=cut_off),
        mail_html=mail_html_of(figures),
        checksum=checksum_of(figures),
        cut_off=cut_off,
    )


def freeze(session: Session, edition: Edition, made: Made, *, now: datetime, flow_run_id: str | None) -> None:
    """Publish what was made. From here on the edition never changes."""
    if edition.status is EditionStatus.PUBLISHED:
        return
    edition.figures, edition.html, edition.mail_html = made.figures, made.html, made.mail_html
    edition.pdf, edition.xlsx, edition.pptx = made.pdf, made.xlsx, made.pptx
    edition.checksum = made.checksum
    edition.data_cut_off_at = made.cut_off
    edition.seed = made.figures["seed"]
    edition.formula_version = made.figures["formula_version"]
    edition.flow_run_id = flow_run_id
    edition.published_at = now
    edition.error = ""
    edition.status = EditionStatus.PUBLISHED
    record(session, "edition.published", edition, by=None, at=now, checksum=made.checksum)


def checksum_of(figures: dict[str, Any]) -> str:
    """SHA-256 of the figures as canonical JSON."""
    return sha256(canonical(figures)).hexdigest()


def canonical(figures: dict[str, Any]) -> bytes:
    """JSON with sorted keys, no spaces, UTF-8: one way to write the same figures."""
    text = json.dumps(figures, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()
