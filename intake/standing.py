"""Where a request stands, as its requester reads it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from portfolio import causes
from portfolio.backlog import Place
from portfolio.models import (
    Assessment,
    Decision,
    Event,
    File,
    LearningRequest,
    Message,
    Project,
    Promise,
    Supporter,
)
from portfolio.questions import Kind, Question
from portfolio.rules.comparing import ordinal
from portfolio.rules.fit import Fit
from portfolio.rules.information import QuestionWorth
from portfolio.states import RequestStatus, Stage
from web.forms import Errors, Fields
from web.wording import answer_words

MOST_QUESTIONS = 3
QUIET_AFTER = timedelta(days=60)
STEPS = ("Sent", "Read", "Decided", "Being made", "Delivered")


@dataclass(frozen=True)
class Next:
    """One more question, asked because its answer could change the decision; `done` of at most three were asked before."""

    question: Question
    worth: QuestionWorth
    done: int
    skipped: tuple[str, ...]
    values: Fields = field(default_factory=Fields)
    errors: Errors = field(default_factory=Errors)

    @property
    def number(self) -> int:
        return self.done + len(self.skipped) + 1

    @property
    def by_tap(self) -> bool:
        """Whether one press answers it."""
        return self.question.kind in {Kind.ONE_OF, Kind.STEP}


@dataclass(frozen=True)
class FollowUp:
    """What is asked after a request is kept: the next question, or that this is all."""

    path: str
    next: Next | None
    done: int


@dataclass(frozen=True)
class Behind:
    """Who else asked: how many, and from where; never who."""

    people: int
    units: tuple[str, ...]

    @classmethod
    def of(cls, supporters: Sequence[Supporter]) -> "Behind":
        units = sorted({one.unit.name for one in supporters if one.unit})
        return cls(len(supporters), tuple(units))


@dataclass(frozen=True)
class Said:
    """A line of the conversation with the files that came with it."""

    message: Message
    files: list[File]


@dataclass(frozen=True)
class Conversation:
    """Both sides' words, oldest first."""

    path: str
    learning_request: LearningRequest
    lines: list[Said]


@dataclass(frozen=True)
class Tracking:
    """A requester's page about their request."""

    learning_request: LearningRequest
    path: str
    link: str
    headline: str
    reason: str
    cause: str
    place: Place | None
    missing: list[str]
    step: int
    ended_early: bool
    decision: Decision | None
    happened: list[tuple[datetime, str]]
    conversation: Conversation
    behind: Behind
    answers: list[tuple[str, str]]
    files: list[File]
    way_in: str = ""
    follow_up: FollowUp | None = None
    just_sent: bool = False
    notice: str = ""
    errors: Errors = field(default_factory=Errors)
    typed: str = ""
    promise: Promise | None = None

    @property
    def waits_for_score(self) -> bool:
        return self.learning_request.assessment is None and self.learning_request.is_open

    @property
    def may_withdraw(self) -> bool:
        return self.learning_request.is_open or self.learning_request.status is RequestStatus.ACCEPTED

    def is_quiet(self, now: datetime) -> bool:
        """Whether its requester has said nothing for so long that it may no longer be needed."""
        last = self.learning_request.confirmed_at or self.learning_request.submitted_at
        return self.learning_request.is_open and now - last > QUIET_AFTER


HEADLINES = {
    RequestStatus.SUBMITTED: "It's in the queue for a decision",
    RequestStatus.NEEDS_INFO: "We have a question for you",
    RequestStatus.WAITLISTED: "On the waiting list",
    RequestStatus.SNOOZED: "We'll look again later",
    RequestStatus.ACCEPTED: "We're taking this on",
    RequestStatus.DECLINED: "We won't take this on for now",
    RequestStatus.REDIRECTED: "Something else should help sooner",
    RequestStatus.JOINED: "Joined with others who asked for the same",
    RequestStatus.ANSWERED: "There is something for you already",
    RequestStatus.DELIVERED: "It's there",
    RequestStatus.VERIFIED: "It's there, and it worked",
    RequestStatus.WITHDRAWN: "You withdrew this request",
}

