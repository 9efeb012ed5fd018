"""Who is asking, and who may do what. A role that may not see a page gets 404 or sign-in, never a hint."""

from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request, Response
from fastapi.concurrency import run_in_threadpool

from portfolio import people
from portfolio.models import Person
from web.clock import NowDep
from web.responses import GoTo, NotFound
from web.session import SessionDep
from web.settings import SettingsDep

COOKIE = "outsize_visit"


async def get_visitor(request: Request, session: SessionDep, now: NowDep) -> Person | None:
    """The person signed in with this browser, if any."""
    token = request.cookies.get(COOKIE)
    person = await run_in_threadpool(people.visitor, session, token, now=now) if token else None
    request.state.person = person
    return person


VisitorDep = Annotated[Person | None, Depends(get_visitor, scope="function")]


async def get_person(request: Request, visitor: VisitorDep) -> Person:
    if visitor is None:
        raise GoTo(f"/sign-in?next={quote(_here(request))}")
    return visitor


PersonDep = Annotated[Person, Depends(get_person, scope="function")]


async def get_manager(person: PersonDep) -> Person:
    if not person.manages:
        raise NotFound
    return person


async def get_leader(person: PersonDep) -> Person:
    if not (person.manages or person.leads):
        raise NotFound
    return person


ManagerDep = Annotated[Person, Depends(get_manager, scope="function")]
LeaderDep = Annotated[Person, Depends(get_leader, scope="function")]
MANAGERS_ONLY = [Depends(get_manager, scope="function")]
"""For routes that need to know only that it is one."""


def give_cookie(response: Response, token: str, settings: SettingsDep) -> None:
    """Let this browser carry the visit."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(people.VISIT_LASTS.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=settings.secure,
    )


def _here(request: Request) -> str:
    """Where to come back to after signing in; a write is not repeated."""
    if request.method != "GET":
        return "/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
