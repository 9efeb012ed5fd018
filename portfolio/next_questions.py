"""The next best question: whose answer would help most, asking it by a link, and what its answer changed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, func, or_, select
from sqlalchemy.orm import Session, joinedload

from portfolio import assessments, forms, goals, learning_requests, letters, mails, organisation
from portfolio.history import record
from portfolio.links import Links
from portfolio.models import AskedQuestion, LearningRequest, Organisation, Person, Unit
from portfolio.questions import Form, Kind, Question
from portfolio.rules.comparing import ordinal
from portfolio.rules.information import QuestionWorth, questions_worth
from portfolio.rules.scoring import score
from portfolio.states import OPEN, RequestStatus
from portfolio.submission import ChangedAnswers

REST = timedelta(days=7)
"""Nobody is asked again within it, by us or by a manager's press."""

DAY = timedelta(hours=20)

KEPT = timedelta(days=30)
"""How long a question can be answered by its link."""

ASKABLE = OPEN - {RequestStatus.NEEDS_INFO}
"""Whoever owes an answer in the conversation is not asked for another."""


class AskRefused(ValueError):
    """This question can't be asked now; the message says why."""


@dataclass(frozen=True)
class Worth:
    """A question of a request, and why to ask it. `worth` is in impact points, `minutes` those of whoever is asked."""

    learning_request: LearningRequest
    question: Question
    worth: float
    minutes: float
    because: str


def worth_asking(session: Session, *, now: datetime, limit: int = 3) -> list[Worth]:
    """The questions that would help most per minute of asking, over all open requests: at most one for each person.

    Left out are questions that were asked of that request before, people asked within a week, and quiet people: those who left
    the last question open. Costs as many statements however many requests there are, and 0.6 ms for each.
    """
    rows = session.execute(_open().where(LearningRequest.requester_id.not_in(_resting(now)))).all()
    asker = {row.id: row.requester_id for row in rows}
    chosen: dict[int, _Found] = {}
    for one in _found(session, rows, now.date()):
        if len(chosen) == limit:
            break
        chosen.setdefault(asker[one.number], one)
    return _shown(session, [*chosen.values()])


def worth_answering(
    session: Session, learning_request: LearningRequest, *, now: datetime, leave_out: Collection[str] = ()
) -> tuple[QuestionWorth, ...]:
    """The questions whose answers are worth most a minute, best first: three at most, none that was answered.

    Judged by the rule that also chooses whom to ask by mail, but for the cost of asking: this person is here already.
    """
    if learning_request.status not in OPEN:
        return ()
    known, today = forms.known(session), now.date()
    said = known.count_in(forms.said_in(learning_request))
    unit = learning_request.unit.name if learning_request.unit else ""
    could = forms.still_open(known.current, said, unit=unit, kind=said.get("type") or "")
    stated = goals.weighed(session, on=today)
    if learning_request.goal_id is None and not all(one.is_over for one in stated.values()):
        could["goal"] = "goal"
    served = stated.get(learning_request.goal_id) if learning_request.goal_id else None
    need = assessments.need_of(said, served.weight if served else None, today)
    rubric = assessments.current_rubric(session)
    best = questions_worth(
        {learning_request.id: need},
        rubric,
        assessments.line(session, rubric),
        offered={learning_request.id: [given for given, key in could.items() if key not in leave_out]},
        cost_per_minute=0,
        at_most=3,
    )
    return tuple(replace(one, question=could[one.question]) for one in best)


def of_request(
    session: Session, learning_request: LearningRequest, *, now: datetime, limit: int = 1
) -> list[Worth]:
    """The questions of one request that are worth asking, best first, whoever was asked lately."""
    rows = session.execute(_open().where(LearningRequest.id == learning_request.id)).all()
    return _shown(session, _found(session, rows, now.date())[:limit])


