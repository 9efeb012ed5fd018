"""The open requests that contend for the hours: what each brings and takes, what binds them, and what bars some beforehand."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from portfolio import assessments, kept_draws
from portfolio.capacity import Stretch
from portfolio.kept_draws import Drawn
from portfolio.models import Assessment, LearningRequest, Override, Tie
from portfolio.rules.candidates import Candidate, Id, hours, plain
from portfolio.rules.planning import LeftOut, Why
from portfolio.rules.ranges import Range
from portfolio.states import OPEN, RequestStatus, words

MUST_DO, KEEP_OUT = "must_do", "keep_out"

NEEDS, INSTEAD_OF = "needs", "instead_of"

DONE = frozenset({RequestStatus.ACCEPTED, RequestStatus.DELIVERED, RequestStatus.VERIFIED})
"""What needs no place in the plan any more: it is being done, or was."""


def key_of(person_id: int) -> str:
    """An expert as the rules know them."""
    return f"person {person_id}"


@dataclass
class Contender:
    """One scored open request. `starts` is the first day work on it can start."""

    id: int
    title: str
    status: RequestStatus
    goal_id: int | None
    assessment_id: int
    scored_at: datetime
    waits: bool
    starts: date | None
    expert_id: int | None
    likely_hours: Range
    drawn: Drawn = None  # type: ignore[assignment] # filled in before anybody sees the row


@dataclass
class Contenders:
    """The scored open requests, what binds them, and what keeps some of them out before anything is counted."""

    rows: dict[int, Contender]
    must: frozenset[int]
    barred: dict[int, tuple[str, str]]
    needs: dict[int, set[int]]
    rivals: dict[int, set[int]]
    unscored: int
    names: dict[Id, str]
    expert_names: dict[str, str]

    @classmethod
    def read(
        cls, session: Session, stretch: Stretch, *, drop: frozenset[int], goal_weights: Mapping[int, int]
    ) -> "Contenders":
        rows = {row.id: row for row in _rows(session)}
        _fill(session, rows, goal_weights, stretch.starts_on)
        open_count = session.scalar(select(func.count()).where(LearningRequest.status.in_(OPEN))) or 0
        found = cls(
            rows=rows,
            must=frozenset(),
            barred={},
            needs={},
            rivals={},
            unscored=open_count - len(rows),
            names={row.id: f"“{row.title}”" for row in rows.values()},
            expert_names={key_of(one.person_id): one.name for one in stretch.experts},
        )
        found._obey(session)
        found._tie(session)
        for one in drop & rows.keys():
            found.barred[one] = ("You left it out of this question.", "dropped")
        found._spread()
        return found

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        return tuple(
            Candidate(
                id=row.id,
                value=row.drawn.value,
                manager_hours=row.drawn.hours_mean,
                expert_hours={key_of(row.expert_id): row.drawn.expert_hours} if row.expert_id else {},
                not_before=row.starts,
                must_do=row.id in self.must,
                needs=frozenset(self.needs.get(row.id, ())),
                excludes=frozenset(self.rivals.get(row.id, set()) - self.barred.keys()),
            )
            for row in self.rows.values()
            if row.id not in self.barred
        )

    def why(self, row: Contender, out: LeftOut | None, *, is_chosen: bool) -> tuple[str, str]:
        """Why it is in or out, as a sentence and as a code."""
        if row.id in self.barred:
            return self.barred[row.id]
        if out is not None:
            if out.why is Why.EXPERT_HOURS:
                whose = self.expert_names.get(out.expert, "an expert")
                needed, left = hours(out.needed), hours(out.left)
                return f"Doesn't fit: needs {needed} of {whose}, who has {left} left.", out.why.value
            return out.sentence(self.names), out.why.value
        if is_chosen and row.id in self.must:
            return "It must be done.", "must do"
        leverage = row.drawn.value / max(row.drawn.hours_mean, 1e-9)
        return f"Brings {plain(leverage, 2)} points for an hour of yours.", "fits"

    def _obey(self, session: Session) -> None:
        """What people said against the numbers."""
        rows = session.execute(
            select(Override.learning_request_id, Override.kind, Override.reason)
            .where(Override.ended_at.is_(None), Override.kind.in_([MUST_DO, KEEP_OUT]))
            .order_by(Override.id)
        )
        must = set()
        for number, kind, reason in rows:
            if number not in self.rows:
                continue
            if kind == MUST_DO:
                must.add(number)
            else:
                self.barred[number] = (f"Kept out: {reason}" if reason else "Kept out.", "kept out")
        self.must = frozenset(must - self.barred.keys())

    def _tie(self, session: Session) -> None:
        """What needs what, and what stands instead of what. What is being done already needs no place."""
        one, other = aliased(LearningRequest), aliased(LearningRequest)
        rows = session.execute(
            select(Tie.kind, one.id, one.title, one.status, other.id, other.title, other.status)
            .join(one, one.id == Tie.learning_request_id)
            .join(other, other.id == Tie.other_id)
            .where(or_(one.status.in_(OPEN), other.status.in_(OPEN)))
        )
        for kind, from_id, from_title, from_status, to_id, to_title, to_status in rows:
            if kind == NEEDS and from_id in self.rows and to_status not in DONE:
                if to_id in self.rows:
                    self.needs.setdefault(from_id, set()).add(to_id)
                else:
                    state = "is not scored yet" if to_status in OPEN else f"is {words(to_status)}"
                    self.barred[from_id] = (f"Needs “{to_title}”, which {state}.", "needs another")
            elif kind == INSTEAD_OF:
                self._exclude(from_id, to_id, to_title, to_status)
                self._exclude(to_id, from_id, from_title, from_status)

    def _exclude(self, one: int, other: int, title: str, status: RequestStatus) -> None:
        if one not in self.rows:
            return
        if other in self.rows:
            self.rivals.setdefault(one, set()).add(other)
        elif status in DONE:
            self.barred[one] = (f"“{title}” does the same and was taken on.", "same as another")

    def _spread(self) -> None:
        """What needs something that is kept out is out as well."""
        while new := {
            one: min(gone)
            for one, needed in self.needs.items()
            if one not in self.barred and (gone := needed & self.barred.keys())
        }:
            for one, first in new.items():
                words = f"Needs {self.names[first]} first, which is not in the plan."
                self.barred[one] = (words, "needs another")


def _rows(session: Session) -> Iterator[Contender]:
    columns = (
        LearningRequest.id, LearningRequest.title, LearningRequest.status, LearningRequest.goal_id, LearningRequest.score_wanted_at,
        LearningRequest.not_before, LearningRequest.snoozed_until, LearningRequest.expert_id, Assessment.id, Assessment.scored_at,
        Assessment.manager_hours_low, Assessment.manager_hours_likely, Assessment.manager_hours_high,
    )  # fmt: skip
    rows = session.execute(
        select(*columns)
        .join(Assessment, Assessment.id == LearningRequest.assessment_id)
        .where(LearningRequest.status.in_(OPEN))
        .order_by(LearningRequest.id)
    )
    for id_, title, status, goal, wanted, not_before, snoozed, expert, assessment, scored_at, *span in rows:
        starts = max((day for day in (not_before, snoozed) if day is not None), default=None)
        yield Contender(
            id=id_,
            title=title,
            status=status,
            goal_id=goal,
            assessment_id=assessment,
            scored_at=scored_at,
            waits=wanted is not None,
            starts=starts,
            expert_id=expert,
            likely_hours=Range(*span),
        )


AT_ONCE = 5_000


def _fill(session: Session, rows: dict[int, Contender], goal_weights: Mapping[int, int], today: date) -> None:
    """Give each row its draws: those kept in memory, else made from what is known of the request now."""
    rubric = assessments.current_rubric(session)
    memory = kept_draws.memory(session, rubric)
    missing = []
    for row in rows.values():
        kept = memory.get((row.assessment_id, row.scored_at))
        if kept is None:
            missing.append(row)
        else:
            row.drawn = kept
    for start in range(0, len(missing), AT_ONCE):
        some = missing[start : start + AT_ONCE]
        needs = assessments.needs(session, {row.id: row.goal_id for row in some}, rubric, today=today)
        for row in some:
            row.drawn = kept_draws.draw(needs[row.id], rubric)
            if not row.waits:
                memory.put((row.assessment_id, row.scored_at), row.drawn)
    for row in rows.values() if goal_weights else ():
        if row.goal_id is not None and row.goal_id in goal_weights:
            row.drawn = row.drawn.weighed(goal_weights[row.goal_id])
