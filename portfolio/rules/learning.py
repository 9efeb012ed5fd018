"""What is read out of learning systems' data: who, what kind of thing, how well; and what of it may be shown."""

import hashlib
import html
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from difflib import SequenceMatcher
from typing import Any

from portfolio.rules.similarity import STOP_WORDS, folded
from portfolio.rules.xapi import ACTIVITY, AGENT, GROUP, VOIDED, WITHIN, moment, readable

ENROLLED, ATTENDED, COMPLETED, PASSED = "enrolled", "attended", "completed", "passed"
FAILED, SCORED, RATED, USED, VOIDING, OTHER = "failed", "scored", "rated", "used", "voiding", "other"
ADL, TINCAN, PROFILES = (
    "http://adlnet.gov/expapi/verbs/",
    "http://id.tincanapi.com/verb/",
    "https://w3id.org/xapi/",
)
VERBS = {
    VOIDED: VOIDING,
    f"{ADL}registered": ENROLLED,
    f"{PROFILES}dod-isd/verbs/enrolled": ENROLLED,
    "http://www.tincanapi.co.uk/verbs/enrolled_onto_learning_plan": ENROLLED,
    f"{ADL}attended": ATTENDED,
    f"{ADL}completed": COMPLETED,
    f"{PROFILES}adl/verbs/satisfied": COMPLETED,
    f"{ADL}passed": PASSED,
    f"{ADL}mastered": PASSED,
    f"{ADL}failed": FAILED,
    f"{ADL}scored": SCORED,
    f"{TINCAN}rated": RATED,
    f"{ADL}experienced": USED,
    f"{ADL}launched": USED,
    f"{ADL}initialized": USED,
    f"{ADL}interacted": USED,
    f"{ADL}attempted": USED,
    f"{ADL}launched-in": USED,
    f"{TINCAN}viewed": USED,
    f"{TINCAN}opened": USED,
    f"{TINCAN}downloaded": USED,
    f"{PROFILES}video/verbs/played": USED,
    "https://w3id.org/xapi/acrossx/verbs/watched": USED,
    "http://activitystrea.ms/schema/1.0/read": USED,
    "http://activitystrea.ms/schema/1.0/watch": USED,
}
"""Verbs that say something we count; an IRI is compared as it is written. A `completion` of true counts whatever the verb."""
FEWEST = 5
"""Fewer people than that are never shown."""
MOST_MEMBERS = 500
LIKE_ENOUGH = 0.6

