"""The first cards of a project: which there are for each kind of solution, and how its hours are shared out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

LEAST_HOURS = 0.25


@dataclass(frozen=True)
class CardPlan:
    """A card to begin with. `hours` are usual ones: only their proportions count once a project has an estimate. What is
    `making` needs fewer where parts exist already."""

    title: str
    hours: float
    checklist: tuple[str, ...] = ()
    making: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "hours": self.hours,
            "checklist": [*self.checklist],
            "making": self.making,
        }

    @classmethod
    def of(cls, stored: dict[str, Any]) -> "CardPlan":
        return cls(
            stored["title"],
            float(stored.get("hours") or 0),
            tuple(stored.get("checklist") or ()),
            bool(stored.get("making")),
        )


def shared_out(
    plans: Sequence[CardPlan], estimate_hours: float | None, exists: float | None = None
) -> list[float]:
    """The hours of each card, in quarters of an hour.

    They add up to the estimate, as near as quarters go, each by its share of the usual hours; of what is `making` only the
    share that doesn't exist counts (`exists` is 0..1). Without an estimate the usual hours count themselves.
    """
    weights = [plan.hours * (1 - (exists or 0.0) if plan.making else 1.0) for plan in plans]
    total = sum(weights)
    factor = 1.0 if estimate_hours is None or not total else estimate_hours / total
    return [in_quarters(weight * factor) for weight in weights]


def in_quarters(hours: float) -> float:
    """Hours as people plan them: in quarters, and at least one of those."""
    return max(LEAST_HOURS, round(hours * 4) / 4)


def making_share(plans: Sequence[CardPlan]) -> float:
    """The share of the usual hours that goes into making, 0..1."""
    total = sum(plan.hours for plan in plans)
    return sum(plan.hours for plan in plans if plan.making) / total if total else 0.0


def _card(title: str, hours: float, *checklist: str, making: bool = False) -> CardPlan:
    return CardPlan(title, hours, checklist, making)


_READ = ("Read it where it was read before", "Write down what else changed meanwhile")
_ASK_30 = ("Three questions, no more", "Ask also who did not take part")
_AGREE = ("What they do, not what they know", "The requester agrees", "How we will see it")

FIRST: dict[str, tuple[CardPlan, ...]] = {
    "job_aid": (
        _card("Watch someone do it", 2.5, "Somebody who does it well", "Somebody new to it"),
        _card("Draft the aid on one page", 4, "Look what exists", "Steps in the order they are done", "Use their words", making=True),
        _card("Try it with two people", 2, "Say nothing while they use it", "Note where they stop"),
        _card("Publish and tell people", 2, "Put it where the work is done", "Name an owner and a review date", making=True),
        _card("Read the measure after a month", 1.5, *_READ),
    ),
    "peer_session": (
        _card("Find who does it well", 1.5, "Look at results, not at titles", "Ask their lead for the time"),
        _card("Agree on time and place", 1, "Invite with one sentence on what for"),
        _card("Hold the session", 3, "Begin with a real case", "Let them show, not tell", making=True),
        _card("Collect what people will do", 1.5, "One thing each, with a date"),
        _card("Read the measure after a month", 1.5, *_READ),
    ),
    "workshop": (
        _card("Talk to three people who do it well", 3.5, "What do they do that others don't?", "What gets in the way?"),
        _card("Agree on what people will do", 2.5, *_AGREE),
        _card("Draft and try one exercise", 5, "From a real case", "Try it with one person", making=True),
        _card("Prepare the material", 7, "Reuse what exists", "One page to take along", making=True),
        _card("Pilot with one group", 4.5, "Read the baseline first", "Ask what to leave out"),
        _card("Run it for all", 7, "Dates agreed with their leads", "Leads know what to ask afterwards"),
        _card("Ask at 30 days what was used", 2, *_ASK_30),
        _card("Read the measure", 2.5, *_READ),
    ),
    "live_virtual": (
        _card("Agree on what people will do", 2.5, *_AGREE),
        _card("Draft the session", 5, "Reuse what exists", "Something to do every five minutes", making=True),
        _card("Try it with two people", 3, "Sound, links and rooms", "Note where they drop off"),
        _card("Run it", 5, "Somebody watches the chat", "Send one page afterwards"),
        _card("Ask at 30 days what was used", 2, *_ASK_30),
        _card("Read the measure", 2.5, *_READ),
    ),
    "elearning": (
        _card("Agree on what people will do", 3, *_AGREE),
        _card("Write the storyboard", 5, "Reuse what exists", "An expert has read it", making=True),
        _card("Build a first part", 7, "The hardest decision first", making=True),
        _card("Try it with five people", 3.5, "Watch, say nothing", "Mend before you go on"),
        _card("Build the rest", 8, "Captions and keyboard", "An expert has read it", making=True),
        _card("Launch", 2.5, "Their leads know why", "A place for questions"),
        _card("Ask at 30 days what was used", 2, *_ASK_30),
        _card("Read the measure", 2.5, *_READ),
    ),
    "path": (
        _card("Agree on what people will do", 3, *_AGREE),
        _card("Collect what exists", 5, "Look in the library", "Ask three units"),
        _card("Order it and fill the gaps", 7, "What can be left out?", "Practice at work between the parts", making=True),
        _card("Pilot with one group", 6, "Read the baseline first", "Ask what to leave out"),
        _card("Launch", 4, "Leads know what to ask at each step"),
        _card("Read the measure", 2.5, *_READ),
    ),
}  # fmt: skip
"""The first cards by kind of solution, until somebody writes others. The hours are our own usual ones."""
