"""A small deck of the report: what to decide, goals, results and capacity, to be shown and talked about. Text and tables that
can be edited, no pictures; the same figures give the same bytes."""

import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from math import ceil
from typing import Any

from reports import words

WIDTH, HEIGHT, MARGIN = 13.333, 7.5, 0.75
INK, MUTED, ACCENT, PALE = "1D242E", "59626F", "0F6B5C", "EEF3F1"
TITLE_ONLY = 5
MOST_ROWS = 7
MOST_DECISIONS = 4
MOST_NAMED = 2
POINTS = 72
"""In an inch."""
LETTER, LINE = 0.52, 1.2
"""How wide a letter is, and how far apart lines are, in sizes of the type."""
SMALLER = (1.0, 0.9, 0.8, 0.7)
EARLIEST = (1980, 1, 1, 0, 0, 0)
"""What a zip file calls the beginning of time."""


def slides_of(figures: dict[str, Any], *, made_at: datetime) -> bytes:
    """The deck in 16 to 9. The only date in the file is `made_at`."""
    from pptx import Presentation
    from pptx.util import Inches

    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(WIDTH), Inches(HEIGHT)
    shown = {section["key"]: section["title"] for section in figures["sections"]}
    _first(deck, figures)
    if "decisions" in shown:
        _decisions(deck, shown["decisions"], figures)
    if "goals" in shown and figures.get("goals"):
        _goals(deck, shown["goals"], figures["goals"])
    if results := _results(figures, shown):
        _told(deck, shown.get("stories") or shown["results"], results)
    if "capacity" in shown and figures.get("capacity"):
        _capacity(deck, shown["capacity"], figures["capacity"])
    _counted(deck, figures)
    _say_when(deck, figures, made_at)
    written = io.BytesIO()
    deck.save(written)
    return _timeless(written.getvalue())


def _first(deck: Any, figures: dict[str, Any]) -> None:
    slide = _slide(deck, figures["title"], size=40, top=2.0)
    above = " · ".join(
        part for part in (figures["organisation"], figures["about"], figures["covered"]["words"]) if part
    )
    _text(slide, [(above, 16, MUTED, False)], top=1.4, height=0.5)
    _text(slide, [(figures["summary"], 22, INK, False)], top=3.3, height=2.6)


def _decisions(deck: Any, title: str, figures: dict[str, Any]) -> None:
    wanted = figures.get("decisions") or []
    slide = _slide(deck, title)
    if not wanted:
        _text(slide, [("Nothing waits for you this time.", 20, MUTED, False)])
        return
    lines = []
    for place, one in enumerate(wanted[:MOST_DECISIONS], start=1):
        lines += [
            (f"{place}. {one['what']}", 18, INK, True),
            (one["why"], 14, INK, False),
            (f"{words.by(one['by'])}. Buys: {one['buys']}", 14, MUTED, False),
        ]
    if len(wanted) > MOST_DECISIONS:
        lines.append((f"And {len(wanted) - MOST_DECISIONS} more, in the report.", 14, MUTED, False))
    _text(slide, lines)


def _goals(deck: Any, title: str, goals: list[dict[str, Any]]) -> None:
    rows = [
        [
            goal["name"],
            words.amount(goal["target"], goal["unit"]),
            words.amount(goal["year_to_date"], goal["unit"]),
            words.amount(goal["forecast"], goal["unit"]),
            words.number(goal["live"]),
            words.number(goal["finished"]),
        ]
        for goal in goals
    ]
    heads = ["Goal", "Plan", "Year to date", "Forecast", "Projects live", "Finished"]
    _table(_slide(deck, title), heads, rows, (4.6, 1.6, 1.7, 1.6, 1.2, 1.1), numbers=range(1, 6))


def _told(deck: Any, title: str, results: list[dict[str, Any]]) -> None:
    lines = []
    for one in results[:3]:
        lines += [
            (f"{one['measure']}: {one['outcome']}" + (f" ({one['project']})" if one["project"] else ""), 20, INK, True),
            (one["said"], 16, INK, False),
            (f"Evidence: {one['grade_words']} ({one['rests_on']})." + (f" {one['worth_said']}" if one["worth_said"] else ""), 14, MUTED, False),
        ]  # fmt: skip
    _text(_slide(deck, title), lines)


def _capacity(deck: Any, title: str, capacity: dict[str, Any]) -> None:
    rows = [
        [
            one["label"],
            _named(one["comes_in"]),
            words.number(one["points"]),
            words.number(one["per_hour"], 2),
            words.short_day(one["done_on"]) if one["done_on"] else "–",
        ]
        for one in capacity["options"]
        if one["points"] > 0
    ]
    slide = _slide(deck, title)
    said = f"{words.counted(capacity['hours'], 'hour')} in {words.counted(capacity['weeks'], 'week')}: {capacity['chosen']} of {words.counted(capacity['open'], 'request')} fit."
    _text(slide, [(said, 18, INK, False)], top=1.45, height=0.6)
    if rows:
        heads = ["More", "Brings in", "Points", "An hour", "Plan done by"]
        _table(slide, heads, rows, (2.3, 5.4, 1.1, 1.2, 1.8), top=2.2, numbers=(2, 3))


