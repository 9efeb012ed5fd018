"""A value asked of whoever has it, by a signed link: looking changes nothing, one press gives it, without an account."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from portfolio import evaluation_asks, measures, organisation
from portfolio.evaluation_asks import AlreadyGiven
from portfolio.links import Links
from portfolio.measures import ReadingRefused
from portfolio.models import EvaluationStep, Measure, Project
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, some_number, some_text
from web.responses import NotFound, see_other
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page

router = APIRouter()


@dataclass(frozen=True)
class ReadingPage:
    """What is asked: the measure, what it was the last time, and why it is asked."""

    step: EvaluationStep
    measure: Measure
    project: Project
    path: str
    last: measures.Standing
    values: Fields = field(default_factory=Fields)
    errors: Errors = field(default_factory=Errors)

    @property
    def is_done(self) -> bool:
        return self.step.done_at is not None


def opened(session: SessionDep, number: int, key: str, links: LinksDep) -> EvaluationStep:
    """The line of an evaluation plan that this link opens."""
    step = evaluation_asks.find(session, number)
    if step is None or not links.fits(key, evaluation_asks.PURPOSE, *evaluation_asks.key_parts(step)):
        raise NotFound
    return step


StepDep = Annotated[EvaluationStep, Depends(opened, scope="function")]


@router.get("/readings/{number:int}/{key}")
def show(request: Request, session: SessionDep, step: StepDep, links: LinksDep) -> Response:
    return page(request, "readings/show.html", _page(session, step, links))


@router.post("/readings/{number:int}/{key}")
def give(
    request: Request, session: SessionDep, step: StepDep, links: LinksDep, now: NowDep, fields: FormDep
) -> Response:
    request.app.state.turnstile.check_note(request)
    path = evaluation_asks.path(step, links)
    errors = Errors()
    value = some_number(fields, "value", errors, least=-1e12)
    note = some_text(fields, "note", errors, longest=200)
    if value is None:
        errors.setdefault("value", "Please give a number.")
    if value is not None and not errors:
        zone = organisation.zone(organisation.current(session))
        try:
            evaluation_asks.give(session, step, value=value, note=note, zone=zone, at=now)
        except AlreadyGiven:
            return see_other(path)
        except ReadingRefused as refused:
            errors["value"] = str(refused)
    if errors:
        if step.done_at is not None:
            return see_other(path)
        return page(request, "readings/show.html", _page(session, step, links, fields, errors), 422)
    return see_other(path)


def _page(
    session: Session,
    step: EvaluationStep,
    links: Links,
    fields: Fields | None = None,
    errors: Errors | None = None,
) -> ReadingPage:
    measure = session.get_one(Measure, step.measure_id)
    return ReadingPage(
        step=step,
        measure=measure,
        project=session.get_one(Project, step.project_id),
        path=evaluation_asks.path(step, links),
        last=measures.standings(session, [measure])[measure.id],
        values=fields or Fields(),
        errors=errors or Errors(),
    )
