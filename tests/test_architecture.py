"""Who may import whom: the table of the house, kept true."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

MAY_IMPORT = {
    "portfolio": {"portfolio"},
    "web": {"web", "portfolio"},
    "intake": {"intake", "web", "portfolio"},
    "board": {"board", "web", "portfolio"},
    "reports": {"reports", "web", "portfolio"},
    "api": {"api", "web", "portfolio"},
    "flows": {"flows", "reports", "portfolio"},
    "cli": {"cli", "flows", "reports", "portfolio"},
}
OURS = {*MAY_IMPORT, "app", "tests"}

LAYERS = ["states", "rules", "models", "history"]
"""Inside portfolio, from the ground up; everything else there is an action."""


def imports_of(file: Path) -> set[str]:
    """The modules a file imports, anywhere in it, as dotted names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def files_of(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_a_room_imports_only_its_neighbours(room: str) -> None:
    strays = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in files_of(room)
        for name in imports_of(file)
        if (top := name.split(".")[0]) in OURS and top not in MAY_IMPORT[room]
    ]
    assert strays == []


@pytest.mark.parametrize(
    ("room", "libraries"),
    [
        ("portfolio", {"fastapi", "starlette", "prefect", "pandas", "jinja2"}),
        ("flows", {"fastapi", "starlette", "pandas"}),
        ("web", {"prefect", "pandas", "numpy"}),
        ("board", {"prefect", "pandas"}),
        ("intake", {"prefect", "pandas"}),
        ("api", {"prefect", "pandas"}),
    ],
)
def test_a_room_keeps_out_what_is_not_its_business(room: str, libraries: set[str]) -> None:
    strays = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in files_of(room)
        for name in imports_of(file)
        if name.split(".")[0] in libraries
    ]
    assert strays == []


def test_flows_take_only_frames_and_editions_from_the_reports() -> None:
    taken = {name for file in files_of("flows") for name in imports_of(file) if name.startswith("reports.")}
    assert all(name.split(".")[1] in {"frames", "edition"} for name in taken), taken


def test_inside_the_portfolio_the_lower_never_imports_the_higher() -> None:
    strays = []
    for height, layer in enumerate(LAYERS):
        higher = {f"portfolio.{other}" for other in LAYERS[height + 1 :]}
        place = ROOT / "portfolio" / layer
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]:
            for name in imports_of(file):
                allowed = any(name.startswith(f"portfolio.{low}") for low in LAYERS[: height + 1])
                if name.startswith("portfolio") and (not allowed or any(name.startswith(h) for h in higher)):
                    strays.append(f"{file.relative_to(ROOT)} imports {name}")
    assert strays == []


def test_the_commit_belongs_to_the_database_module() -> None:
    """Actions and doors never commit: the session's owner does."""
    calls = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for room in ("portfolio", "intake", "board", "reports", "api", "web")
        for file in files_of(room)
        if file.name not in {"database.py", "env.py"}
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]
    assert calls == []


def test_rules_and_actions_never_read_the_clock() -> None:
    reads = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in files_of("portfolio")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"now", "today", "utcnow"}
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in {"datetime", "date", "time"}
    ]
    assert reads == []
