"""What the pages of this door show, as typed values."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from intake.suggestions import Suggestions
from portfolio import drafts, merging
from portfolio.learning_requests import Place
from portfolio.links import Links
from portfolio.models import Assessment, Decision, Draft, Event, File, Goal, LearningRequest, Message, Project
from portfolio.questions import Form, Kind, Question
from portfolio.states import RequestStatus, Stage
from web.forms import Errors, Fields
from web.questions import field_label, field_words
from web.wording import answer_words, count_words


@dataclass(frozen=True)
class DraftShown:
    """A draft as its page needs it. `seen` has the prints of what is shown, so that a later save tells what it changed."""

    path: str
    link: str
    revision: int
    seen: str
    saved_at: datetime
    until: datetime
    files: list[File]

    @classmethod
    def of(cls, draft: Draft, links: Links, kept: list[File]) -> "DraftShown":
        return cls(
            path=links.draft_path(draft),
            link=links.draft(draft),
            revision=draft.revision,
            seen=json.dumps(merging.prints(draft.values)),
            saved_at=draft.changed_at,
            until=drafts.expires_at(draft),
            files=kept,
        )


@dataclass(frozen=True)
class RequestForm:
    """The form with what has been typed so far, as a new one or as a draft."""

    form: Form
    values: Fields
    errors: Errors
    goals: list[Goal]
    form_id: str = ""
    ask: str = ""
    draft: DraftShown | None = None
    notice: str = ""
    before_sending: Suggestions | None = None

    @property
    def action(self) -> str:
        return f"{self.draft.path}/request" if self.draft else "/requests"

    @property
    def keep(self) -> str:
        return self.draft.path if self.draft else "/drafts"

    @property
    def who_first(self) -> bool:
        """Whether some questions are for certain units only, so that it must be known early who asks."""
        return any(question.units for question in self.form.questions if not question.internal)

    @property
    def units(self) -> list[str]:
        """Units that are asked something of their own."""
        return sorted({unit for question in self.form.questions for unit in question.units})

    @property
    def count(self) -> int:
        """How many questions everybody is asked."""
        return len(self.form.always) + bool(self.form.types)

    @property
    def is_marked(self) -> bool:
        """Whether needed questions carry a mark; not so where they are simply the first ones."""
        needed = [one.required for one in self.form.always]
        return needed != sorted(needed, reverse=True) or bool(self.form.types)

    @property
    def needed(self) -> str:
        """Which questions must be answered, in words."""
        count = sum(one.required for one in self.form.always)
        if self.is_marked:
            return "those with a star"
        return "the first" if count == 1 else f"the first {count_words(count).lower()}"

    @property
    def labels(self) -> dict[str, str]:
        """What the wrong fields are called."""
        return {name: field_label(self.form, name) for name in self.errors if name != "file"}

    @property
    def needs_more(self) -> bool:
        """Whether an error stands among the questions that are folded away."""
        folded = {name for one in self.form.on_demand for name in (one.key, *one.fields)}
        return any(name in folded for name in self.errors) or "goal" in self.errors

    @property
    def loose_files(self) -> list[File]:
        """Files that answer no question of their own."""
        return [file for file in self.draft.files if not file.question] if self.draft else []

    def files_for(self, question: Question) -> list[File]:
        return [file for file in self.draft.files if file.question == question.key] if self.draft else []


@dataclass(frozen=True)
class AnswerForm:
    """More answers to a request that was sent."""

    form: Form
    values: Fields
    errors: Errors
    goals: list[Goal]
    learning_request: LearningRequest
    path: str

    @property
    def labels(self) -> dict[str, str]:
        """What the wrong fields are called."""
        return {name: field_label(self.form, name) for name in self.errors}

    @property
    def first(self) -> tuple[Question, ...]:
        return tuple(one for one in self.form.always if one.key != "title" and one.kind is not Kind.FILE)

    @property
    def further(self) -> tuple[Question, ...]:
        return tuple(one for one in self.form.on_demand if one.kind is not Kind.FILE)

    @property
    def wrong_first(self) -> bool:
        return any(name in self.errors for one in self.first for name in (one.key, *one.fields))


@dataclass(frozen=True)
class Contest:
    """One field that two people changed: what stands there, and what the later one wrote."""

    name: str
    label: str
    theirs: str
    mine: str
    their_words: str
    my_words: str
    may_keep_both: bool


@dataclass(frozen=True)
class Conflict:
    """Two people at one draft: all that can be put together is; the contested fields are for the later one to settle."""

    path: str
    values: dict[str, str]
    seen: str
    contests: list[Contest]
    form_id: str = ""

    @classmethod
    def of(
        cls, draft: Draft, merged: merging.Merged, form: Form, order: list[str], links: Links, form_id: str
    ) -> "Conflict":
        long = {one.key for one in form.questions if one.kind is Kind.LONG_TEXT}
        return cls(
            path=links.draft_path(draft),
            values={name: text for name, text in merged.values.items() if name not in merged.contested},
            seen=json.dumps(merging.prints(draft.values)),
            contests=[
                Contest(
                    name,
                    field_label(form, name),
                    theirs,
                    mine,
                    field_words(form, name, theirs),
                    field_words(form, name, mine),
                    may_keep_both=name in long and bool(theirs and mine),
                )
                for name, (theirs, mine) in sorted(
                    merged.contested.items(), key=lambda one: order.index(one[0])
                )
            ],
            form_id=form_id,
        )


@dataclass(frozen=True)
class SentDraft:
    """What a draft's link shows once it was sent: that it was, and what somebody wrote too late to go along."""

    sent_at: datetime
    unsent: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, draft: Draft, form: Form, typed: dict[str, str]) -> "SentDraft":
        new = {
            name: text for name, text in typed.items() if name != "ask" and draft.values.get(name, "") != text
        }
        unsent = [(field_label(form, name), field_words(form, name, text)) for name, text in new.items()]
        return cls(draft.changed_at, unsent)


@dataclass(frozen=True)
class LostLinks:
    """Asking for one's links by mail."""

    email: str = ""
    error: str = ""
    sent: bool = False


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
    """A signed-in person's requests and drafts, each with its private page."""

    lines: list[tuple[LearningRequest, str]]
    drafts: list[tuple[Draft, str]] = field(default_factory=list)


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
