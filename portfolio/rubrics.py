"""The rubric at work: a draft to change, what it would do to real requests, publishing it, and the versions there were."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portfolio import assessments
from portfolio.history import record
from portfolio.models import LearningRequest, Organisation, Person, RubricDraft
from portfolio.models import Rubric as PublishedRubric
from portfolio.rules.rubric import DEFAULT, Rubric
from portfolio.rules.sampling import likely_leverage
from portfolio.states import OPEN

FIRST = 10
SHOWN = 30
TRIED = 100
"""Open requests that a preview ranks anew: the first so many, as they stand."""


class Stale(ValueError):
    """Somebody else changed the rubric meanwhile."""

    def __init__(self) -> None:
        super().__init__("Somebody else changed the rubric meanwhile.")


class NotReady(ValueError):
    """The rubric can't be used as it stands; `wrong` gives words by field."""

    def __init__(self, wrong: dict[str, str]) -> None:
        super().__init__(next(iter(wrong.values())))
        self.wrong = wrong


@dataclass(frozen=True)
class Desk:
    """What a manager works on: the draft where there is one, else the rubric in force. `stamp` names the exact state."""

    rubric: Rubric
    in_force: Rubric
    stamp: str
    draft: RubricDraft | None = None


def desk(session: Session, *, hold: bool = False) -> Desk:
    """The draft, the rubric in force and the stamp of the two; `hold` keeps others from changing them meanwhile."""
    if hold:
        session.execute(select(Organisation.id).with_for_update())
    draft = session.scalar(select(RubricDraft).options(joinedload(RubricDraft.changed_by)))
    in_force = assessments.published_rubric(session)
    if draft is None:
        return Desk(in_force, in_force, f"{in_force.version}.0")
    stamp = f"{in_force.version}.{draft.id}.{draft.revision}"
    return Desk(assessments.parsed(draft.body), in_force, stamp, draft)


def save(session: Session, rubric: Rubric, *, stamp: str, by: Person | None, at: datetime) -> RubricDraft:
    """Keep a rubric as the draft. Raises Stale where `stamp` is no longer that of the desk, NotReady where it can't be used."""
    now = _desk_at(session, stamp)
    _check(rubric)
    draft = now.draft or RubricDraft(revision=0)
    draft.body = rubric.as_json()
    draft.revision += 1
    draft.changed_at, draft.changed_by_id = at, by.id if by else None
    session.add(draft)
    session.flush()
    record(session, "rubric.changed", draft, by=by, at=at, revision=draft.revision)
    return draft


def publish(session: Session, rubric: Rubric, *, stamp: str, by: Person | None, at: datetime) -> int:
    """Put a rubric in force as the next version, drop the draft, and have every open request scored by it.

    Assessments made before keep the version they name. Raises Stale or NotReady.
    """
    now = _desk_at(session, stamp)
    _check(rubric)
    if now.draft is not None:
        session.delete(now.draft)
    published = assessments.publish_rubric(session, rubric, by=by, at=at)
    session.flush()
    record(session, "rubric.published", published, by=by, at=at, version=published.version)
    return published.version


def discard(session: Session, *, stamp: str, by: Person | None, at: datetime) -> None:
    """Drop the draft; the rubric in force stays. Raises Stale."""
    now = _desk_at(session, stamp)
    if now.draft is None:
        raise Stale
    record(session, "rubric.discarded", now.draft, by=by, at=at)
    session.delete(now.draft)
    session.flush()


def work_from(
    session: Session, version: int, *, stamp: str, by: Person | None, at: datetime
) -> RubricDraft | None:
    """Make an earlier version the draft; the shipped one where `version` is 0. None where there is no such version."""
    rubric = of_version(session, version) if version else shipped(session)
    return None if rubric is None else save(session, rubric, stamp=stamp, by=by, at=at)


def shipped(session: Session) -> Rubric:
    """What Outsize comes with; what fits in one iteration is the organisation's own and stays."""
    return replace(DEFAULT, effort_cut_hours=assessments.published_rubric(session).effort_cut_hours)


def versions(session: Session) -> Sequence[PublishedRubric]:
    """The versions published so far, newest first."""
    return session.scalars(
        select(PublishedRubric)
        .options(joinedload(PublishedRubric.published_by))
        .order_by(PublishedRubric.version.desc())
    ).all()


def of_version(session: Session, version: int) -> Rubric | None:
    """The rubric as it was in a version."""
    body = session.scalar(select(PublishedRubric.body).where(PublishedRubric.version == version))
    return None if body is None else assessments.parsed(body)


