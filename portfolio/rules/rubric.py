"""The default rubric: what counts as impact, what work costs, and how wide we are where nobody knows.

Sources: development hours per finished hour, ATD / Defelice 2017 means (classroom 38, live virtual 28, passive
e-learning 42, limited interaction 71, complex 130), taken as the means of lognormals with log-sd 0.7; transfer 62 % at
once, 44 % at six months, 34 % at a year, Saks & Belcourt 2006, doi 10.1002/hrm.20135; of examined requests about 40 %
need better training (one practitioner's count). All others are our own starting values, replaced by the manager's
actuals.
"""

from dataclasses import asdict, dataclass, replace
from math import exp
from typing import Any

from portfolio.rules.fit import FIRST, Causes, first_with
from portfolio.rules.ranges import Z90, Range

LOG_SD_OF_RATIOS = 0.7


@dataclass(frozen=True)
class Criterion:
    """One part of impact. `anchors` describe the steps 0..5; `bands` are the lower edges of steps 1..5 where a number
    decides the step."""

    key: str
    label: str
    weight: float
    anchors: tuple[str, str, str, str, str, str]
    prior: Range
    bands: tuple[float, float, float, float, float] | None = None


@dataclass(frozen=True)
class WorkType:
    """A kind of solution: hours to develop one finished hour (mean), finished hours, whether people are taught live."""

    key: str
    label: str
    hours_per_finished_hour: float
    finished_hours: Range
    live: bool
    share: float

    @property
    def ratio(self) -> Range:
        """The development ratio as a range: a lognormal with the stated mean."""
        middle = self.hours_per_finished_hour * exp(-(LOG_SD_OF_RATIOS**2) / 2)
        return Range(middle * exp(-Z90 * LOG_SD_OF_RATIOS), middle, middle * exp(Z90 * LOG_SD_OF_RATIOS))


@dataclass(frozen=True)
class Rubric:
    """A scoring model. `effort_cut_hours` is what fits in one iteration; `need_cut_points` is half of what a need can be.

    `causes` is the cause table in force, kept in versions of its own; without one the shipped table goes with `cause_prior`.
    """

    version: int
    seed: int
    draws: int
    criteria: tuple[Criterion, ...]
    work_types: tuple[WorkType, ...]
    cause_prior: tuple[tuple[str, float], ...]
    transfer: Range
    new_share: Range
    coordination_hours: Range
    expert_hours: Range
    people: Range
    people_per_session: int
    need_cut_points: float
    effort_cut_hours: float
    causes: Causes | None = None

    def __hash__(self) -> int:
        """Cheap, for it is asked for often; equality still compares everything."""
        return hash((self.version, self.seed, self.draws, self.causes))

    @property
    def impact_cut_points(self) -> float:
        """The impact line between high and low: a half-way need at the starting odds that training fits and transfers.

        50 points as such can't be reached after two probabilities near 0.4: docs/decisions tells more.
        """
        return self.need_cut_points * self.prior_fit * self.transfer.likely

    @property
    def cause_table(self) -> Causes:
        """What each answer about causes speaks for."""
        return self.causes or first_with(self.cause_prior)

    @property
    def prior_fit(self) -> float:
        return self.cause_table.prior_fit

    def work_type(self, key: str | None) -> WorkType | None:
        return next((kind for kind in self.work_types if kind.key == key), None)

    def criterion(self, key: str) -> Criterion:
        return next(criterion for criterion in self.criteria if criterion.key == key)

    def as_json(self) -> dict[str, Any]:
        """All but the cause table, which has versions of its own."""
        return asdict(replace(self, causes=None))


