"""Pulls statements from another record store: since the last time, page after page, each page kept before the next is asked for."""

import json
from base64 import b64encode
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

from portfolio.database import Database
from portfolio.learning import xapi
from portfolio.learning.calling import Answer, Caller, Unreachable
from portfolio.links import Links
from portfolio.models import LearningSource
from portfolio.rules.learning import plain
from portfolio.rules.xapi import moment

VERSIONS = ("2.0.0", "1.0.3", "1.0.2", "1.0.1", "1.0.0")
"""What we speak, best first."""
PER_PAGE = 200
OVERLAP = timedelta(seconds=5)
"""Where a store doesn't say how far it is consistent, so much is asked for again; statements count once all the same."""
LOST = {400, 404, 410}
"""What a store answers whose `more` has run out."""


class Store:
    """A record store with its user."""

    def __init__(self, caller: Caller, address: str, user: str, secret: str) -> None:
        self._caller, self._address = caller, address.rstrip("/").removesuffix("/statements")
        pair = b64encode(f"{user}:{secret}".encode()).decode()
        self._headers = {"authorization": f"Basic {pair}", "accept": "application/json"}
        self.version = VERSIONS[1]

    def look(self) -> dict[str, Any]:
        """What it says about itself; from then on the best version both speak is spoken. Raises Unreachable."""
        said = _json(self._get(f"{self._address}/about", {}), "about")
        offered = [str(one) for one in said.get("version", []) if isinstance(one, str)]
        known = [one for one in VERSIONS if one in offered]
        if not known and not any(one.startswith("1.0") for one in offered):
            raise Unreachable(
                f"It speaks no xAPI we know: {plain(', '.join(offered), longest=80) or 'it names no version'}."
            )
        self.version = known[0] if known else VERSIONS[1]
        return {"version": self.version, "versions": [plain(one, longest=20) for one in offered[:20]]}

    def first(self, since: str) -> Answer:
        """The first page of what was stored after `since`, oldest first."""
        params = {"ascending": "true", "limit": str(PER_PAGE), **({"since": since} if since else {})}
        return self._get(f"{self._address}/statements", params)

    def more(self, address: str) -> Answer:
        """The next page. Raises Unreachable where it lies elsewhere: our password goes to no other host."""
        whole = urljoin(f"{self._address}/", address)
        if _origin(whole) != _origin(self._address):
            raise Unreachable("It says that more lies on another host. We don't go there.")
        return self._get(whole, {})

    def _get(self, address: str, params: dict[str, str]) -> Answer:
        headers = {**self._headers, "x-experience-api-version": self.version}
        answer = self._caller.get(address, params=params or None, headers=headers)
        if answer.status in {401, 403}:
            raise Unreachable("It doesn't take this user and password, or they may not read statements.")
        return answer


def pull(database: Database, number: int, store: Store, *, links: Links, now: datetime) -> int:
    """Take what is new; returns how many statements. Each page is kept together with where the next one is, so a crash or the
    end of a run's calls goes on there. Raises Unreachable, SpentForNow."""
    place = _place(database, number)
    new = 0
    answer = store.more(place["more"]) if place["more"] else store.first(place["since"])
    if place["more"] and answer.status in LOST:
        place = {**place, "more": ""}
        answer = store.first(place["since"])
    while True:
        page = _json(answer, "statements")
        statements = page.get("statements")
        if not isinstance(statements, list):
            raise Unreachable("What it answered holds no statements. Is this its address?")
        place = _after(place, page, answer, statements)
        new += _keep(database, number, store, statements, place, links=links, now=now)
        if not place["more"]:
            return new
        answer = store.more(place["more"])


def _place(database: Database, number: int) -> dict[str, str]:
    """Where to go on: `since`, the page after the last one kept, and from when on the next pull begins."""
    with database.reading() as session:
        source = session.get_one(LearningSource, number)
        kept = json.loads(source.cursor) if source.cursor else {}
    return {key: str(kept.get(key, "")) for key in ("since", "more", "next")}


def _after(
    place: dict[str, str], page: dict[str, Any], answer: Answer, statements: list[Any]
) -> dict[str, str]:
    """The place once this page is kept. What the first page calls consistent is where the next pull begins; without that, a
    little before the last statement."""
    more = page.get("more")
    if more is not None and not isinstance(more, str):
        raise Unreachable("It says where more lies in a way we can't read.")
    begins = place["next"]
    if not place["more"]:
        begins = _consistent(answer)
    stored = [found for one in statements if (found := _stored(one)) is not None]
    last = max(stored).isoformat() if stored else ""
    if more:
        return {"since": place["since"], "more": more, "next": begins}
    if begins and (not place["since"] or begins > place["since"]):
        since = begins
    elif not begins and last:
        since = (max(stored) - OVERLAP).isoformat()
    else:
        since = place["since"]
    return {"since": since, "more": "", "next": ""}


def _keep(
    database: Database,
    number: int,
    store: Store,
    statements: list[Any],
    place: dict[str, str],
    *,
    links: Links,
    now: datetime,
) -> int:
    with database.writing() as session:
        source = session.get(LearningSource, number)
        if source is None:
            raise Unreachable("The source was removed meanwhile.")
        taken = xapi.take(session, source, statements, version=store.version, links=links, at=now)
        source.cursor = json.dumps(place)
        return taken.new


def _consistent(answer: Answer) -> str:
    found = moment(answer.headers.get("x-experience-api-consistent-through", ""))
    return found.isoformat() if found else ""


def _stored(statement: Any) -> datetime | None:
    said = statement.get("stored") if isinstance(statement, dict) else None
    return moment(said) if isinstance(said, str) else None


def _json(answer: Answer, what: str) -> dict[str, Any]:
    if answer.status != 200:
        raise Unreachable(f"It answered {answer.status} when asked for {what}.")
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise Unreachable(f"What it answered when asked for {what} is no JSON object. Is this its address?")
    return said


def _origin(address: str) -> tuple[str, str, int | None]:
    try:
        parts = urlsplit(address)
        return parts.scheme, parts.hostname or "", parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return "", "", None
