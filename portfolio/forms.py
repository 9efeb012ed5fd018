"""The intake form: which questions are asked of whom, what may be said to them, and how a manager changes it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, Field, create_model
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from portfolio import feeds, questions
from portfolio.form_problems import Wrong, problems
from portfolio.history import record
from portfolio.models import FormVersion, LearningRequest, Person
from portfolio.questions import FIRST, Form, Kind, Question
from portfolio.submission import (
    Amount,
    Audience,
    ChangedAnswers,
    Deadline,
    Email,
    FurtherAnswers,
    Line,
    MeasureGiven,
    Prose,
    Step,
    Strict,
    Submission,
)
from portfolio.waiting import want_all

MOST_AMOUNT = 1e12


def current(session: Session) -> Form:
    """The form in force: the latest published, else the one Outsize ships with."""
    latest = session.scalar(
        select(FormVersion.body)
        .where(FormVersion.published_at.is_not(None))
        .order_by(FormVersion.version.desc())
        .limit(1)
    )
    return FIRST if latest is None else _parsed(json.dumps(latest))


def of_version(session: Session, version: int) -> Form:
    """The form as it was in a version; the shipped one where that is unknown."""
    body = session.scalar(select(FormVersion.body).where(FormVersion.version == version))
    return FIRST if body is None else _parsed(json.dumps(body))


def answered(session: Session, learning_request: LearningRequest) -> list[tuple[Question, Any]]:
    """What was said, each with the question as it was asked then, in today's order. One statement."""
    return known(session).answered(learning_request)


class Said(NamedTuple):
    """An answer: to which question, what, and of which version of the form."""

    question: str
    value: Any
    form_version: int


@dataclass(frozen=True)
class Known:
    """Every version of the form there has been, by number, and what answers to each mean."""

    forms: Mapping[int, Form]

    @property
    def current(self) -> Form:
        """The form in force."""
        return self.forms[max(self.forms)]

    def question(self, one: Said) -> Question | None:
        """The question as it was asked when it was answered."""
        form = self.forms.get(one.form_version, FIRST)
        return form.question(one.question) or questions.BY_KEY.get(one.question)

    def answered(self, learning_request: LearningRequest) -> list[tuple[Question, Any]]:
        """What was said, each with the question as it was asked then, in today's order."""
        told = [
            (question, one.value) for one in said_in(learning_request) if (question := self.question(one))
        ]
        return sorted(told, key=lambda one: self._place(one[0]))

    def count_in(self, answers: Iterable[Said]) -> dict[str, Any]:
        """The answers by question, own ones standing in where the shipped question has no answer, in the form's order.

        An own question counts as the form in force has it. One that is no longer asked counts as it did when it was.
        """
        answers = list(answers)
        said = {one.question: one.value for one in answers}
        own = [(question, one.value) for one in answers if (question := self._counting(one))]
        for question, value in sorted(own, key=lambda one: self._place(one[0])):
            feeds.stand_in(said, question, value)
        return said

    def _counting(self, one: Said) -> Question | None:
        question = self.current.question(one.question) or self.question(one)
        return question if question and question.is_own and question.feeds else None

    def _place(self, question: Question) -> int:
        order = [one.key for one in self.current.questions]
        return order.index(question.key) if question.key in order else len(order)


def known(session: Session) -> Known:
    """All the forms there have been. One statement."""
    return Known(_published(session))


def said_in(learning_request: LearningRequest) -> list[Said]:
    """The answers of a request, with the version of the form each was given to."""
    return [Said(one.question, one.value, one.form_version) for one in learning_request.answers]


# What may be said


class Someone(Strict):
    """A person named in an answer."""

    name: Line(120) = ""  # type: ignore[valid-type] # pydantic builds the type at run time
    email: Email | Literal[""] = ""


def submission_model(form: Form, *, inside: bool = False) -> type[Submission]:
    """What a whole request to this form looks like. The form, the API and imports all validate by it.

    Only where a manager speaks (`inside`) may it answer the questions that are for managers alone.
    """
    return _models(form, inside)[0]


def changed_model(form: Form, *, inside: bool = False) -> type[ChangedAnswers]:
    """What may be changed in a request to this form; `inside` as above."""
    return _models(form, inside)[1]


