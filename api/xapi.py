"""Where learning systems send xAPI statements: `/xapi`, as a record store answers, for one that only takes in.

Statements are taken by POST and PUT, one that was sent can be asked for by its id, and `/xapi/about` says which versions we
speak. States, profiles and queries aren't kept here.
"""

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from portfolio.learning import sources, xapi
from portfolio.learning.lrs_pull import VERSIONS
from portfolio.learning.xapi import MOST_AT_ONCE, Conflict, Refused
from portfolio.models import LearningSource
from portfolio.rules.xapi import is_uuid
from web.clock import NowDep
from web.doors import Door
from web.responses import TooMany
from web.session import SessionDep
from web.settings import LinksDep

VERSION, CONSISTENT = "X-Experience-API-Version", "X-Experience-API-Consistent-Through"
FORM = "application/x-www-form-urlencoded"
AS_HEADERS = {
    "authorization",
    "x-experience-api-version",
    "content-type",
    "content-length",
    "if-match",
    "if-none-match",
    "accept",
}
"""What the alternate request syntax carries in the form instead of in headers."""


class Refusal(Exception):
    """The call can't be answered as asked; the message says why."""

    def __init__(self, status: int, words: str, *, version: str = VERSIONS[0]) -> None:
        super().__init__(words)
        self.status, self.words, self.version = status, words, version


@dataclass(frozen=True)
class Call:
    """What was asked, whether by headers and query or all in a form."""

    method: str
    params: dict[str, str]
    authorization: str
    version: str
    kind: str
    body: bytes


async def read_call(request: Request) -> Call:
    """The call as it was meant: the alternate syntax is a POST to `?method=…` with a form."""
    params = dict(request.query_params)
    headers = dict(request.headers)
    body = await request.body()
    method = request.method
    if method == "POST" and "method" in params and _kind(headers.get("content-type", "")) == FORM:
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        method = params["method"].upper()
        body = form.pop("content", "").encode()
        headers |= {"content-type": "application/json"}
        headers |= {key.lower(): value for key, value in form.items() if key.lower() in AS_HEADERS}
        params = {key: value for key, value in form.items() if key.lower() not in AS_HEADERS}
    return Call(
        method=method,
        params=params,
        authorization=headers.get("authorization", ""),
        version=headers.get("x-experience-api-version", ""),
        kind=_kind(headers.get("content-type", "")),
        body=body,
    )


CallDep = Annotated[Call, Depends(read_call)]

router = Door(prefix="/xapi")
routes = APIRouter()


@routes.get("/about")
def about() -> Response:
    """Which versions are spoken; anybody may ask."""
    return _json(200, {"version": list(VERSIONS)}, VERSIONS[0])


@routes.get("/statements")
@routes.put("/statements")
@routes.post("/statements")
def statements(
    request: Request, session: SessionDep, links: LinksDep, now: NowDep, call: CallDep
) -> Response:
    """Take statements in, all or none, or give back what is kept of one."""
    try:
        version = _version(call)
        source = _source(request, session, call, version)
        request.app.state.turnstile.check_statements(source.id)
        return DOES.get(call.method, _refuse_method)(session, source, call, version, links, now)
    except Refusal as refusal:
        return _json(refusal.status, {"error": refusal.words}, refusal.version, login=refusal.status == 401)
    except TooMany:
        words = {"error": "That is more than one system may send in a minute. Please wait a little."}
        answer_ = _json(429, words, VERSIONS[0])
        answer_.headers["Retry-After"] = "60"
        return answer_


router.include_router(routes)


def _take(
    session: SessionDep, source: LearningSource, call: Call, version: str, links: LinksDep, now: datetime
) -> Response:
    """POST: one statement or a list of them; answers their ids in order."""
    _only(call, set(), version)
    said = _read(call, version)
    sent = said if isinstance(said, list) else [said]
    if len(sent) > MOST_AT_ONCE:
        raise Refusal(413, f"Please send at most {MOST_AT_ONCE} statements at once.", version=version)
    return _accepted(
        lambda: xapi.accept(session, source, sent, version=version, links=links, at=now),
        lambda taken: _json(200, list(taken.ids), version),
        version,
    )