def ask(
    session: Session,
    wanted: Worth,
    *,
    links: Links,
    by: Person | None,
    at: datetime,
) -> AskedQuestion:
    """Mail one question to whoever made the request. Raises AskRefused where the person is to be left in peace."""
    about, key = wanted.learning_request, wanted.question.key
    person = session.scalar(select(Person).where(Person.id == about.requester_id).with_for_update(of=Person))
    if person is None or about.status not in ASKABLE:
        raise AskRefused("This request doesn't wait for an answer by mail now.")
    if session.scalar(_asked_since(at).where(AskedQuestion.person_id == person.id)):
        raise AskRefused(
            f"{person.display_name} was asked something within the last week. One question a week is enough."
        )
    if session.scalar(_ever_asked(about.id).where(AskedQuestion.question == key)):
        raise AskRefused("This was asked before. You can still ask in the conversation.")
    asked = AskedQuestion(
        learning_request=about,
        question=key,
        person=person,
        because=wanted.because,
        worth=wanted.worth,
        asked_at=at,
        asked_by_id=by.id if by else None,
        link_version=1,
    )
    session.add(asked)
    session.flush()
    options = [(words, links.question(asked, value)) for value, words in _taps(wanted.question)]
    subject, text = letters.one_question(about, wanted.question, options, links.question(asked), at + KEPT)
    mails.queue(
        session, to=person.email, subject=subject, text=text, about=f"learning_request:{about.id}", at=at
    )
    record(session, "learning_request.question_asked", about, by=by, at=at, question=key, person=person.id)
    return asked


def ask_by_itself(session: Session, *, links: Links, at: datetime, limit: int = 3) -> int:
    """`ask_best` where the organisation wants it, at most `limit` within twenty hours, so that a second run on a day asks nobody."""
    ours = organisation.current(session)
    if ours is None or not ours.asks_by_itself:
        return 0
    by_itself = AskedQuestion.asked_by_id.is_(None), AskedQuestion.asked_at > at - DAY
    asked = session.scalar(select(func.count()).select_from(AskedQuestion).where(*by_itself)) or 0
    return ask_best(session, links=links, at=at, limit=limit - asked) if asked < limit else 0


def switch(session: Session, ours: Organisation, *, on: bool, by: Person, at: datetime) -> None:
    """Say whether the clock may ask by itself."""
    ours.asks_by_itself = on
    record(session, "organisation.asking_set", ours, by=by, at=at, on=on)


def ask_best(session: Session, *, links: Links, at: datetime, limit: int = 3) -> int:
    """Ask the best few questions, each of another person; returns how many."""
    best = worth_asking(session, now=at, limit=limit)
    for one in best:
        ask(session, one, links=links, by=None, at=at)
    return len(best)


def answer(
    session: Session, asked: AskedQuestion, changed: ChangedAnswers, *, at: datetime, form_version: int
) -> None:
    """Keep the answer, have the request scored anew, and note what it changed. Raises learning_requests.RequestClosed."""
    about = asked.learning_request
    before = standing(session, about, today=at.date())
    learning_requests.change_answers(
        session, about, changed, by=asked.person, at=at, form_version=form_version
    )
    session.flush()
    asked.answered_at = at
    asked.before, asked.after = before, standing(session, about, today=at.date())
    record(
        session,
        "learning_request.question_answered",
        about,
        by=asked.person,
        at=at,
        question=asked.question,
        before=asked.before["place"],
        after=asked.after["place"],
    )


def standing(session: Session, learning_request: LearningRequest, *, today: date) -> dict[str, Any]:
    """Where a request stands with the answers it has right now, without waiting for its next score."""
    rubric = assessments.current_rubric(session)
    number = learning_request.id
    need = assessments.needs(session, {number: learning_request.goal_id}, rubric, today=today)[number]
    leverage = score(need, rubric).leverage.likely
    ahead, others = session.execute(
        select(func.count().filter(LearningRequest.leverage > leverage), func.count()).where(
            LearningRequest.status.in_(OPEN), LearningRequest.id != number
        )
    ).one()
    return {"place": ahead + 1, "of": others + 1, "leverage": round(leverage, 4)}


def what_changed(asked: AskedQuestion) -> str:
    """What the answer did to the place, in one sentence; empty before it."""
    if not (asked.before and asked.after):
        return ""
    before, after, of = asked.before["place"], asked.after["place"], asked.after["of"]
    if of == 1:
        return "It is the only one that waits."
    if before == after:
        return f"It stays about {ordinal(after)} of {of}, and we are surer of it."
    way = "up" if after < before else "down"
    return f"It moved {way} from about {ordinal(before)} to about {ordinal(after)} of {of}."


# Queries


def find(session: Session, number: int) -> AskedQuestion | None:
    return session.get(AskedQuestion, number) if 0 < number < 2**31 else None


def question_of(session: Session, key: str) -> Question | None:
    """The question as the form in force asks it; which goal is served is asked as one too."""
    return about_goal(session) if key == "goal" else forms.current(session).question(key)


