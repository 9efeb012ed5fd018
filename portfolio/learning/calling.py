"""Asks learning systems over the web: only those that may be asked, no faster than agreed, never more than fits in memory."""

import logging
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from portfolio.rules.addresses import AddressRefused, is_local, is_public

TIMEOUT_SECONDS = 30.0
RUN_SECONDS = 120.0
LARGEST_ANSWER = 20_000_000
LONGEST_ADDRESS = 1000
MOST_ADDRESSES = 3
WORDS = 200
ALLOW = "Whoever runs Outsize can allow that: OUTSIZE_LEARNING_MAY_BE_LOCAL."


class Unreachable(Exception):
    """A system can't be asked, or gave no answer that can be read; the message says why, without any secret."""


class SpentForNow(Exception):
    """So many calls were made as one run may make. The next goes on where this one ended."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


class Pace:
    """Keeps to so many calls a second, and so many calls and seconds a run: others wait for their turn. `sleep` and `clock` are
    those of the machine but in tests."""

    def __init__(
        self,
        per_second: float,
        most: int,
        *,
        seconds: float = RUN_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.made = 0
        self._most = most
        self._pause = 1 / per_second
        self._sleep, self._clock = sleep, clock
        self._next = clock()
        self._until = self._next + seconds

    def step(self) -> None:
        """Wait for the next call's turn. Raises SpentForNow."""
        if self.made >= self._most or self._clock() > self._until:
            raise SpentForNow
        wait = self._next - self._clock()
        if wait > 0:
            self._sleep(wait)
        self._next = max(self._next, self._clock()) + self._pause
        self.made += 1


def check(address: str, *, may_be_local: bool) -> None:
    """Raise AddressRefused unless learning data may be fetched from there."""
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if not host or parts.scheme not in {"http", "https"} or any(one.isspace() for one in address):
        raise AddressRefused("Please give a web address such as https://learn.example.org.")
    if len(address) > LONGEST_ADDRESS:
        raise AddressRefused(f"Please keep this under {LONGEST_ADDRESS} characters.")
    if parts.username or parts.password:
        raise AddressRefused("Please leave user and password out of the address; there are fields for them.")
    if parts.query or parts.fragment:
        raise AddressRefused("Please give the address alone, without what follows a ? or #.")
    if may_be_local:
        return
    if parts.scheme != "https":
        raise AddressRefused(f"The address has to begin with https://, so that nobody reads along. {ALLOW}")
    if is_local(host):
        raise AddressRefused(f"This address is inside your own network. {ALLOW}")


class Caller:
    """Asks one system. Connects to the very addresses that were looked at, so that a name can't stand for another one a moment
    later; follows no redirect."""

    def __init__(self, *, pace: Pace, may_be_local: bool, secrets: tuple[str, ...] = ()) -> None:
        quiet = logging.getLogger("httpx")
        quiet.setLevel(max(quiet.level, logging.WARNING))  # it would write whole addresses
        self._pace, self._may_be_local = pace, may_be_local
        self._secrets = [one for one in secrets if one]
        self._client = httpx.Client(
            verify=_trusted(), timeout=TIMEOUT_SECONDS, trust_env=False, follow_redirects=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, address: str, *, params: dict[str, str] | None = None, headers: dict[str, str]) -> Answer:
        return self._ask("GET", address, params=params, headers=headers)

    def post(self, address: str, form: dict[str, str]) -> Answer:
        return self._ask("POST", address, data=form, headers={"accept": "application/json"})

    def _ask(self, method: str, address: str, *, headers: dict[str, str], **more: Any) -> Answer:
        """The answer, whatever its status. Raises Unreachable, SpentForNow."""
        self._pace.step()
        try:
            return self._ask_there(method, httpx.URL(address), headers, more)
        except AddressRefused as refused:
            raise Unreachable(str(refused)) from None
        except httpx.TimeoutException:
            raise Unreachable(f"It gave no whole answer within {TIMEOUT_SECONDS:.0f} seconds.") from None
        except socket.gaierror:
            raise Unreachable("Its name is not known.") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as problem:
            raise Unreachable(
                self._in_short(f"It can't be reached: {str(problem) or type(problem).__name__}")
            ) from None

    def _ask_there(
        self, method: str, url: httpx.URL, headers: dict[str, str], more: dict[str, Any]
    ) -> Answer:
        places = _look_up(url)
        if not self._may_be_local and not all(is_public(one) for one in places):
            raise AddressRefused(f"Its name stands for an address inside your own network. {ALLOW}")
        own = {"host": url.netloc.decode(), "user-agent": "Outsize", "accept-encoding": "identity", **headers}
        named = {"sni_hostname": url.raw_host.decode()} if url.scheme == "https" else {}
        last: httpx.HTTPError = httpx.ConnectError("its name stands for no address")
        for place in places[:MOST_ADDRESSES]:
            request = self._client.build_request(
                method, url.copy_with(host=place), headers=own, extensions=named, **more
            )
            request.extensions["timeout"] = httpx.Timeout(TIMEOUT_SECONDS).as_dict()
            try:
                answer = self._client.send(request, stream=True)
            except httpx.ConnectError as problem:
                last = problem
                continue
            try:
                return Answer(answer.status_code, dict(answer.headers), _whole(answer))
            finally:
                answer.close()
        raise last

    def _in_short(self, words: str) -> str:
        for secret in self._secrets:
            words = words.replace(secret, "…")
        return " ".join(words.split())[:WORDS]


@cache
def _trusted() -> ssl.SSLContext:
    """Whom browsers trust, and whom this machine trusts as well, such as the organisation's own authority."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return context


def _look_up(url: httpx.URL) -> list[str]:
    port = url.port or (443 if url.scheme == "https" else 80)
    found = socket.getaddrinfo(url.raw_host.decode(), port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def _whole(answer: httpx.Response, *, clock: Callable[[], float] = time.monotonic) -> bytes:
    """The answer as it comes, not unpacked (none was asked to be packed), as long as it is neither too long nor too slow."""
    if answer.headers.get("content-encoding", "").lower() not in {"", "identity"}:
        raise Unreachable("It answered with something packed, which wasn't asked for.")
    read, until = bytearray(), clock() + RUN_SECONDS
    for chunk in answer.iter_raw():
        read += chunk
        if clock() > until:
            raise Unreachable(f"It gave no whole answer within {RUN_SECONDS:.0f} seconds.")
        if len(read) > LARGEST_ANSWER:
            raise Unreachable(f"It answered with more than {LARGEST_ANSWER // 1_000_000} MB at once.")
    return bytes(read)
