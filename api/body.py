"""Reading JSON bodies strictly, and answering a repeated POST with what was answered before."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session

from portfolio import tokens
from portfolio.submission import Problem, explain
from web.clock import NowDep
from web.problems import ProblemFound

Model = TypeVar("Model", bound=BaseModel)
USED_OTHERWISE = "This Idempotency-Key was used with another body."
Route = TypeVar("Route", bound=Callable[..., Any])


@dataclass(frozen=True)
class Unread:
    """A body that couldn't be read. It is told by `parse`, so that whoever may not call hears that first."""

    problem: ProblemFound


async def read_json(request: Request) -> Any:
    """The body as JSON, or Unread with 415 or 400."""
    raw = await request.body()
    request.state.body_digest = hashlib.sha256(raw).hexdigest()
    kind = request.headers.get("content-type", "application/json").split(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        return Unread(ProblemFound(415))
    if not raw:
        return {}
    try:
        return json.loads(raw, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return Unread(ProblemFound(400, "The body is not JSON we can read."))


JsonDep = Annotated[Any, Depends(read_json)]


def takes(model: type[BaseModel]) -> Callable[[Route], Route]:
    """Say in the OpenAPI document what body a route reads."""

    def mark(route: Route) -> Route:
        route.takes = model  # type: ignore[attr-defined] # a note on the function, read by api.document
        return route

    return mark


def parse(model: type[Model], body: Any) -> Model:
    """The body as `model`. Raises ProblemFound: 415 or 400 where it couldn't be read, 422 with one entry a bad field."""
    if isinstance(body, Unread):
        raise body.problem
    if not isinstance(body, dict):
        raise ProblemFound(422, "Please send a JSON object.", [Problem((), "Please send a JSON object.")])
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise ProblemFound(422, errors=explain(error)) from error


class Once:
    """Runs a write once for each Idempotency-Key: the same key and body give the same answer again."""

    def __init__(self, body: Any, key: str | None, digest: str, now: datetime) -> None:
        self.body = body
        self._key, self._digest, self._now = key, digest, now

    def answer(
        self, session: Session, caller: str, write: Callable[[], tuple[int, dict[str, Any]]]
    ) -> JSONResponse:
        """What `write` answers, or what it answered before. Raises ProblemFound 409 for another body."""
        if self._key is None:
            status, answer = write()
            return JSONResponse(answer, status)
        digest = hashlib.sha256(self._digest.encode()).hexdigest()
        kept = tokens.kept_answer(session, caller, self._key)
        if kept is not None:
            if kept.body_digest != digest:
                raise ProblemFound(409, USED_OTHERWISE)
            return JSONResponse(kept.body, kept.status, headers={"Idempotency-Replayed": "true"})
        status, answer = write()
        tokens.keep_answer(session, caller, self._key, digest, status, answer, at=self._now)
        return JSONResponse(answer, status)


def header(request: Request, name: str, longest: int) -> str | None:
    """A header the route reads by itself. Raises ProblemFound 422 where it is longer than it can be."""
    given = request.headers.get(name)
    if given is not None and len(given) > longest:
        raise ProblemFound(422, errors=[Problem((name,), f"It has at most {longest} characters.")])
    return given


def headers(**longest: int) -> dict[str, Any]:
    """What the OpenAPI document says of headers that a route reads by itself, with how long they may be."""
    return {
        "parameters": [
            {
                "name": name.replace("_", "-"),
                "in": "header",
                "required": False,
                "schema": {"type": "string", "maxLength": most},
            }
            for name, most in longest.items()
        ]
    }


async def get_once(
    request: Request,
    body: JsonDep,
    now: NowDep,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> Once:
    return Once(body, idempotency_key, request.state.body_digest + request.url.path, now)


OnceDep = Annotated[Once, Depends(get_once)]


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
