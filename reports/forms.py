"""What is typed into the reports' forms, as values or as errors beside their field."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from pydantic import TypeAdapter, ValidationError

from portfolio.editions import last_period, quarter_start
from portfolio.submission import Email
from web.forms import Errors, Fields, some_day, some_text

PERIODS = (
    ("this_quarter", "This quarter so far"),
    ("last_quarter", "Last quarter"),
    ("this_month", "This month so far"),
    ("last_month", "Last month"),
    ("last_week", "Last week"),
)
LONGEST_DAYS = 1100
MOST_RECIPIENTS = 100
_EMAIL: TypeAdapter[str] = TypeAdapter(Email)


@dataclass(frozen=True)
class Wish:
    """The report asked for: its kind and its period as [start, end)."""

    kind: str
    start: date
    end: date


def read_wish(fields: Fields, today: date) -> tuple[Wish | None, Errors]:
    """The period chosen; days typed win over it, the last one included."""
    errors = Errors()
    chosen = fields["period"] or "this_quarter"
    if fields["first"] or fields["last"]:
        return _custom(fields, today, errors), errors
    if chosen not in dict(PERIODS):
        errors["period"] = "Please choose one of these."
        return None, errors
    return _calendar(chosen, today), errors


def read_mailing(fields: Fields) -> tuple[list[str], str, Errors]:
    """Who gets it, each once, and the words above it."""
    errors = Errors()
    typed = list(dict.fromkeys(part.lower() for part in re.split(r"[\s,;]+", fields["recipients"]) if part))
    wrong = [part for part in typed if not _is_email(part)]
    if not typed:
        errors["recipients"] = "Please give at least one address."
    elif len(typed) > MOST_RECIPIENTS:
        errors["recipients"] = f"Please give at most {MOST_RECIPIENTS} addresses."
    elif wrong:
        errors["recipients"] = f"“{wrong[0][:60]}” doesn’t look like an e-mail address."
    return typed, some_text(fields, "words", errors, longest=1000), errors


def _calendar(chosen: str, today: date) -> Wish:
    if chosen == "this_quarter":
        start = quarter_start(today)
        return Wish("quarterly", start, quarter_start(start + timedelta(days=95)))
    if chosen == "this_month":
        start = today.replace(day=1)
        return Wish("monthly", start, (start + timedelta(days=31)).replace(day=1))
    kind = {"last_quarter": "quarterly", "last_month": "monthly", "last_week": "weekly"}[chosen]
    return Wish(kind, *last_period(kind, today))


def _custom(fields: Fields, today: date, errors: Errors) -> Wish | None:
    first, last = some_day(fields, "first", errors), some_day(fields, "last", errors)
    for name, day in (("first", first), ("last", last)):
        if day is None and name not in errors:
            errors[name] = "Please give a day."
    if first is None or last is None:
        return None
    if first > today:
        errors["first"] = "This day is still to come; there is nothing to report yet."
    elif last < first:
        errors["last"] = "The last day can’t be before the first."
    elif (last - first).days > LONGEST_DAYS:
        errors["last"] = "Please keep the period under three years."
    return None if errors else Wish("custom", first, last + timedelta(days=1))


def _is_email(text: str) -> bool:
    try:
        _EMAIL.validate_python(text)
    except ValidationError:
        return False
    return True
