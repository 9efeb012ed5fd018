"""The words a manager starts from, by verdict and reason: the first ones stand here, edited ones in the table phrases."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portfolio import letters, organisation
from portfolio.history import record
from portfolio.models import LearningRequest, Person, Phrase, Resource
from portfolio.states import Verdict

REASONS = (
    ("not_now", "Doesn't fit now"),
    ("too_small", "Too small to be worth it"),
    ("no_goal", "Serves no goal"),
    ("not_training", "Not a training problem"),
    ("exists", "Exists already"),
    ("no_owner", "Nobody backs it"),
    ("other", "Another reason"),
)
"""Why a request is declined or waits, to count by."""

FIRST_PIECE = "first_piece"
"""Why a question is asked of what would take over a quarter."""

BLANKS = {
    "name": "the requester's first name",
    "title": "what they called their request",
    "number": "the number of the request",
    "resource": "what answers it, where you name something from the library",
}
LONGEST = 2000

FIRST: dict[tuple[Verdict, str], str] = {
    **{(verdict, ""): words for verdict, words in letters.DRAFTS.items()},
    (Verdict.SNOOZE, ""): "This is worth another look later, so we've put it aside until then. You don't have to do anything; we'll come back to it.",
    (Verdict.ASK, FIRST_PIECE): "What you ask for would take us more than a quarter. What is the first piece of it that would already help, and whom?",
    (Verdict.DECLINE, "not_now"): "We won't take this on for now: other work has to come first. We can look at it again when that changes.",
    (Verdict.DECLINE, "too_small"): "We won't take this on: the effect would be small against the work. If more people run into it, please tell us.",
    (Verdict.DECLINE, "no_goal"): "We won't take this on for now, because it serves none of this year's goals. If we see that wrongly, please tell us which one it serves.",
    (Verdict.DECLINE, "not_training"): "From what you describe, people know how, and something else gets in the way. A course wouldn't change that, so we won't make one.",
    (Verdict.DECLINE, "exists"): "We won't make something new, because there is something for this already. Please have a look, and tell us if it doesn't do.",
    (Verdict.DECLINE, "no_owner"): "We won't take this on for now, because nobody in your unit stands behind the change yet. With somebody who does, we'll gladly look again.",
    (Verdict.WAITLIST, "not_now"): "This is worth doing, and other work has to come first. It's on the waiting list; you can see its place on your page.",
    (Verdict.WAITLIST, "no_owner"): "This is worth doing once somebody in your unit stands behind the change. It's on the waiting list until then.",
}  # fmt: skip
"""What is there before anybody edits it."""

_BLANK = re.compile(r"\{([^{}]*)\}")


class PhraseRefused(ValueError):
    """These words can't be kept; the message says why."""


@dataclass(frozen=True)
class Line:
    """The words in force for a verdict and a reason ("" for any), and the first ones."""

    verdict: Verdict
    reason: str
    words: str
    first: str

    @property
    def name(self) -> str:
        return f"{self.verdict}_{self.reason}" if self.reason else self.verdict.value

    @property
    def is_edited(self) -> bool:
        return self.words != self.first


def edit(session: Session, verdict: Verdict, reason: str, words: str, *, by: Person, at: datetime) -> None:
    """Start from these words from now on; from the first ones where they are empty. Raises PhraseRefused."""
    if (verdict, reason) not in FIRST:
        raise PhraseRefused("There are no words for this.")
    check(words)
    kept = session.get(Phrase, (verdict.value, reason))
    if (kept.words if kept else FIRST[verdict, reason]) == (words or FIRST[verdict, reason]):
        return
    if kept is not None and not words:
        session.delete(kept)
    else:
        kept = kept or Phrase(verdict=verdict.value, reason=reason)
        kept.words, kept.changed_at, kept.changed_by_id = words, at, by.id
        session.add(kept)
    ours = organisation.current(session)
    if ours is not None:
        record(session, "organisation.phrase_set", ours, by=by, at=at, verdict=verdict.value, reason=reason)


def check(words: str) -> None:
    """Raise PhraseRefused where a blank is none of those that can be filled, or the words are too long."""
    if len(words) > LONGEST:
        raise PhraseRefused(f"Please keep this under {LONGEST} characters.")
    unknown = [found for found in _BLANK.findall(words) if found not in BLANKS]
    known = ", ".join(f"{{{name}}}" for name in BLANKS)
    if unknown:
        raise PhraseRefused(f"{{{unknown[0]}}} can't be filled in. These can: {known}.")
    if set("{}") & set(_BLANK.sub("", words)):
        raise PhraseRefused(f"A brace stands alone. Blanks are written like these: {known}.")


def fill(words: str, about: LearningRequest, resource: Resource | None = None) -> str:
    """The words with their blanks filled; what can't be filled yet, and braces that are no blanks, stay as they are."""
    said = {
        "name": about.requester.display_name.split()[0],
        "title": about.title,
        "number": str(about.id),
        **({"resource": resource.title} if resource else {}),
    }
    return _BLANK.sub(lambda found: said.get(found[1], found[0]), words)


def breaks_off(words: str) -> bool:
    """Whether the words end where the first ones leave the rest to the manager: "We won't, because"."""
    return words.rstrip().endswith((":", " because"))


# Queries


def listed(session: Session) -> list[Line]:
    """The words in force, verdict by verdict."""
    edited = {(one.verdict, one.reason): one.words for one in session.query(Phrase)}
    return [
        Line(verdict, reason, edited.get((verdict.value, reason), first), first)
        for (verdict, reason), first in sorted(FIRST.items(), key=_place)
    ]


def drafts(session: Session, about: LearningRequest | None = None) -> dict[tuple[Verdict, str], str]:
    """The words in force by verdict and reason, filled for one request where it is given."""
    return {
        (line.verdict, line.reason): fill(line.words, about) if about else line.words
        for line in listed(session)
    }


def _place(phrase: tuple[tuple[Verdict, str], str]) -> tuple[int, int]:
    (verdict, reason), _ = phrase
    return [*Verdict].index(verdict), ["", FIRST_PIECE, *dict(REASONS)].index(reason)
