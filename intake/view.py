"""What the pages of this door show, as typed values."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from portfolio.learning_requests import Place
from portfolio.models import Assessment, Decision, Event, Goal, LearningRequest, Message, Project
from portfolio.questions import ON_DEMAND, Question
from portfolio.states import RequestStatus, Stage
from web.forms import Errors, Fields
from web.wording import answer_words


@dataclass(frozen=True)
class RequestForm:
    """The form with what has been typed so far."""

    values: Fields
    errors: Errors
    goals: list[Goal]
    further: tuple[Question, ...] = ON_DEMAND
    form_id: str = ""
    action: str = "/requests"
    learning_request: LearningRequest | None = None


STEPS = ("Sent", "Read", "Decided", "Being made", "Delivered")


@dataclass(frozen=True)
class Tracking:
    """A requester's page about their request."""

    learning_request: LearningRequest
    path: str
    link: str
    headline: str
    reason: str
    place: Place | None
    missing: list[str]
    step: int
    ended_early: bool
    decision: Decision | None
    happened: list[tuple[datetime, str]]
    messages: list[Message]
    supporters: int
    answers: list[tuple[str, str]]
    just_sent: bool = False
    errors: Errors = field(default_factory=Errors)
    typed: str = ""

    @property
    def waits_for_score(self) -> bool:
        return self.learning_request.assessment is None and self.learning_request.is_open


@dataclass(frozen=True)
class OwnRequests:
    """A signed-in person's requests, each with its private page."""

    lines: list[tuple[LearningRequest, str]]


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
    counted = [one for one in assessment.reasons if one["influence"]]
    first = f" What counts most is the {_phrase(counted[0]['text'])}." if counted else ""
    return MEANINGS[assessment.quadrant] + first


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


def _phrase(text: str) -> str:
    """A reason without its figures: "People reached: 21-100 people (3 of 5), ..." is "people reached, 21-100 people"."""
    words = text.partition(" (")[0].partition(";")[0].replace(": ", ", ", 1)
    return words[:1].lower() + words[1:]
