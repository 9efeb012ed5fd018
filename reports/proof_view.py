"""What the pages about proof are given: everything known about a project, in words and figures that explain themselves."""

from dataclasses import dataclass, field
from datetime import date

from portfolio.costs import Rates
from portfolio.levels import is_told_apart, may_print, percent, return_range, verdict_of, words_of
from portfolio.models import Evaluation, Project, SuccessCase
from portfolio.proving import GRADE_WORDS, Concluded, DueStep, Measured, ProjectProof
from portfolio.rules.hit_rate import HitRate
from portfolio.rules.levels import LEVEL_NAMES, LEVEL_QUESTIONS, Evidence, Levels, tier_words
from portfolio.rules.money import CostKind, CostLine, Return, is_enough
from portfolio.rules.proof import Outcome
from portfolio.states import EvidenceGrade
from reports import words
from web.forms import Errors, Fields

KINDS = (
    (CostKind.ANALYSIS.value, "Analysis"),
    (CostKind.DEVELOPMENT.value, "Development"),
    (CostKind.DELIVERY.value, "Delivery"),
    (CostKind.PARTICIPANTS.value, "Participants' time"),
    (CostKind.PURCHASE.value, "Materials and purchases"),
    (CostKind.EXPERT.value, "Experts"),
    (CostKind.EVALUATION.value, "Evaluation"),
    (CostKind.OVERHEAD.value, "Overhead"),
)
TONES = {Outcome.CONFIRMED.value: "good", Outcome.REFUTED.value: "bad", Outcome.INCONCLUSIVE.value: "warn"}
OPENINGS = {
    Outcome.CONFIRMED: "It worked.",
    Outcome.REFUTED: "It did not do what was hoped.",
    Outcome.INCONCLUSIVE: "Nobody can tell yet.",
}
GRADES = tuple(
    (one.value, GRADE_WORDS[one].capitalize()) for one in EvidenceGrade if one is not EvidenceGrade.NONE
)


def _rate(rate: float, currency: str) -> str:
    """What an hour costs, with cents where it has some: hours times it is the amount beside it."""
    return words.money(rate, currency) if round(rate, 2) == round(rate) else f"{currency} {rate:,.2f}"


def money(amount: float | None, currency: str) -> str:
    return "–" if amount is None else words.money(amount, currency)


def about(amount: float) -> str:
    """An uncertain amount with three digits that mean something: 4,857 is "4,860"."""
    return words.number(float(f"{amount:.3g}"), 0)


def _whole(value: float) -> int:
    return round(float(f"{value:.3g}")) if abs(value) >= 1_000 else round(value)


def return_words(one: Return) -> str:
    """A return so that nobody takes the ratio for it: what came back for each 1.00, and what that is in percent."""
    came = f"{one.benefit_cost_ratio:,.2f}".replace("-", "−")
    if one.roi_percent < 0:
        return f"For each 1.00 spent, {came} came back: a loss of {abs(_whole(one.roi_percent)):,} %."
    return f"For each 1.00 spent, {came} came back: a return of {_whole(one.roi_percent):,} %."


@dataclass(frozen=True)
class MeasureLine:
    """One measure and what its readings say."""

    measured: Measured
    currency: str
    least: EvidenceGrade = EvidenceGrade.ESTIMATE

    @property
    def verdict(self) -> str:
        return self.measured.proof.verdict.outcome.value

    @property
    def tone(self) -> str:
        return TONES[self.verdict]

    @property
    def change(self) -> str:
        found, unit = self.measured.proof.change, self.measured.measure.unit
        if found is None:
            return "no reading on both sides yet"
        likely = words.amount(found.likely, unit)
        if found.low is None or found.high is None:
            return f"{likely}, without a range"
        return f"{likely} (95 % range {words.number(found.low, 2)} to {words.number(found.high, 2)})"

    @property
    def base(self) -> str:
        counted = words.counted(self.measured.readings, "reading")
        method = self.measured.proof.change.method if self.measured.proof.change else ""
        return f"{counted}, {method}" if method else counted

    @property
    def grade(self) -> str:
        return GRADE_WORDS[self.measured.proof.grade.grade]

    @property
    def in_money(self) -> str:
        span = self.measured.in_money
        if span is None or not is_enough(self.measured.proof.grade.grade, self.least):
            return ""
        if span.low is None or span.high is None:
            return f"{self.currency} {about(span.likely)} a year"
        ends = f"{about(span.low)} to {about(span.high)}"
        return f"{self.currency} {about(span.likely)} a year ({ends})"

    @property
    def warnings(self) -> tuple[str, ...]:
        return self.measured.proof.warnings

    @property
    def explained(self) -> str:
        return self.measured.proof.explained


