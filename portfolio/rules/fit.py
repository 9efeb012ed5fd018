"""Is training the answer? From what was said about causes to the chance that knowledge or skill is the cause.

Source of the questions: Mager & Pipe, Analyzing Performance Problems; Gilbert, Human Competence. Prior, likelihoods and routes
are ours, as a table that the manager sees and edits; of requests examined, one practitioner counted about 40 % that need
better training, which is the prior of knowledge and skill together.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

CAUSES = {
    "expectations": "what is expected is unclear, or nobody says how it went",
    "tools": "the tool or the process gets in the way",
    "incentives": "doing it right is not worth it to people",
    "knowledge": "people don't know how",
    "skill": "people know how but lack practice",
    "capacity": "there is no time, or the job and the people don't match",
}

TRAINABLE = frozenset({"knowledge", "skill"})
"""Causes that training can do something about."""

QUESTIONS: dict[str, str] = {
    "cause_could": "If it really mattered, could most of them do it today?",
    "cause_did": "Did they use to do it well?",
    "cause_obstacle": "Does a tool, a process or lack of time get in the way?",
}

ANSWERS = ("yes", "no", "unsure")

NEUTRAL = 0.5
"""A question of which nobody has said yet what its answers speak for."""

WAYS = {
    "manager_action": "Manager action",
    "process_owner": "Process owner",
    "job_aid": "Job aid",
    "practice": "Practice",
    "course": "Course",
}
"""What a cause implies: who or what helps."""


@dataclass(frozen=True)
class Route:
    """What a cause implies, and who can help: `words` to the requester, `owner` ("Kim in IT") of what they own, `address`
    an e-mail or a link."""

    cause: str
    ways: tuple[str, ...]
    words: str
    owner: str = ""
    owns: str = ""
    address: str = ""


@dataclass(frozen=True)
class Causes:
    """One version of the table: `prior` P(cause), summing to 1; `yes` P("yes" | cause) for each question, so that P("no" | cause)
    is the rest; a route for each cause. "unsure" tells nothing and has no likelihood."""

    version: int
    prior: tuple[tuple[str, float], ...]
    yes: tuple[tuple[str, tuple[tuple[str, float], ...]], ...]
    routes: tuple[Route, ...]

    def __hash__(self) -> int:
        """Cheap, for it is asked for often; equality still compares everything."""
        return hash((self.version, self.prior))

    @cached_property
    def likelihoods(self) -> dict[str, dict[str, dict[str, float]]]:
        """P(answer | cause) by question, answer and cause; questions whose answers speak for no cause more than for another
        are left out."""
        return {
            question: {"yes": dict(row), "no": {cause: round(1 - chance, 9) for cause, chance in row}}
            for question, row in self.yes
            if len({chance for _, chance in row}) > 1
        }

    @property
    def prior_fit(self) -> float:
        return sum(chance for cause, chance in self.prior if cause in TRAINABLE)

    def said_yes(self, question: str) -> dict[str, float]:
        """P("yes" | cause); even where the table has no row for the question."""
        return dict(dict(self.yes).get(question, ())) or dict.fromkeys(CAUSES, NEUTRAL)

    def route(self, cause: str) -> Route:
        return next(route for route in self.routes if route.cause == cause)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def from_json(body: dict[str, Any]) -> Causes:
    """The table kept as `body`. Raises KeyError, TypeError or ValueError where it isn't one."""
    return Causes(
        version=int(body["version"]),
        prior=_chances(body["prior"]),
        yes=tuple((str(question), _chances(row)) for question, row in body["yes"]),
        routes=tuple(Route(**{**route, "ways": tuple(route["ways"])}) for route in body["routes"]),
    )


def _chances(pairs: Any) -> tuple[tuple[str, float], ...]:
    return tuple((str(cause), float(chance)) for cause, chance in pairs)


def _row(*chances: float) -> tuple[tuple[str, float], ...]:
    return tuple(zip(CAUSES, chances, strict=True))


FIRST = Causes(
    version=1,
    prior=_row(0.16, 0.18, 0.10, 0.20, 0.20, 0.16),
    yes=(
        # P("yes" | cause), in the order of CAUSES.
        ("cause_could", _row(0.80, 0.50, 0.85, 0.10, 0.15, 0.50)),
        ("cause_did", _row(0.50, 0.60, 0.60, 0.15, 0.45, 0.60)),
        ("cause_obstacle", _row(0.30, 0.90, 0.40, 0.25, 0.25, 0.80)),
    ),
    routes=(
        Route(
            "expectations",
            ("manager_action",),
            "Thank you for describing this so openly. From what you say, people could do it; what is missing is a clear picture of "
            "what good looks like, and somebody who says how it went. A short talk in the team often changes that sooner than a "
            "course could.",
        ),
        Route(
            "tools",
            ("process_owner",),
            "Thank you for describing this so clearly. From what you say, people know how, and the tool or the process gets in "
            "their way. Changing that helps everybody at once, and sooner than a course could.",
        ),
        Route(
            "incentives",
            ("manager_action",),
            "Thank you for describing this so openly. From what you say, people know how, and doing it well costs them more than "
            "it brings them. That is for us to change, not for them to learn.",
        ),
        Route(
            "knowledge",
            ("job_aid", "course"),
            "Thank you. From what you say, people haven't had the chance to learn how yet. Something short to look it up in may "
            "help sooner than a course.",
        ),
        Route(
            "skill",
            ("practice",),
            "Thank you. From what you say, people know how and have had too little practice. Doing it together with somebody who "
            "does it well helps sooner than a course.",
        ),
        Route(
            "capacity",
            ("manager_action", "process_owner"),
            "Thank you for describing this so openly. From what you say, people know how, and there is too little time for it, or "
            "it landed with the wrong people. A course would take more of the time that is missing.",
        ),
    ),
)  # fmt: skip


@lru_cache(maxsize=16)
def first_with(prior: tuple[tuple[str, float], ...]) -> Causes:
    """The table Outsize ships with, over another prior."""
    return FIRST if prior == FIRST.prior else replace(FIRST, prior=prior)


@dataclass(frozen=True)
class Fit:
    """Chance of each cause, and `fit`: the chance that it is knowledge or skill, so that training can help.

    `answered` counts the answers that told something.
    """

    causes: dict[str, float]
    fit: float
    answered: int

    @property
    def likeliest(self) -> str:
        return max(self.causes, key=lambda cause: self.causes[cause])

    @property
    def likeliest_elsewhere(self) -> str:
        """The likeliest cause that training does nothing about."""
        return max(self.causes.keys() - TRAINABLE, key=lambda cause: (self.causes[cause], cause))


def diagnose(causes: Causes, answers: Mapping[str, str]) -> Fit:
    """Bayes over the causes: posterior = prior x product of likelihoods, made to sum to 1.

    `answers` maps a question key to "yes", "no" or "unsure"; unknown keys and "unsure" tell nothing. Answering nothing
    returns the prior.
    """
    posterior = dict(causes.prior)
    told = 0
    for question, answer in answers.items():
        likelihood = causes.likelihoods.get(question, {}).get(answer)
        if likelihood:
            told += 1
            posterior = {cause: chance * likelihood[cause] for cause, chance in posterior.items()}
    total = sum(posterior.values()) or 1.0
    found = {cause: chance / total for cause, chance in posterior.items()}
    return Fit(found, found["knowledge"] + found["skill"], told)
