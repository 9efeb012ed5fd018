"""Finds out which program wrote a file of cards, and reads it."""

from dataclasses import replace
from datetime import tzinfo
from pathlib import PurePosixPath

from portfolio import sheets
from portfolio.importing import boards_jira, boards_kanboard, boards_planner, boards_trello, dates
from portfolio.importing.boards import MOST_BYTES, Board, as_json, within_bounds
from portfolio.importing.boards_tables import Table
from portfolio.sheets import Unreadable

KNOWN = "We know the JSON of a Trello board, Jira's CSV or JSON, Kanboard's CSV, and the XLSX or CSV of a plan in Planner."


def read(
    content: bytes, name: str, zone: tzinfo, *, date_order: str | None = None, places_from: str = "bucket"
) -> Board:
    """The cards of a file. Without `date_order` ("day" or "month" first) it goes by what the dates tell. Raises Unreadable."""
    if len(content) > MOST_BYTES:
        raise Unreadable(
            f"The file is {len(content) / 1e6:.0f} MB; we take {MOST_BYTES // 1024**2} MB. Please split it."
        )
    if content[:200].lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"{", b"[")):
        return within_bounds(_json(content, zone))
    return within_bounds(_table(content, name, zone, date_order, places_from))


def order_of(board: Board) -> str:
    """Whether days or months come first in its dates, as far as they tell; else as its program writes them."""
    texts = list(board.date_texts)
    if dates.ambiguous(texts) is not True:
        return "month" if dates.month_comes_first(texts) else "day"
    return "month" if board.source in {"kanboard", "planner"} or dates.month_comes_first(texts) else "day"


def _json(content: bytes, zone: tzinfo) -> Board:
    body = as_json(content)
    if boards_trello.fits(body):
        return boards_trello.read(body, zone)
    if boards_jira.fits_json(body):
        return boards_jira.read_json(body)
    raise Unreadable(f"This JSON is neither a Trello board nor a Jira search. {KNOWN}")


def _table(content: bytes, name: str, zone: tzinfo, date_order: str | None, places_from: str) -> Board:
    source = sheets.opened(content)
    for sheet_name in source.sheets:
        try:
            table = Table(sheets.sheet(source, sheet_name), zone, date_order == "month")
        except Unreadable:
            continue
        board = _from_table(table, name, places_from)
        if board is None:
            continue
        if date_order is None and (order := order_of(board)) == "month":
            return _table(content, name, zone, order, places_from)
        return replace(board, name=board.name or "Board")
    raise Unreadable(f"The columns are none we know. {KNOWN} Other sheets: one row a request, in Imports.")


def _from_table(table: Table, name: str, places_from: str) -> Board | None:
    if boards_planner.fits(table):
        return boards_planner.read(table, PurePosixPath(name).stem or "Plan", places_from)
    if boards_kanboard.fits(table):
        return boards_kanboard.read(table)
    return boards_jira.read_table(table) if boards_jira.fits_table(table) else None