@dataclass(frozen=True)
class LevelLine:
    """A level, and the best there is to say about it."""

    level: int
    found: Evidence | None

    @property
    def name(self) -> str:
        return LEVEL_NAMES[self.level]

    @property
    def question(self) -> str:
        return LEVEL_QUESTIONS[self.level]

    @property
    def tier(self) -> str:
        return tier_words(self.found.tier) if self.found else ""

    @property
    def is_weak(self) -> bool:
        return self.found is not None and self.found.is_weak

    @property
    def tone(self) -> str:
        return TONES.get(self.found.verdict, "calm") if self.found else "calm"


@dataclass(frozen=True)
class ProofPage:
    """One project: did it work, was it worth it."""

    found: ProjectProof
    cases: list[SuccessCase]
    currency: str
    may_change: bool
    today: date
    values: Fields = field(default_factory=Fields)
    errors: Errors = field(default_factory=Errors)
    taken: str = ""
    kinds: tuple[tuple[str, str], ...] = KINDS

    @property
    def project(self) -> Project:
        return self.found.project

    @property
    def lines(self) -> list[MeasureLine]:
        return [MeasureLine(one, self.currency, self.found.least) for one in self.found.measured]

    @property
    def levels(self) -> list[LevelLine]:
        return [LevelLine(level, self.found.levels.at(level)) for level in LEVEL_NAMES]

    @property
    def did_it_work(self) -> str:
        if self.found.main is None:
            return "No measure was named, so nobody can tell whether it worked."
        verdict = self.found.main.proof.verdict
        return f"{OPENINGS[verdict.outcome]} {verdict.reason}"

    @property
    def verdict(self) -> str:
        return self.found.main.proof.verdict.outcome.value if self.found.main else ""

    @property
    def tone(self) -> str:
        return TONES.get(self.verdict, "calm")

    @property
    def has_return(self) -> bool:
        return self.found.balance.central is not None

    @property
    def was_it_worth_it(self) -> str:
        one = self.found.balance
        spent = f"It cost {self.money(one.costs.total)}"
        if not self.has_return or one.central is None or one.benefit is None:
            return f"{spent} so far. {one.reason}"
        if (
            one.benefit.low is not None
            and one.benefit.high is not None
            and one.benefit.low <= 0 < one.benefit.high
        ):
            ends = f"{about(one.benefit.low)} to {about(one.benefit.high)}"
            middle = f"with {self.about(one.benefit.likely)} in the middle"
            return f"{spent}. What it brought in its first year can't be told from nothing: {ends}, {middle}."
        brought = f"brought {self.about(one.benefit.likely)} in its first year"
        if one.benefit.low is not None and one.benefit.high is not None:
            ends = f"{about(one.benefit.low)} to {about(one.benefit.high)}"
            brought += f" ({ends})"
        by = "" if one.source == "measured" else ", by what people say,"
        return f"{spent} and{by} {brought}. {return_words(one.central)}{self._caution()}"

    def _caution(self) -> str:
        """Where the floor says the opposite, it is said in the same breath."""
        one = self.found.balance
        if one.floor is None or one.central is None:
            return ""
        if one.floor.roi_percent < 0 <= one.central.roi_percent:
            return f" At the conservative floor it is a loss of {abs(_whole(one.floor.roi_percent)):,} %."
        return ""

    @property
    def breaks_even(self) -> list[str]:
        """From when on it pays; always there once something was spent."""
        total = self.found.costs.total
        if total <= 0:
            return []
        least = "at least " if self.found.costs.unpriced_hours else ""
        said = [f"It pays for itself once it brings {least}{self.money(total)} in its first year"]
        if self.project.people_count:
            each = self.money(total / self.project.people_count)
            said[0] += (
                f", or {each} for each of {words.counted(self.project.people_count, 'person', 'people')}"
            )
        return [f"{said[0]}."] + [
            f"That is a change of “{one.words}” by {least}{words.amount(one.change, one.unit)}, kept up for a year."
            for one in self.found.balance.breaks_even
        ]

    @property
    def range_words(self) -> str:
        one = self.found.balance
        if one.low is None or one.high is None:
            return "no range: too little to tell how far it could be off"
        return f"95 % range {percent(one.low.roi_percent)} to {percent(one.high.roi_percent)}"

    def money(self, amount: float | None) -> str:
        return money(amount, self.currency)

    def about(self, amount: float) -> str:
        return f"{self.currency} {about(amount)}"

    def kind(self, line: CostLine) -> str:
        return dict(KINDS)[line.kind.value]

    def hours(self, line: CostLine) -> str:
        """What an amount is made of: "3 h at EUR 62"."""
        if line.hours is None:
            return ""
        at = f" at {_rate(line.rate, self.currency)}" if line.rate is not None else ""
        return f"{words.number(line.hours, 2)} h{at}{', no rate yet' if line.is_unpriced else ''}"

    def percent(self, value: float) -> str:
        return percent(value)

    @property
    def adds_up_estimates(self) -> bool:
        """Whether what people say may be added up: it is an adjusted estimate."""
        return is_enough(EvidenceGrade.ESTIMATE, self.found.least)

    @property
    def least(self) -> str:
        return GRADE_WORDS[self.found.least]

    def result(self, one: Evaluation) -> str:
        """What was concluded, as far as it is told."""
        return words_of(one, self.found.least) or "–"

    def verdict_of(self, one: Evaluation) -> str:
        return verdict_of(one, self.found.least)

    def history(self) -> list[tuple[date, list[Evaluation]]]:
        """What was concluded, by day, the latest first."""
        days: dict[date, list[Evaluation]] = {}
        for one in self.found.concluded:
            days.setdefault(one.concluded_at.date(), []).append(one)
        return list(days.items())


