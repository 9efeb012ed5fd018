"""What stands before every route: size, origin and rate of what comes in, and the headers of what goes out."""

import re
from tempfile import SpooledTemporaryFile
from typing import IO
from urllib.parse import urlsplit

from fastapi import Request, Response
from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portfolio.settings import Settings
from web.problems import API, problem_response
from web.responses import TooMany

LARGEST_BODY = 1_000_000
SAVES_PER_MINUTE = 240
NOTES_PER_MINUTE = 600
LOOKS_PER_MINUTE = 120
LARGEST_UPLOAD = 25_000_000
LARGEST_IMPORT = 70_000_000
_PIECE = 256 * 1024
IMPORTS = "/settings/imports"
FORMS_WITH_FILES = re.compile(
    r"/requests$|/requests/\d+/|/requests/suggestions/|/drafts|/library|/cards/\d+/files|/tasks/\d+/|/measures/\d+/file$"
    r"|/surveys/import|/projects/\d+/estimates/file$"
)
"""Here a form that brings files may be as large; one that brings none is bounded as everywhere."""
MANY_AT_ONCE = re.compile(r"/api/v1/measures/\d+/readings$|/api/v1/surveys/\d+/responses$")
LARGEST_BATCH = 8_000_000
"""Thousands of readings or answers in one call of a program."""

HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        b"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)


