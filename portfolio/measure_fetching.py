"""Looks a measure's values up where they are: a web address that is allowed, or one query in a database that is. It only reads."""

import asyncio
import logging
import re
import socket
import sqlite3
import ssl
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
from psycopg.rows import tuple_row

from portfolio.pulled_values import MOST_ROWS, NotThere, Row
from portfolio.rules.sources import Allowed, check_query, tells

MOST_BYTES = 4_000_000
TIMEOUT_SECONDS = 20.0
CONNECT_SECONDS = 5.0
QUERY_SECONDS = 10.0
MOST_ADDRESSES = 3
PACKED = {"", "identity", "gzip", "deflate"}
"""One layer of these grows a piece by a thousand at most; layers in layers would fill the memory with one piece."""
WORDS = 300
LONGEST_CELL = 100_000
"""What SQLite may make of one value; a row has as many as fit in a query."""
TOO_MIGHTY = "This database's user may do everything, files of the server included, so nothing was asked. Whoever runs Outsize can name one that may only read."
_ONLY_LOOKS = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
}


class NotFetched(ValueError):
    """It couldn't be looked up; the message says why."""


def content_at(address: str, allowed: Allowed, headers: Mapping[str, str] | None = None) -> bytes:
    """What a web address answers with, asked with these `headers` besides ours. Raises SourceRefused or NotFetched.

    Who holds a key in a header is whoever runs Outsize, so an answer that says it is not read: the manager would.

    The very address that was looked at is connected to, so that a name can't stand for another one a moment later; redirects
    aren't followed, and neither the answer's length nor its slowness is trusted.
    """
    allowed.check(address)
    for quiet in map(logging.getLogger, ("httpx", "httpcore")):
        quiet.setLevel(
            max(quiet.level, logging.WARNING)
        )  # they would write addresses and answers, keys and all
    try:
        content = asyncio.run(_within_time(address, allowed, headers or {}))
    except TimeoutError as problem:
        raise NotFetched(f"No whole answer within {TIMEOUT_SECONDS:.0f} seconds.") from problem
    except socket.gaierror as problem:
        raise NotFetched("Its name is not known.") from problem
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as problem:
        if headers and isinstance(problem, httpx.ProtocolError):  # it would say what the host said
            raise NotFetched(
                "It broke off, or its answer isn't what web servers answer, so nothing of it was read."
            ) from None
        raise NotFetched(_in_short(problem, address)) from problem
    if tells(content, headers or {}):
        raise NotFetched("Its answer says the key that was sent along, so nothing of it was read.")
    return content


def rows_of(url: str, query: str) -> tuple[list[str], list[Row]]:
    """The columns' names and the rows of one query that only looks. Raises SourceRefused or NotFetched."""
    query = check_query(query)
    try:
        names, rows = _sqlite(url, query) if url.startswith("sqlite") else _postgresql(url, query)
    except (sqlite3.Error, psycopg.Error, UnicodeError) as problem:
        raise NotFetched(_in_short(problem, url)) from problem
    return names, [dict(zip(names, row, strict=True)) for row in rows]


# The web


async def _within_time(address: str, allowed: Allowed, more: Mapping[str, str]) -> bytes:
    async with asyncio.timeout(TIMEOUT_SECONDS):
        return await _get(httpx.URL(address), allowed, more)


async def _get(url: httpx.URL, allowed: Allowed, more: Mapping[str, str]) -> bytes:
    places = await _look_up(url)
    allowed.check_found(places, secure=url.scheme == "https")
    headers = httpx.Headers({"user-agent": "Outsize", "accept": "application/json, text/csv, */*"})
    headers.update(dict(more))
    headers["host"] = url.netloc.decode()
    named = {"sni_hostname": url.raw_host.decode()} if url.scheme == "https" else {}
    last: httpx.HTTPError = httpx.ConnectError("Nobody answered.")
    async with httpx.AsyncClient(
        verify=_trusted(), timeout=TIMEOUT_SECONDS, trust_env=False, follow_redirects=False
    ) as client:
        for place in places[:MOST_ADDRESSES]:
            request = client.build_request(
                "GET", url.copy_with(host=place), headers=headers, extensions=named
            )
            request.extensions["timeout"] = httpx.Timeout(TIMEOUT_SECONDS, connect=CONNECT_SECONDS).as_dict()
            try:
                answer = await client.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout) as problem:
                last = problem
                continue
            try:
                return await _content(answer, with_key=bool(more))
            finally:
                await answer.aclose()
    raise last


