"""Whether an xAPI statement is one: the rules of the Experience API 1.0.3 and 2.0 (IEEE 9274.1.1) for its data.

Every refusal names the property, as a path such as `actor.mbox`, and the reason. Nothing is mended: a statement is taken as it
stands or not at all.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

VOIDED = "http://adlnet.gov/expapi/verbs/voided"
ACTIVITY, AGENT, GROUP, REFERENCE, WITHIN = "Activity", "Agent", "Group", "StatementRef", "SubStatement"
IDENTIFIERS = ("mbox", "mbox_sha1sum", "openid", "account")
INTERACTIONS = (
    "true-false", "choice", "fill-in", "long-fill-in", "matching", "performance", "sequencing", "likert", "numeric", "other",
)  # fmt: skip
COMPONENTS = ("choices", "scale", "source", "target", "steps")
LONGEST_ID = 500
"""An address of an activity longer than that fits in no column of ours."""
SHA2_LENGTHS = (56, 64, 96, 128)

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>\"{}|\\^`\x00-\x20\x7f\ud800-\udfff]+")
_MAILBOX = re.compile(r"mailto:[^\s@<>,;\"]+@[^\s@<>,;\"/?]+")
_SHA1 = re.compile(r"[0-9a-f]{40}", re.IGNORECASE | re.ASCII)
_HEX = re.compile(r"[0-9a-f]+", re.IGNORECASE | re.ASCII)
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(\s*;.*)?", re.ASCII)
_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2}|\d{8})T\d{2}(:?\d{2}(:?\d{2}([.,]\d+)?)?)?(?P<zone>Z|[+-]\d{2}(:?\d{2})?)?",
    re.IGNORECASE | re.ASCII,
)
_NUMBER = r"\d+(?:[.,]\d+)?"
_DURATION = re.compile(
    rf"P(?:{_NUMBER}W|(?=\d|T\d)(?:{_NUMBER}Y)?(?:{_NUMBER}M)?(?:{_NUMBER}D)?"
    rf"(?:T(?=\d)(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?)",
    re.ASCII,
)
_FRACTION_BEFORE_THE_END = re.compile(r"[.,]\d+[A-Z].*\d")
_LANGUAGE = re.compile(
    r"(?:(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4}|[a-z]{5,8})"
    r"(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?(?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*"
    r"(?:-[0-9a-wyz](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?"
    r"|x(?:-[a-z0-9]{1,8})+"
    r"|i-(?:ami|bnn|default|enochian|hak|klingon|lux|mingo|navajo|pwn|tao|tay|tsu)"
    r"|sgn-(?:be-fr|be-nl|ch-de)|en-gb-oed|art-lojban|cel-gaulish|no-bok|no-nyn|zh-(?:guoyu|hakka|min|min-nan|xiang))",
    re.IGNORECASE | re.ASCII,
)
"""RFC 5646: well-formed; whether such a language is registered isn't asked."""


@dataclass(frozen=True)
class Wrong:
    """What a statement can't be taken for: the property and the reason."""

    where: str
    why: str

    def __str__(self) -> str:
        return f"{self.where}: {self.why}"


def wrongs(statement: object, *, version: str = "2.0.0") -> list[Wrong]:
    """Everything about a statement that the rules of this version refuse; empty where it is one."""
    if not isinstance(statement, dict):
        return [Wrong("statement", "is not a JSON object")]
    found = _Found(is_second=version.startswith("2."))
    found.statement(statement)
    return found.list


