"""Problem details (RFC 9457): a stable type, and one entry a bad field."""

from collections.abc import Sequence
from typing import Any

from fastapi.responses import JSONResponse

from portfolio.submission import Problem

API = ("/api/", "/xapi/")
"""Where programs call, who are answered with problems instead of pages."""
PROBLEMS = {
    400: ("bad-request", "That could not be read."),
    401: ("unauthorized", "A valid bearer token is needed."),
    403: ("forbidden", "This token may not do that."),
    404: ("not-found", "There is no such thing, or not for you."),
    405: ("method-not-allowed", "This address can't do that."),
    409: ("conflict", "That doesn't fit the state it is in."),
    412: ("stale", "Somebody else changed it meanwhile; read it again."),
    413: ("too-large", "That is more than we can take at once. Nothing was saved."),
    415: ("unsupported-media-type", "Please send JSON."),
    422: ("invalid", "Some fields need another look. Nothing was saved."),
    428: ("precondition-required", "Please say which version you changed (If-Match)."),
    429: ("too-many", "A little too fast. Please wait and try again."),
    500: ("internal", "Something broke on our side. Nothing was half-saved."),
    503: ("unavailable", "The database can't be used right now. Nothing was changed; please try again."),
}


class ProblemFound(Exception):
    """Stop here and answer with a problem."""

    def __init__(self, status: int, detail: str = "", errors: Sequence[Problem] = ()) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors = status, detail, errors


def problem_response(
    status: int, detail: str = "", errors: Sequence[Problem] = (), headers: dict[str, str] | None = None
) -> JSONResponse:
    """A problem as JSON; `errors` name each bad field by JSON pointer and say in words what is wrong."""
    kind, title = PROBLEMS.get(status, ("error", "That didn't work."))
    body: dict[str, Any] = {"type": f"urn:outsize:problem:{kind}", "title": title, "status": status}
    if detail:
        body["detail"] = detail
    if errors:
        body["errors"] = [
            {"pointer": _pointer(one.path), "field": one.field, "detail": one.words} for one in errors
        ]
    if status == 401:
        headers = {"WWW-Authenticate": "Bearer", **(headers or {})}
    return JSONResponse(body, status, headers=headers, media_type="application/problem+json")


def _pointer(path: Sequence[str | int]) -> str:
    """A JSON pointer (RFC 6901): what divides its parts is written otherwise within them."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