def about_goal(session: Session) -> Question:
    """Which goal a request serves, as a question with the goals in force to choose from."""
    options = tuple((str(goal.id), goal.name) for goal in goals.listed(session))
    why = "What serves a goal of the organisation goes before what serves none."
    return Question("goal", "Which goal does it serve?", kind=Kind.ONE_OF, options=options, why=why)


def is_over(asked: AskedQuestion, *, now: datetime) -> bool:
    """Whether its answer is no longer wanted: too late, the request closed, or said elsewhere."""
    about = asked.learning_request
    known = about.goal_id is not None if asked.question == "goal" else about.said(asked.question) is not None
    return now > asked.asked_at + KEPT or not about.is_open or known


def of(session: Session, learning_request: LearningRequest) -> list[AskedQuestion]:
    """The questions asked about a request by link, newest first."""
    return list(
        session.scalars(
            select(AskedQuestion)
            .where(AskedQuestion.learning_request_id == learning_request.id)
            .order_by(AskedQuestion.id.desc())
        )
    )


# Below: how the verbs above do it


@dataclass(frozen=True)
class _Found:
    """A question of a request, by numbers and keys alone."""

    number: int
    key: str
    worth: float
    minutes: float
    because: str


Asker = tuple[int, int | None, int, str]
"""A request's number, its goal, who asked, and their unit."""


def _open() -> Select[*Asker]:
    return (
        select(LearningRequest.id, LearningRequest.goal_id, LearningRequest.requester_id, Unit.name)
        .outerjoin(LearningRequest.unit)
        .where(LearningRequest.status.in_(ASKABLE))
    )


def _resting(now: datetime) -> Select[Any]:
    """Who was asked within a week, or left open what was asked."""
    return select(AskedQuestion.person_id).where(
        or_(AskedQuestion.asked_at > now - REST, AskedQuestion.answered_at.is_(None))
    )


def _asked_since(at: datetime) -> Select[Any]:
    return select(AskedQuestion.id).where(AskedQuestion.asked_at > at - REST).limit(1)


def _ever_asked(number: int) -> Select[Any]:
    return select(AskedQuestion.id).where(AskedQuestion.learning_request_id == number).limit(1)


def _found(session: Session, rows: Sequence[Row[*Asker]], today: date) -> list[_Found]:
    """What is worth asking of these requests, best first."""
    rubric = assessments.current_rubric(session)
    known = assessments.known(session, {row.id: row.goal_id for row in rows}, rubric, today=today)
    form, has_goals = forms.current(session), _has_goals(session, today)
    asked = _asked(session)
    could = {
        row.id: _could_ask(form, known[row.id][0], row, asked.get(row.id, ()), has_goals=has_goals)
        for row in rows
    }
    best = questions_worth(
        {number: need for number, (_, need) in known.items()},
        rubric,
        assessments.line(session, rubric),
        offered=could,
    )
    return [
        _Found(one.request, could[one.request][one.question], one.evppi, one.minutes, one.because)  # type: ignore[arg-type] # keyed by our numbers
        for one in best
    ]


def _could_ask(
    form: Form, said: Mapping[str, Any], row: Row[*Asker], asked: Sequence[str], *, has_goals: bool
) -> dict[str, str]:
    could = forms.still_open(form, said, unit=row.name or "", kind=said.get("type") or "", always=True)
    if row.goal_id is None and has_goals:
        could["goal"] = "goal"
    return {given: key for given, key in could.items() if key not in asked}


def _has_goals(session: Session, today: date) -> bool:
    return not all(one.is_over for one in goals.weighed(session, on=today).values())


def _asked(session: Session) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for number, key in session.execute(select(AskedQuestion.learning_request_id, AskedQuestion.question)):
        found.setdefault(number, []).append(key)
    return found


def _shown(session: Session, found: Sequence[_Found]) -> list[Worth]:
    requests = {
        one.id: one
        for one in session.scalars(
            select(LearningRequest)
            .where(LearningRequest.id.in_({one.number for one in found}))
            .options(joinedload(LearningRequest.requester), joinedload(LearningRequest.unit))
        )
    }
    questions = {key: question_of(session, key) for key in {one.key for one in found}}
    return [
        Worth(requests[one.number], question, one.worth, one.minutes, one.because)
        for one in found
        if (question := questions[one.key]) is not None
    ]


def _taps(question: Question) -> tuple[tuple[str, str], ...]:
    """The answers that one press gives."""
    return question.options if question.kind in {Kind.ONE_OF, Kind.STEP} else ()
