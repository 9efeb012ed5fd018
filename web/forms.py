"""Reading forms: text values by field, and errors in plain words."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Depends, Request
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile

from portfolio.submission import FIRST_YEAR, LAST_YEAR, clean, explain, number_in

MOST_FILES = 25
"""File fields in one form; most of them come empty."""


class Fields(dict[str, str]):
    """Text by field name; a field that isn't there is empty, so that templates can ask for any."""

    def __missing__(self, _name: str) -> str:
        return ""

    def over(self, typed: "Fields") -> "Fields":
        """These values, with what was typed over them."""
        return Fields({**self, **typed})


class Errors(Fields):
    """Words for each field that is wrong."""


async def read_fields(request: Request) -> Fields:
    """The form's text fields, cleaned; the first value where one is repeated."""
    form = await request.form(max_files=0, max_fields=400)
    return Fields(
        (name, clean(value)) for name, value in reversed(form.multi_items()) if isinstance(value, str)
    )


async def read_lists(request: Request) -> FormData:
    """The whole form, for fields that may repeat."""
    return await request.form(max_files=0, max_fields=2000)


@dataclass(frozen=True)
class Upload:
    """A file somebody gave, and the field they gave it in."""

    field: str
    name: str
    content: bytes


@dataclass(frozen=True)
class Sent:
    """A form's text fields, and the files sent along."""

    fields: Fields
    uploads: tuple[Upload, ...]


async def read_sent(request: Request) -> Sent:
    """A form that may bring files. Its size was bounded before it came here: web/guards.py."""
    async with request.form(max_files=MOST_FILES, max_fields=400) as form:
        fields = Fields(
            (name, clean(value)) for name, value in reversed(form.multi_items()) if isinstance(value, str)
        )
        uploads = [
            Upload(name, value.filename, await value.read())
            for name, value in form.multi_items()
            if isinstance(value, UploadFile) and value.filename
        ]
    return Sent(fields, tuple(uploads))


FormDep = Annotated[Fields, Depends(read_fields)]
SentDep = Annotated[Sent, Depends(read_sent)]
FormListDep = Annotated[FormData, Depends(read_lists)]


def errors_of(error: ValidationError) -> Errors:
    """Words for each field that is wrong, by the field's name in the form."""
    return Errors((problem.field, problem.words) for problem in explain(error))


def need_text(fields: Fields, name: str, errors: Errors, *, longest: int = 200) -> str:
    """A text that must be there."""
    text = fields.get(name, "").strip()
    if not text:
        errors[name] = "Please fill this in."
    return some_text(fields, name, errors, longest=longest) if text else ""


def some_text(fields: Fields, name: str, errors: Errors, *, longest: int = 200) -> str:
    """A text that may be empty."""
    text = fields.get(name, "").strip()
    if len(text) > longest:
        errors[name] = f"Please keep this under {longest} characters."
    return text


EITHER = re.compile(r"[-+]?[1-9]\d{0,2}\.\d{3}")
"""A thousand and some in half of Europe, one and some in the other half."""


def some_number(
    fields: Fields, name: str, errors: Errors, *, least: float = 0, most: float = 1e12
) -> float | None:
    """A number between `least` and `most`, or None where nothing was typed. "1.794" is asked about: it means either."""
    text = fields.get(name, "").strip()
    if not text:
        return None
    if EITHER.fullmatch(text):
        errors[name] = f"Is this {text.replace('.', '')}, or {text}0? Please write it that way."
        return None
    return _between(text, name, errors, least, most)


def _between(text: str, name: str, errors: Errors, least: float, most: float) -> float | None:
    value = number_in(text)
    if value is None:
        errors[name] = "Please give a number."
    elif not least <= value <= most:
        errors[name] = f"Please give a number from {least:g} to {most:g}."
    return value


def some_whole(
    fields: Fields, name: str, errors: Errors, *, least: int = 0, most: int = 2**31 - 1
) -> int | None:
    """A whole number, or None where nothing was typed."""
    text = fields.get(name, "").strip()
    value = _between(text, name, errors, least, most) if text else None
    if value is not None and name not in errors and value != int(value):
        errors[name] = "Please give a whole number."
    return None if value is None or name in errors else int(value)


def number_of(text: str) -> int:
    """The number of one of our things as a form or an address says it; 0, which nothing has, for anything else."""
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def numbers_of(texts: Iterable[object]) -> list[int]:
    """The numbers among what a form repeats, in order."""
    return [int(text) for text in texts if isinstance(text, str) and text.isdecimal() and len(text) < 10]


def some_day(fields: Fields, name: str, errors: Errors) -> date | None:
    """A date, or None where nothing was typed."""
    text = fields.get(name, "").strip()
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        errors[name] = "Please give a date such as 2026-11-30."
        return None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        errors[name] = f"Please give a date between {FIRST_YEAR} and {LAST_YEAR}."
        return None
    return day
