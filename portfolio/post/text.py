"""Bytes to text: by the charset that was declared where that is true, and cleaned of what no person types."""

import codecs
import re

from portfolio.submission import clean, one_line

UTF8_FIRST = frozenset({"ascii", "iso8859-1", "cp1252", "utf-8"})
NO_TEXT = frozenset({"punycode", "idna", "unicode_escape", "raw-unicode-escape", "undefined", "mbcs", "oem"})
WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949"}


def decoded(content: bytes, charset: str | None) -> str:
    """As its charset says if that is true; else as UTF-8 if it is that, else as Windows' Latin letters."""
    declared = _codec(charset)
    tries = ["utf-8", declared, "cp1252"] if declared in UTF8_FIRST else [declared, "utf-8", "cp1252"]
    for codec in tries:
        try:
            return content.decode(codec)
        except (UnicodeError, LookupError, ValueError):
            continue
    return content.decode("latin-1")


def cleaned(text: str) -> str:
    """Without controls and halves of characters, at most one blank line in a row."""
    return re.sub(r"\n[ \t]*(\n[ \t]*)+(?=\n)", "\n", str(clean(text)))


def line(text: str, longest: int) -> str:
    return str(one_line(text))[:longest]


def _codec(charset: str | None) -> str:
    try:
        name = codecs.lookup((charset or "utf-8").strip("'\" \t")).name
    except (LookupError, ValueError, UnicodeError):
        return "utf-8"
    return "utf-8" if name in NO_TEXT else WIDER.get(name, name)
