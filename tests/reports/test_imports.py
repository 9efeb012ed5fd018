"""The web stays light: nothing that only building a report needs is loaded with it."""

import subprocess
import sys

HEAVY = ("pandas", "plutoprint", "xlsxwriter")


def test_the_reports_door_loads_nothing_heavy() -> None:
    code = f"import sys, reports; reports.router; print([name for name in {HEAVY!r} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_building_needs_no_web() -> None:
    code = (
        "import sys; from reports import edition, frames, figures, document, workbook; "
        "print([name for name in ('fastapi', 'web', 'prefect') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
