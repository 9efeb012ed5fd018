"""Runs one benchmark or all, prints a table, writes .benchmarks/NAME.json."""

import json
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks import (
    asking,
    boarding,
    deciding,
    editions,
    effects,
    files,
    forecasting,
    inside,
    judgement,
    outside,
    planning,
)
from tests.benchmarks import search as searching
from tests.benchmarks.results import Result, table

KEPT = Path(__file__).parents[2] / ".benchmarks"

BENCHMARKS: dict[str, Callable[[], list[Result]]] = {
    "judgement": judgement.judgement,
    "decide": deciding.decide,
    "effect": effects.effects,
    "asking": asking.asking,
    "plan": planning.plan,
    "forecast": forecasting.forecast,
    "rescore": inside.rescore,
    "search": searching.search,
    "report": inside.report,
    "edition": editions.edition,
    "submit": outside.submit,
    "board": boarding.board,
    "move": boarding.move,
    "backlog": outside.backlog,
    "start": outside.start,
    "memory": outside.memory,
    "latency": outside.latency,
    "burst": outside.burst,
    "import": files.take_files,
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"There is no benchmark {unknown[0]!r}. There are: {', '.join(BENCHMARKS)}.", file=sys.stderr)
        return 2
    for name in names or BENCHMARKS:
        found = BENCHMARKS[name]()
        print(table(found), flush=True)
        keep(name, found)
    return 0


def keep(name: str, found: list[Result]) -> None:
    KEPT.mkdir(exist_ok=True)
    body = {
        "benchmark": name,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "results": [one.as_json() for one in found],
    }
    (KEPT / f"{name}.json").write_text(json.dumps(body, indent=1) + "\n")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
