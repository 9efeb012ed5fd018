"""What a benchmark found, and the table it is shown in."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any


@dataclass(frozen=True)
class Result:
    """One measured case. `median` and `p95` in `unit`; `queries` a page; `wire_bytes` gzipped; `aim` in words."""

    case: str
    median: float
    p95: float | None = None
    unit: str = "ms"
    count: int = 1
    queries: int | None = None
    wire_bytes: int | None = None
    aim: str = ""
    note: str = ""

    @classmethod
    def of(cls, case: str, seconds: Sequence[float], **more: Any) -> "Result":
        """Times in seconds, told in milliseconds."""
        return cls(
            case, 1000 * percentile(seconds, 50), 1000 * percentile(seconds, 95), count=len(seconds), **more
        )

    def as_json(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if value not in (None, "")}


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least so many percent don't exceed."""
    ordered = sorted(values)
    return ordered[max(0, ceil(percent / 100 * len(ordered)) - 1)]


HEAD = ("case", "median", "p95", "n", "queries", "bytes", "aim", "note")


def table(found: Sequence[Result]) -> str:
    rows = [HEAD, *(_cells(one) for one in found)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEAD))]
    lines = [
        "  ".join(
            cell.ljust(width) if place in {0, 6, 7} else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join(["", lines[0], "-" * len(lines[0]), *lines[1:]])


def _cells(one: Result) -> tuple[str, ...]:
    return (
        one.case,
        f"{_figure(one.median)} {one.unit}",
        "" if one.p95 is None else f"{_figure(one.p95)} {one.unit}",
        str(one.count),
        "" if one.queries is None else str(one.queries),
        "" if one.wire_bytes is None else f"{one.wire_bytes:,}",
        one.aim,
        one.note,
    )


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
