"""The report as people read it: one template for the page and the PDF. Figures in, HTML or PDF out, the same each time."""

import io
import re
from base64 import b64encode
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports import charts, words
from reports.pages import pages_of

HERE = Path(__file__).parent
FONTS = HERE.parent / "web/static/lib"
NUMERIC = frozenset({"count", "number", "days", "hours", "money", "percent"})
MOST_NAMES = 5
MOST_ROWS = 100
TIGHTNESS = (
    "",
    "snug",
    "snug tight",
    "snug tight tightest",
    "snug tight tightest tighter",
    "snug tight tightest flowing",
    "snug tight tightest tighter flowing",
    "snug tight tightest tighter sparing",
    "snug tight tightest tighter flowing sparing",
)
NOWHERE = "report:"
"""What links inside the report are relative to."""
BRIEF = {
    0: frozenset(),
    1: frozenset({"Period and data", "Results", "Versions"}),
    2: frozenset({"Period and data", "Times", "Promises", "Results", "Versions"}),
}
"""Notes on how it was counted that stand on paper, by the sheets there are."""
VERDICTS = {
    "accept": "Accepted",
    "ask": "Asked back",
    "join": "Joined to another",
    "answer": "Answered from what exists",
    "redirect": "Not a training problem",
    "waitlist": "Put on the waiting list",
    "snooze": "Put off",
    "decline": "Declined",
}
SOURCES = {"form": "by the form", "api": "from other systems", "email": "by e-mail", "import": "by import of"}


def html_of(figures: dict[str, Any]) -> str:
    """The report as a fragment for a page."""
    made = _templates().get_template("document/show.html")
    text = made.render(
        figures=figures,
        tables={table["key"]: table for table in figures["tables"]},
        charts=charts,
        numeric=NUMERIC,
        most=MOST_NAMES,
        brief=BRIEF,
        most_rows=MOST_ROWS,
    )
    return text.replace(" %", "\u00a0%")


def pdf_of(
    fragment: str, *, title: str, organisation: str, made_at: datetime, pages: int | None = None
) -> bytes:
    """The fragment set on A4; on no more than `pages` where tighter setting gets it there.

    The same fragment gives the same bytes: the only date in the file is `made_at`.
    """
    import plutoprint

    class Nothing(plutoprint.ResourceFetcher):
        """A report reaches for nothing outside itself."""

        def fetch_url(self, _url: str) -> Any:
            return plutoprint.ResourceData(b"", "text/plain", "")

    book = plutoprint.Book(plutoprint.PAGE_SIZE_A4, plutoprint.PAGE_MARGINS_NONE, plutoprint.MEDIA_TYPE_PRINT)
    book.custom_resource_fetcher = Nothing()
    opened = fragment.replace("<details ", "<details open ")
    for tightness in TIGHTNESS if pages else TIGHTNESS[:1]:
        book.load_html(_whole(opened, title, organisation, tightness), base_url=NOWHERE)
        if pages is None or book.get_page_count() <= pages:
            break
    if pages is None:
        numbered = _page_numbers(_written(book))
        book.load_html(_whole(opened, title, organisation, "", numbered), base_url=NOWHERE)
    at = made_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    for name, value in (
        (plutoprint.PDF_METADATA_TITLE, title),
        (plutoprint.PDF_METADATA_AUTHOR, organisation),
        (plutoprint.PDF_METADATA_CREATOR, "Outsize"),
        (plutoprint.PDF_METADATA_CREATION_DATE, at),
        (plutoprint.PDF_METADATA_MODIFICATION_DATE, at),
    ):
        book.set_metadata(name, value)
    return _written(book)


def cell(value: Any, kind: str) -> str:
    """A cell of a table as people read it."""
    if value is None:
        return "–"
    if kind == "day":
        return words.short_day(value)
    if kind == "moment":
        return words.moment(datetime.fromisoformat(value))
    if kind in NUMERIC:
        return words.number(value, 2)
    return str(value)


def _written(book: Any) -> bytes:
    written = io.BytesIO()
    book.write_to_pdf_stream(written)
    return written.getvalue()


def _page_numbers(pdf: bytes) -> str:
    """The style that puts the page behind each line of the contents. Room is kept for it, so nothing moves by it."""
    return "".join(
        f'.report-contents :is(a[href="#report-{key}-title"], a[href="#report-{key}"])::after {{ content: "{page}"; }}\n'
        for key, page in sorted(pages_of(pdf).items())
    )


def _whole(fragment: str, title: str, organisation: str, tightness: str, more: str = "") -> str:
    running = " · ".join(part for part in (organisation, title) if part)
    styles = _styles().replace('"RUNNING"', _css_string(running)) + more
    return Markup(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{}</title><style>{}</style></head>'
        '<body class="{}">{}</body></html>'
    ).format(title, Markup(styles), tightness, Markup(fragment))  # noqa: S704 - our own files and our own escaped template


@lru_cache(maxsize=1)
def _styles() -> str:
    """The style of the report and of paper, with the fonts inside.

    Not by the fetcher: PlutoPrint 0.23 doesn't keep what a fetcher returns, and reads it after it is gone.
    """
    styles = (HERE / "document.css").read_text("utf-8") + (HERE / "print.css").read_text("utf-8")
    return re.sub(r'@font-face \{.*?url\("([\w-]+\.woff)"\).*?\}', _with_font, styles)


def _with_font(face: re.Match[str]) -> str:
    """The rule with its font inside, or nothing where the front-end files were not built: the machine's own font does."""
    file = FONTS / face[1]
    if not file.is_file():
        return ""
    content = b64encode(file.read_bytes()).decode()
    return face[0].replace(f'"{face[1]}"', f"data:font/woff;base64,{content}")


def _css_string(text: str) -> str:
    """Text as a CSS string; everything but letters, digits and spaces as an escape, so that nothing can end it."""
    return '"' + "".join(one if one.isalnum() or one == " " else f"\\{ord(one):06x} " for one in text) + '"'


@lru_cache(maxsize=1)
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=words.number,
        lasting=words.lasting,
        counted=words.counted,
        amount=words.amount,
        share=words.share,
        sentence=words.sentence,
        day=lambda text: words.day(date.fromisoformat(text)),
        cell=cell,
        money=words.money,
        short_day=words.short_day,
        verdict=lambda code: VERDICTS.get(code, words.sentence(words.plain(code))),
        source=lambda code, name: f"{SOURCES.get(code, 'by ' + words.plain(code))} {name}".rstrip(),
        took=lambda days: words.listed([words.lasting(one) for one in days]),
    )
    return environment
