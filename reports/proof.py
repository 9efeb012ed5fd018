"""Proof: what each project changed and was worth, how sure that is, and what is missing; for leaders to read."""

from fastapi import APIRouter, Request, Response

from portfolio import levels, organisation, projects, proving, success_cases
from portfolio.models import Person, Project
from portfolio.proving import NothingToConclude
from portfolio.states import EvidenceGrade
from reports.proof_view import Overview, ProjectLine, ProofPage
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, some_text
from web.people import LeaderDep, ManagerDep
from web.responses import see_other, there
from web.session import SessionDep
from web.templating import here, page

router = APIRouter()

MOST_PROJECTS = 200
LONGEST_WORDS = 1000


@router.get("/proof")
def overview(request: Request, session: SessionDep, person: LeaderDep) -> Response:
    found = projects.listed(session, limit=MOST_PROJECTS)
    reached = levels.of_projects(session, found)
    concluded = proving.hypotheses(session)
    verdicts = {one.project.id: one.verdict for one in concluded}
    returns = proving.returns(session)
    today = here(request).today
    ours = organisation.current(session)
    least = ours.least_grade if ours else EvidenceGrade.ESTIMATE
    view = Overview(
        hits=proving.hit_rate(session),
        concluded=concluded,
        lines=[
            ProjectLine(
                one, reached[one.id], verdicts.get(one.id, ""), returns.get(one.id), person.manages, least
            )
            for one in found
        ],
        due=proving.due(session, today=today),
        without_baseline=proving.without_baseline(session),
        cases=success_cases.count_told(session),
        may_change=person.manages,
        today=today,
    )
    return page(request, "proof/index.html", view)


@router.get("/projects/{number:int}/proof")
def show(request: Request, session: SessionDep, person: LeaderDep, number: int, taken: str = "") -> Response:
    project = find_project(session, number)
    return page(request, "proof/show.html", proof_page(request, session, project, person, taken=taken))


@router.post("/projects/{number:int}/conclusions")
def conclude(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    project = find_project(session, number)
    errors = Errors()
    words = some_text(fields, "conclusion", errors, longest=LONGEST_WORDS)
    if not errors:
        try:
            proving.conclude(session, project, words=words, by=manager, at=now)
        except NothingToConclude as refused:
            errors["conclusion"] = str(refused)
    if errors:
        return refused_page(request, session, project, manager, fields, errors)
    return see_other(f"/projects/{number}/proof#concluded")


def find_project(session: SessionDep, number: int) -> Project:
    return there(projects.find(session, number))


def proof_page(
    request: Request,
    session: SessionDep,
    project: Project,
    person: Person,
    *,
    fields: Fields | None = None,
    errors: Errors | None = None,
    taken: str = "",
) -> ProofPage:
    """Everything the page of one project's proof shows."""
    ours = organisation.current(session)
    return ProofPage(
        found=proving.of_project(session, project, in_steps=not person.manages),
        cases=success_cases.listed(session, project=project) if person.manages else [],
        currency=ours.currency if ours else "",
        may_change=person.manages,
        today=here(request).today,
        values=fields or Fields(),
        errors=errors or Errors(),
        taken=taken if taken.isascii() and taken.replace("-", "").isdigit() and len(taken) < 20 else "",
    )


def refused_page(
    request: Request,
    session: SessionDep,
    project: Project,
    person: Person,
    fields: Fields,
    errors: Errors,
) -> Response:
    """The same page with what was typed, and what is wrong with it."""
    view = proof_page(request, session, project, person, fields=fields, errors=errors)
    return page(request, "proof/show.html", view, 422)