_TAG = re.compile(r"<[^>]*>")
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"\w{2,}")
_MAIL = re.compile(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+\.[^\s@<>,;\"]+")


@dataclass(frozen=True)
class Identity:
    """Who did it. `key` is the same however a system names the person; `email` is empty where only a hash of it is known."""

    key: str
    email: str = ""


@dataclass(frozen=True)
class Said:
    """What a statement says that counts here. `kept` is all that is kept of it: no name, no words, no address."""

    id: str
    kind: str
    actors: tuple[Identity, ...]
    activity: str
    name: str
    score: float | None
    happened_at: datetime | None
    voids: str
    kept: dict[str, Any] = field(default_factory=dict)


def of_mailbox(email: str) -> Identity:
    """Known by a mailbox, or by its xAPI hash: both give the same key."""
    address = readable(email.strip().lower())
    return Identity(f"mailbox/{sha1_of(address)}", address)


def sha1_of(email: str) -> str:
    """xAPI's mbox_sha1sum of an address in lower case."""
    return hashlib.sha1(f"mailto:{email}".encode(), usedforsecurity=False).hexdigest()


def is_mailbox(text: str) -> bool:
    return _MAIL.fullmatch(text.strip()) is not None


def identity_of(agent: dict[str, Any]) -> Identity | None:
    """Whom an agent of a valid statement stands for; None for a group without an identifier."""
    if "mbox" in agent:
        return of_mailbox(agent["mbox"].removeprefix("mailto:"))
    if "mbox_sha1sum" in agent:
        return Identity(f"mailbox/{agent['mbox_sha1sum'].lower()}")
    if "openid" in agent:
        return Identity(readable(f"openid/{agent['openid']}"))
    if "account" in agent:
        name = agent["account"]["name"]
        if is_mailbox(name):
            return of_mailbox(name)
        return Identity(readable(f"account/{agent['account']['homePage']}/{name}"))
    return None


def read(statement: dict[str, Any]) -> Said:
    """What a valid statement says."""
    verb, thing = statement["verb"]["id"], statement["object"]
    result = statement.get("result", {})
    is_activity = thing.get("objectType", ACTIVITY) == ACTIVITY
    kind = VERBS.get(verb, OTHER)
    if result.get("completion") is True and kind in {USED, OTHER, SCORED}:
        kind = COMPLETED
    if kind != VOIDING and not is_activity:
        kind = OTHER
    voids = thing["id"].lower() if kind == VOIDING else ""
    return Said(
        id=statement.get("id", "").lower(),
        kind=kind,
        actors=_actors(statement["actor"]),
        activity=thing["id"] if is_activity else "",
        name=in_words(thing.get("definition", {}).get("name", {})) if is_activity else "",
        score=share_of(result.get("score", {})),
        happened_at=moment(statement["timestamp"]) if "timestamp" in statement else None,
        voids=voids,
        kept=_kept(statement, voids),
    )


def share_of(score: dict[str, Any]) -> float | None:
    """A score from 0 to 1: `scaled` where it is given, else where `raw` stands between `min` (0 unless given) and `max`."""
    if "scaled" in score:
        return max(0.0, float(score["scaled"]))
    least, most = score.get("min", 0), score.get("max")
    if "raw" not in score or most is None or most <= least:
        return None
    return min(1.0, max(0.0, float(score["raw"] - least) / float(most - least)))


def in_words(language_map: dict[str, str]) -> str:
    """A language map's text: English where there is one, else the first."""
    english = next((text for tag, text in language_map.items() if tag.lower().startswith("en")), None)
    return plain(english if english is not None else next(iter(language_map.values()), ""))


def plain(text: object, *, longest: int = 300) -> str:
    """Text as people read it: tags gone, &amp; and &gt; as what they stand for, spaces in order."""
    without = _TAG.sub(" ", text if isinstance(text, str) else "")
    return _SPACE.sub(" ", readable(html.unescape(without))).strip()[:longest]


def essence(statement: dict[str, Any], stands_for: Callable[[Identity], str]) -> str:
    """A digest of what a statement says, the same for the same statement however it is written.

    Left out is what the specification lets differ: what a store adds (id, stored, authority, version), how verbs and activities
    are described, people's names, the order of members, attached files. People stand in it by pseudonym.
    """
    said = {
        key: _essential(key, value, stands_for)
        for key, value in statement.items()
        if key not in {"id", "stored", "authority", "version"}
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Shown:
    """A count as it may be shown. `words` hides what would tell of fewer than five people; `value` is None then."""

    value: int | None
    words: str

    def __str__(self) -> str:
        return self.words


def shown(counts: Sequence[int]) -> tuple[Shown, ...]:
    """Counts of people each within the one before (took part, finished, passed) as they may be shown.

    A count is shown where at least five are in it, and at least five of the last one shown are not, so that taking one from the
    other tells of no fewer either.
    """
    found: list[Shown] = []
    base: int | None = None
    for count in counts:
        if count < FEWEST:
            found.append(Shown(None, f"fewer than {FEWEST}"))
        elif base is not None and base - count < FEWEST:
            found.append(Shown(None, f"all or nearly all of {base}"))
        else:
            found.append(Shown(count, str(count) if base is None else f"{count} of {counts[0]}"))
            base = count
    return tuple(found)


def closest(name: str, names: dict[str, str]) -> str | None:
    """The key of the name most like this one, None where none is like enough."""
    likeness, key = max(((_likeness(name, other), key) for key, other in names.items()), default=(0.0, ""))
    return key if likeness >= LIKE_ENOUGH else None


def day_in(text: str) -> datetime | None:
    """A time as Moodle's reports write it in English, as ISO, or as seconds since 1970."""
    said = plain(text)
    if said.isdecimal() and len(said) in {9, 10}:
        return datetime.fromtimestamp(int(said), UTC)
    found = moment(said)
    if found is not None:
        return found
    for shape in _SHAPES:
        try:
            return datetime.strptime(said, shape).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def backoff(failures: int, every: timedelta) -> timedelta:
    """How long a source that failed so many times in a row is left alone: 15 minutes doubled each time, no longer than usual
    or a day."""
    wait = timedelta(minutes=15 * 2.0 ** min(failures - 1, 10))
    return min(wait, max(every, timedelta(hours=1)), timedelta(days=1))


_SHAPES = (
    "%A, %d %B %Y, %I:%M %p", "%A, %d %B %Y, %H:%M", "%d %B %Y, %I:%M %p", "%d %B %Y, %H:%M", "%A, %d %B %Y", "%d %B %Y",
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%d/%m/%y, %H:%M", "%d/%m/%Y, %H:%M",
)  # fmt: skip


def _actors(actor: dict[str, Any]) -> tuple[Identity, ...]:
    """The person; or those of a group, be it named or not."""
    people = actor.get("member", [])[:MOST_MEMBERS] if actor.get("objectType") == GROUP else [actor]
    found = [one for one in map(identity_of, people) if one is not None]
    return tuple({one.key: one for one in found}.values())


def _kept(statement: dict[str, Any], voids: str) -> dict[str, Any]:
    kept: dict[str, Any] = {"verb": statement["verb"]["id"]}
    thing = statement["object"]
    kept["object"] = {
        key: thing[key]
        for key in ("objectType", "id")
        if key in thing and thing.get("objectType") not in {AGENT, GROUP, WITHIN}
    }
    result = {
        key: value
        for key, value in statement.get("result", {}).items()
        if key in {"score", "success", "completion", "duration"}
    }
    return {**kept, **({"result": result} if result else {}), **({"voids": voids} if voids else {})}


def _essential(key: str, value: Any, stands_for: Callable[[Identity], str]) -> Any:
    if isinstance(value, dict):
        return _essential_object(key, value, stands_for)
    if isinstance(value, list):
        same = [_essential(key, one, stands_for) for one in value]
        in_any_order = key in {"member", "attachments"}
        return sorted(same, key=lambda one: json.dumps(one, sort_keys=True)) if in_any_order else same
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return _same_text(key, value) if isinstance(value, str) else value


def _essential_object(key: str, value: dict[str, Any], stands_for: Callable[[Identity], str]) -> Any:
    simple: dict[str, Callable[[dict[str, Any]], Any]] = {
        "extensions": lambda it: it,
        "verb": lambda it: it["id"],
        "attachments": lambda it: it["sha2"].lower(),
        "contextActivities": _ids_of_each,
    }
    if key in simple:
        return simple[key](value)
    kind = value.get("objectType", ACTIVITY if key == "object" else AGENT)
    if key == "object" and kind == ACTIVITY:
        return value["id"]
    if key in {"actor", "object", "member", "instructor", "team", "agent", "group"} and kind in {
        AGENT,
        GROUP,
    }:
        who = identity_of(value)
        members = _essential("member", value.get("member", []), stands_for)
        return {"kind": kind, "who": stands_for(who) if who else None, "member": members}
    return {one: _essential(one, them, stands_for) for one, them in value.items()}


def _ids_of_each(activities: dict[str, Any]) -> dict[str, list[str]]:
    return {
        role: sorted(one["id"] for one in (them if isinstance(them, list) else [them]))
        for role, them in activities.items()
    }


def _same_text(key: str, value: str) -> str:
    if key == "timestamp":
        found = moment(value)
        return found.isoformat() if found else value
    return value.lower() if key in {"registration", "id"} else value


def _likeness(one: str, other: str) -> float:
    """How like two names are, 0 to 1: the share of words they have in common, or of letters where that is more."""
    words, others = _words(one), _words(other)
    common = len(words & others)
    if not common:
        return 0.0
    letters = SequenceMatcher(None, folded(one), folded(other)).ratio()
    return max(2 * common / (len(words) + len(others)), letters)


def _words(name: str) -> set[str]:
    """Its words without those that say nothing, and without the s of the plural."""
    found = {word for word in _WORD.findall(folded(name)) if word not in STOP_WORDS}
    return {word.removesuffix("s") if len(word) > 3 else word for word in found}