def _named(titles: list[str]) -> str:
    more = len(titles) - MOST_NAMED
    return "; ".join(titles[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "") or "nothing"


def _counted(deck: Any, figures: dict[str, Any]) -> None:
    notes = [note for name, note in figures["method"] if name in {"Period and data", "Results", "Versions"}]
    missing = [f"Missing: {name}. {said}" for name, said in figures["failures"].items()]
    _text(_slide(deck, "How this was counted"), [(note, 14, INK, False) for note in (*missing, *notes)])


def _results(figures: dict[str, Any], shown: dict[str, str]) -> list[dict[str, Any]]:
    told = (figures.get("stories") or {}).get("results") if "stories" in shown else None
    return told or ((figures.get("results") or []) if "results" in shown else [])


def _slide(deck: Any, title: str, *, size: int = 30, top: float = 0.55) -> Any:
    from pptx.util import Inches, Pt

    slide = deck.slides.add_slide(deck.slide_layouts[TITLE_ONLY])
    shape = slide.shapes.title
    shape.left, shape.top, shape.width, shape.height = (
        Inches(one) for one in (MARGIN, top, WIDTH - 2 * MARGIN, 0.85 if size < 40 else 1.2)
    )
    shape.text_frame.word_wrap = True
    shape.text_frame.text = title
    _set(shape.text_frame.paragraphs[0], size, INK, bold=True)
    shape.text_frame.paragraphs[0].font.size = Pt(size)
    return slide


def _text(
    slide: Any, lines: list[tuple[str, int, str, bool]], *, top: float = 1.6, height: float = 5.3
) -> None:
    from pptx.util import Inches

    box = slide.shapes.add_textbox(
        Inches(MARGIN), Inches(top), Inches(WIDTH - 2 * MARGIN), Inches(height)
    ).text_frame
    box.word_wrap = True
    has_heads = any(bold for *_, bold in lines)
    by = next((one for one in SMALLER if _height(lines, one) <= height), SMALLER[-1])
    for place, (said, size, colour, bold) in enumerate(lines):
        paragraph = box.paragraphs[0] if place == 0 else box.add_paragraph()
        paragraph.text = said
        _set(paragraph, round(size * by), colour, bold=bold, before=place > 0 and (bold or not has_heads))


def _height(lines: list[tuple[str, int, str, bool]], by: float) -> float:
    """About how high these lines stand in inches, in type so much smaller: no program that draws them is at hand."""
    width = (WIDTH - 2 * MARGIN) * POINTS
    high = sum(
        size * by * LINE * ceil(max(1, len(said)) * size * by * LETTER / width) + (10 if bold else 2)
        for said, size, _, bold in lines
    )
    return high / POINTS


def _set(
    paragraph: Any, size: int, colour: str, *, bold: bool, before: bool = False, right: bool = False
) -> None:
    from pptx.dml.color import RGBColor
    from pptx.enum.text import PP_ALIGN
    from pptx.util import Pt

    paragraph.alignment = PP_ALIGN.RIGHT if right else PP_ALIGN.LEFT
    paragraph.font.size, paragraph.font.bold = Pt(size), bold
    paragraph.font.color.rgb = RGBColor.from_string(colour)  # type: ignore[no-untyped-call] # python-pptx has no types
    paragraph.space_before = Pt(10 if before else 2)


def _table(
    slide: Any,
    heads: list[str],
    rows: list[list[str]],
    widths: tuple[float, ...],
    *,
    top: float = 1.6,
    numbers: Sequence[int] = (),
) -> None:
    """A table of at most seven lines; columns of `numbers` stand to the right."""
    from pptx.dml.color import RGBColor
    from pptx.util import Inches

    shown = rows[:MOST_ROWS]
    frame = slide.shapes.add_table(
        len(shown) + 1,
        len(heads),
        Inches(MARGIN),
        Inches(top),
        Inches(sum(widths)),
        Inches(0.45 * (len(shown) + 1)),
    )
    made = frame.table
    for place, width in enumerate(widths):
        made.columns[place].width = Inches(width)
    for line, row in enumerate((heads, *shown)):
        for place, said in enumerate(row):
            cell = made.cell(line, place)
            cell.text = said
            cell.fill.solid()
            cell.fill.fore_color.rgb = RGBColor.from_string(PALE if line == 0 else "FFFFFF")  # type: ignore[no-untyped-call] # as above
            _set(
                cell.text_frame.paragraphs[0],
                14,
                MUTED if line == 0 else INK,
                bold=line > 0 and place == 0,
                right=place in numbers,
            )
    if len(rows) > MOST_ROWS:
        _text(
            slide,
            [(f"And {len(rows) - MOST_ROWS} more, in the report.", 14, MUTED, False)],
            top=6.7,
            height=0.5,
        )


def _say_when(deck: Any, figures: dict[str, Any], made_at: datetime) -> None:
    """What python-pptx would leave as its own author and the day its template was made."""
    at = made_at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    about = deck.core_properties
    about.title, about.author, about.last_modified_by = figures["title"], figures["organisation"], "Outsize"
    about.created = about.modified = about.last_printed = at
    about.revision = 1


def _timeless(content: bytes) -> bytes:
    """The same zip file without the time it was written at."""
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as before,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for name in before.namelist():
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            after.writestr(entry, before.read(name))
    return written.getvalue()
