"""Who calls: a bearer token with a role and scopes, or the browser session of somebody signed in."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from portfolio import people, tokens
from portfolio.models import Person
from web.people import COOKIE, VisitorDep
from web.problems import ProblemFound
from web.session import READING, SessionDep


def get_caller(request: Request, session: SessionDep, visitor: VisitorDep) -> Person | None:
    """The person behind the call, or None for the public. Raises ProblemFound 401 or 403."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not scheme:
        return visitor
    holder = tokens.holder(session, token.strip()) if scheme.lower() == "bearer" else None
    if holder is None:
        raise ProblemFound(401)
    if request.method not in READING and "write" not in holder.scopes.split():
        raise ProblemFound(403, "This token may only read.")
    return holder.person


CallerDep = Annotated[Person | None, Depends(get_caller, scope="function")]


async def get_managing_caller(caller: CallerDep) -> Person:
    return _managing(caller)


def _managing(caller: Person | None) -> Person:
    if caller is None:
        raise ProblemFound(401)
    if not caller.manages:
        raise ProblemFound(404)
    return caller


async def get_leading_caller(caller: CallerDep) -> Person:
    if caller is None:
        raise ProblemFound(401)
    if not (caller.manages or caller.leads):
        raise ProblemFound(404)
    return caller


ManagerCaller = Annotated[Person, Depends(get_managing_caller, scope="function")]
LeaderCaller = Annotated[Person, Depends(get_leading_caller, scope="function")]


def caller_of(request: Request, session: Session, now: datetime) -> Person | None:
    """Who calls, as CallerDep says it, for a route that finds out in a thread of its own (web.session.in_one_thread)."""
    token = request.cookies.get(COOKIE)
    request.state.person = people.visitor(session, token, now=now) if token else None
    return get_caller(request, session, request.state.person)


def manager_of(request: Request, session: Session, now: datetime) -> Person:
    """The same for ManagerCaller."""
    return _managing(caller_of(request, session, now))


def name_of(caller: Person | None) -> str:
    """Whose Idempotency-Keys these are."""
    return f"person:{caller.id}" if caller else "public"
