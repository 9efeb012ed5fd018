"""A decision as its form says it: the verdicts there are, and reading a ruling from what was typed."""

from datetime import datetime
from typing import Any

from fastapi import Request

from portfolio import forms, learning_requests, library, phrases, revisits
from portfolio.deciding import COMES_BACK, Ruling
from portfolio.models import LearningRequest
from portfolio.revisits import ConditionRefused
from portfolio.rules.fit import CAUSES
from portfolio.rules.rubric import DEFAULT
from portfolio.states import Verdict
from web.forms import Errors, Fields, some_day, some_text, some_whole
from web.session import SessionDep

VERDICTS = (
    (Verdict.ACCEPT, "a", "Take it on"),
    (Verdict.ASK, "q", "Ask a question"),
    (Verdict.JOIN, "g", "Join to another"),
    (Verdict.ANSWER, "l", "Answer from the library"),
    (Verdict.REDIRECT, "r", "Point elsewhere"),
    (Verdict.WAITLIST, "w", "Waiting list"),
    (Verdict.SNOOZE, "s", "Look again later"),
    (Verdict.DECLINE, "d", "Decline"),
)
"""Each verdict, its single key, and the words on its button."""


def asked_for(request: Request) -> tuple[Verdict | None, Fields]:
    """What the address of the page chooses already: a verdict, and what it points to."""
    given = request.query_params
    verdict = given.get("verdict", "")
    chosen = Verdict(verdict) if verdict in set(Verdict) else None
    pointed = {name: given.get(name, "")[:10] for name in ("join_id", "resource_id")}
    reason = given.get("cause", "") or given.get("reason", "")
    return chosen, Fields(reason=reason[:40], **pointed)


def read_ruling(
    session: SessionDep,
    verdict: Verdict,
    fields: Fields,
    errors: Errors,
    *,
    about: LearningRequest,
    now: datetime,
) -> Ruling:
    """What the form says, for one request: the blanks in its words are filled."""
    joins = some_whole(fields, "join_id", errors, least=1) if verdict is Verdict.JOIN else None
    answers = some_whole(fields, "resource_id", errors, least=1) if verdict is Verdict.ANSWER else None
    kinds = {kind.key for kind in DEFAULT.work_types}
    resource = library.find(session, answers) if answers else None
    returns = verdict in COMES_BACK
    return Ruling(
        verdict,
        words=phrases.fill(some_text(fields, "words", errors, longest=8000), about, resource),
        reason=fields["reason"] if fields["reason"] in {*dict(phrases.REASONS), *CAUSES} else "",
        until=some_day(fields, "until", errors) if returns else None,
        condition=_read_condition(session, verdict, fields, errors, about, now) if returns else None,
        join_to=learning_requests.find(session, joins) if joins else None,
        resource=resource,
        solution_type=fields["solution_type"] if fields["solution_type"] in kinds else "workshop",
    )


def _read_condition(
    session: SessionDep,
    verdict: Verdict,
    fields: Fields,
    errors: Errors,
    about: LearningRequest,
    now: datetime,
) -> dict[str, Any] | None:
    least = some_whole(fields, "least", errors, least=1, most=100_000)
    asked = {one.key for one in forms.current(session).questions}
    if "least" in errors:
        return None
    try:
        return revisits.condition(
            session,
            about,
            fields["condition"],
            today=now.date(),
            least=least,
            question=fields["question"] if fields["question"] in asked else "",
            closes=verdict is Verdict.DECLINE,
        )
    except ConditionRefused as refused:
        errors[refused.field] = str(refused)
        return None
