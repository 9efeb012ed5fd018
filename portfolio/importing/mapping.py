"""How a file's columns become learning requests: the part a person decides, kept as JSON with the import."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from portfolio.importing.fields import BY_KEY
from portfolio.submission import Strict, one_line

Kind = Literal["requests", "needs_survey"]
DateOrder = Literal["day", "month"]

Name = Annotated[str, BeforeValidator(one_line), Field(max_length=400)]
Word = Annotated[str, BeforeValidator(one_line), Field(max_length=60)]


class Given(Strict):
    """Where a field's value comes from: a column, else fixed words, in which {Column name} stands for that cell."""

    column: Name = ""
    fixed: Annotated[str, BeforeValidator(one_line), Field(max_length=1000)] = ""


class Topic(Strict):
    """A column of grades and the topic it asks about."""

    column: Name
    topic: Name


class Grade(Strict):
    """One word of the scale: whether it counts as wanting the topic, and the word it means the same as, if any."""

    word: Word
    wants: bool = False
    same_as: Word = ""


class Mapping(Strict):
    """All that has to be known to read a file. Columns are named by their tidied header, never by place."""

    kind: Kind = "requests"
    source_name: Annotated[str, BeforeValidator(one_line), Field(min_length=1, max_length=120)]
    sheet: str = ""
    header_line: int | None = Field(None, ge=1)
    fields: dict[str, Given] = Field(default_factory=dict)
    rest_into_problem: bool = False
    same_rows: Literal["apart", "merge"] = "apart"
    date_order: DateOrder = "day"
    topics: list[Topic] = Field(default_factory=list)
    scale: list[Grade] = Field(default_factory=list)
    wishes: list[Name] = Field(default_factory=list)

    @model_validator(mode="after")
    def _scale_is_flat(self) -> "Mapping":
        words = {grade.word.casefold(): grade for grade in self.scale}
        for grade in self.scale:
            if grade.same_as and (
                grade.same_as.casefold() not in words or words[grade.same_as.casefold()].same_as
            ):
                raise ValueError(f"“{grade.word}” can't mean the same as “{grade.same_as}”.")
        return self

    def given(self, field: str) -> Given:
        return self.fields.get(field, Given())

    def columns(self) -> set[str]:
        """Every column this mapping reads by name."""
        return {
            *(one.column for one in self.fields.values() if one.column),
            *(one.column for one in self.topics),
            *self.wishes,
        }

    def means(self, word: str) -> str:
        """The word of the scale an answer counts under."""
        key = word.casefold()
        for grade in self.scale:
            if grade.word.casefold() == key:
                return grade.same_as or grade.word
        return word

    def wanted(self) -> list[str]:
        """The words that count as wanting a topic, in the scale's order."""
        return [grade.word for grade in self.scale if grade.wants and not grade.same_as]


class BadMapping(ValueError):
    """The mapping can't be used; the message says which part and why."""


def parsed(body: Any) -> Mapping:
    """A mapping from JSON. Raises BadMapping in words."""
    try:
        mapping = Mapping.model_validate(body)
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(map(str, first["loc"])) or "mapping"
        raise BadMapping(f"{where}: {first['msg'].removeprefix('Value error, ')}") from problem
    unknown = sorted(set(mapping.fields) - set(BY_KEY))
    if unknown:
        raise BadMapping(f"fields: there is no field “{unknown[0]}”. There are: {', '.join(BY_KEY)}.")
    return mapping
