"""What a fresh clone relies on: locks that name no place, icons that are in the sprite."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCKS = ["requirements.lock", "requirements-dev.lock", "package-lock.json"]
ICON_USE = re.compile(r"""icons\.svg#([a-z0-9-]+)|\bicon\(\s*["']([a-z0-9-]+)["']""")


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address(lock: str) -> None:
    assert re.findall(r"\w+://\S+", (ROOT / lock).read_text("utf-8")) == []


def test_every_locked_package_has_a_hash() -> None:
    blocks = re.split(r"\n(?=[a-z0-9])", (ROOT / "requirements-dev.lock").read_text("utf-8"))
    packages = [block for block in blocks if not block.startswith("#")]

    assert len(packages) > 100
    assert [block for block in packages if "--hash=sha256:" not in block] == []


def test_the_dev_lock_agrees_with_the_lock() -> None:
    assert pins("requirements.lock") <= pins("requirements-dev.lock")


def test_the_wheel_holds_every_package_of_the_tree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wheel = set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"])
    in_tree = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}

    assert in_tree - wheel == set()


def test_every_icon_a_template_shows_is_in_the_sprite() -> None:
    sprite = (ROOT / "web/static/lib/icons.svg").read_text("utf-8")
    known = set(re.findall(r'<symbol id="([a-z0-9-]+)"', sprite))

    assert {icon: pages for icon, pages in shown_icons().items() if icon not in known} == {}


def pins(lock: str) -> set[str]:
    """Packages with versions. What tests need on every machine the product may need on some only, so not where."""
    return set(re.findall(r"^[a-z0-9].*?==[^ ;]+", (ROOT / lock).read_text("utf-8"), re.MULTILINE))


def shown_icons() -> dict[str, set[str]]:
    shown: dict[str, set[str]] = {}
    for page in ROOT.glob("*/templates/**/*.html"):
        for in_sprite, in_call in ICON_USE.findall(page.read_text("utf-8")):
            shown.setdefault(in_sprite or in_call, set()).add(page.name)
    return shown