def problems(rubric: Rubric) -> dict[str, str]:
    """Words for what would make scores meaningless, by field. Ranges are in order by themselves."""
    wrong: dict[str, str] = {}
    if not any(one.weight > 0 for one in rubric.criteria):
        wrong["weights"] = "Nothing counts: give at least one part of impact a weight above 0."
    for criterion in rubric.criteria:
        bands = criterion.bands or ()
        for step, (low, high) in enumerate(pairwise(bands), start=2):
            if high <= low:
                wrong[f"bands__{criterion.key}__{step}"] = f"Step {step} begins above step {step - 1}."
    if not rubric.work_types:
        wrong["work_types"] = "Keep at least one kind of solution."
    elif not any(one.share > 0 for one in rubric.work_types):
        wrong["work_types"] = "Say of at least one kind of solution how often it is wanted."
    return wrong


# What a rubric would do


@dataclass(frozen=True)
class Moved:
    """One request's place and likely leverage (points an hour) as it stands, and by the rubric tried."""

    number: int
    title: str
    before: int
    after: int
    leverage_before: float
    leverage_after: float

    @property
    def climbs(self) -> int:
        """Places up; below zero, places down."""
        return self.before - self.after


@dataclass(frozen=True)
class Preview:
    """What publishing would do to the first open requests. `tried` of `open` were ranked anew."""

    lines: tuple[Moved, ...]
    entering: tuple[Moved, ...]
    leaving: tuple[Moved, ...]
    swaps: tuple[tuple[Moved, Moved], ...]
    sentence: str
    tried: int


def preview(session: Session, rubric: Rubric, *, today: date) -> Preview:
    """The first 100 open requests, ranked anew by a rubric that is not in force. Changes nothing. Eight statements.

    `swaps` are pairs among the first ten, the one that climbs past first, with the largest climbs first.
    """
    rows = session.execute(
        select(LearningRequest.id, LearningRequest.title, LearningRequest.goal_id, LearningRequest.leverage)
        .where(LearningRequest.status.in_(OPEN), LearningRequest.leverage.is_not(None))
        .order_by(LearningRequest.leverage.desc(), LearningRequest.id)
        .limit(TRIED)
    ).all()
    rubric = assessments.completed(session, rubric)
    needs = assessments.needs(session, {row.id: row.goal_id for row in rows}, rubric, today=today)
    leverages = {number: likely_leverage(need, rubric) for number, need in needs.items()}
    places = {
        number: place
        for place, number in enumerate(sorted(leverages, key=lambda one: (-leverages[one], one)), start=1)
    }
    moved = [
        Moved(row.id, row.title, before, places[row.id], row.leverage, leverages[row.id])
        for before, row in enumerate(rows, start=1)
    ]
    return _told(sorted(moved, key=lambda one: one.after))


def _told(moved: Sequence[Moved]) -> Preview:
    top = [one for one in moved if min(one.before, one.after) <= FIRST]
    entering = tuple(one for one in top if one.before > FIRST)
    leaving = tuple(one for one in top if one.after > FIRST)
    swaps = [(up, down) for up in top for down in top if up.before > down.before and up.after < down.after]
    swaps.sort(key=lambda pair: (-(pair[0].climbs - pair[1].climbs), pair[0].after))
    return Preview(
        tuple(moved[:SHOWN]), entering, leaving, tuple(swaps), _sentence(moved, entering, leaving), len(moved)
    )


def _sentence(moved: Sequence[Moved], entering: Sequence[Moved], leaving: Sequence[Moved]) -> str:
    first = [one for one in moved if min(one.before, one.after) <= SHOWN]
    movers = [one for one in first if one.climbs]
    if not moved:
        return "No open request is scored yet, so there is nothing to try this on."
    if not movers:
        return f"Nothing would change places among the first {min(SHOWN, len(moved))}."
    if len(movers) <= 3:
        words = f"{_titles(movers)} would swap places."
    else:
        best = max(movers, key=lambda one: (one.climbs, -one.after))
        words = (
            f"{len(movers)} of {len(first)} requests would change places. "
            f"“{best.title}” climbs most, from {best.before} to {best.after}."
        )
    if entering:
        words += f" {_titles(entering)} would enter the first ten, and {_titles(leaving)} leave it."
    return words


def _titles(some: Sequence[Moved]) -> str:
    titles = [f"“{one.title}”" for one in some[:4]]
    if len(some) > 4:
        titles = [*titles[:3], f"{len(some) - 3} more"]
    return titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} and {titles[-1]}"


def _desk_at(session: Session, stamp: str) -> Desk:
    now = desk(session, hold=True)
    if stamp != now.stamp:
        raise Stale
    return now


def _check(rubric: Rubric) -> None:
    wrong = problems(rubric)
    if wrong:
        raise NotReady(wrong)
