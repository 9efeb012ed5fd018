"""What is kept about somebody: look, hand it to them, erase it."""

from dataclasses import dataclass, field

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from portfolio import privacy
from portfolio.models import Person, SuccessCase
from portfolio.privacy import Kept, NotErasable
from portfolio.traces import Place
from web.clock import NowDep
from web.forms import Errors, FormDep
from web.people import ManagerDep
from web.responses import see_other, there
from web.session import SessionDep
from web.settings import LinksDep, SettingsDep
from web.templating import page

router = APIRouter()

WORDS = {
    "absences": "days away", "answers": "answers on the request form", "arrivals": "mails that came in",
    "asked_questions": "questions asked by link", "cards": "cards owned", "comments": "comments on cards",
    "contributions": "projects contributed to", "decisions": "decisions made", "drafts": "requests begun and not sent",
    "events": "lines of the history", "expert_asks": "asks for expertise", "files": "files given", "invitations": "surveys asked to answer",
    "learning_records": "records from learning systems", "learning_requests": "requests sent", "mails": "mails to them",
    "messages": "messages on requests", "participants": "projects taken part in", "readings": "readings recorded",
    "supporters": "requests joined", "suggestions": "suggestions shown to them", "visits": "browsers signed in", "work_logs": "hours logged",
}  # fmt: skip

NAMED_IN = {
    "learning_requests": "request", "answers": "answer on request", "messages": "message on request", "decisions": "decision on request",
    "supporters": "words of who joined request", "overrides": "reason on request", "comments": "comment on card", "checklist_items": "checklist of card",
    "blockers": "blocker of card", "card_links": "link of card", "expert_asks": "ask for expertise on card", "work_logs": "hours on card",
    "evaluation_steps": "evaluation plan of project", "training_sessions": "session of project", "costs": "cost of project",
    "benefit_estimates": "estimate for project", "withdrawn_readings": "reading taken back of measure",
    "resources": "library", "success_cases": "success case", "readings": "reading of measure", "responses": "answers to survey",
    "plans": "reason of plan", "editions": "published report",
}  # fmt: skip
"""Where others wrote a name, each followed by its number."""


@dataclass(frozen=True)
class People:
    people: list[Person]
    text: str


@dataclass(frozen=True)
class KeptPage:
    person: Person
    kept: list[tuple[str, int]]
    cases: list[SuccessCase]
    places: list[Place]
    typed: str = ""
    errors: Errors = field(default_factory=Errors)


@router.get("/people")
def search(request: Request, session: SessionDep, _manager: ManagerDep, q: str = "") -> Response:
    text = q.strip()[:200]
    return page(request, "privacy/index.html", People(privacy.found(session, text), text))


@router.get("/people/{number:int}")
def show(request: Request, session: SessionDep, _manager: ManagerDep, number: int) -> Response:
    return page(request, "privacy/show.html", _kept(session, _find(session, number)))


@router.get("/people/{number:int}/data.json")
def take_along(session: SessionDep, _manager: ManagerDep, number: int) -> Response:
    """All of it, for the person to have."""
    person = _find(session, number)
    headers = {"content-disposition": f'attachment; filename="person-{person.id}.json"'}
    return JSONResponse(privacy.export(session, person), headers=headers)


@router.post("/people/{number:int}/erasure")
def erase(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    links: LinksDep,
    settings: SettingsDep,
    now: NowDep,
    fields: FormDep,
    number: int,
) -> Response:
    person = _find(session, number)
    typed = fields["email"].strip()
    errors = Errors()
    if typed.lower() != person.email:
        errors["email"] = "This isn’t their address. Nothing was erased."
    else:
        try:
            outbox = settings.data / "outbox"
            privacy.erase(session, person, links=links, outbox=outbox, by=manager, at=now)
        except NotErasable as why:
            errors["email"] = str(why)
    if errors:
        return page(request, "privacy/show.html", _kept(session, person, typed, errors), 422)
    return see_other(f"/people/{number}")


def _find(session: SessionDep, number: int) -> Person:
    return there(session.get(Person, number) if 0 < number < 2**31 else None)


def _kept(session: SessionDep, person: Person, typed: str = "", errors: Errors | None = None) -> KeptPage:
    rows = [(_words(one), one.rows) for one in privacy.kept(session, person)]
    cases = [] if person.erased_at else privacy.named_in_cases(session, person)
    places = [
        Place(_singular(one.table), one.number, one.path) for one in privacy.named_by_others(session, person)
    ]
    return KeptPage(person, sorted(rows), cases, places, typed, errors or Errors())


def _singular(table: str) -> str:
    return NAMED_IN.get(table, table.removesuffix("s"))


def _words(one: Kept) -> str:
    return WORDS.get(one.table, one.table.replace("_", " "))
