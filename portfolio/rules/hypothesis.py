"""The sentence a project stands for: "We believe <solution> for <who> moves <measure> from <a> to <b> by <date>"."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class Blanks:
    """The blanks of the sentence, as typed; `by` is a day. An empty one is a gap."""

    solution: str = ""
    who: str = ""
    measure: str = ""
    today: str = ""
    wanted: str = ""
    unit: str = ""
    by: date | None = None

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "by": self.by.isoformat() if self.by else None}

    @classmethod
    def of(cls, parts: dict[str, Any] | None) -> "Blanks":
        """The blanks stored as `parts`; anything missing is a gap."""
        said = parts or {}
        words = {name: str(said.get(name) or "") for name in ("solution", "who", "measure", "unit")}
        return cls(
            **words,
            today=_number_words(said.get("today")),
            wanted=_number_words(said.get("wanted")),
            by=date.fromisoformat(said["by"]) if said.get("by") else None,
        )


@dataclass(frozen=True)
class Piece:
    """A stretch of the sentence; a gap says what is missing."""

    words: str
    is_gap: bool = False


def pieces(blanks: Blanks) -> tuple[Piece, ...]:
    """The sentence in stretches, its gaps marked."""
    day = f"{blanks.by.day} {blanks.by:%B %Y}" if blanks.by else ""
    wanted = f"{blanks.wanted} {blanks.unit}".strip() if blanks.wanted else ""
    filled = (
        ("We believe ", _with_article(blanks.solution), "(what?)"),
        (" for ", blanks.who, "(whom?)"),
        (" moves ", blanks.measure, "(which measure?)"),
        (" from ", blanks.today, "(?)"),
        (" to ", wanted, "(?)"),
        (" by ", day, "(when?)"),
    )
    told = [piece for lead, said, gap in filled for piece in (Piece(lead), Piece(said or gap, not said))]
    return (*told, Piece("."))


def sentence(blanks: Blanks) -> str:
    """The whole sentence, with its gaps to be seen."""
    return "".join(piece.words for piece in pieces(blanks))


def gaps(blanks: Blanks) -> int:
    """How many blanks nobody filled in."""
    return sum(piece.is_gap for piece in pieces(blanks))


def _with_article(solution: str) -> str:
    """ "workshop" reads "a workshop"; what begins with an article or a number stays as it is."""
    first = solution.split(" ", maxsplit=1)[0].lower()
    if not solution or first in {"a", "an", "the", "our", "one", "two", "some"} or first[:1].isdigit():
        return solution
    return f"{'an' if first[0] in 'aeio' and not first.startswith('one') else 'a'} {solution}"


def _number_words(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, int | float) else str(value)
