"""What the pages of this door show, as typed values."""

import json
from dataclasses import dataclass, field
from datetime import datetime

from intake.suggestions import Suggestions
from portfolio import drafts, merging
from portfolio.links import Links
from portfolio.models import Draft, File, Goal, LearningRequest
from portfolio.questions import Form, Kind, Question
from web.forms import Errors, Fields
from web.questions import field_label, field_words
from web.wording import count_words


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
