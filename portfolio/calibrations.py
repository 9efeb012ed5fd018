"""How well we judge: what finished work teaches about hours, claims and causes, and what of it counts from now on."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, joinedload

from portfolio import causes
from portfolio.history import record
from portfolio.models import (
    Assessment,
    Card,
    Decision,
    Evaluation,
    LearningRequest,
    Measure,
    Organisation,
    Person,
    Project,
    Reading,
    Unit,
)
from portfolio.models import Calibration as Kept
from portfolio.rules import calibration as rules
from portfolio.rules.calibration import Calibration, Factor, Finished, LearnedPrior, Share
from portfolio.rules.fit import TRAINABLE
from portfolio.rules.ranges import Range
from portfolio.rules.rubric import Rubric
from portfolio.states import RequestStatus, Stage, Verdict
from portfolio.waiting import want_all

PARTS = ("effort", "impact", "fit")
"""What can be switched on, each by itself."""

ENOUGH_NOTED = 0.5
"""Share of a project's finished cards that need hours before its sum says what it took."""


class Stale(ValueError):
    """Somebody else put another calibration in force meanwhile."""

    def __init__(self) -> None:
        super().__init__("Somebody else put another calibration in force meanwhile.")


@dataclass(frozen=True)
class InForce:
    """The calibration in force: its factors, the learned prior, and the parts switched on."""

    factors: Calibration
    prior: tuple[tuple[str, float], ...]
    applies: frozenset[str]

    @property
    def version(self) -> int:
        return self.factors.version

    @property
    def counted(self) -> Calibration:
        """What of it counts: the parts that are switched on."""
        return replace(
            self.factors,
            effort=self.factors.effort if "effort" in self.applies else (),
            prior=self.prior if "fit" in self.applies else (),
        )


@dataclass(frozen=True)
class Piece:
    """One finished piece: what was said and what it was, in the same unit. `note` says what is missing about it."""

    number: int
    name: str
    group: str
    said: float
    was: float
    note: str = ""

    @property
    def ratio(self) -> float:
        return self.was / self.said


@dataclass(frozen=True)
class Learned:
    """All that finished work teaches today. Hours are the manager's; `claims` are changes of a measure, in its own unit."""

    effort: tuple[Factor, ...]
    overall: Factor
    pieces: tuple[Piece, ...]
    left_out: int
    hits: Share
    impact: tuple[Factor, ...]
    claims: tuple[Piece, ...]
    prior: LearnedPrior
    trained: int
    redirected: int

    def as_json(self) -> dict[str, Any]:
        """What a calibration keeps, beside its factors."""
        return {
            "prior": dict(self.prior.prior),
            "fit": asdict(self.prior.fit),
            "hits": asdict(self.hits),
            "overall": asdict(self.overall),
        }


# What counts


def current(session: Session) -> InForce | None:
    """The calibration in force; None where nothing was ever switched on. One statement."""
    latest = select(Kept.version, Kept.body, Kept.applies).order_by(Kept.version.desc()).limit(1)
    row = session.execute(latest).first()
    return None if row is None else parsed(row.body, row.applies)


def parsed(body: dict[str, Any], applies: Iterable[str]) -> InForce:
    """A calibration as it is stored; the same object each time."""
    return _parsed(json.dumps(body), tuple(applies))


def applied(rubric: Rubric, calibration: InForce | None) -> Rubric:
    """A rubric with what the manager switched on: hours by kind of work, and how often training is the answer."""
    return rubric if calibration is None else _applied(rubric, calibration.counted)


