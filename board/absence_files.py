"""Days away from a calendar file: upload it, see what became of its events."""

from dataclasses import dataclass, field, fields

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from portfolio import absence_files, capacity
from portfolio.absence_files import NoCalendar, Taken
from portfolio.models import Person
from web.clock import NowDep
from web.forms import Errors, SentDep, number_of
from web.people import ManagerDep, get_manager
from web.responses import see_other
from web.session import SessionDep
from web.templating import page

router = APIRouter(prefix="/plan/absences/calendar")


@dataclass(frozen=True)
class AwayPage:
    experts: list[tuple[int, str]]
    who: str = ""
    taken: Taken | None = None
    errors: Errors = field(default_factory=Errors)


@router.get("", dependencies=[Depends(get_manager, scope="function")])
def show(request: Request, session: SessionDep, taken: str = "") -> Response:
    return page(request, "absence_files/show.html", AwayPage(_experts(session), taken=_taken(taken)))


@router.post("")
def take(request: Request, sent: SentDep, session: SessionDep, manager: ManagerDep, now: NowDep) -> Response:
    errors = Errors()
    who = sent.fields["who"]
    person = _expert(session, who)
    if who and person is None:
        errors["who"] = "This is nobody who gives hours here."
    if not sent.uploads:
        errors["file"] = "Please choose a file."
    elif not errors:
        try:
            taken = absence_files.take(session, sent.uploads[0].content, person=person, by=manager, at=now)
        except NoCalendar as problem:
            session.rollback()
            errors["file"] = str(problem)
        else:
            counts = ".".join(str(getattr(taken, one.name)) for one in fields(taken))
            return see_other(f"/plan/absences/calendar?taken={counts}")
    return page(request, "absence_files/show.html", AwayPage(_experts(session), who, errors=errors), 422)


def _experts(session: Session) -> list[tuple[int, str]]:
    return [(one.id, one.display_name) for one in capacity.experts(session)]


def _expert(session: Session, said: str) -> Person | None:
    return capacity.find_expert(session, number_of(said))


def _taken(said: str) -> Taken | None:
    """The counts in the address after a file was taken."""
    counts = said.split(".")
    right = len(counts) == len(fields(Taken)) and all(one.isdecimal() and len(one) < 7 for one in counts)
    return Taken(*map(int, counts)) if right else None
