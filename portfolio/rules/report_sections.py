"""What may stand in a report: its sections, the decision each serves, and which of them an audience gets to begin with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

LONGEST_TITLE = 80
LONGEST_WORDS = 1000


@dataclass(frozen=True)
class Section:
    """A part of a report. `title` stands over it unless somebody wrote another; `serves` is the question it helps to answer."""

    key: str
    title: str
    serves: str


@dataclass(frozen=True)
class Audience:
    """Whom a report is for, and what it begins with: the sections that are on, in their order.

    `pages` is how many sheets of A4 it may take, None where it takes what it needs. `about` is "goal" or "project" where the
    report is about one of those, "" where it is about everything.
    """

    key: str
    name: str
    says: str
    pages: int | None
    about: str
    sections: tuple[str, ...]


@dataclass(frozen=True)
class Chosen:
    """A section as it stands in one report. `words` come under its title, before anything counted."""

    key: str
    title: str
    words: str


SECTIONS: tuple[Section, ...] = (
    Section("summary", "In short", "What should somebody know who reads one sentence?"),
    Section("decisions", "What we ask you to decide", "What has to be decided, by when, and what would it buy?"),
    Section("kpis", "Key figures", "Is there more or less of it than before?"),
    Section("goals", "Goals: where we stand and what serves them", "Which goal needs more, and which enough?"),
    Section("results", "Results: did it work?", "Which work do we repeat, change or end?"),
    Section("stories", "What it changed", "What is worth telling, and how sure are we?"),
    Section("portfolio", "Portfolio: what began, what ended, what we said no to", "Do we work on the right things?"),
    Section("slippage", "Promised dates, and dates now", "Which date do we tell somebody anew today?"),
    Section("flow", "Flow: are we keeping up, and what can we promise?", "Do we limit what comes in, or add hours?"),
    Section("promises", "Did our promises hold?", "How far may somebody rely on a date we give?"),
    Section("capacity", "Capacity, and what more would buy", "Do we buy more hours, and which kind?"),
    Section("surveys", "Surveys: what people say they do now", "What do we change in what we offer?"),
    Section("levels", "How far each piece of work was followed", "What do we evaluate further, and what not?"),
    Section("hypotheses", "Were we right about what would work?", "How boldly do we bet the next time?"),
    Section("money", "What it cost, and what it was worth", "Was it worth the money, and is more of it?"),
    Section("attention", "What needs attention", "Whom do we call this week?"),
    Section("thanks", "With thanks to", "Whom do we thank, and whose hours do we ask for again?"),
    Section("compare", "What changed since the last edition", "What is new to somebody who read the last one?"),
    Section("sources", "Where requests came from", "Which way in do we look after?"),
    Section("method", "How this was counted", "Can I check it?"),
)  # fmt: skip
BY_KEY = {section.key: section for section in SECTIONS}
ALWAYS = frozenset({"method"})
"""A report always says how it was counted."""

AUDIENCES: tuple[Audience, ...] = (
    Audience(
        "leadership",
        "For leadership",
        "Two pages: what we ask you to decide, where the goals stand, what was worth telling; then the portfolio.",
        2,
        "",
        (
            "summary", "kpis", "decisions", "goals", "stories",
            "portfolio", "flow", "promises", "capacity", "attention", "method",
        ),
    ),
    Audience(
        "sponsor",
        "For the sponsor of a goal",
        "One page about one goal: where it stands, what serves it, what came of it, and what is wanted.",
        1,
        "goal",
        ("summary", "goals", "decisions", "stories", "portfolio", "slippage", "method"),
    ),
    Audience(
        "manager",
        "For the manager",
        "Everything, with contents: to prepare a meeting, or to look something up.",
        None,
        "",
        (
            "summary", "kpis", "compare", "decisions", "attention", "goals", "results", "stories", "hypotheses", "levels",
            "surveys", "money", "portfolio", "slippage", "flow", "promises", "capacity", "sources", "thanks", "method",
        ),
    ),
    Audience(
        "showcase",
        "Showcase of one success",
        "One page about one piece of work: what it changed, how sure we are, what it cost, and who made it.",
        1,
        "project",
        ("summary", "stories", "levels", "money", "thanks", "method"),
    ),
)  # fmt: skip
BY_AUDIENCE = {audience.key: audience for audience in AUDIENCES}


def audience_of(key: str | None) -> Audience:
    """The audience by its key; leadership where there is none, as with reports nobody designed."""
    return BY_AUDIENCE.get(key or "", AUDIENCES[0])


def preset(audience: str) -> list[dict[str, Any]]:
    """The sections a report for this audience begins with: those that are on, then the others, off."""
    on = audience_of(audience).sections
    rest = [section.key for section in SECTIONS if section.key not in on]
    return [{"key": key, "on": key in on, "title": "", "words": ""} for key in (*on, *rest)]


def tidied(sections: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sections as they may be kept: each once, in the order given, those nobody spoke of at the end and off.

    A title that is the usual one is kept as "", so that it follows if we find better words.
    """
    found: dict[str, dict[str, Any]] = {}
    for one in sections:
        key = str(one.get("key", ""))
        if key in BY_KEY and key not in found:
            found[key] = {
                "key": key,
                "on": bool(one.get("on")) or key in ALWAYS,
                "title": _title(key, str(one.get("title") or "")),
                "words": str(one.get("words") or "").strip()[:LONGEST_WORDS],
            }
    for section in SECTIONS:
        found.setdefault(
            section.key, {"key": section.key, "on": section.key in ALWAYS, "title": "", "words": ""}
        )
    return list(found.values())


def chosen(sections: Sequence[dict[str, Any]] | None, audience: str = "leadership") -> tuple[Chosen, ...]:
    """What a report shows, in its order; the audience's preset where nothing was chosen."""
    return tuple(
        Chosen(one["key"], one["title"] or BY_KEY[one["key"]].title, one["words"])
        for one in tidied(sections or preset(audience))
        if one["on"]
    )


def _title(key: str, typed: str) -> str:
    title = " ".join(typed.split())[:LONGEST_TITLE]
    return "" if title == BY_KEY[key].title else title
