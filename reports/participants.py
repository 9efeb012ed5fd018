"""Whom a project is for: added from a list, marked as having come or finished, taken off again."""

from dataclasses import dataclass, field

from fastapi import APIRouter, Request, Response

from portfolio import participants, projects, training_sessions
from portfolio.models import Participant, Project, TrainingSession
from portfolio.participants import INVITED, STATES, UnknownPeople
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep
from web.people import ManagerDep
from web.responses import see_other, there
from web.session import SessionDep
from web.templating import page

router = APIRouter(prefix="/projects/{number:int}/participants")

NAMES = dict(STATES)


@dataclass(frozen=True)
class ParticipantsPage:
    """Everybody a project is for, with the lead who sees their work."""

    project: Project
    found: list[Participant]
    sessions: list[TrainingSession]
    values: Fields = field(default_factory=Fields)
    errors: Errors = field(default_factory=Errors)
    states: tuple[tuple[str, str], ...] = STATES

    @property
    def without_lead(self) -> int:
        return sum(one.lead_id is None for one in self.found)

    @property
    def session_options(self) -> list[tuple[int, str]]:
        return [(one.id, f"{one.title}, {one.starts_at:%Y-%m-%d}") for one in self.sessions]


@router.get("")
def show(request: Request, session: SessionDep, _manager: ManagerDep, number: int) -> Response:
    return page(request, "participants/index.html", _view(session, _find(session, number)))


@router.post("")
def add(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    project = _find(session, number)
    chosen = fields["session"]
    meeting = (
        training_sessions.find(session, project, int(chosen))
        if chosen.isascii() and chosen.isdigit() and len(chosen) < 10
        else None
    )
    state = fields["state"] if fields["state"] in NAMES else INVITED
    try:
        participants.add_listed(
            session, project, fields["people"], session_=meeting, state=state, by=manager, at=now
        )
    except UnknownPeople as unknown:
        session.rollback()
        view = _view(session, _find(session, number), fields, Errors(people=str(unknown)))
        return page(request, "participants/index.html", view, 422)
    return see_other(f"/projects/{number}/participants")


@router.post("/{participant:int}")
def mark(
    session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int, participant: int
) -> Response:
    project = _find(session, number)
    found = _participant(session, project, participant)
    if fields["state"] in NAMES:
        participants.mark(session, project, found.person, fields["state"], by=manager, at=now)
    return see_other(f"/projects/{number}/participants#participant-{participant}")


@router.post("/{participant:int}/removal")
def remove(session: SessionDep, manager: ManagerDep, now: NowDep, number: int, participant: int) -> Response:
    project = _find(session, number)
    participants.remove(session, project, _participant(session, project, participant), by=manager, at=now)
    return see_other(f"/projects/{number}/participants")


def _find(session: SessionDep, number: int) -> Project:
    return there(projects.find(session, number))


def _participant(session: SessionDep, project: Project, number: int) -> Participant:
    return there(participants.find(session, project, number))


def _view(
    session: SessionDep, project: Project, values: Fields | None = None, errors: Errors | None = None
) -> ParticipantsPage:
    return ParticipantsPage(
        project,
        participants.of(session, project),
        training_sessions.of_project(session, project),
        values or Fields(),
        errors or Errors(),
    )
