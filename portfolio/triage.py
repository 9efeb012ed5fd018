"""Deciding one after the other: what to begin from and how sure that is, what is obvious, and what a session came to."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portfolio import inbox, similar
from portfolio.models import Assessment, Decision, LearningRequest, Person
from portfolio.rules.scoring import LABELS
from portfolio.states import INBOX, Quadrant, Verdict

HARDLY_TRAINING = 0.25
"""Under this chance that training is the answer, something else is looked for."""
MANY_UNKNOWN = 6
SURE = 0.9
GAP = timedelta(minutes=30)
"""A longer pause between two decisions ends a session."""
LOOKED_AT = 40
"""So many of the oldest are looked through for what is obvious."""

SUGGESTED = {
    Quadrant.QUICK_WIN: (Verdict.ACCEPT, "take it on", "a quick win"),
    Quadrant.BIG_BET: (Verdict.ACCEPT, "take it on", "a big bet"),
    Quadrant.FILL_IN: (Verdict.WAITLIST, "put it on the waiting list", "a fill-in"),
    Quadrant.MONEY_PIT: (Verdict.DECLINE, "decline", "a money pit"),
}


@dataclass(frozen=True)
class Suggestion:
    """A verdict to begin from, and how sure that is in words; the manager decides."""

    verdict: Verdict
    words: str


@dataclass(frozen=True)
class Neighbours:
    """What comes before and after a request in the inbox, and its place there; place 0 when it has left it."""

    previous: int | None
    next: int | None
    place: int
    of: int


@dataclass(frozen=True)
class Obvious:
    """A request whose verdict hardly anybody would argue about, and why."""

    learning_request: LearningRequest
    verdict: Verdict
    because: str
    join_to: int | None = None


@dataclass(frozen=True)
class Sitting:
    """Decisions made one after the other, no pause above thirty minutes."""

    count: int
    minutes: int
    outcomes: tuple[tuple[Verdict, int], ...]
    longest_wait_days: int
    began_at: datetime
    ended_at: datetime

    @property
    def words(self) -> str:
        decided = f"{self.count} decision{'' if self.count == 1 else 's'}"
        minutes = max(1, self.minutes)
        return f"{decided} in {minutes} minute{'' if minutes == 1 else 's'}"


def suggest(found: LearningRequest) -> Suggestion:
    """A first guess at the verdict, and its doubt in words."""
    assessment = found.assessment
    if assessment is None or not found.is_open:
        return Suggestion(Verdict.ACCEPT, "")
    if assessment.fit < HARDLY_TRAINING:
        chance = f"{max(1, round(100 * assessment.fit))} %"
        return Suggestion(
            Verdict.REDIRECT, f"Probably point elsewhere: the chance that training helps is {chance}."
        )
    unknown: Sequence[str] = assessment.working["unknown"]
    if len(unknown) >= MANY_UNKNOWN:
        named = " and ".join(LABELS.get(name, name).lower() for name in unknown[:2])
        return Suggestion(
            Verdict.ASK, f"Better ask first: {len(unknown)} things that weigh aren't known, such as {named}."
        )
    verdict, act, what = SUGGESTED[Quadrant(assessment.quadrant)]
    chance_of = assessment.quadrants[assessment.quadrant]
    return Suggestion(verdict, f"{_how(chance_of)} {act}: {_tenths(chance_of)} {what}{_else(assessment)}.")


def obvious(session: Session) -> list[Obvious]:
    """Among the oldest forty of the inbox those that are almost surely money pits, or surely ask what another asked before.

    Nothing is chosen by this: it is shown with its reason.
    """
    found = []
    for one in inbox.listed(session, limit=LOOKED_AT):
        before = [other for other in similar.alike(session, one, limit=3) if other.id < one.id]
        pit = one.assessment.quadrants.get(Quadrant.MONEY_PIT.value, 0) if one.assessment else 0
        if before:
            because = f"Asks for the same as request {before[0].id}: {before[0].title}"
            found.append(Obvious(one, Verdict.JOIN, because, before[0].id))
        elif pit >= SURE:
            found.append(Obvious(one, Verdict.DECLINE, f"{_tenths(pit).capitalize()} a money pit"))
    return found


def neighbours(session: Session, found: LearningRequest) -> Neighbours:
    """What comes before and after it, in the order the requests came; round at the ends."""
    number, others = LearningRequest.id, LearningRequest.id != found.id
    before, after, first, last, place, count = session.execute(
        select(
            func.max(number).filter(number < found.id),
            func.min(number).filter(number > found.id),
            func.min(number).filter(others),
            func.max(number).filter(others),
            func.count().filter(number <= found.id),
            func.count(),
        ).where(LearningRequest.status.in_(INBOX))
    ).one()
    return Neighbours(before or last, after or first, place if found.status in INBOX else 0, count)


def sittings(session: Session, person: Person, *, now: datetime, limit: int = 1) -> list[Sitting]:
    """What this person decided in one go, latest first, over the last four weeks; what was undone doesn't count."""
    rows = session.execute(
        select(Decision.decided_at, Decision.verdict, LearningRequest.submitted_at)
        .join(LearningRequest, LearningRequest.id == Decision.learning_request_id)
        .where(
            Decision.decided_by_id == person.id,
            Decision.decided_at > now - timedelta(weeks=4),
            Decision.undone_at.is_(None),
        )
        .order_by(Decision.decided_at.desc(), Decision.id.desc())
        .limit(2000)
    ).all()
    found: list[list[tuple[datetime, Verdict, datetime]]] = []
    for at, verdict, submitted_at in rows:
        if found and found[-1][-1][0] - at < GAP:
            found[-1].append((at, verdict, submitted_at))
        elif len(found) == limit:
            break
        else:
            found.append([(at, verdict, submitted_at)])
    return [_sitting(made) for made in found]


def _sitting(made: list[tuple[datetime, Verdict, datetime]]) -> Sitting:
    ended, began = made[0][0], made[-1][0]
    counted = Counter(verdict for _, verdict, _ in made)
    return Sitting(
        count=len(made),
        minutes=round((ended - began).total_seconds() / 60),
        outcomes=tuple(sorted(counted.items(), key=lambda one: (-one[1], one[0]))),
        longest_wait_days=max((at - submitted_at).days for at, _, submitted_at in made),
        began_at=began,
        ended_at=ended,
    )


def _how(chance: float) -> str:
    if chance >= SURE:
        return "Almost surely"
    if chance >= 0.6:
        return "Probably"
    return "Perhaps" if chance >= 0.4 else "Hard to say, perhaps"


def _tenths(chance: float) -> str:
    """ "7 chances in 10 that it is"; all of them only where that is true."""
    tenths = 10 if chance >= 1 else min(9, max(1, round(10 * chance)))
    return f"{tenths} {'chance' if tenths == 1 else 'chances'} in 10 that it is"


def _else(assessment: Assessment) -> str:
    """The second likeliest, where it is likely enough to say."""
    others = sorted(
        ((share, name) for name, share in assessment.quadrants.items() if name != assessment.quadrant),
        reverse=True,
    )
    share, name = others[0]
    if share < 0.15:
        return ""
    return f", {min(9, max(1, round(10 * share)))} in 10 {SUGGESTED[Quadrant(name)][2]}"