@lru_cache(maxsize=16)
def _models(form: Form, inside: bool) -> tuple[type[Submission], type[ChangedAnswers]]:  # noqa: FBT001 - a cache's key
    fields: dict[str, Any] = {
        question.key: (_type(question) | None, None)
        for question in form.own
        if question.kind is not Kind.FILE and (inside or not question.internal)
    }
    if form.types:
        fields["type"] = (_one_of(key for key, _ in form.types) | None, None)
    if not fields:
        return Submission, ChangedAnswers
    further = create_model("FurtherAnswersHere", __base__=FurtherAnswers, **fields)
    submission = create_model("SubmissionHere", __base__=Submission, answers=(further, further()))
    changed = create_model("ChangedAnswersHere", __base__=ChangedAnswers, **fields)
    return submission, changed


def _type(question: Question) -> Any:
    """The type of an answer to one of the manager's own questions."""
    options = [value for value, _ in question.options]
    types: dict[Kind, Any] = {
        Kind.LONG_TEXT: Prose(question.longest),
        Kind.NUMBER: Amount(MOST_AMOUNT, question.unit or "this"),
        Kind.STEP: Step,
        Kind.DATE: Deadline,
        Kind.MEASURE: MeasureGiven,
        Kind.AUDIENCE: Audience,
        Kind.PERSON: Someone,
    }
    if question.kind is Kind.ONE_OF:
        return _one_of(options)
    if question.kind is Kind.MANY_OF:
        return Annotated[
            list[_one_of(options)],  # type: ignore[misc] # pydantic builds the type at run time
            Field(max_length=len(options)),
            AfterValidator(_each_once),
        ]
    return types.get(question.kind, Line(question.longest))


def _one_of(values: Iterable[str]) -> Any:
    return Literal[tuple(values)]


