"""Words of surveys made comparable: headers without their dress, answers in their order, and which of two may be the same."""

import html
import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from portfolio.sheets import tidy

ALIKE = 0.72
"""From here on two wordings of a question are asked about. Much the same question of two years is about 0.85."""
ALIKE_WORDS = 0.86
_SAME_ANSWERS = 0.5
_BRACKETS = re.compile(r"\([^()]*\)")

_STEPS: tuple[tuple[tuple[str, float], ...], ...] = (
    # One scale a line: what a word of it looks like and where it stands. The first that fits counts.
    (
        (r"(strongly|completely|totally|fully) disagree|stimme (überhaupt|gar) nicht zu", -2),
        (r"(somewhat|slightly|rather|partly|tend to) disagree|stimme eher nicht zu", -1),
        (r"disagree|stimme nicht zu", -1.5),
        (r"neither.*|neutral|undecided|teils.*|weder.*", 0),
        (r"(somewhat|slightly|rather|partly|tend to) agree|stimme eher zu", 1),
        (r"(strongly|completely|totally|fully) agree|stimme (voll|völlig).*zu", 2),
        (r"agree|stimme zu", 1.5),
    ),
    (
        (r"(very|extremely|completely) (dissatisfied|unsatisfied)", -2),
        (r"(somewhat|slightly|rather) (dissatisfied|unsatisfied)", -1),
        (r"dissatisfied|unsatisfied", -1.5),
        (r"neither.*|neutral", 0),
        (r"(somewhat|slightly|rather) satisfied", 1),
        (r"(very|extremely|completely) satisfied", 2),
        (r"satisfied", 1.5),
    ),
    ((r"very (poor|bad)", -2), (r"poor|bad", -1), (r"fair|average|ok(ay)?|neutral", 0), (r"good", 1), (r"very good", 2), (r"excellent|outstanding", 3)),
    ((r"never|nie", 0), (r"almost never|hardly ever", 0.5), (r"rarely|seldom|selten", 1), (r"sometimes|occasionally|manchmal", 2), (r"about half (of )?the time", 2.5), (r"often|frequently|usually|oft", 3), (r"most of the time|almost always|meistens", 3.5), (r"always|all (of )?the time|every time|immer", 4)),
    ((r"none( of it)?|nothing", 0), (r"(a )?little( of it)?|some( of it)?", 1), (r"(about )?half( of it)?", 2), (r"most( of it)?|a lot", 3), (r"all( of it)?|everything", 4)),
    ((r"not( at all)?( \w+)?|gar nicht", 0), (r"slightly( \w+)?|a little( \w+)?", 1), (r"somewhat( \w+)?", 1.5), (r"neutral", 1.7), (r"moderately( \w+)?|fairly( \w+)?", 2), (r"(very|highly|quite)( \w+)?|sehr", 3), (r"(extremely|absolutely)( \w+)?", 4)),
    ((r"much less( \w+)?", -3), (r"slightly less( \w+)?", -1), (r"less( \w+)?", -2), (r"no (change|difference).*|(about )?the same|neither.*", 0), (r"slightly more( \w+)?", 1), (r"much more( \w+)?", 3), (r"more( \w+)?", 2)),
    ((r"too slow", -2), (r"(slightly|a bit) (too )?slow", -1), (r"(just|about) right", 0), (r"(slightly|a bit) (too )?fast", 1), (r"too fast", 2)),
    ((r"(little or )?no (knowledge|experience).*", 0), (r"little (knowledge|experience).*", 1), (r"some (knowledge|experience).*", 2), (r"(extensive|much|a lot of) (knowledge|experience).*", 3)),
    ((r"(very|extremely) unlikely", -2), (r"unlikely", -1), (r"neither.*|neutral|maybe", 0), (r"likely", 1), (r"(very|extremely) likely", 2)),
)  # fmt: skip


def wording(text: str) -> str:
    """A header as people read it: no tags, entities, no-break or double spaces."""
    return re.sub(r"\s+(?=[?.,:;!])", "", tidy(html.unescape(tidy(text))))


def plain(text: str) -> str:
    """A wording to compare by: small letters and digits only."""
    return " ".join(re.findall(r"[^\W_]+", wording(text).casefold()))


def alike(one: str, other: str) -> float:
    """How alike two wordings are, 0..1, with or without what stands in brackets; other numbers make other questions."""
    if re.findall(r"\d+", plain(one)) != re.findall(r"\d+", plain(other)):
        return 0.0
    bare = (_BRACKETS.sub(" ", one), _BRACKETS.sub(" ", other))
    return max(
        SequenceMatcher(None, plain(a), plain(b), autojunk=False).ratio() for a, b in ((one, other), bare)
    )


def offer_the_same(some: Iterable[str], others: Iterable[str]) -> bool:
    """Whether two questions offer much the same answers, and at least three of them."""
    a, b = {plain(one) for one in some}, {plain(one) for one in others}
    return len(a & b) >= 3 and len(a & b) >= _SAME_ANSWERS * min(len(a), len(b))


def may_be_one(one: str, other: str) -> bool:
    """Whether two answers may mean the same: spelt almost alike, or alike but for an "e.g."."""
    a, b = (
        " ".join(word for word in plain(text).split() if word not in {"e", "g", "eg"})
        for text in (one, other)
    )
    if re.findall(r"\d+", a) != re.findall(r"\d+", b) or min(len(a), len(b)) < 4:
        return False
    return a == b or (
        SequenceMatcher(None, a, b, autojunk=False).ratio() >= ALIKE_WORDS and not _opposed(a, b)
    )


def in_order(words: Sequence[str]) -> tuple[str, ...] | None:
    """The steps of a scale from low to high, where all of these words are steps of one; None where they are not."""
    for steps in _STEPS:
        placed = [(_place(word, steps), word) for word in words]
        if (
            len(placed) > 1
            and all(place is not None for place, _ in placed)
            and len({place for place, _ in placed}) == len(placed)
        ):
            return tuple(word for _, word in sorted(placed))
    return None


def _place(word: str, steps: tuple[tuple[str, float], ...]) -> float | None:
    said = " ".join(word.casefold().split()).strip(" .")
    return next((place for pattern, place in steps if re.fullmatch(pattern, said)), None)


def _opposed(one: str, other: str) -> bool:
    """Whether one denies what the other says, or another word stands in its place: only letters may be amiss."""
    a, b = set(one.split()), set(other.split())
    if any(re.match(r"(not|no|never|dis|un|in|pre|post|before|after|more|less)", word) for word in a ^ b):
        return True
    return bool(a - b and b - a) and not all(
        any(SequenceMatcher(None, word, against).ratio() > 0.6 for against in b - a) for word in a - b
    )
