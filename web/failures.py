"""What people read when something is missing, refused or broken; the API answers with problem details instead."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy import inspect
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, RedirectResponse

from portfolio.database import Gone
from portfolio.models import Person
from portfolio.submission import Problem
from web.problems import API, ProblemFound, problem_response
from web.responses import GoTo, NotFound, TooMany
from web.templating import page

log = logging.getLogger("outsize")


@dataclass(frozen=True)
class PlainPage:
    title: str
    words: str


WORDS = {
    400: ("We couldn't read that", "Something in what was sent is not as we expect it. Nothing was changed."),
    403: ("Not from there", "This was sent from another site, so nothing was changed."),
    404: ("Nothing here", "Perhaps the link is old, or it was meant for somebody else."),
    405: ("That doesn't work here", "This address can't do that. Nothing was changed."),
    413: ("Too large", "That is more than we can take at once. Nothing was saved."),
    422: ("We couldn't read that", "Something in what was sent is not as we expect it. Nothing was changed."),
    429: ("A little too fast", "Please wait a minute and try again. Nothing you sent before is lost."),
    500: (
        "Something broke on our side",
        "Nothing was half-saved. Please try again; if it stays, tell your L&D manager.",
    ),
    503: (
        "That can't be saved right now",
        "Nothing was changed. Please go back and try again in a minute; if it stays, tell your L&D manager.",
    ),
}


def install(app: FastAPI) -> None:
    """Teach the application how to answer when things go wrong."""
    app.add_exception_handler(GoTo, _go)
    app.add_exception_handler(NotFound, _answering(404))
    app.add_exception_handler(Gone, _answering(404))
    app.add_exception_handler(TooMany, _answering(429, {"Retry-After": "60"}))
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ProblemFound, _problem)
    app.add_exception_handler(OperationalError, _away)
    app.add_exception_handler(Exception, _broken)


def answer(request: Request, status: int, headers: dict[str, str] | None = None) -> Response:
    """The page, or for the API the problem, that says what happened, what was kept and what to do."""
    if request.url.path.startswith(API):
        return problem_response(status, headers=headers)
    title, words = WORDS.get(status, WORDS[400])
    try:
        response = _page_in_its_shell(request, PlainPage(title, words), status)
    except Exception:  # noqa: BLE001 - the page about a failure must not fail
        response = PlainTextResponse(f"{title}. {words}", status)
    response.headers.update(headers or {})
    return response


def _page_in_its_shell(request: Request, view: PlainPage, status: int) -> Response:
    """The page as this person knows it. The session of the failed request is gone, so it reads with its own."""
    known: Person | None = getattr(request.state, "person", None)
    with request.app.state.database.reading() as session:
        request.state.here, request.state.session = None, session
        request.state.person = session.get(Person, inspect(known).identity) if known else None
        return page(request, "errors/plain.html", view, status)


def _answering(
    status: int, headers: dict[str, str] | None = None
) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handler(request: Request, _problem: Exception) -> Response:
        return answer(request, status, headers)

    return handler


async def _go(_request: Request, leave: Exception) -> Response:
    assert isinstance(leave, GoTo)  # noqa: S101 - registered for it alone
    return RedirectResponse(leave.address, status_code=303)


async def _problem(_request: Request, found: Exception) -> Response:
    assert isinstance(found, ProblemFound)  # noqa: S101 - registered for it alone
    return problem_response(found.status, found.detail, found.errors)


async def _invalid(request: Request, error: Exception) -> Response:
    """An address or query that can't be: for people the page is not there, for programs the field is named."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it alone
    in_path = any(one["loc"][0] == "path" for one in error.errors())
    if in_path or not request.url.path.startswith(API):
        return answer(request, 404 if in_path else 422)
    problems = [Problem(tuple(one["loc"][1:]), one["msg"]) for one in error.errors()]
    return problem_response(422, errors=problems)


async def _http(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)  # noqa: S101 - registered for it alone
    return answer(request, problem.status_code, dict(problem.headers or {}))


async def _away(request: Request, problem: Exception) -> Response:
    """The disk is full, somebody else holds the database, or it is gone: that passes, and whoever looks after it finds why."""
    assert isinstance(problem, OperationalError)  # noqa: S101 - registered for it alone
    log.error("%s %s could not be answered: %s", request.method, request.url.path, problem.orig)
    return answer(request, 503, {"Retry-After": "60"})


async def _broken(request: Request, problem: Exception) -> Response:
    log.error("%s %s broke", request.method, request.url.path, exc_info=problem)
    return answer(request, 500)