class Guards:
    """One ASGI layer: refuses bodies that are too large, writes sent from other sites and addresses with a NUL, at which
    PostgreSQL stumbles, and adds the headers.

    A write is refused when the browser says it comes from another site (Sec-Fetch-Site, or Origin in browsers that lack
    it). Programs send neither and carry a token instead. So no form needs a hidden token that could expire under the
    person who fills it in: docs/decisions has the reasons.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.ours = urlsplit(settings.base_url).netloc
        self.secure = settings.secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        limit = _limit(scope["path"], headers)
        out = self._with_headers(
            send, private=b"cookie" in headers or b"authorization" in headers, scope=scope
        )
        if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
            await _refuse(scope, out, 400, "No address of ours has such a character in it.")
            return
        if scope["method"] not in {"GET", "HEAD", "OPTIONS"}:
            if self._comes_from_elsewhere(headers):
                await _refuse(scope, out, 403, "This was sent from another site, so nothing was changed.")
                return
            with SpooledTemporaryFile(LARGEST_BODY) as body:
                if await _read_body(body, headers, receive, limit):
                    await self.app(scope, _once_more(body, receive), out)
                else:
                    await _refuse(scope, out, 413, _too_large(limit))
            return
        await self.app(scope, receive, out)

    def _comes_from_elsewhere(self, headers: dict[bytes, bytes]) -> bool:
        site = headers.get(b"sec-fetch-site")
        if site is not None:
            return site not in {b"same-origin", b"none"}
        origin = headers.get(b"origin")
        if origin is None:
            return False
        host = urlsplit(origin.decode("latin-1")).netloc
        return host not in {headers.get(b"host", b"").decode("latin-1"), self.ours}

    def _with_headers(self, send: Send, *, private: bool, scope: Scope) -> Send:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *((name, value) for name, value in HEADERS if name not in given),
                ]
                if self.secure:
                    message["headers"].append((b"strict-transport-security", b"max-age=31536000"))
                if b"cache-control" not in given:
                    message["headers"].append((b"cache-control", _caching(scope["path"], private=private)))
            await send(message)

        return send_with_headers


def _limit(path: str, headers: dict[bytes, bytes]) -> int:
    """How many bytes may come: much for a file to import, some for a form that brings files, little for all else."""
    brings_files = headers.get(b"content-type", b"").startswith(b"multipart/form-data")
    if path.startswith(IMPORTS):
        return LARGEST_IMPORT if brings_files else LARGEST_UPLOAD
    if MANY_AT_ONCE.match(path):
        return LARGEST_BATCH
    return LARGEST_UPLOAD if brings_files and FORMS_WITH_FILES.match(path) else LARGEST_BODY


def _caching(path: str, *, private: bool) -> bytes:
    if path.startswith("/static/"):
        return b"public, max-age=31536000, immutable"
    return b"no-store" if private else b"no-cache"


def _too_large(limit: int) -> str:
    return f"That is more than we can take at once (at most {limit // 1_000_000} MB). Nothing was saved."


async def _read_body(body: IO[bytes], headers: dict[bytes, bytes], receive: Receive, limit: int) -> bool:
    """Write the whole body to `body`; False when it is larger than `limit` bytes.

    Read before anything else begins: a slow sender would otherwise hold the database's one writing turn.
    """
    if int(headers.get(b"content-length", b"0") or 0) > limit:
        return False
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            body.seek(0)
            body.truncate()
            return True
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            return False
        body.write(part)
        if not message.get("more_body", False):
            body.seek(0)
            return True


def _once_more(body: IO[bytes], receive: Receive) -> Receive:
    """Hands the body that was read to the application in pieces, then whatever comes after it."""
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        part = body.read(_PIECE)
        given = len(part) < _PIECE
        return {"type": "http.request", "body": part, "more_body": not given}

    return receive_again


async def _refuse(scope: Scope, send: Send, status: int, words: str) -> None:
    """Answer before anything was read: a problem for programs, a line for people."""
    headers = {"connection": "close"}
    if scope["path"].startswith(API):
        answer: Response = problem_response(status, words, headers=headers)
    else:
        answer = PlainTextResponse(words, status, headers)
    await answer(scope, _nothing_more, send)


async def _nothing_more() -> Message:
    return {"type": "http.disconnect"}


class Turnstile:
    """How many writes one address may make, counted in this process."""

    def __init__(self, settings: Settings) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._proxies = {name.strip() for name in settings.trusted_proxies.split(",") if name.strip()}
        self._posts: RateLimitItem = RateLimitItemPerMinute(settings.public_posts_per_minute)
        self._sign_ins: RateLimitItem = RateLimitItemPerHour(settings.sign_ins_per_hour)
        self._drafts: RateLimitItem = RateLimitItemPerHour(settings.drafts_per_hour)
        self._saves: RateLimitItem = RateLimitItemPerMinute(SAVES_PER_MINUTE)
        self._notes: RateLimitItem = RateLimitItemPerMinute(NOTES_PER_MINUTE)
        self._looks: RateLimitItem = RateLimitItemPerMinute(LOOKS_PER_MINUTE)
        self._uploads: RateLimitItem = RateLimitItemPerHour(settings.uploads_per_hour)
        self._answers: RateLimitItem = RateLimitItemPerHour(settings.open_answers_per_hour)
        self._statements: RateLimitItem = RateLimitItemPerMinute(settings.statement_posts_per_minute)

    def check_post(self, request: Request) -> None:
        """Raise TooMany when this address has sent too many public requests."""
        self._check(self._posts, "post", self.address(request))

    def check_note(self, request: Request) -> None:
        """Raise TooMany when this address presses more than a whole office would: things shown, opened and used."""
        self._check(self._notes, "note", self.address(request))

    def check_look(self, request: Request) -> None:
        """Raise TooMany when this address opens shared reports faster than people read, as somebody does who tries keys."""
        self._check(self._looks, "look", self.address(request))

    def check_draft(self, request: Request) -> None:
        """Raise TooMany when this address has begun too many drafts."""
        self._check(self._drafts, "draft", self.address(request))

    def check_save(self, draft_id: int) -> None:
        """Raise TooMany when a draft is saved more often than anybody types. Counted by draft: an office shares an address."""
        self._check(self._saves, "save", str(draft_id))

    def check_upload(self, request: Request, count: int) -> None:
        """Raise TooMany when this address has given too many files."""
        for _ in range(count):
            self._check(self._uploads, "upload", self.address(request))

    def check_answer(self, request: Request, survey: int) -> None:
        """Raise TooMany when this address has answered a survey's open link more often than a room of people would."""
        self._check(self._answers, "answer", str(survey), self.address(request))

    def check_statements(self, source: int) -> None:
        """Raise TooMany when a learning system sends statements more often than it may."""
        self._check(self._statements, "statements", str(source))

    def check_sign_in(self, request: Request, email: str) -> None:
        """Raise TooMany when this address, or this e-mail, has been tried too often."""
        self._check(self._sign_ins, "sign-in", self.address(request))
        self._check(self._sign_ins, "sign-in-as", email.lower()[:254])

    def address(self, request: Request) -> str:
        """Where a request comes from; a proxy we trust says it for others."""
        direct = request.client.host if request.client else "unknown"
        forwarded = request.headers.get("x-forwarded-for", "")
        return forwarded.split(",")[-1].strip() if direct in self._proxies and forwarded else direct

    def _check(self, limit: RateLimitItem, *who: str) -> None:
        if not self._limiter.hit(limit, *who):
            raise TooMany
