"""How well a number is known: what the requester said stays, how wide it is taken is the manager's judgement."""

from datetime import datetime

from sqlalchemy.orm import Session

from portfolio.assessments import USUAL_GRADES
from portfolio.history import record
from portfolio.models import LearningRequest, Person
from portfolio.rules.ranges import GRADES


class NotGraded(ValueError):
    """Only a number somebody gave has a grade, and it is one of A to E."""


def grade(
    session: Session,
    learning_request: LearningRequest,
    question: str,
    known: str,
    *,
    by: Person,
    at: datetime,
) -> None:
    """Say how the answer to `question` is known (A measured .. E hunch, "" as usual) and have the request scored again.

    Raises NotGraded. A new answer by the requester has no grade again.
    """
    answer = next((one for one in learning_request.answers if one.question == question), None)
    if answer is None or question not in USUAL_GRADES or known not in {"", *GRADES}:
        raise NotGraded("Only a number somebody gave can be graded, from A to E.")
    if (answer.grade or "") == known:
        return
    answer.grade = known or None
    if learning_request.is_open:
        learning_request.score_wanted_at = at
    record(
        session,
        "learning_request.evidence_graded",
        learning_request,
        by=by,
        at=at,
        question=question,
        grade=known,
    )