def _put(
    session: SessionDep, source: LearningSource, call: Call, version: str, links: LinksDep, now: datetime
) -> Response:
    """PUT: one statement under the id of the address; answers 204."""
    _only(call, {"statementId"}, version)
    number = call.params.get("statementId", "")
    if not is_uuid(number):
        raise Refusal(400, "statementId is missing, or is not a UUID.", version=version)
    said = _read(call, version)
    if isinstance(said, dict) and str(said.get("id", number)).lower() != number.lower():
        raise Refusal(400, "The id in the statement is another one than in the address.", version=version)
    one = {**said, "id": number} if isinstance(said, dict) else said
    return _accepted(
        lambda: xapi.accept(session, source, [one], version=version, links=links, at=now),
        lambda _taken: Response(status_code=204, headers={VERSION: version}),
        version,
    )


def _give(
    session: SessionDep, source: LearningSource, call: Call, version: str, links: LinksDep, now: datetime
) -> Response:
    """GET: what is kept of one statement."""
    _only(call, {"statementId", "voidedStatementId", "format", "attachments"}, version)
    asked = [key for key in ("statementId", "voidedStatementId") if key in call.params]
    if len(asked) != 1 or not is_uuid(call.params[asked[0]]):
        words = "Statements are taken in here, not looked through: please ask for one by its statementId."
        raise Refusal(400, words, version=version)
    found = xapi.kept(session, source, call.params[asked[0]])
    if found is None or (found.voided_at is not None) != (asked[0] == "voidedStatementId"):
        raise Refusal(404, "There is no such statement.", version=version)
    answer = _json(200, xapi.as_statement(found, home=links.base_url, version=version), version)
    answer.headers[CONSISTENT] = now.isoformat()
    return answer


def _accepted(
    take: Callable[[], xapi.Taken], done: Callable[[xapi.Taken], Response], version: str
) -> Response:
    """What was taken; or which statement wasn't, its property and the reason. What was refused is written down all the same."""
    try:
        return done(take())
    except Refused as refused:
        status = 409 if isinstance(refused, Conflict) else 400
        wrong = [
            {"statement": one.place, "id": one.id or None, "property": one.where, "reason": one.why}
            for one in refused.refusals
        ]
        return _json(status, {"error": f"Nothing was taken. {refused}", "refused": wrong}, version)


def _version(call: Call) -> str:
    """The version a call is spoken in. Raises Refusal."""
    said = call.version
    if not said:
        raise Refusal(400, f"The header {VERSION} is missing.")
    if said in {"1.0", *VERSIONS}:
        return "1.0.0" if said == "1.0" else said
    if said.startswith("1.0."):
        return "1.0.3"
    if said.startswith("2.0."):
        return "2.0.0"
    raise Refusal(400, f"We speak xAPI {', '.join(VERSIONS)}, not {said[:20]}.")


def _source(request: Request, session: SessionDep, call: Call, version: str) -> LearningSource:
    """Whose key and secret these are. Guessing is bounded. Raises Refusal, TooMany."""
    scheme, _, pair = call.authorization.partition(" ")
    try:
        key, _, secret = base64.b64decode(pair.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        key = secret = ""
    source = sources.pushing(session, key, secret) if scheme.lower() == "basic" and key else None
    if source is None:
        request.app.state.turnstile.check_sign_in(request, f"xapi {key}")
        raise Refusal(401, "This key and secret are not known here.", version=version)
    if not source.is_on:
        raise Refusal(403, "This source is paused here. Nothing was taken.", version=version)
    return source


def _read(call: Call, version: str) -> Any:
    if call.kind == "multipart/mixed":
        raise Refusal(
            415,
            "Attached files aren't taken here. Please send the statements alone, as JSON.",
            version=version,
        )
    if call.kind != "application/json":
        raise Refusal(415, "Please send application/json.", version=version)
    try:
        return json.loads(call.body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Refusal(400, "The body is not JSON we can read.", version=version) from None


def _refuse_method(
    _session: SessionDep, _source: LearningSource, call: Call, version: str, _links: LinksDep, _now: datetime
) -> Response:
    raise Refusal(405, f"Statements are sent by POST or PUT, not by {call.method[:20]}.", version=version)


DOES = {"GET": _give, "POST": _take, "PUT": _put}


def _only(call: Call, known: set[str], version: str) -> None:
    strange = sorted(set(call.params) - known)
    if strange:
        raise Refusal(400, f"There is no parameter {', '.join(strange)[:100]} here.", version=version)


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _kind(header: str) -> str:
    return header.split(";", maxsplit=1)[0].strip().lower()


def _json(status: int, body: Any, version: str, *, login: bool = False) -> JSONResponse:
    headers = {VERSION: version} | ({"WWW-Authenticate": 'Basic realm="xAPI"'} if login else {})
    return JSONResponse(body, status, headers=headers)
