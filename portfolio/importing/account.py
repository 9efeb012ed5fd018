"""What became of each row of a file: created, merged, updated, already here or refused, with the line it stands in."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from portfolio.importing.candidates import Candidate
from portfolio.sheets import safe_for_sheets
from portfolio.submission import Submission

PREVIEWED = 20


class Fate(StrEnum):
    CREATED = "created"
    MERGED = "merged"
    UPDATED = "updated"
    ALREADY_HERE = "already_here"
    REFUSED = "refused"


@dataclass(frozen=True)
class Question:
    """Something only a person can know. Left unanswered, `default` holds."""

    key: str
    words: str
    default: str


@dataclass
class Account:
    """One line for each row, and what was made of them. `made` counts requests, which in a survey aren't rows."""

    headers: list[str]
    how: str
    outcomes: list[tuple[int, Fate, int | None]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    made: Counter[Fate] = field(default_factory=Counter)
    preview: list[dict[str, Any]] = field(default_factory=list)
    needs: list[dict[str, Any]] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    numbers: dict[int, int] = field(default_factory=dict)
    merged_into: dict[int, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return len(self.outcomes)

    @property
    def counts(self) -> dict[Fate, int]:
        """Every fate with its rows, also those nobody met; together they are all rows."""
        met = Counter(fate for _, fate, _ in self.outcomes)
        return {fate: met[fate] for fate in Fate}

    def settle(self, line: int, fate: Fate, number: int | None = None) -> None:
        """Row `line` met `fate`; `number` is the request it belongs to, where that is known."""
        self.outcomes.append((line, fate, number))

    def merge(self, line: int, into: int) -> None:
        """Row `line` says what row `into` says."""
        self.settle(line, Fate.MERGED)
        self.merged_into[line] = into

    def refuse(self, line: int, reason: str, cells: list[str]) -> None:
        self.settle(line, Fate.REFUSED)
        self.refused.append({"line": line, "reason": reason, "cells": cells})

    def show(self, fate: Fate, candidate: Candidate) -> None:
        """Keep the first requests that are made or changed as they'd look."""
        if len(self.preview) < PREVIEWED and candidate.submission is not None:
            self.preview.append(_seen(fate, candidate, candidate.submission))

    def need(self, candidate: Candidate, fate: Fate, number: int | None) -> None:
        """A topic of a survey with its demand."""
        values = candidate.values
        demand = values.get("demand", {})
        self.needs.append(
            {
                "topic": candidate.submission.title if candidate.submission else "",
                "fate": fate.value,
                "number": number,
                "wanted": int(values.get("audience", {}).get("count") or 0),
                "answered": sum(demand.values()),
                "demand": demand,
            }
        )

    def as_json(self) -> dict[str, Any]:
        """As kept with the import once it is taken: each row's line, fate and request."""
        return {
            "how": self.how,
            "headers": self.headers,
            "rows": self.rows,
            "counts": {fate.value: count for fate, count in self.counts.items()},
            "made": {fate.value: count for fate, count in self.made.items()},
            "outcomes": [
                [line, fate.value, number or self.numbers.get(self.merged_into.get(line, line))]
                for line, fate, number in self.outcomes
            ],
            "refused": self.refused,
            "needs": self.needs,
            "notes": self.notes,
        }


def refused_as_csv(headers: list[str], refused: list[dict[str, Any]]) -> Iterator[str]:
    """The refused rows as they came, with line and reason in front. Begins with a BOM, so that Excel reads UTF-8."""
    yield "\ufeff" + line_of(["Line", "Reason", *headers])
    for row in refused:
        yield line_of([str(row["line"]), row["reason"], *row["cells"]])


def account_as_csv(account: dict[str, Any]) -> Iterator[str]:
    """One line for each row: what became of it, and as which request."""
    reasons = {row["line"]: row["reason"] for row in account.get("refused", [])}
    yield "\ufeff" + line_of(["Line", "What became of it", "Request", "Reason"])
    for line, fate, number in account.get("outcomes", []):
        yield line_of([str(line), fate.replace("_", " "), str(number or ""), reasons.get(line, "")])


def line_of(cells: list[str]) -> str:
    """One line of a CSV that no spreadsheet takes for formulas."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(map(safe_for_sheets, cells))
    return text.getvalue()


def _seen(fate: Fate, candidate: Candidate, submission: Submission) -> dict[str, Any]:
    audience = candidate.values.get("audience", {})
    problem = submission.problem
    return {
        "line": candidate.line,
        "fate": fate.value,
        "title": submission.title,
        "problem": problem if len(problem) <= 300 else problem[:299] + "…",
        "who": audience.get("who", ""),
        "count": audience.get("count"),
        "requester": submission.requester.email,
        "unit": candidate.unit,
        "submitted_at": candidate.submitted_at.isoformat() if candidate.submitted_at else None,
    }
