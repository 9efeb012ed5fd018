"""The words of a mail that was written as a page. Nothing in it is run or fetched."""

import re

from portfolio.post.text import cleaned

BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "fieldset", "figure"),
        *("footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p"),
        *("pre", "section", "table", "tbody", "thead", "tr", "ul"),
    )
)
SPACED = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "table", "ul", "ol", "pre"))
UNSEEN = frozenset(("head", "script", "style", "template", "title", "noscript", "object", "iframe"))


def words(page: str) -> str:
    """A line a block, quotes marked with ">" as in plain mail."""
    from lxml import etree

    collected = Words()
    parser = etree.HTMLParser(target=collected, huge_tree=True)
    try:
        parser.feed(cleaned(page) or " ")
        return str(parser.close())
    except (etree.LxmlError, ValueError, AssertionError):
        return collected.close()


class Words:
    """Collects words as the parser meets tags: no tree is built, so that depth costs nothing."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quotes = 0
        self._hidden = 0

    def start(self, tag: str, _attributes: dict[str, str]) -> None:
        self._hidden += tag in UNSEEN
        if tag in BLOCKS:
            self._end_line(is_spaced=tag in SPACED)
        elif tag in {"td", "th"} and self._line:
            self._line.append("  ")
        self._quotes += tag == "blockquote"
        if tag == "li":
            self._line.append("- ")

    def end(self, tag: str) -> None:
        self._hidden -= tag in UNSEEN
        if tag in BLOCKS and tag != "br":
            self._end_line(is_spaced=tag in SPACED)
        self._quotes -= tag == "blockquote"

    def data(self, text: str) -> None:
        if not self._hidden:
            self._line.append(text)

    def close(self) -> str:
        self._end_line(is_spaced=False)
        return "\n".join(self._lines)

    def _end_line(self, *, is_spaced: bool) -> None:
        text = re.sub(r"\s+", " ", "".join(self._line)).strip()
        self._line = []
        if text and text != "-":
            self._lines.append("> " * min(self._quotes, 20) + text)
        if is_spaced and self._lines and self._lines[-1]:
            self._lines.append("")