async def _look_up(url: httpx.URL) -> list[str]:
    port = url.port or (443 if url.scheme == "https" else 80)
    found = await asyncio.get_running_loop().getaddrinfo(url.raw_host.decode(), port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


async def _content(answer: httpx.Response, *, with_key: bool) -> bytes:
    """The answer, unpacked, as long as it isn't too long. Raises NotFetched."""
    if answer.is_redirect:
        raise NotFetched(
            f"It answered {answer.status_code}, which points elsewhere. Give the address it points to; we don't follow."
        )
    if not answer.is_success:
        raise NotFetched(_refusal(answer, with_key=with_key))
    if answer.headers.get("content-encoding", "").lower() not in PACKED:
        raise NotFetched("It is packed in a way we don't unpack.")
    read = bytearray()
    async for chunk in answer.aiter_bytes(64 * 1024):
        read += chunk
        if len(read) > MOST_BYTES:
            raise NotFetched(f"The answer is longer than {MOST_BYTES // 1_000_000} MB.")
    return bytes(read)


def _refusal(answer: httpx.Response, *, with_key: bool) -> str:
    """That it answered with an error, and what to do where it wants to know who asks; never its own words, which may be any."""
    known = {one.value: f" {one.phrase}" for one in HTTPStatus}
    said = f"It answered {answer.status_code}{known.get(answer.status_code, '')}."
    if answer.status_code not in {401, 403}:
        return said
    if with_key:
        return (
            f"{said} It doesn't take the key that was sent along; whoever runs Outsize can set another one."
        )
    return f"{said} It wants a key; whoever runs Outsize can set one: OUTSIZE_MEASURE_HEADERS."


@cache
def _trusted() -> ssl.SSLContext:
    """Whom browsers trust, and whom this machine trusts as well, such as the organisation's own authority."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return context


# Databases

Found = tuple[list[str], Sequence[Sequence[Any]]]


def _sqlite(url: str, query: str) -> Found:
    """Opened for reading only; whatever isn't a look is refused before it runs, and a long one is ended."""
    file = url.removeprefix("sqlite:///")
    connection = sqlite3.connect(f"file:{quote(file)}?mode=ro", uri=True, timeout=CONNECT_SECONDS)
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_CELL)
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        connection.execute("PRAGMA query_only = ON")
        connection.set_authorizer(_authorize)
        until = time.monotonic() + QUERY_SECONDS
        connection.set_progress_handler(lambda: time.monotonic() > until, 10_000)
        cursor = connection.execute(query)
        rows = _bounded(cursor)
        return [column[0] for column in cursor.description or ()], rows
    finally:
        connection.close()


def _authorize(what: int, _first: str | None, second: str | None, *_: object) -> int:
    looks = what in _ONLY_LOOKS and not (what == sqlite3.SQLITE_FUNCTION and second == "load_extension")
    return sqlite3.SQLITE_OK if looks else sqlite3.SQLITE_DENY


def _postgresql(url: str, query: str) -> Found:
    """In a read-only transaction that is never committed. As a part of a SELECT and by the extended protocol it can be one
    statement only, and none that writes. A superuser could read the server's files with it all the same, so none is taken."""
    url = url.replace("postgresql+psycopg://", "postgresql://", 1)
    with psycopg.connect(url, connect_timeout=int(CONNECT_SECONDS), row_factory=tuple_row) as connection:
        if connection.info.parameter_status("is_superuser") == "on":
            raise NotFetched(TOO_MIGHTY)
        connection.read_only = True
        milliseconds = int(QUERY_SECONDS * 1000)
        connection.execute(f"SET LOCAL statement_timeout = {milliseconds}")
        connection.execute(f"SET LOCAL lock_timeout = {milliseconds}")
        cursor = connection.cursor()
        with closing(  # type: ignore[type-var] # a generator, which psycopg calls an iterator
            cursor.stream(
                f"SELECT * FROM (\n{query}\n) AS pulled LIMIT {MOST_ROWS + 1}".encode()  # noqa: S608 - theirs, and it can only look
            )
        ) as found:
            rows = _bounded(found)
        names = [column.name for column in cursor.description or ()]
        connection.rollback()
    return names, rows


def _bounded(rows: Iterable[Sequence[Any]]) -> Sequence[Sequence[Any]]:
    """The rows, read one by one, as long as they aren't too many or too large. Raises NotThere."""
    kept, size = list[Sequence[Any]](), 0
    for row in rows:
        kept.append(row)
        size += sum(len(cell) if isinstance(cell, str | bytes) else len(str(cell)) for cell in row)
        if len(kept) > MOST_ROWS:
            raise NotThere(f"There are more than {MOST_ROWS:,} rows; please narrow the query down.")
        if size > MOST_BYTES:
            raise NotThere(
                f"The answer is longer than {MOST_BYTES // 1_000_000} MB; please narrow the query down."
            )
    return kept


def _in_short(problem: Exception, secret: str) -> str:
    """What went wrong in one line, never with an address that has passwords in it."""
    words = str(problem).replace(secret, "…").splitlines()
    said = re.sub(r"(://[^:/@\s]*:)[^@\s]*@", r"\1…@", words[0] if words else "")
    if isinstance(problem, sqlite3.OperationalError) and said == "interrupted":
        return f"The query took longer than {QUERY_SECONDS:.0f} seconds."
    return f"{type(problem).__name__}: {said}"[:WORDS]
