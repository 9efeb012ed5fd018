"""Is training the answer? From what was said about causes to the chance that knowledge or skill is the cause.

Source of the questions: Mager & Pipe, Analyzing Performance Problems; Gilbert, Human Competence. The likelihoods are ours,
visible here and (with the intake issue) editable.
"""

from dataclasses import dataclass

CAUSES = {
    "expectations": "what is expected is unclear, or nobody says how it went",
    "tools": "the tool or the process gets in the way",
    "incentives": "doing it right is not worth it to people",
    "knowledge": "people don't know how",
    "skill": "people know how but lack practice",
    "capacity": "there is no time, or the job and the people don't match",
}

QUESTIONS: dict[str, str] = {
    "cause_could": "If it really mattered, could most of them do it today?",
    "cause_did": "Did they use to do it well?",
    "cause_obstacle": "Does a tool, a process or lack of time get in the way?",
}

LIKELIHOODS: dict[str, dict[str, dict[str, float]]] = {
    # P(this answer | cause). "unsure" tells nothing.
    "cause_could": {
        "yes": {"expectations": 0.8, "tools": 0.5, "incentives": 0.85, "knowledge": 0.1, "skill": 0.15, "capacity": 0.5},
        "no": {"expectations": 0.2, "tools": 0.5, "incentives": 0.15, "knowledge": 0.9, "skill": 0.85, "capacity": 0.5},
    },
    "cause_did": {
        "yes": {"expectations": 0.5, "tools": 0.6, "incentives": 0.6, "knowledge": 0.15, "skill": 0.45, "capacity": 0.6},
        "no": {"expectations": 0.5, "tools": 0.4, "incentives": 0.4, "knowledge": 0.85, "skill": 0.55, "capacity": 0.4},
    },
    "cause_obstacle": {
        "yes": {"expectations": 0.3, "tools": 0.9, "incentives": 0.4, "knowledge": 0.25, "skill": 0.25, "capacity": 0.8},
        "no": {"expectations": 0.7, "tools": 0.1, "incentives": 0.6, "knowledge": 0.75, "skill": 0.75, "capacity": 0.2},
    },
}  # fmt: skip


@dataclass(frozen=True)
class Fit:
    """Chance of each cause, and `fit`: the chance that it is knowledge or skill, so that training can help."""

    causes: dict[str, float]
    fit: float
    answered: int

    @property
    def likeliest(self) -> str:
        return max(self.causes, key=lambda cause: self.causes[cause])


def diagnose(prior: dict[str, float], answers: dict[str, str]) -> Fit:
    """Bayes over the causes: posterior = prior x product of likelihoods, made to sum to 1.

    `answers` maps a question key to "yes", "no" or "unsure"; unknown keys and "unsure" tell nothing. Answering nothing
    returns the prior.
    """
    posterior = dict(prior)
    told = 0
    for question, answer in answers.items():
        likelihood = LIKELIHOODS.get(question, {}).get(answer)
        if likelihood:
            told += 1
            posterior = {cause: chance * likelihood[cause] for cause, chance in posterior.items()}
    total = sum(posterior.values()) or 1.0
    causes = {cause: chance / total for cause, chance in posterior.items()}
    return Fit(causes, causes["knowledge"] + causes["skill"], told)
