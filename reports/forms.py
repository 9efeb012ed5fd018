"""What is typed into the reports' forms, as values or as errors beside their field."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import FormData

from portfolio.models import Report
from portfolio.report_designs import Wishes
from portfolio.rules.report_days import (
    LONGEST_ROLLING_DAYS,
    SHORTEST_ROLLING_DAYS,
    covered,
    last_period,
    this_period,
)
from portfolio.rules.report_sections import BY_KEY, LONGEST_TITLE, LONGEST_WORDS
from portfolio.submission import Email, clean
from web.forms import Errors, Fields, need_text, some_day, some_text, some_whole

PERIODS = (
    ("this_quarter", "This quarter so far"),
    ("last_quarter", "Last quarter"),
    ("this_month", "This month so far"),
    ("last_month", "Last month"),
    ("last_week", "Last week"),
    ("rolling", "The last 30 days"),
)
ROLLING_DAYS = 30
LONGEST_DAYS = 1100
MOST_RECIPIENTS = 100
MOST_QUIET_DAYS = 60
_EMAIL: TypeAdapter[str] = TypeAdapter(Email)


@dataclass(frozen=True)
class Wish:
    """The report asked for: its kind and its period as [start, end)."""

    kind: str
    start: date
    end: date


def read_wish(fields: Fields, today: date, design: Report | None = None) -> tuple[Wish | None, Errors]:
    """The period chosen; days typed win over it, the last one included. A design that rolls says over how many days."""
    errors = Errors()
    chosen = fields["period"] or "this_quarter"
    if fields["first"] or fields["last"]:
        return _custom(fields, today, errors), errors
    if chosen not in dict(PERIODS):
        errors["period"] = "Please choose one of these."
        return None, errors
    if chosen == "rolling":
        days = (design.rolling_days if design else None) or ROLLING_DAYS
        return Wish(*covered("", days, today)), errors
    return _calendar(chosen, today), errors


def read_mailing(fields: Fields) -> tuple[list[str], str, Errors]:
    """Who gets it, each once, and the words above it."""
    errors = Errors()
    typed = read_addresses(fields, errors)
    if not typed and "recipients" not in errors:
        errors["recipients"] = "Please give at least one address."
    return typed, some_text(fields, "words", errors, longest=1000), errors


def read_addresses(fields: Fields, errors: Errors) -> list[str]:
    """The addresses typed, each once; there may be none."""
    typed = list(dict.fromkeys(part.lower() for part in re.split(r"[\s,;]+", fields["recipients"]) if part))
    wrong = [part for part in typed if not _is_email(part)]
    if len(typed) > MOST_RECIPIENTS or len(" ".join(typed)) > 2000:
        errors["recipients"] = f"Please give at most {MOST_RECIPIENTS} addresses."
    elif wrong:
        errors["recipients"] = f"“{wrong[0][:60]}” doesn’t look like an e-mail address."
    return typed


def read_design(form: FormData) -> tuple[Wishes, Fields, Errors]:
    """The builder's form: sections in the order they stand in it, and everything about when and for whom."""
    fields = Fields((name, clean(one)) for name, one in form.multi_items() if isinstance(one, str))
    errors = Errors()
    wishes = Wishes(
        name=need_text(fields, "name", errors, longest=120),
        sections=_sections(form, fields, errors),
        rhythm=fields["rhythm"],
        rolling_days=some_whole(
            fields, "rolling_days", errors, least=SHORTEST_ROLLING_DAYS, most=LONGEST_ROLLING_DAYS
        ),
        recipients=read_addresses(fields, errors),
        quiet_days=[*_weekdays(form), *_quiet_dates(fields, errors)],
        goal_id=_chosen(fields, "goal"),
        project_id=_chosen(fields, "project"),
    )
    return wishes, fields, errors


def _sections(form: FormData, fields: Fields, errors: Errors) -> list[dict[str, Any]]:
    """As they stand in the form, with the one that was to go up or down moved."""
    order = list(dict.fromkeys(str(key) for key in form.getlist("section") if key in BY_KEY))
    way, _, key = fields["move"].partition(":")
    if key in order:
        place = order.index(key)
        order.remove(key)
        order.insert(max(0, place - 1) if way == "up" else place + 1, key)
    return [
        {
            "key": key,
            "on": bool(fields[f"on_{key}"]),
            "title": some_text(fields, f"title_{key}", errors, longest=LONGEST_TITLE),
            "words": some_text(fields, f"words_{key}", errors, longest=LONGEST_WORDS),
        }
        for key in order
    ]


def _weekdays(form: FormData) -> list[int]:
    return sorted({int(str(one)) for one in form.getlist("quiet_weekday") if str(one) in "0123456" and one})


def _quiet_dates(fields: Fields, errors: Errors) -> list[str]:
    typed = list(dict.fromkeys(part for part in re.split(r"[\s,;]+", fields["quiet_dates"]) if part))
    try:
        days = sorted(date.fromisoformat(one).isoformat() for one in typed)
    except ValueError:
        errors["quiet_dates"] = "Please give dates such as 2026-12-24, with spaces or line ends between them."
        return []
    if len(days) > MOST_QUIET_DAYS:
        errors["quiet_dates"] = f"Please give at most {MOST_QUIET_DAYS} days."
    return days


def _chosen(fields: Fields, name: str) -> int | None:
    """The number of what was chosen; whether there is such a thing is for the route to say."""
    text = fields[name]
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _calendar(chosen: str, today: date) -> Wish:
    which, _, word = chosen.partition("_")
    kind = {"quarter": "quarterly", "month": "monthly", "week": "weekly"}[word]
    return Wish(kind, *(this_period if which == "this" else last_period)(kind, today))


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