def from_json(body: dict[str, Any]) -> Rubric:
    """The rubric stored as `body`. Raises KeyError or TypeError where it isn't one."""
    ranges = {
        key: Range(**body[key])
        for key in ("transfer", "new_share", "coordination_hours", "expert_hours", "people")
    }
    criteria = tuple(
        Criterion(
            **{
                **one,
                "anchors": tuple(one["anchors"]),
                "bands": tuple(one["bands"]) if one["bands"] else None,
                "prior": Range(**one["prior"]),
            }
        )
        for one in body["criteria"]
    )
    work_types = tuple(
        WorkType(**{**one, "finished_hours": Range(**one["finished_hours"])}) for one in body["work_types"]
    )
    prior = tuple((str(cause), float(chance)) for cause, chance in body["cause_prior"])
    return Rubric(**{**body, **ranges, "criteria": criteria, "work_types": work_types, "cause_prior": prior})


SPREAD = Range(0.8, 2.2, 4.0)
"""A 0..5 scale nobody has answered: a little under the middle, wide."""

DEFAULT = Rubric(
    version=1,
    seed=20_261,
    draws=4_000,
    criteria=(
        Criterion(
            "goal",
            "Goal contribution",
            5,
            (
                "serves no stated goal",
                "serves a goal of weight 1",
                "serves a goal of weight 2",
                "serves a goal of weight 3",
                "serves a goal of weight 4",
                "serves a goal of weight 5",
            ),
            Range(0.4, 1.6, 3.6),
        ),
        Criterion(
            "gap",
            "Size of the gap",
            4,
            (
                "no gap",
                "under 5 % of the value wanted",
                "5-15 %",
                "15-30 %",
                "30-60 %",
                "over 60 %",
            ),
            SPREAD,
            (0.005, 0.05, 0.15, 0.30, 0.60),
        ),
        Criterion(
            "reach",
            "People reached",
            4,
            (
                "nobody",
                "1-5 people",
                "6-20 people",
                "21-100 people",
                "101-500 people",
                "more than 500 people",
            ),
            Range(1.0, 2.4, 3.8),
            (1, 6, 21, 101, 501),
        ),
        Criterion(
            "value",
            "Value a year",
            4,
            (
                "none",
                "under 5,000 a year",
                "5,000-20,000",
                "20,000-100,000",
                "100,000-500,000",
                "over 500,000",
            ),
            SPREAD,
            (1, 5_000, 20_000, 100_000, 500_000),
        ),
        Criterion(
            "waiting",
            "Cost of waiting",
            3,
            (
                "nothing is lost by waiting",
                "a nuisance within a year",
                "something slips within half a year",
                "something slips within a quarter",
                "money or customers are lost each month",
                "each week costs a lot, or a fixed date is missed",
            ),
            Range(0.6, 1.8, 3.6),
        ),
        Criterion(
            "risk",
            "Risk",
            3,
            (
                "no risk",
                "annoyance",
                "small loss, soon mended",
                "loss a customer or auditor would notice",
                "serious loss or complaint",
                "law, health or safety at stake",
            ),
            Range(0.3, 1.3, 3.2),
        ),
    ),
    work_types=(
        WorkType("job_aid", "Job aid", 40, Range(0.05, 0.15, 0.5), live=False, share=0.15),
        WorkType("peer_session", "Peer session", 8, Range(0.75, 1.5, 3), live=True, share=0.15),
        WorkType("workshop", "Workshop", 38, Range(1, 3, 7), live=True, share=0.25),
        WorkType("live_virtual", "Live online session", 28, Range(0.75, 1.5, 4), live=True, share=0.2),
        WorkType("elearning", "Self-paced course", 71, Range(0.25, 0.75, 2), live=False, share=0.2),
        WorkType("path", "Learning path or certification", 42, Range(2, 5, 14), live=False, share=0.05),
    ),
    cause_prior=FIRST.prior,
    transfer=Range(0.34, 0.44, 0.62),
    new_share=Range(0.4, 0.75, 0.95),
    coordination_hours=Range(2, 5, 12),
    expert_hours=Range(1, 4, 14),
    people=Range(6, 25, 140),
    people_per_session=15,
    need_cut_points=50,
    effort_cut_hours=30,
)