def publish(
    session: Session, learned: Learned, applies: Iterable[str], *, seen: int, by: Person | None, at: datetime
) -> int:
    """Put what was learned in force as the next version, as far as `applies` switches it on, and score open requests by it.

    `seen` is the version that was looked at, 0 where there was none. Raises Stale where another is in force by now.
    """
    session.execute(select(Organisation.id).with_for_update())
    latest = session.scalar(select(func.max(Kept.version))) or 0
    if seen != latest:
        raise Stale
    parts = [part for part in PARTS if part in set(applies)]
    factors = Calibration(latest + 1, learned.effort, learned.impact, applies_to_impact="impact" in parts)
    kept = Kept(
        version=latest + 1,
        body={**factors.as_json(), **learned.as_json()},
        applies=parts,
        made_at=at,
        made_by_id=by.id if by else None,
    )
    session.add(kept)
    session.flush()
    record(session, "calibration.published", kept, by=by, at=at, version=kept.version, applies=parts)
    want_all(session, at=at)
    return kept.version


def versions(session: Session) -> Sequence[Kept]:
    """The calibrations put in force so far, newest first."""
    return session.scalars(select(Kept).options(joinedload(Kept.made_by)).order_by(Kept.version.desc())).all()


# What finished work teaches


def learn(session: Session, groups: Sequence[str] = ()) -> Learned:
    """What finished projects, their measures and settled requests say today. Seven statements. Changes nothing.

    Hours count where a project was estimated and half of its finished cards or more have theirs; a claim where a measure has
    a value before, one wanted and one after; a case where a request was redirected, or delivered and not refuted since.
    """
    known = {kept.version: parsed(kept.body, kept.applies) for kept in versions(session)}
    done = _done(session)
    noted = [row for row in done if row.cards and row.with_hours >= ENOUGH_NOTED * row.cards and row.hours]
    finished = [
        Finished(row.solution_type, row.estimate_hours, row.hours, _held(row, known)) for row in noted
    ]
    claims = _claims(session)
    prior, trained, redirected = _prior(session)
    return Learned(
        effort=rules.effort_factors(finished, groups),
        overall=rules.effort_factors([replace(one, group="") for one in finished], [""])[0],
        pieces=tuple(
            Piece(row.id, row.name, row.solution_type, row.estimate_hours, row.hours, _missing(row))
            for row in noted
        ),
        left_out=len(done) - len(noted),
        hits=rules.hit_rate([(stated, row.hours) for row in noted if (stated := _stated(row)) is not None]),
        impact=rules.impact_factors([Finished(one.group, one.said, one.was) for one in claims]),
        claims=tuple(claims),
        prior=prior,
        trained=trained,
        redirected=redirected,
    )


def _done(session: Session) -> Sequence[Any]:
    """Each finished project that was estimated, with the hours of its cards and the assessment it was accepted with."""
    is_done = case((Card.done_at.is_not(None), 1))
    has_hours = case((Card.done_at.is_not(None) & Card.actual_hours.is_not(None), 1))
    return session.execute(
        select(
            Project.id,
            Project.name,
            Project.solution_type,
            Project.estimate_hours,
            func.sum(Card.actual_hours).label("hours"),
            func.count(is_done).label("cards"),
            func.count(has_hours).label("with_hours"),
            Assessment.id.label("assessment"),
            Assessment.manager_hours_low,
            Assessment.manager_hours_likely,
            Assessment.manager_hours_high,
            _calibration_of(),
        )
        .outerjoin(Card, Card.project_id == Project.id)
        .outerjoin(LearningRequest, LearningRequest.id == Project.learning_request_id)
        .outerjoin(Assessment, Assessment.id == LearningRequest.assessment_id)
        .where(Project.stage == Stage.DONE, Project.estimate_hours > 0)
        .group_by(Project.id, Assessment.id)
        .order_by(Project.ended_at, Project.id)
    ).all()


def _calibration_of() -> Any:
    return Assessment.working["calibration"].as_integer().label("calibration")


def _held(row: Any, known: dict[int, InForce]) -> float:
    """The factor its estimate held already, so that learning from it doesn't count twice."""
    calibration = known.get(row.calibration or 0)
    if calibration is None or "effort" not in calibration.applies:
        return 1.0
    return calibration.factors.effort_factor(row.solution_type)


