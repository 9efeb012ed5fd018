"""What may be said in a request, and the words for what may not. The form, the API and imports all come through here."""

import math
import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from portfolio.rules.ranges import Range

MOST_PEOPLE = 10_000_000
MOST_MONEY = 1e12
MOST_HOURS = 100_000
FIRST_YEAR, LAST_YEAR = 1900, 2199
"""Days beyond are slips of the pen, and reckoning with the very last ones fails."""


def clean(text: Any) -> Any:
    """Text without what no person types: control characters but line breaks and tabs, and halves of characters."""
    if not isinstance(text, str):
        return text
    if text.isprintable():  # nothing below would change it, and long files are full of such text
        return text.strip()
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", text).strip()


def one_line(text: Any) -> Any:
    """Cleaned text on one line."""
    text = clean(text)
    if not isinstance(text, str) or (text.isprintable() and "  " not in text):
        return text
    return re.sub(r"\s+", " ", text)


def _email(text: str) -> str:
    if len(text) > 254 or not re.fullmatch(
        r"[^@\s<>()\[\],;:\\\"]+@[^@\s<>()\[\],;:\\\"]+\.[^@\s.<>()\[\],;:\\\"]+", text
    ):
        raise ValueError("This doesn't look like an e-mail address. Example: kim@example.org")
    return text.lower()


def Line(longest: int) -> Any:  # noqa: N802 - reads as a type where it is used
    return Annotated[str, Field(max_length=longest), BeforeValidator(one_line)]


def Prose(longest: int) -> Any:  # noqa: N802 - reads as a type where it is used
    return Annotated[str, Field(max_length=longest), BeforeValidator(clean)]