def _each_once(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


# Who is asked what


def applies(question: Question, said: Mapping[str, Any], *, unit: str = "", kind: str = "") -> bool:
    """Whether a question is asked of somebody of this unit, with a request of this type, who has said this so far."""
    if question.units and unit.casefold() not in {one.casefold() for one in question.units}:
        return False
    if question.types and kind not in question.types:
        return False
    return all(_met(said.get(one.question), one.values) for one in question.only_if)


def asked(form: Form, said: Mapping[str, Any], *, unit: str = "", kind: str = "") -> tuple[Question, ...]:
    """The questions for somebody, in order, internal ones left out."""
    return tuple(
        question
        for question in form.questions
        if not question.internal and applies(question, said, unit=unit, kind=kind)
    )


def still_open(
    form: Form, said: Mapping[str, Any], *, unit: str = "", kind: str = "", always: bool = False
) -> dict[str, str]:
    """The questions nobody answered that a score may hang on, each by the input it gives: {input: question}.

    An own question that gives a cause, or stands in for a shipped one the manager left out, goes by that input. Those the form
    always asks are left out, unless `always`: whoever left one of them open would be asked twice.
    """
    found: dict[str, str] = {}
    for question in asked(form, said, unit=unit, kind=kind):
        if question.key in said or (question.always and not always):
            continue
        if not question.is_own:
            found[question.key] = question.key
        elif question.feeds == "cause":
            found[feeds.cause_key(question)] = question.key
        elif question.feeds and form.question(feeds.shipped_key(question)) is None:
            found[feeds.shipped_key(question)] = question.key
    return {given: key for given, key in found.items() if given not in said}


def missing(
    form: Form, said: Mapping[str, Any], *, unit: str = "", kind: str = "", files: Iterable[str] = ()
) -> dict[str, str]:
    """Words for each required question that was asked and not answered, by the name of its first field.

    `files` are the keys of file questions that got a file. Holds for the form people fill in; programs and imports may leave
    open all but the title and the problem.
    """
    given = {*files, *(key for key, value in said.items() if value not in (None, "", [], {}))}
    return {
        question.fields[0]: "Please give a file." if question.kind is Kind.FILE else "Please fill this in."
        for question in asked(form, said, unit=unit, kind=kind)
        if question.required and question.always and question.key not in given
    }


def _met(value: Any, wanted: tuple[str, ...]) -> bool:
    if value in (None, "", [], {}):
        return False
    if not wanted:
        return True
    return bool({str(one) for one in (value if isinstance(value, list) else [value])} & set(wanted))


def _published(session: Session) -> dict[int, Form]:
    """Every version there has been, by number, from the shipped one on."""
    bodies = session.scalars(select(FormVersion.body).where(FormVersion.published_at.is_not(None))).all()
    forms = [_parsed(json.dumps(body)) for body in bodies]
    return {FIRST.version: FIRST, **{form.version: form for form in forms}}


@lru_cache(maxsize=32)
def _parsed(body: str) -> Form:
    return questions.from_json(json.loads(body))


# Changing the form


class Stale(ValueError):
    """Somebody else changed the form meanwhile."""

    def __init__(self) -> None:
        super().__init__("Somebody else changed the form meanwhile.")


class NotReady(ValueError):
    """The form can't be published as it stands; `wrong` says why."""

    def __init__(self, wrong: list[Wrong]) -> None:
        super().__init__("Some questions need another look before this can be published.")
        self.wrong = wrong


@dataclass(frozen=True)
class Desk:
    """What a manager works on: the draft where there is one, else the form in force.

    `stamp` names the exact state, so that a change made to another one is noticed.
    """

    form: Form
    in_force: Form
    stamp: str
    draft: FormVersion | None = None


def desk(session: Session, *, hold: bool = False) -> Desk:
    """The draft, the form in force and the stamp of the two; `hold` keeps others from changing them meanwhile."""
    in_force, draft = current(session), _draft(session, hold=hold)
    if draft is None:
        return Desk(in_force, in_force, f"{in_force.version}.0")
    return Desk(_parsed(json.dumps(draft.body)), in_force, f"{draft.version}.{draft.revision}", draft)


def change(
    session: Session, form: Form, *, stamp: str, by: Person | None, at: datetime, **details: Any
) -> FormVersion:
    """Keep a form as the draft, begun where there is none. Raises Stale where `stamp` is no longer that of the desk."""
    now = desk(session, hold=True)
    if stamp != now.stamp:
        raise Stale
    draft = now.draft or _begin(session, by=by, at=at)
    draft.body = replace(form, version=draft.version).as_json()
    draft.revision += 1
    draft.changed_at, draft.changed_by_id = at, by.id if by else None
    record(session, "form.changed", draft, by=by, at=at, **details)
    return draft


def publish(session: Session, *, stamp: str, by: Person | None, at: datetime) -> Form:
    """Put the draft in force and have every open request scored by it. Raises Stale or NotReady."""
    now = desk(session, hold=True)
    if stamp != now.stamp or now.draft is None:
        raise Stale
    wrong = problems(now.form)
    if wrong:
        raise NotReady(wrong)
    now.draft.published_at, now.draft.published_by_id = at, by.id if by else None
    record(session, "form.published", now.draft, by=by, at=at, questions=len(now.form.questions))
    want_all(session, at=at)
    return now.form


def discard(session: Session, *, stamp: str, by: Person | None, at: datetime) -> None:
    """Drop the draft; the form in force stays. Raises Stale."""
    now = desk(session, hold=True)
    if stamp != now.stamp or now.draft is None:
        raise Stale
    record(session, "form.discarded", now.draft, by=by, at=at)
    session.delete(now.draft)
    session.flush()


def versions(session: Session) -> list[FormVersion]:
    """The versions published by managers, newest first."""
    return list(
        session.scalars(
            select(FormVersion)
            .where(FormVersion.published_at.is_not(None))
            .options(joinedload(FormVersion.published_by))
            .order_by(FormVersion.version.desc())
        )
    )


def published_version(session: Session, version: int) -> Form | None:
    """The form as it was published in a version."""
    return _published(session).get(version)


def used_before(session: Session) -> dict[str, Question]:
    """Every question ever published, as it was last: its key keeps its meaning."""
    known = _published(session)
    return {one.key: one for version in sorted(known) for one in known[version].questions}


def _draft(session: Session, *, hold: bool) -> FormVersion | None:
    query = (
        select(FormVersion)
        .where(FormVersion.published_at.is_(None))
        .options(joinedload(FormVersion.changed_by))
    )
    return session.scalar(query.with_for_update(of=FormVersion) if hold else query)


def _begin(session: Session, *, by: Person | None, at: datetime) -> FormVersion:
    latest = session.scalar(select(func.max(FormVersion.version))) or FIRST.version
    draft = FormVersion(
        version=latest + 1, body={}, revision=0, changed_at=at, changed_by_id=by.id if by else None
    )
    session.add(draft)
    session.flush()
    record(session, "form.begun", draft, by=by, at=at)
    return draft
