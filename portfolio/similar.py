"""What is like what somebody types: open requests to join, resources that may solve it, earlier declines.

Nothing is ever merged by a score: it suggests, a person decides. The index keeps itself: the database's triggers write the
words (migration 0003), `portfolio.similarity` reads them. How good and how quick it is stands in docs/search.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio.database import Database, engine_of
from portfolio.models import Decision, LearningRequest, Resource, Unit
from portfolio.rules import similarity as rules
from portfolio.rules.similarity import Likeness
from portfolio.similarity import words as by_words
from portfolio.similarity.meaning import Keeper, Seen, keeper
from portfolio.states import OPEN, RequestStatus, Verdict

LONGEST = 8000
"""Characters of a query that are read."""
PATIENCE_SECONDS = 3.0
"""How long a process that never warmed up waits for meanings, once."""
EXTRA = 20
"""Candidates of each kind beyond those asked for: some may be gone, and the same words may lift one of them."""
ANYTHING = 0.05
"""A floor for those who want the best there is, like or not: only what shares nothing is left out."""
STATUSES = {
    "request": (*sorted(OPEN), RequestStatus.ACCEPTED),
    "decline": (RequestStatus.DECLINED,),
}


@dataclass(frozen=True)
class Found:
    """Something like what was typed. `score` is 0 to 1, `reason` is for a person, `likely` says whether to suggest it."""

    kind: str
    id: int
    title: str
    score: float
    reason: str
    likely: bool = True

    @property
    def number(self) -> int:
        return self.id


@dataclass(frozen=True)
class Similar:
    """What may spare somebody the asking, best first."""

    requests: list[Found] = field(default_factory=list)
    resources: list[Found] = field(default_factory=list)
    declines: list[Found] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.requests or self.resources or self.declines)


def similar(
    session: Session,
    words: str,
    *,
    unit: str = "",
    limit: int = 5,
    leave_out: int | None = None,
    floor: float = rules.FLOOR,
) -> Similar:
    """What is like `words`, up to `limit` of each kind, best first, nothing under `floor`.

    `unit` decides between equals; `leave_out` is the number of the request that asks. Fewer than three letters find nothing.
    """
    typed = words[:LONGEST].replace("\x00", " ").encode("utf-8", "ignore").decode().strip()
    if sum(letter.isalnum() for letter in typed) < 3 or limit < 1:
        return Similar()
    likely = _likely(session, typed, limit=limit, floor=floor)
    requests = _requests(session, likely, unit)
    if leave_out is not None:
        requests = [one for one in requests if one.id != leave_out]
    return Similar(
        requests=_best((one for one in requests if one.kind == "request"), limit),
        resources=_best(_resources(session, likely), limit),
        declines=_best((one for one in requests if one.kind == "decline"), limit),
    )


def alike(session: Session, learning_request: LearningRequest, limit: int = 20) -> list[Found]:
    """Open requests that surely ask for the same as this one, best first."""
    said = (learning_request.said("problem"), learning_request.said("behaviour"))
    unit = learning_request.unit.name if learning_request.unit else ""
    words = " ".join([learning_request.title, *(part for part in said if isinstance(part, str)), unit])
    return similar(
        session, words, unit=unit, limit=limit, leave_out=learning_request.id, floor=rules.SURE
    ).requests


def last_words(session: Session, declines: Iterable[Found]) -> dict[int, dict[str, str]]:
    """The reason and the words of the last decline of each, by number."""
    decided = session.execute(
        select(Decision.learning_request_id, Decision.reason, Decision.words)
        .where(
            Decision.learning_request_id.in_([one.id for one in declines]),
            Decision.verdict == Verdict.DECLINE,
            Decision.undone_at.is_(None),
        )
        .order_by(Decision.id)
    )
    return {number: {"decision_reason": reason, "words": words} for number, reason, words in decided}


def keep_ready(database: Database, *, after: float = 1.0) -> Keeper:
    """Learn meanings in a thread from `after` seconds on, and go on learning what is new, until it is stopped."""
    kept = keeper(database.engine)
    kept.start(after=after, looks_on=True)
    return kept


def warm(database: Database) -> bool:
    """Learn all meanings now; returns whether this machine has any."""
    return keeper(database.engine).learn()


def _likely(session: Session, typed: str, *, limit: int, floor: float) -> Mapping[int, Likeness]:
    """The candidates by entry, of every kind, that reach the floor."""
    memory = keeper(engine_of(session)).memory(PATIENCE_SECONDS)
    size = memory.size if memory else None
    matches = {
        match.id: match for match in by_words.find(session, typed, size if size and size.entries else None)
    }
    seen = memory.compare(typed) if memory else None
    near = _nearest(seen, limit + EXTRA)
    found = {}
    for id_ in [*matches, *near]:
        match = matches.get(id_)
        share, shared = (match.share, match.shared) if match else (0.0, ())
        likeness = Likeness(share, seen.of(id_) if seen else None, shared)
        if likeness.reaches(floor):
            found[id_] = likeness
    return found


def _nearest(seen: Seen | None, limit: int) -> Iterable[int]:
    if seen is None:
        return []
    return [id_ for kind in ("request", "decline", "resource") for id_ in seen.nearest(kind, limit)]


def _requests(session: Session, likely: Mapping[int, Likeness], unit: str) -> list[Found]:
    """The requests among the candidates, as they stand now."""
    wanted = {id_ // 2: one for id_, one in likely.items() if id_ % 2 == 0}
    rows = session.execute(
        select(LearningRequest.id, LearningRequest.title, LearningRequest.status, Unit.name)
        .outerjoin(LearningRequest.unit)
        .where(LearningRequest.id.in_(wanted))
    ).all()
    found = []
    for number, title, status, of_unit in rows:
        kind = next((kind for kind, statuses in STATUSES.items() if status in statuses), None)
        if kind is not None:
            same_unit = bool(unit) and (of_unit or "").casefold() == unit.strip().casefold()
            found.append(_found(kind, number, title, wanted[number], same_unit=same_unit))
    return found


def _resources(session: Session, likely: Mapping[int, Likeness]) -> list[Found]:
    wanted = {id_ // 2: one for id_, one in likely.items() if id_ % 2 == 1}
    rows = session.execute(
        select(Resource.id, Resource.title).where(Resource.id.in_(wanted), Resource.retired_at.is_(None))
    ).all()
    return [_found("resource", number, title, wanted[number]) for number, title in rows]


def _found(kind: str, number: int, title: str, likeness: Likeness, *, same_unit: bool = False) -> Found:
    score = min(1.0, likeness.score + (rules.SAME_UNIT if same_unit else 0.0))
    return Found(kind, number, title, round(score, 4), likeness.reason, likeness.reaches(rules.FLOOR))


def _best(found: Iterable[Found], limit: int) -> list[Found]:
    return sorted(found, key=lambda one: (-one.score, one.id))[:limit]