MEANINGS = {
    "quick_win": "This looks like a quick win: it could help a good deal for little work.",
    "big_bet": "This could help a good deal, and it's a lot of work, so it is weighed with care.",
    "fill_in": "This looks like little work with a modest effect, as described so far.",
    "money_pit": "As described so far, this looks like much work for a modest effect. Telling us more may change that.",
}

MOVED = {
    "submitted": "Back in the queue",
    "needs_info": "We asked you something",
    "waitlisted": "Put on the waiting list",
    "snoozed": "Put aside until later",
    "accepted": "Accepted",
    "declined": "Declined",
    "redirected": "Pointed elsewhere",
    "joined": "Joined with another request",
    "answered": "Answered with something that exists",
    "delivered": "Delivered",
    "verified": "Checked: it worked",
    "withdrawn": "Withdrawn",
}


def headline(learning_request: LearningRequest, project: Project | None = None) -> str:
    """Where it stands, in one line."""
    if project is not None and project.stage is Stage.STOPPED:
        return "We took this on and stopped: it would not have been worth it"
    if learning_request.status is RequestStatus.SUBMITTED and learning_request.assessment is None:
        return "We're reading it"
    return HEADLINES[learning_request.status]


def reason(assessment: Assessment | None) -> str:
    """Why it stands where it stands, in one or two sentences."""
    if assessment is None:
        return "It is being read and ranked; this page will show the result by itself."
    counted = [one for one in assessment.reasons if one["influence"] and not one["text"].startswith("Cause")]
    first = f" What counts most is the {_phrase(counted[0]['text'])}." if counted else ""
    return MEANINGS[assessment.quadrant] + first


def cause(found: Fit) -> str:
    """What the cause sounds like and what that means for whoever asked; empty where nothing was told."""
    words = causes.plain(found)
    if not words:
        return ""
    if found.fit >= causes.SURE:
        return f"{words} Learning can help with that."
    if found.fit <= causes.HARDLY:
        return f"{words} Mending that often helps sooner than a course; we'll look at it with you."
    return words


def way_in(place: Place | None, because: str) -> str:
    """Where it stands and what would bring it into the plan; empty where nothing single would."""
    if place is None or not because:
        return ""
    doubt = f" ({place.best}-{place.worst})" if place.best != place.worst else ""
    return (
        f"It is {ordinal(place.likely)} of {place.of}{doubt}, so it doesn't fit into the plan yet. {because}"
    )


def step_of(learning_request: LearningRequest) -> tuple[int, bool]:
    """How many of the five steps are behind it, and whether it ended before the last."""
    status = learning_request.status
    if status in {RequestStatus.DELIVERED, RequestStatus.VERIFIED}:
        return 5, False
    if status is RequestStatus.ACCEPTED:
        return 3, False
    if learning_request.is_open:
        return (2 if learning_request.assessment else 1), False
    return 3, True


def happened(events: list[Event]) -> list[tuple[datetime, str]]:
    """The timeline a requester may see, newest first."""
    lines = [
        (event.at, "Sent" if event.action.endswith("submitted") else MOVED[event.details["to"]])
        for event in events
    ]
    return lines[::-1]


def said_so_far(answered: list[tuple[Question, Any]]) -> list[tuple[str, str]]:
    """Question and answer as a requester reads them; internal ones stay inside."""
    return [
        (question.label, answer_words(question, value))
        for question, value in answered
        if not question.internal
    ]


def conversation(
    learning_request: LearningRequest, path: str, messages: Iterable[Message], files: Iterable[File]
) -> Conversation:
    """The lines with their files."""
    by_line: dict[int | None, list[File]] = {}
    for file in files:
        by_line.setdefault(file.message_id, []).append(file)
    return Conversation(path, learning_request, [Said(one, by_line.get(one.id, [])) for one in messages])


def _phrase(text: str) -> str:
    """A reason without its figures: "People reached: 21-100 people (3 of 5), ..." is "people reached, 21-100 people"."""
    name, _, what = text.partition(" (")[0].partition(";")[0].partition(": ")
    what = re.sub(r"^serves a goal of weight (\d)$", r"it serves a goal that weighs \1 of 5", what)
    words = f"{name}{': ' if what.startswith('it ') else ', '}{what}" if what else name
    return words[:1].lower() + words[1:]