def moment(text: str) -> datetime | None:
    """A timestamp with its zone as a moment in UTC, or None where it isn't one."""
    match = _MOMENT.fullmatch(text)
    if match is None or match["zone"] is None or re.fullmatch(r"-00(:?00)?", match["zone"]):
        return None
    try:
        return datetime.fromisoformat(text.upper().replace(",", ".")).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def readable(text: str) -> str:
    """Text that can be kept and answered, whatever was sent."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def is_uuid(value: object) -> bool:
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def is_iri(value: object) -> bool:
    """Whether it is absolute, and has nothing that would have to be escaped."""
    return isinstance(value, str) and _IRI.fullmatch(value) is not None


def is_language(value: object) -> bool:
    return isinstance(value, str) and _LANGUAGE.fullmatch(value) is not None


def is_duration(value: object) -> bool:
    """An ISO 8601 duration; only its last part may have a fraction, and weeks stand alone."""
    return (
        isinstance(value, str)
        and _DURATION.fullmatch(value) is not None
        and _FRACTION_BEFORE_THE_END.search(value) is None
    )


class _Found:
    """Collects what is wrong while it walks through a statement."""

    def __init__(self, *, is_second: bool) -> None:
        self.list: list[Wrong] = []
        self._is_second = is_second

    def statement(self, said: dict[str, Any]) -> None:
        self._keys("", said, self._statement_keys(), needs=("actor", "verb", "object"))
        if "id" in said and not is_uuid(said["id"]):
            self._add("id", "is not a UUID")
        self._said("", said)
        self._each("authority", said, self._authority)
        self._each("stored", said, self._timestamp)
        self._each("version", said, self._version)
        verb, thing = said.get("verb"), said.get("object")
        is_voiding = isinstance(verb, dict) and verb.get("id") == VOIDED
        if is_voiding and (not isinstance(thing, dict) or thing.get("objectType") != REFERENCE):
            self._add("object", "has to be a StatementRef where the verb is voided")

    def _statement_keys(self) -> tuple[str, ...]:
        return (
            "id", "actor", "verb", "object", "result", "context", "timestamp", "stored", "authority", "version", "attachments",
        )  # fmt: skip

    def _said(self, at: str, said: dict[str, Any]) -> None:
        """What a statement and one within a statement have in common."""
        self._each(_path(at, "actor"), said, self._actor)
        self._each(_path(at, "verb"), said, self._verb)
        self._each(_path(at, "object"), said, self._substatement_object if at else self._object)
        self._each(_path(at, "result"), said, self._result)
        self._each(_path(at, "timestamp"), said, self._timestamp)
        self._each(_path(at, "attachments"), said, self._attachments)
        if said.get("context") is not None:
            self._context(_path(at, "context"), said["context"], about=said.get("object"))

    # Who

    def _actor(self, at: str, value: Any) -> None:
        if self._is_object(at, value):
            kind = value.get("objectType", AGENT)
            if kind == GROUP:
                self._group(at, value)
            elif kind == AGENT:
                self._agent(at, value)
            else:
                self._add(_path(at, "objectType"), "has to be Agent or Group")

    def _agent(self, at: str, value: Any) -> None:
        if not self._is_object(at, value):
            return
        if value.get("objectType", AGENT) != AGENT:
            self._add(_path(at, "objectType"), "has to be Agent")
            return
        self._keys(at, value, ("objectType", "name", *IDENTIFIERS))
        self._identity(at, value, is_needed=True)

    def _group(self, at: str, value: Any) -> None:
        if not self._is_object(at, value):
            return
        if value.get("objectType") != GROUP:
            self._add(_path(at, "objectType"), "has to be Group")
            return
        self._keys(at, value, ("objectType", "name", "member", *IDENTIFIERS))
        is_named = any(one in value for one in IDENTIFIERS)
        self._identity(at, value, is_needed=False)
        self._each(_path(at, "member"), value, self._members)
        if not is_named and not value.get("member"):
            self._add(_path(at, "member"), "is needed where a group has no identifier of its own")

    def _members(self, at: str, value: Any) -> None:
        for place, one in self._listed(at, value):
            self._agent(place, one)

    def _authority(self, at: str, value: Any) -> None:
        self._actor(at, value)
        if isinstance(value, dict) and value.get("objectType") == GROUP:
            members = value.get("member")
            if any(one in value for one in IDENTIFIERS) or not isinstance(members, list) or len(members) != 2:
                self._add(at, "has to be an Agent, or a group without an identifier and with two members")

    def _identity(self, at: str, value: dict[str, Any], *, is_needed: bool) -> None:
        given = [one for one in IDENTIFIERS if one in value]
        if len(given) > 1:
            self._add(at, f"has more than one identifier: {', '.join(given)}")
        elif not given and is_needed:
            self._add(at, "has no identifier: one of mbox, mbox_sha1sum, openid or account is needed")
        self._text(_path(at, "name"), value)
        self._matches(_path(at, "mbox"), value, _MAILBOX, "is no mailto: address")
        self._matches(_path(at, "mbox_sha1sum"), value, _SHA1, "is no SHA-1 in hexadecimal")
        self._each(_path(at, "openid"), value, self._iri)
        self._each(_path(at, "account"), value, self._account)

    def _account(self, at: str, value: Any) -> None:
        if self._is_object(at, value):
            self._keys(at, value, ("homePage", "name"), needs=("homePage", "name"))
            self._each(_path(at, "homePage"), value, self._iri)
            self._text(_path(at, "name"), value)

    # Did what, with what

    def _verb(self, at: str, value: Any) -> None:
        if self._is_object(at, value):
            self._keys(at, value, ("id", "display"), needs=("id",))
            self._each(_path(at, "id"), value, self._iri)
            self._each(_path(at, "display"), value, self._language_map)

    def _object(self, at: str, value: Any) -> None:
        self._thing(at, value, {WITHIN: self._substatement})

    def _substatement_object(self, at: str, value: Any) -> None:
        if isinstance(value, dict) and value.get("objectType") == WITHIN:
            self._add(at, "a SubStatement can't hold another one")
        else:
            self._thing(at, value, {})

    def _thing(self, at: str, value: Any, more: Mapping[str, Callable[[str, Any], None]]) -> None:
        if not self._is_object(at, value):
            return
        kinds: dict[str, Callable[[str, Any], None]] = {
            ACTIVITY: self._activity,
            AGENT: self._agent,
            GROUP: self._group,
            REFERENCE: self._reference,
            **more,
        }
        kind = value.get("objectType", ACTIVITY)
        check = kinds.get(kind) if isinstance(kind, str) else None
        if check is None:
            self._add(_path(at, "objectType"), f"has to be one of {', '.join(kinds)}, written just so")
        else:
            check(at, value)

    def _substatement(self, at: str, value: dict[str, Any]) -> None:
        keys = ("objectType", "actor", "verb", "object", "result", "context", "timestamp", "attachments")
        self._keys(at, value, keys, needs=("actor", "verb", "object"))
        self._said(at, value)

    def _reference(self, at: str, value: Any) -> None:
        if not self._is_object(at, value):
            return
        self._keys(at, value, ("objectType", "id"), needs=("id",))
        if value.get("objectType") != REFERENCE:
            self._add(_path(at, "objectType"), "has to be StatementRef")
        if "id" in value and not is_uuid(value["id"]):
            self._add(_path(at, "id"), "is not a UUID")

    def _activity(self, at: str, value: Any) -> None:
        if not self._is_object(at, value):
            return
        self._keys(at, value, ("objectType", "id", "definition"), needs=("id",))
        if value.get("objectType", ACTIVITY) != ACTIVITY:
            self._add(_path(at, "objectType"), "has to be Activity")
        self._each(_path(at, "id"), value, self._iri)
        if isinstance(value.get("id"), str) and len(value["id"]) > LONGEST_ID:
            self._add(_path(at, "id"), f"is longer than the {LONGEST_ID} characters that are kept here")
        self._each(_path(at, "definition"), value, self._definition)

    def _definition(self, at: str, value: Any) -> None:
        if not self._is_object(at, value):
            return
        keys = (
            "name",
            "description",
            "type",
            "moreInfo",
            "extensions",
            "interactionType",
            "correctResponsesPattern",
        )
        self._keys(at, value, (*keys, *COMPONENTS))
        for name in ("name", "description"):
            self._each(_path(at, name), value, self._language_map)
        for name in ("type", "moreInfo"):
            self._each(_path(at, name), value, self._iri)
        self._each(_path(at, "extensions"), value, self._extensions)
        self._each(_path(at, "correctResponsesPattern"), value, self._texts)
        for name in COMPONENTS:
            self._each(_path(at, name), value, self._components)
        kind = value.get("interactionType")
        if "interactionType" in value:
            if kind not in INTERACTIONS:
                self._add(_path(at, "interactionType"), f"has to be one of {', '.join(INTERACTIONS)}")
        elif any(one in value for one in ("correctResponsesPattern", *COMPONENTS)):
            self._add(_path(at, "interactionType"), "is missing, though an interaction is described")

    def _components(self, at: str, value: Any) -> None:
        seen: set[str] = set()
        for place, one in self._listed(at, value):
            if not self._is_object(place, one):
                continue
            self._keys(place, one, ("id", "description"), needs=("id",))
            self._text(_path(place, "id"), one)
            self._each(_path(place, "description"), one, self._language_map)
            if isinstance(one.get("id"), str):
                if one["id"] in seen:
                    self._add(_path(place, "id"), "is there twice in its list")
                seen.add(one["id"])

    # How it went, and around it

    def _result(self, at: str, value: Any) -> None:
        if not self._is_object(at, value):
            return
        self._keys(at, value, ("score", "success", "completion", "response", "duration", "extensions"))
        self._each(_path(at, "score"), value, self._score)
        for name in ("success", "completion"):
            if value.get(name) is not None and not isinstance(value[name], bool):
                self._add(_path(at, name), "has to be true or false")
        self._text(_path(at, "response"), value)
        if value.get("duration") is not None and not is_duration(value["duration"]):
            self._add(_path(at, "duration"), "is no ISO 8601 duration such as PT1H30M")
        self._each(_path(at, "extensions"), value, self._extensions)

    def _score(self, at: str, value: Any) -> None:
        if not self._is_object(at, value):
            return
        self._keys(at, value, ("scaled", "raw", "min", "max"))
        number = {name: _number(one) for name, one in value.items() if one is not None}
        for name in ("scaled", "raw", "min", "max"):
            if name in number and number[name] is None:
                self._add(_path(at, name), "has to be a number")
        scaled, raw, least, most = (number.get(name) for name in ("scaled", "raw", "min", "max"))
        if scaled is not None and not -1 <= scaled <= 1:
            self._add(_path(at, "scaled"), "has to be from -1 to 1")
        if least is not None and most is not None and least >= most:
            self._add(_path(at, "min"), "has to be less than max")
        if raw is not None and least is not None and raw < least:
            self._add(_path(at, "raw"), "is less than min")
        if raw is not None and most is not None and raw > most:
            self._add(_path(at, "raw"), "is more than max")

    def _context(self, at: str, value: Any, *, about: Any) -> None:
        if not self._is_object(at, value):
            return
        second = ("contextAgents", "contextGroups") if self._is_second else ()
        self._keys(
            at,
            value,
            (
                "registration", "instructor", "team", "contextActivities", "revision", "platform", "language", "statement",
                "extensions", *second,
            ),
        )  # fmt: skip
        if value.get("registration") is not None and not is_uuid(value["registration"]):
            self._add(_path(at, "registration"), "is not a UUID")
        self._each(_path(at, "instructor"), value, self._actor)
        self._each(_path(at, "team"), value, self._group)
        self._each(_path(at, "contextActivities"), value, self._context_activities)
        for name in ("revision", "platform"):
            self._text(_path(at, name), value)
            is_activity = isinstance(about, dict) and about.get("objectType", ACTIVITY) == ACTIVITY
            if name in value and not is_activity:
                self._add(_path(at, name), "goes only with an object that is an Activity")
        if value.get("language") is not None and not is_language(value["language"]):
            self._add(_path(at, "language"), "is no language tag such as en-GB (RFC 5646)")
        self._each(_path(at, "statement"), value, self._reference)
        self._each(_path(at, "extensions"), value, self._extensions)
        if self._is_second:
            self._each(_path(at, "contextAgents"), value, self._context_agents)
            self._each(_path(at, "contextGroups"), value, self._context_groups)

    def _context_activities(self, at: str, value: Any) -> None:
        if not self._is_object(at, value):
            return
        self._keys(at, value, ("parent", "grouping", "category", "other"))
        for name, given in value.items():
            if name not in {"parent", "grouping", "category", "other"} or given is None:
                continue
            place = _path(at, name)
            for where, one in self._listed(place, given) if isinstance(given, list) else [(place, given)]:
                self._activity(where, one)

    def _context_agents(self, at: str, value: Any) -> None:
        self._relevant(at, value, "contextAgent", "agent", self._agent)

    def _context_groups(self, at: str, value: Any) -> None:
        self._relevant(at, value, "contextGroup", "group", self._group)

    def _relevant(self, at: str, value: Any, kind: str, who: str, check: Callable[[str, Any], None]) -> None:
        for place, one in self._listed(at, value):
            if not self._is_object(place, one):
                continue
            self._keys(place, one, ("objectType", who, "relevantTypes"), needs=("objectType", who))
            if one.get("objectType") is not None and one["objectType"] != kind:
                self._add(_path(place, "objectType"), f"has to be {kind}")
            self._each(_path(place, who), one, check)
            if one.get("relevantTypes") is not None:
                types = _path(place, "relevantTypes")
                for where, iri in self._listed(types, one["relevantTypes"]):
                    self._iri(where, iri)
                if one["relevantTypes"] == []:
                    self._add(types, "is empty")

    def _attachments(self, at: str, value: Any) -> None:
        for place, one in self._listed(at, value):
            if not self._is_object(place, one):
                continue
            needs = ("usageType", "display", "contentType", "length", "sha2")
            self._keys(place, one, (*needs, "description", "fileUrl"), needs=needs)
            for name in ("usageType", "fileUrl"):
                self._each(_path(place, name), one, self._iri)
            for name in ("display", "description"):
                self._each(_path(place, name), one, self._language_map)
            self._matches(_path(place, "contentType"), one, _MEDIA_TYPE, "is no media type")
            length = one.get("length")
            if length is not None and (isinstance(length, bool) or not isinstance(length, int) or length < 0):
                self._add(_path(place, "length"), "has to be a whole number of bytes")
            self._matches(_path(place, "sha2"), one, _HEX, "is no SHA-2 in hexadecimal")
            if isinstance(one.get("sha2"), str) and len(one["sha2"]) not in SHA2_LENGTHS:
                self._add(_path(place, "sha2"), "is no SHA-2: its length fits none")

    # Kinds of values

    def _timestamp(self, at: str, value: Any) -> None:
        if not isinstance(value, str) or moment(value) is None:
            self._add(at, "is no ISO 8601 time with its zone, such as 2026-11-20T10:00:00Z")

    def _version(self, at: str, value: Any) -> None:
        begins = ("1.0.", "2.0.") if self._is_second else ("1.0.",)
        if not isinstance(value, str) or not value.startswith(begins) or value in begins:
            self._add(at, f"has to begin with {' or '.join(begins)}")

    def _iri(self, at: str, value: Any) -> None:
        if not is_iri(value):
            self._add(at, "is no absolute IRI such as https://example.org/course")

    def _language_map(self, at: str, value: Any) -> None:
        if self._is_object(at, value):
            for tag, text in value.items():
                if not is_language(tag):
                    self._add(at, f"“{tag[:40]}” is no language tag (RFC 5646)")
                if text is not None and not isinstance(text, str):
                    self._add(_path(at, tag), "has to be text")
                elif text is None:
                    self._add(_path(at, tag), "is null")

    def _extensions(self, at: str, value: Any) -> None:
        """Their keys are IRIs; what they hold is nobody's business, null too."""
        if self._is_object(at, value):
            for key in value:
                if not is_iri(key):
                    self._add(at, f"the key “{key[:80]}” is no absolute IRI")

    def _texts(self, at: str, value: Any) -> None:
        for place, one in self._listed(at, value):
            if not isinstance(one, str):
                self._add(place, "has to be text")

    # How it is walked

    def _add(self, where: str, why: str) -> None:
        self.list.append(Wrong(readable(where)[:300], readable(why)))

    def _is_object(self, at: str, value: Any) -> bool:
        if isinstance(value, dict):
            return True
        self._add(at, "has to be a JSON object")
        return False

    def _listed(self, at: str, value: Any) -> Iterable[tuple[str, Any]]:
        if isinstance(value, list):
            return [(f"{at}[{place}]", one) for place, one in enumerate(value)]
        self._add(at, "has to be a list")
        return []

    def _keys(
        self, at: str, value: dict[str, Any], known: tuple[str, ...], *, needs: tuple[str, ...] = ()
    ) -> None:
        for key, given in value.items():
            if key not in known:
                close = next((one for one in known if one.lower() == key.lower()), "")
                hint = f"; it is written {close}" if close else ""
                self._add(_path(at, key), f"is no property of this{hint}")
            elif given is None:
                self._add(_path(at, key), "is null")
        for key in needs:
            if key not in value:
                self._add(_path(at, key), "is missing")

    def _each(self, at: str, holder: dict[str, Any], check: Callable[[str, Any], None]) -> None:
        """Check a property where it is there; that it is null is told already."""
        value = holder.get(at.rsplit(".", 1)[-1])
        if value is not None:
            check(at, value)

    def _text(self, at: str, holder: dict[str, Any]) -> None:
        value = holder.get(at.rsplit(".", 1)[-1])
        if value is not None and not isinstance(value, str):
            self._add(at, "has to be text")

    def _matches(self, at: str, holder: dict[str, Any], shape: re.Pattern[str], why: str) -> None:
        value = holder.get(at.rsplit(".", 1)[-1])
        if value is not None and (not isinstance(value, str) or shape.fullmatch(value) is None):
            self._add(at, why)


def _path(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _number(value: Any) -> float | None:
    """A JSON number; true and false are none, nor is what is no finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if found == found and abs(found) != float("inf") else None  # noqa: PLR0124 - NaN is not itself