@dataclass(frozen=True)
class ProjectLine:
    """A project in the overview: how far its proof reaches, and its verdict."""

    project: Project
    levels: Levels
    verdict: str
    concluded: Evaluation | None = None
    may_change: bool = False
    least: EvidenceGrade = EvidenceGrade.ESTIMATE

    @property
    def returned(self) -> tuple[str, str]:
        """What was concluded on its return, in a word, at the central estimate and with its range."""
        figures = self.concluded.figures if self.concluded else {}
        floor, central = figures.get("roi_floor"), figures.get("roi")
        if floor is None or central is None or not (self.may_change or figures.get("shown", True)):
            return "–", ""
        if self.concluded is None or not may_print(self.concluded, self.least):
            return "–", ""
        ends = return_range(self.concluded)
        if ends is None:
            return "can’t be told", f"{percent(central)}, without a range"
        low, high = (percent(end).removesuffix(" %") for end in ends)
        said = "can’t be told" if not is_told_apart(self.concluded) else "a loss" if ends[1] < 0 else "a gain"
        return said, f"{percent(central)} ({low} to {high})"

    @property
    def tone(self) -> str:
        return TONES.get(self.verdict, "calm")

    @property
    def reached(self) -> str:
        level = self.levels.reached
        return f"{level} {LEVEL_NAMES[level]}" if level else "None yet"

    @property
    def not_reached(self) -> str:
        """What was worked out and still isn't known, "" where there is no such thing."""
        return_ = self.levels.at(5)
        return (
            "" if return_ is None or return_.is_told_apart else "Return worked out, not told apart from zero"
        )

    @property
    def tier(self) -> str:
        return str(self.levels.highest_tier or "–")


@dataclass(frozen=True)
class Overview:
    """The portfolio: how often hypotheses hold, how far each project's proof reaches, and what is missing."""

    hits: HitRate
    concluded: list[Concluded]
    lines: list[ProjectLine]
    due: list[DueStep]
    without_baseline: list[Project]
    cases: int
    may_change: bool
    today: date

    @property
    def said(self) -> str:
        """The plain sentence first."""
        one = self.hits
        if not one.count or one.share is None or one.low is None or one.high is None:
            return "No hypothesis has been concluded yet, so there is nothing to count."
        ends = f"{round(100 * one.low)} to {round(100 * one.high)} %"
        return (
            f"{words.number(one.confirmed)} of {words.counted(one.count, 'concluded hypothesis', 'concluded hypotheses')}"
            f" held: {round(100 * one.share)} %, and with so many the true share is likely {ends}."
        )

    @property
    def known(self) -> list[ProjectLine]:
        """Projects of which anything is known, those proven furthest first."""
        held = [line for line in self.lines if line.levels.best or line.verdict]
        return sorted(held, key=lambda line: (-line.levels.reached, -(line.levels.highest_tier or 0)))

    @property
    def unknown(self) -> list[ProjectLine]:
        return [line for line in self.lines if not (line.levels.best or line.verdict)]

    @property
    def by_level(self) -> list[tuple[str, int]]:
        """How many projects reach which level."""
        names = [(0, "None yet"), *((level, f"{level} {name}") for level, name in LEVEL_NAMES.items())]
        return [
            (name, sum(line.levels.reached == level for line in self.lines))
            for level, name in reversed(names)
        ]

    @property
    def rows(self) -> list[tuple[str, str, int, str]]:
        """Each outcome with its words, count, and share of all."""
        one = self.hits
        return [
            (key, name, count, f"{round(100 * count / one.count)} %" if one.count >= 5 else "")
            for key, name, count in (
                ("confirmed", "Confirmed", one.confirmed),
                ("refuted", "Refuted", one.refuted),
                ("inconclusive", "Inconclusive", one.inconclusive),
            )
        ]


@dataclass(frozen=True)
class RatesPage:
    """What an hour costs, and how strong the evidence has to be."""

    rates: Rates
    currency: str
    values: Fields
    errors: Errors = field(default_factory=Errors)
    saved: bool = False
    grades: tuple[tuple[str, str], ...] = GRADES
