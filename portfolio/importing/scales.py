"""Questions asked as a matrix: which columns belong together, what their grades mean, and which words may mean the same."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import combinations

from portfolio.importing.mapping import Grade, Topic
from portfolio.importing.profiles import Profile

MOST_GRADES = 11
LONGEST_GRADE = 60
_NEEDED = re.compile(
    r"\b(need|essential|interest|import|priorit|relevan|want|demand|benötig|brauch|wichtig|bedarf|besoin|utile)",
    re.IGNORECASE,
)
_NOT_NEEDED = re.compile(
    r"\b(barrier|obstacle|satisf|prefer|format|agree|confiden|how likely)", re.IGNORECASE
)

_STRENGTH = {
    # From none to most. Looked for as words in a grade; the strongest hit counts, "not" wins over all.
    0.0: "not no none never nicht kein keine gar pas",
    0.25: "slightly somewhat little low small rarely minor etwas wenig gering niedrig peu",
    0.5: "moderately moderate medium neutral sometimes average mittel mäßig moyen maybe",
    0.75: "very highly high much large strong strongly often quite sehr hoch viel stark très beaucoup yes ja oui",
    1.0: "absolutely essential extremely critical always must crucial vital unbedingt äußerst absolut indispensable",
}
_WORD_STRENGTH = {word: strength for strength, words in _STRENGTH.items() for word in words.split()}


@dataclass(frozen=True)
class Matrix:
    """Columns that ask one question about several topics."""

    stem: str
    topics: list[Topic]
    words: Counter[str]
    is_about_needs: bool


@dataclass(frozen=True)
class Synonyms:
    """Two words that may be one grade, and why we ask."""

    one: str
    other: str
    why: str


def matrices(columns: Sequence[Profile]) -> list[Matrix]:
    """The matrix questions of a file, in its order."""
    return [_matrix(block) for block in _blocks(columns)]


def scale(found: Sequence[Matrix]) -> list[Grade]:
    """The grades of these matrices from least to most; those above the middle count as wanting."""
    words = _one_spelling(found)
    order = {word: _strength(word, list(words)) for word in words}
    ranked = sorted(words, key=lambda word: (order[word] if order[word] is not None else -1.0, word))
    return [Grade(word=word, wants=(order[word] or 0) > 0.5) for word in ranked]


def near_synonyms(found: Sequence[Matrix], columns: Sequence[Profile]) -> list[Synonyms]:
    """Pairs of grades that may be the same: never both offered in one column, in scales that are otherwise alike, or one letter apart."""
    names = {topic.column for matrix in found for topic in matrix.topics}
    offered = [
        {word.casefold() for word in column.values}
        for column in columns
        if column.name in names and column.values
    ]
    together = {pair for words in offered for pair in combinations(sorted(words), 2)}
    beside = {
        word: set[str]().union(*(words for words in offered if word in words))
        for words in offered
        for word in words
    }
    asked = []
    for one, other in combinations(_one_spelling(found), 2):
        a, b = sorted((one.casefold(), other.casefold()))
        if SequenceMatcher(None, a, b).ratio() >= 0.9 and not _only_numbers_differ(a, b):
            asked.append(Synonyms(one, other, "They are spelt almost alike."))
        elif (a, b) not in together and _alike(beside[a] - {a}, beside[b] - {b}):
            asked.append(
                Synonyms(
                    one,
                    other,
                    "No question offers both, and the scales they stand in are otherwise the same.",
                )
            )
    return asked


def _blocks(columns: Sequence[Profile]) -> list[list[Profile]]:
    blocks: list[list[Profile]] = []
    stem = ""
    for column in columns:
        if not _has_grades(column):
            stem = ""
            continue
        head = _head(column)
        shared = _shared([stem, head]) if stem else ""
        long_enough = shared == stem == head if head.endswith("[") else len(shared) >= max(8, len(stem) // 2)
        if stem and long_enough and _alike_values(blocks[-1][-1], column):
            blocks[-1].append(column)
            stem = shared
        else:
            blocks.append([column])
            stem = head
    return [block for block in blocks if len(block) > 1]


def _has_grades(column: Profile) -> bool:
    """Few different answers, each a word or two, given again and again."""
    words = {word.casefold() for word in column.values}
    if not words or len(words) > MOST_GRADES or any(len(word) > LONGEST_GRADE for word in words):
        return False
    return _head(column).endswith("[") or (column.filled >= max(4, 1.5 * len(words)) and len(words) > 1)


def _alike_values(one: Profile, other: Profile) -> bool:
    a, b = ({word.casefold() for word in column.values} for column in (one, other))
    return len(a & b) * 2 >= min(len(a), len(b))


def _head(column: Profile) -> str:
    """Google Forms: "Question [Topic]". MS Forms: "Question.Topic". Others: whatever they share."""
    bracketed = re.match(r"(.*?)\s*\[[^\]]+\]\s*$", column.name)
    return f"{bracketed[1]} [" if bracketed else column.name


def _matrix(block: list[Profile]) -> Matrix:
    names = [column.name for column in block]
    stem = _shared(names)
    cut = max(stem.rfind(sign) for sign in (" | ", ". ", ".", ": ", ":", "[", "- ", "– ", "? "))
    stem = stem[: cut + 1] if cut > 0 else stem[: stem.rfind(" ") + 1]
    topics = [Topic(column=name, topic=name[len(stem) :].strip(" .:-–[]|") or name) for name in names]
    words: Counter[str] = Counter()
    for column in block:
        words.update(column.values)
    head = stem.strip(" .:-–[|")
    needs = not _NOT_NEEDED.search(head) and bool(_NEEDED.search(" ".join(words)) or _NEEDED.search(head))
    return Matrix(head, topics, words, needs)


def _shared(texts: list[str]) -> str:
    """What all of them begin with."""
    first, last = min(texts), max(texts)
    return next((first[:place] for place, sign in enumerate(first) if sign != last[place : place + 1]), first)


def _one_spelling(found: Sequence[Matrix]) -> Counter[str]:
    """Grades with upper and lower case merged, under the spelling used most."""
    spellings: dict[str, Counter[str]] = {}
    for matrix in found:
        for word, times in matrix.words.items():
            spellings.setdefault(word.casefold(), Counter())[word] += times
    return Counter({words.most_common(1)[0][0]: words.total() for words in spellings.values()})


def _strength(word: str, scale_words: list[str]) -> float | None:
    """Where a grade stands between none (0) and most (1)."""
    numbers = [int(found[0]) for one in scale_words if (found := re.match(r"\d{1,2}", one))]
    if numbers and (own := re.match(r"\d{1,2}", word)):
        low, high = min(numbers), max(numbers)
        return (int(own[0]) - low) / (high - low) if high > low else 1.0
    hits = [
        _WORD_STRENGTH[part] for part in re.findall(r"[^\W\d_]+", word.casefold()) if part in _WORD_STRENGTH
    ]
    if not hits:
        return None
    return 0.0 if 0.0 in hits else max(hits)


def _alike(one: set[str], other: set[str]) -> bool:
    return len(one & other) >= 2 and len(one & other) * 2 > min(len(one), len(other))


def _only_numbers_differ(one: str, other: str) -> bool:
    return re.sub(r"\d", "", one) == re.sub(r"\d", "", other)