Email = Annotated[str, BeforeValidator(one_line), AfterValidator(_email)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RangeGiven(Strict):
    """A quantity as its low, likely and high value (10th, 50th and 90th percentile)."""

    low: float = Field(ge=0, allow_inf_nan=False)
    likely: float = Field(ge=0, allow_inf_nan=False)
    high: float = Field(ge=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _in_order(self) -> "RangeGiven":
        if not self.low <= self.likely <= self.high:
            raise ValueError("A range goes from low through likely to high.")
        return self


def _amount(text: Any) -> Any:
    """ "40-60" becomes a range, "1 200" a number; what is neither stays as it is, for the error message."""
    if not isinstance(text, str):
        return text
    text = one_line(text)
    if not text:
        return None
    parts = re.fullmatch(
        r"(?:about|ca\.?|~)?\s*(?P<low>[\d.,' ]+?)\s*(?:-|–|to)\s*(?P<high>[\d.,' ]+?)(?:\s*(?P<unit>[^\d]*))?",
        text,
    )
    if parts:
        low, high = number_in(parts["low"]), number_in(parts["high"])
        if low is not None and high is not None and low <= high:
            return {"low": low, "likely": _middle(low, high), "high": high}
        return text
    single = number_in(text)
    return text if single is None else single


def _middle(low: float, high: float) -> float:
    """The geometric middle of a range, as a round number: what a person means by "40-60"."""
    return min(high, max(low, float(f"{math.sqrt(max(low, 0.5) * high):.2g}"))) if high else 0.0


def number_in(text: Any) -> float | None:
    """The number a person wrote: "1,200", "1.200", "3,5 %", "about 12k", "1e6". None where there is none."""
    if isinstance(text, bool) or text is None:
        return None
    if isinstance(text, int | float):
        return float(text) if math.isfinite(text) else None
    found = re.search(r"[-+]?\d[\d.,' \u00a0\u202f]*", str(text))
    if not found or len(found[0]) > 30:
        return None
    digits = re.sub(r"[' \u00a0\u202f]", "", found[0]).rstrip(".,")
    digits = _with_point(digits)
    try:
        value = float(digits)
    except ValueError:
        return None
    tail = str(text)[found.end() :].strip().lower()
    if power := re.match(r"e([-+]?\d+)", tail):
        value = float(f"{value}e{power[1]}")
        return value if math.isfinite(value) else None
    factor = 1_000 if re.match(r"k\b", tail) else 1_000_000 if re.match(r"(m|mio|million)\b", tail) else 1
    return value * factor


def _with_point(digits: str) -> str:
    """A decimal point where there was a decimal comma; thousands marks dropped."""
    if "," in digits and "." in digits:
        last = max(digits.rfind(","), digits.rfind("."))
        return re.sub(r"[.,]", "", digits[:last]) + "." + digits[last + 1 :]
    for mark in ",.":
        groups = digits.split(mark)
        if len(groups) > 2 or (len(groups) == 2 and len(groups[1]) == 3 and groups[0] not in {"0", "-0"}):
            return digits.replace(mark, "")
    return digits.replace(",", ".")


def Amount(most: float, what: str) -> Any:  # noqa: N802 - reads as a type where it is used
    """A number or a range of at most `most`."""

    def check(value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, str):
            raise ValueError(f"Please give {what} as a number or a range such as 40-60.")  # noqa: TRY004 - pydantic takes ValueError
        top = value.high if isinstance(value, RangeGiven) else value
        if top > most:
            raise ValueError(f"That is more than we can take (at most {most:,.0f}).")
        if (value if isinstance(value, int | float) else value.low) < 0:
            raise ValueError("This can't be less than zero.")
        return value

    return Annotated[
        RangeGiven
        | Annotated[float, Field(allow_inf_nan=False)]
        | Annotated[str, Field(max_length=100)]
        | None,
        BeforeValidator(_amount),
        AfterValidator(check),
    ]


def as_range(value: Any, grade: str = "D") -> Range | None:
    """A stored amount as a Range; a single number is as wide as its evidence grade."""
    if value is None:
        return None
    if isinstance(value, dict):
        return Range(float(value["low"]), float(value["likely"]), float(value["high"]))
    return Range.around(float(value), grade) if float(value) > 0 else Range(0, 0, 0)


def _blank_is_none(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def no_truth(value: Any) -> Any:
    """A number; true is none, though it would count as 1."""
    if isinstance(value, bool):
        raise ValueError("Please give a number.")  # noqa: TRY004 - pydantic takes ValueError
    return value


def _in_our_times(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"Please give a date between {FIRST_YEAR} and {LAST_YEAR}.")
    return day


Day = Annotated[date, AfterValidator(_in_our_times)]
OptionalDate = Annotated[date | None, BeforeValidator(_blank_is_none)]


class Audience(Strict):
    who: Line(300) = ""  # type: ignore[valid-type] # pydantic builds the type at run time
    count: Amount(MOST_PEOPLE, "the number of people") = None  # type: ignore[valid-type] # as above


Value = Annotated[float | str | None, BeforeValidator(lambda v: _blank_is_none(one_line(v)))]


class MeasureGiven(Strict):
    name: Line(200) = ""  # type: ignore[valid-type] # as above
    today: Value = None
    wanted: Value = None
    by: OptionalDate = None

    @field_validator("today", "wanted")
    @classmethod
    def _is_sane(cls, value: float | str | None) -> float | str | None:
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError("Please give a finite number.")
        if isinstance(value, str) and len(value) > 60:
            raise ValueError("Please keep this under 60 characters.")
        return value


class Deadline(Strict):
    on: OptionalDate = None
    why: Line(500) = ""  # type: ignore[valid-type] # as above


class Requester(Strict):
    name: Line(120) = ""  # type: ignore[valid-type] # as above
    email: Email
    unit: Line(120) = ""  # type: ignore[valid-type] # as above


YesNo = Literal["yes", "no", "unsure"]
Step = Annotated[int, Field(ge=0, le=5)]
WorkTypeKey = Literal["job_aid", "peer_session", "workshop", "live_virtual", "elearning", "path"]


class FurtherAnswers(Strict):
    """Answers to the questions asked on demand."""

    cause_could: YesNo | None = None
    cause_did: YesNo | None = None
    cause_obstacle: YesNo | None = None
    waiting: Step | None = None
    risk: Step | None = None
    value_per_year: Amount(MOST_MONEY, "the value") = None  # type: ignore[valid-type] # as above
    format: WorkTypeKey | None = None
    finished_hours: Amount(10_000, "the hours") = None  # type: ignore[valid-type] # as above
    expert_hours: Amount(MOST_HOURS, "the hours") = None  # type: ignore[valid-type] # as above
    existing: Prose(4000) | None = None  # type: ignore[valid-type] # as above
    tried: Prose(4000) | None = None  # type: ignore[valid-type] # as above
    who_does_it_well: Line(500) | None = None  # type: ignore[valid-type] # as above
    sponsor: Line(200) | None = None  # type: ignore[valid-type] # as above
    mandatory: Line(500) | None = None  # type: ignore[valid-type] # as above
    language: Line(200) | None = None  # type: ignore[valid-type] # as above
    access_needs: Line(1000) | None = None  # type: ignore[valid-type] # as above
    budget: Line(200) | None = None  # type: ignore[valid-type] # as above
    demand: dict[Line(60), Annotated[int, Field(ge=0, le=MOST_PEOPLE)]] | None = None  # type: ignore[valid-type] # as above
    goal: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    type: Line(40) | None = None  # type: ignore[valid-type] # as above


class ChangedAnswers(FurtherAnswers):
    """Any answers but the title and the requester; what is left out stays as it was."""

    problem: Annotated[str, Field(min_length=1, max_length=8000), BeforeValidator(clean)] | None = None
    behaviour: Prose(4000) | None = None  # type: ignore[valid-type] # as above
    audience: Audience | None = None
    measure: MeasureGiven | None = None
    if_nothing: Prose(4000) | None = None  # type: ignore[valid-type] # as above
    deadline: Deadline | None = None

    def values(self) -> dict[str, Any]:
        """The answers given, by question, as they are kept."""
        return _kept(self)


class Submission(Strict):
    """A whole request as sent in."""

    title: Annotated[str, Field(min_length=1, max_length=200), BeforeValidator(one_line)]
    problem: Annotated[str, Field(min_length=1, max_length=8000), BeforeValidator(clean)]
    behaviour: Prose(4000) = ""  # type: ignore[valid-type] # as above
    audience: Audience = Audience()
    measure: MeasureGiven = MeasureGiven()
    if_nothing: Prose(4000) = ""  # type: ignore[valid-type] # as above
    deadline: Deadline = Deadline()
    requester: Requester
    answers: FurtherAnswers = FurtherAnswers()

    def values(self) -> dict[str, Any]:
        """The answers given, by question, as they are kept; what was left open is left out."""
        kept = _kept(self)
        further = kept.pop("answers", {})
        return {key: value for key, value in {**kept, **further}.items() if key not in {"title", "requester"}}


def _kept(model: BaseModel) -> dict[str, Any]:
    said = model.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    return {key: value for key, value in said.items() if value not in ("", {}, None)}


@dataclass(frozen=True)
class Problem:
    """What is wrong with one field: where it stands, and words for the person who typed it."""

    path: tuple[str | int, ...]
    words: str

    @property
    def field(self) -> str:
        """The field's name in a plain form: audience.count is `audience_count`, answers.risk is `risk`."""
        return "_".join(str(part) for part in self.path if part != "answers")


_WORDS = {
    "missing": "Please fill this in.",
    "string_too_short": "Please fill this in.",
    "string_too_long": "Please keep this under {max_length} characters.",
    "too_short": "Please fill this in.",
    "too_long": "Please keep this under {max_length} characters.",
    "string_type": "Please give text.",
    "literal_error": "Please choose one of the options.",
    "extra_forbidden": "This field is not known.",
    "greater_than_equal": "Please give {ge} or more.",
    "less_than_equal": "Please give {le} or less.",
    "greater_than": "Please give more than {gt}.",
    "finite_number": "Please give a finite number.",
}


def explain(error: ValidationError) -> list[Problem]:
    """A validation error in plain words, one entry a field."""
    found: dict[str, Problem] = {}
    for one in error.errors(include_url=False):
        path = tuple(part for part in one["loc"] if not _is_branch(part))
        problem = Problem(path, _wording(one["type"], one["msg"], one.get("ctx", {})))
        found.setdefault(problem.field, problem)
    return list(found.values())


def _wording(kind: str, message: str, context: dict[str, Any]) -> str:
    if kind in _WORDS:
        return _WORDS[kind].format(**context)
    if kind.startswith("date"):
        return "Please give a date such as 2026-11-30."
    if kind.startswith(("int", "float")):
        return "Please give a number."
    if kind in {"model_type", "dict_type", "model_attributes_type"}:
        return "Please give an object with named fields."
    return message.removeprefix("Value error, ")


_BRANCHES = {"float", "str", "constrained-str", "RangeGiven"}


def _is_branch(part: str | int) -> bool:
    """Pydantic names the branch of a union in the path; people should not see it."""
    return isinstance(part, str) and (part in _BRANCHES or "[" in part)