def _stated(row: Any) -> Range | None:
    if row.assessment is None:
        return None
    return Range(row.manager_hours_low, row.manager_hours_likely, row.manager_hours_high)


def _missing(row: Any) -> str:
    without = row.cards - row.with_hours
    if not without:
        return ""
    return f"{without} of {row.cards} cards {'has' if without == 1 else 'have'} no hours"


def _claims(session: Session) -> list[Piece]:
    """Each measure of a request's project with a value before, one wanted and one after: the change claimed, and what came."""
    rows = session.execute(
        select(Measure, Project.id, Project.name, Unit.name)
        .join(Project, Project.id == Measure.project_id)
        .join(LearningRequest, LearningRequest.id == Project.learning_request_id)
        .join(Unit, Unit.id == LearningRequest.unit_id)
        .where(Measure.baseline.is_not(None), Measure.target.is_not(None))
        .order_by(Measure.id)
    ).all()
    last = dict(
        session.execute(
            select(Reading.measure_id, Reading.value)
            .where(Reading.after, ~Reading.comparison)
            .order_by(Reading.read_on, Reading.id)
        ).all()
    )
    found = []
    for measure, number, name, unit in rows:
        wanted = (measure.target or 0.0) - (measure.baseline or 0.0)
        if measure.id in last and wanted:
            came = (last[measure.id] - (measure.baseline or 0.0)) * (1 if wanted > 0 else -1)
            found.append(Piece(number, f"{name}: {measure.name}", unit, abs(wanted), came, measure.unit))
    return found


def _prior(session: Session) -> tuple[LearnedPrior, int, int]:
    """The chance of each cause from settled requests. One that training helped, or whose cause nobody named, is shared among
    the causes it can have had as they were likely before."""
    table = causes.current(session)
    prior = dict(table.prior)
    refuted = select(Project.learning_request_id).where(
        Project.learning_request_id.is_not(None),
        Project.id.in_(select(Evaluation.project_id).where(Evaluation.verdict == "refuted")),
    )
    trained = session.scalar(
        select(func.count()).where(
            LearningRequest.status.in_([RequestStatus.DELIVERED, RequestStatus.VERIFIED]),
            LearningRequest.id.not_in(refuted),
        )
    )
    last = (
        select(func.max(Decision.id))
        .where(Decision.verdict == Verdict.REDIRECT, Decision.undone_at.is_(None))
        .group_by(Decision.learning_request_id)
    )
    reasons = session.scalars(
        select(Decision.reason)
        .join(LearningRequest, LearningRequest.id == Decision.learning_request_id)
        .where(LearningRequest.status == RequestStatus.REDIRECTED, Decision.id.in_(last))
    ).all()
    outcomes = dict.fromkeys(prior, 0.0)
    _share_out(outcomes, prior, TRAINABLE, float(trained or 0))
    for reason in reasons:
        elsewhere = {reason} if reason in prior and reason not in TRAINABLE else prior.keys() - TRAINABLE
        _share_out(outcomes, prior, elsewhere, 1.0)
    counted = {cause: round(count, 9) for cause, count in outcomes.items()}
    return rules.learned_prior(prior, counted), trained or 0, len(reasons)


def _share_out(
    outcomes: dict[str, float], prior: dict[str, float], among: Iterable[str], cases: float
) -> None:
    names = [cause for cause in prior if cause in set(among)]
    whole = sum(prior[cause] for cause in names)
    for cause in names:
        outcomes[cause] += cases * prior[cause] / whole


@lru_cache(maxsize=16)
def _parsed(body: str, applies: tuple[str, ...]) -> InForce:
    kept = json.loads(body)
    prior = tuple((str(cause), float(chance)) for cause, chance in kept["prior"].items())
    return InForce(rules.from_json(kept), prior, frozenset(applies))


@lru_cache(maxsize=16)
def _applied(rubric: Rubric, counted: Calibration) -> Rubric:
    return rules.calibrated(rubric, counted)[0]
