"""How a report looks on a page; the same file that sets the PDF."""

from functools import lru_cache
from hashlib import sha256
from pathlib import Path

STYLE = Path(__file__).parent / "document.css"


@lru_cache(maxsize=1)
def style_path() -> str:
    """Its address with its digest, so that browsers may keep it for ever."""
    return f"/reports/document.css?v={sha256(STYLE.read_bytes()).hexdigest()[:10]}"
