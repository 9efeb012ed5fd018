"""The daily chores on our own tables."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from portfolio import deciding, drafts, outlets
from portfolio.models import Arrival, Import, KeptAnswer, Mail, SignInLink, Visit
from portfolio.states import ArrivalStatus

KEPT_ANSWERS_LAST = timedelta(days=7)
SENT_MAILS_LAST = timedelta(days=365)
DRY_RUNS_LAST = timedelta(days=7)
DROPPED_MAILS_LAST = timedelta(days=90)


def expire(session: Session, *, now: datetime) -> dict[str, int]:
    """Forget what is over: used links, ended visits, kept answers, old mails, news and dry runs; wake what was snoozed."""
    gone = {
        "sign_in_links": delete(SignInLink).where(SignInLink.expires_at < now - timedelta(days=1)),
        "visits": delete(Visit).where((Visit.expires_at < now) | (Visit.ended_at < now - timedelta(days=7))),
        "kept_answers": delete(KeptAnswer).where(KeptAnswer.kept_at < now - KEPT_ANSWERS_LAST),
        "mails": delete(Mail).where(Mail.sent_at < now - SENT_MAILS_LAST),
        "dropped_mails": delete(Arrival).where(
            Arrival.status == ArrivalStatus.DROPPED, Arrival.arrived_at < now - DROPPED_MAILS_LAST
        ),
        "dry_runs": delete(Import).where(
            Import.taken_at.is_(None), Import.wanted_at.is_(None), Import.started_at < now - DRY_RUNS_LAST
        ),
    }
    counts = {name: int(session.execute(query).rowcount) for name, query in gone.items()}  # type: ignore[attr-defined] # a DELETE's result has it
    counts["deliveries"] = outlets.forget_old(session, now=now)
    counts["drafts"] = drafts.expire(session, now=now)
    counts["woken"] = deciding.wake_snoozed(session, today=now.date(), at=now)
    return counts
