"""Finding by words, in SQLite's FTS5 or PostgreSQL's full text: the few rarest words typed, weighed by their rarity."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from sqlalchemy import text
from sqlalchemy.orm import Session

from portfolio.rules.similarity import LENGTH_WEIGHS, is_unfinished, rarity, starts, typed_words

AT_MOST = 2000
"""Texts read for one word. A word that more hold tells little; of those the newest are read."""
WORDS_SOUGHT = 12
READ_IN_ALL = 6000
"""Texts read for all words together; common words are left out first."""
KEPT = 100
"""Candidates among requests, and among resources, that are looked at closely."""


@dataclass(frozen=True)
class Match:
    """An entry that holds some of the words."""

    id: int
    kind: str
    share: float
    shared: tuple[str, ...]


@dataclass(frozen=True)
class _Sought:
    """A word as typed, what the database is asked for, and how many texts hold it (counted up to AT_MOST)."""

    word: str
    term: str
    held: int


@dataclass(frozen=True)
class Size:
    """How many texts there are and how long they are on average, in words."""

    entries: int
    length: float


def find(session: Session, typed: str, size: Size | None = None) -> list[Match]:
    """The best entries of each kind, by the share of the typed words' rarity they hold."""
    words = typed_words(typed)
    if not words:
        return []
    size = size or measure(session)
    sought = _look_up(session, words, unfinished=is_unfinished(typed))
    whole = sum(rarity(size.entries, one.held) for one in sought)
    used = _telling(sought)
    if not used:
        return []
    weights = [rarity(size.entries, one.held) / whole for one in used]
    found = [
        Match(id_, kind, share * _by_length(length, size), _shared(used, bits))
        for id_, kind, length, share, bits in _matches(session, used, weights)
    ]
    return sorted(found, key=lambda match: (-match.share, match.id))


def measure(session: Session) -> Size:
    entries, length = session.execute(
        text("SELECT count(*), coalesce(avg(length), 1) FROM search_entries WHERE kind <> ''")
    ).one()
    return Size(entries, float(length))


def _look_up(session: Session, words: Sequence[str], *, unfinished: bool) -> list[_Sought]:
    """How many texts hold each word. A last word nobody used may be half typed: then what begins like it is sought."""
    on_sqlite = _on_sqlite(session)
    whole = [_whole(word, on_sqlite=on_sqlite) for word in words]
    held = _counts(session, whole)
    sought = [_Sought(*one) for one in zip(words, whole, held, strict=True)]
    last = sought[-1]
    if unfinished and not last.held:
        begun = [_begun(start, on_sqlite=on_sqlite) for start in starts(last.word)]
        known = [
            _Sought(last.word, term, count)
            for term, count in zip(begun, _counts(session, begun), strict=True)
            if count
        ]
        sought[-1:] = known[:1] or [last]
    return sought


def _counts(session: Session, terms: Sequence[str]) -> list[int]:
    if not terms:
        return []
    one = "SELECT {place}, count(*) FROM (SELECT 1 FROM {found}) AS found{place}"
    parts = [one.format(place=place, found=_holding(session, f"t{place}")) for place in range(len(terms))]
    found = session.execute(text(" UNION ALL ".join(parts)), _named("t", terms)).all()
    return [count for _, count in sorted((place, count) for place, count in found)]


def _telling(sought: Sequence[_Sought]) -> list[_Sought]:
    """The rarest of the words that are held at all, in the order typed, as long as not too much must be read for them."""
    rarest = sorted((one for one in sought if one.held), key=lambda one: one.held)[:WORDS_SOUGHT]
    read = accumulate(one.held for one in rarest)
    used = rarest[:1] + [one for one, so_far in zip(rarest, read, strict=True) if so_far <= READ_IN_ALL][1:]
    return [one for one in sought if one in used]


def _by_length(length: int, size: Size) -> float:
    """1 for the shortest text, less for a longer one, which holds many words anyway."""
    return 1 / (1 + LENGTH_WEIGHS / (1 - LENGTH_WEIGHS) * length / max(size.length, 1.0))


def _shared(used: Sequence[_Sought], bits: int) -> tuple[str, ...]:
    return tuple(one.word for place, one in enumerate(used) if bits >> place & 1)


def _matches(
    session: Session, used: Sequence[_Sought], weights: Sequence[float]
) -> Sequence[tuple[int, str, int, float, int]]:
    """Entry, kind, length, share and which words, of the entries that hold the largest shares."""
    identity = "rowid" if _on_sqlite(session) else "id"
    parts = " UNION ALL ".join(
        f"SELECT id, CAST(:w{place} AS float) AS weight, {1 << place} AS bit FROM"  # noqa: S608 - numbers of ours
        f" (SELECT {identity} AS id FROM {_holding(session, f't{place}')}) AS found{place}"
        for place in range(len(used))
    )
    best = " UNION ALL ".join(
        f"SELECT * FROM (SELECT id, share, bits FROM summed WHERE id % 2 = {odd} ORDER BY share DESC, id LIMIT {KEPT})"  # noqa: S608
        f" AS best{odd}"
        for odd in (0, 1)
    )
    statement = f"""
        WITH summed AS MATERIALIZED (
            SELECT id, sum(weight) AS share, sum(bit) AS bits FROM ({parts}) AS held GROUP BY id)
        SELECT e.id, e.kind, e.length, CAST(share AS float) AS share, bits FROM ({best}) AS best
        JOIN search_entries e ON e.id = best.id WHERE e.kind <> ''"""  # noqa: S608 - numbers of ours
    values = {**_named("t", [one.term for one in used]), **_named("w", weights)}
    return session.execute(text(statement), values).all()


def _holding(session: Session, name: str) -> str:
    """The texts that hold the term bound as `name`, newest first where there are many."""
    if _on_sqlite(session):
        return f"search_words WHERE search_words MATCH :{name} ORDER BY rowid DESC LIMIT {AT_MOST}"
    return f"search_entries WHERE lexemes @@ to_tsquery('english', :{name}) LIMIT {AT_MOST}"


def _whole(word: str, *, on_sqlite: bool) -> str:
    return f'"{word}"' if on_sqlite else f"'{word}'"


def _begun(start: str, *, on_sqlite: bool) -> str:
    return f'"{start}"*' if on_sqlite else f"'{start}':*"


def _on_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _named(letter: str, values: Sequence[object]) -> dict[str, object]:
    return {f"{letter}{place}": value for place, value in enumerate(values)}
