"""How alike two texts are, from what they share in words and in meaning; and how it is said to a person."""

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

WORDS_READ = 40
"""Different words of a query that are looked up: what is said first, as a rule the title and the first sentences."""
WORDS_WEIGH = 0.5
"""How much the same words count beside the same meaning, which counts 1. Chosen in docs/search.md."""
BARE_UP_TO, CHATTY_FROM = 15, 45
"""Pieces of words in a question: up to the first it says what it means and all count alike; from the second on it is dressed in
courtesies, and only rare pieces tell. Between the two the answers of both ways are mixed. Chosen in docs/search.md."""
LENGTH_WEIGHS = 0.25
"""How much a long text is discounted for holding many words anyway (BM25's b)."""
FLOOR = 0.45
"""Under this score nothing is suggested to somebody who types. Chosen in docs/search.md."""
ENOUGH_WORDS = 0.6
"""With this share of the words it is suggested whatever its meaning: a single word typed says little of a long text."""
SURE = 0.75
"""From this score two requests are counted as asking alike, without a person having said so."""
SAME_UNIT = 0.02
"""What the same unit adds: enough to decide between equals."""

STOP_WORDS = frozenset(
    """a about above after again all also am an and any are as at be because been before being below between both
    but by can could did do does doing down during each few for from further had has have having he her here hers
    him his how i if in into is it its just like may me more most my no nor not now of off on once only or other
    our out over own s same she should so some such t than that the their them then there these they this those
    through to too under until up very was we were what when where which while who whom why will with would you
    your""".split()  # noqa: SIM905 - reads better than 130 strings
)
"""English words that say nothing about a topic. Other languages' are found to be common by counting."""


@dataclass(frozen=True)
class Likeness:
    """What two texts share: the weighed share of the words typed (0 to 1) and the cosine of meanings, if known."""

    words: float
    meaning: float | None
    shared: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """0 to 1. Without meanings it is the share of words alone."""
        if self.meaning is None:
            return self.words
        if self.meaning > 0.9995:  # word for word the same
            return 1.0
        return (max(self.meaning, 0.0) + WORDS_WEIGH * self.words) / (1 + WORDS_WEIGH)

    def reaches(self, floor: float) -> bool:
        """Whether it is near enough for what `floor` stands for."""
        return self.score >= floor or (floor <= FLOOR and self.words >= ENOUGH_WORDS)

    @property
    def reason(self) -> str:
        """Why it is suggested, for the person who types."""
        if self.shared and (self.meaning is None or self.words >= 0.15 or len(self.shared) >= 2):
            return f"Same words: {', '.join(self.shared[:4])}"
        return "Says much the same in other words"


def typed_words(text: str) -> list[str]:
    """The different words of a text, folded, in the order typed; without stop words unless there are no others."""
    found = dict.fromkeys(word for word in re.findall(r"[^\W_]+", folded(text)) if len(word) <= 60)
    telling = [word for word in found if word not in STOP_WORDS]
    return (telling or list(found))[:WORDS_READ]


def folded(text: str) -> str:
    """Lower case without accents: Größe and grosse stay different, Cafe and CAFÉ don't."""
    apart = unicodedata.normalize("NFD", text.lower())
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def is_unfinished(text: str) -> bool:
    """Whether the last word may still be being typed."""
    return bool(re.search(r"[^\W_]$", text))


def rarity(entries: int, holding: int) -> float:
    """How much a word tells that `holding` of `entries` texts hold (BM25's inverse document frequency, never negative)."""
    holding = max(holding, 1)
    entries = max(entries, holding)
    return math.log(1 + (entries - holding + 0.5) / (holding + 0.5))


def chattiness(pieces: int) -> float:
    """0 for a bare question, 1 for one with much around it: how much rarity counts in its meaning."""
    return min(1.0, max(0.0, (pieces - BARE_UP_TO) / (CHATTY_FROM - BARE_UP_TO)))


def starts(word: str) -> Sequence[str]:
    """What to look for where a half-typed word is not known: its beginning, then shorter ones a stemmer may have left."""
    return [word[:size] for size in range(len(word), max(2, len(word) - 4), -1)] if len(word) >= 3 else []
