"""What the clock should do next. Polled often, so one cheap statement over partial indexes."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from portfolio import outlets
from portfolio.models import Edition, Event, Import, LearningRequest, Mail
from portfolio.states import OPEN, EditionStatus


@dataclass(frozen=True)
class Waiting:
    """Whether requests wait to be scored, mails and news to be sent and files to be taken in, which edition is to be built next,
    and the id of the latest line of history."""

    requests: bool
    mails: bool
    edition: int | None
    imports: bool = False
    news: bool = False
    latest_event: int = 0

    @property
    def is_empty(self) -> bool:
        return not (self.requests or self.mails or self.edition or self.imports or self.news)


def look(session: Session, *, now: datetime) -> Waiting:
    """What waits right now."""
    requests, mails, edition, imports, news, latest = session.execute(
        select(
            exists().where(LearningRequest.score_wanted_at <= now),
            exists().where(Mail.sent_at.is_(None), Mail.given_up_at.is_(None), Mail.next_try_at <= now),
            select(func.min(Edition.id)).where(Edition.status == EditionStatus.ASKED).scalar_subquery(),
            exists().where(Import.wanted_at.is_not(None)),
            outlets.due(now).exists(),
            select(func.max(Event.id)).scalar_subquery(),
        )
    ).one()
    return Waiting(bool(requests), bool(mails), edition, bool(imports), bool(news), latest or 0)


def want_all(session: Session, *, at: datetime) -> int:
    """Mark every open request for scoring; returns how many. Those marked already keep their earlier mark."""
    marked = session.execute(
        update(LearningRequest)
        .where(LearningRequest.status.in_(OPEN), LearningRequest.score_wanted_at.is_(None))
        .values(score_wanted_at=at)
    )
    return int(marked.rowcount)  # type: ignore[attr-defined] # an UPDATE's result has it
