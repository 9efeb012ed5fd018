"""The inbox: what nobody has decided on yet."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portfolio.backlog import with_face
from portfolio.models import LearningRequest
from portfolio.states import INBOX


def listed(session: Session, limit: int = 200) -> list[LearningRequest]:
    """What nobody has decided on yet, oldest first."""
    waiting = (
        with_face()
        .where(LearningRequest.status.in_(INBOX))
        .order_by(LearningRequest.submitted_at, LearningRequest.id)
    )
    return list(session.scalars(waiting.limit(limit)))


def after(session: Session, than: LearningRequest) -> int | None:
    """The number of the request to decide after this one: the next newer, else the oldest. None when it was the last."""
    others = select(func.min(LearningRequest.id)).where(
        LearningRequest.status.in_(INBOX), LearningRequest.id != than.id
    )
    return session.scalar(others.where(LearningRequest.id > than.id)) or session.scalar(others)


def count(session: Session) -> int:
    """How many wait for a first decision."""
    return session.scalar(select(func.count()).where(LearningRequest.status.in_(INBOX))) or 0
