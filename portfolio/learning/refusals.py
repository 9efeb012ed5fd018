"""What a source told that was not taken, with the reason, for the manager to see."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portfolio.models import LearningRefusal, LearningSource

SHOWN = 50
KEPT = timedelta(days=30)
MOST = 500


def refuse(
    session: Session, source: LearningSource, *, what: str, where: str, why: str, at: datetime
) -> None:
    """Write down that something was not taken, and why."""
    session.add(
        LearningRefusal(source_id=source.id, what=what[:120], where=where[:300], why=why[:500], at=at)
    )


def lately(session: Session, source: LearningSource, *, limit: int = SHOWN) -> list[LearningRefusal]:
    """The latest first."""
    query = select(LearningRefusal).where(LearningRefusal.source_id == source.id)
    return list(
        session.scalars(query.order_by(LearningRefusal.at.desc(), LearningRefusal.id.desc()).limit(limit))
    )


def forget_old(session: Session, source: LearningSource, *, now: datetime) -> None:
    """Forget what is older than a month, and all but the latest few hundred."""
    own = LearningRefusal.source_id == source.id
    newest = select(LearningRefusal.id).where(own).order_by(LearningRefusal.id.desc()).offset(MOST).limit(1)
    last = session.scalar(newest)
    session.execute(delete(LearningRefusal).where(own, LearningRefusal.at < now - KEPT))
    if last is not None:
        session.execute(delete(LearningRefusal).where(own, LearningRefusal.id <= last))
