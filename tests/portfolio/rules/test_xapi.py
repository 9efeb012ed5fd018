"""What is an xAPI statement, and what is refused with which words."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.rules import learning
from portfolio.rules.xapi import Wrong, is_duration, is_language, moment, wrongs
from tests.imports.files import shared

STATEMENT: dict[str, Any] = {
    "id": "5b1c7c7e-2d9b-4c55-9c2e-6f7d6c0f8a11",
    "actor": {"mbox": "mailto:rita@fernweh.example", "name": "Rita"},
    "verb": {"id": "http://adlnet.gov/expapi/verbs/completed", "display": {"en": "completed"}},
    "object": {"id": "https://learn.fernweh.example/quotes", "definition": {"name": {"en": "Faster quotes"}}},
    "result": {
        "score": {"scaled": 0.8, "raw": 8, "min": 0, "max": 10},
        "completion": True,
        "duration": "PT1H30M",
    },
    "timestamp": "2026-11-20T10:00:00+01:00",
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The statement with one property set, by a path such as actor.mbox."""
    said = deepcopy(STATEMENT)
    *way, last = path.split(".")
    place = said
    for step in way:
        place = place.setdefault(step, {})
    place[last] = value
    return said


def test_a_whole_statement_has_nothing_wrong() -> None:
    assert wrongs(STATEMENT) == []
    assert wrongs(STATEMENT, version="1.0.3") == []


@pytest.mark.parametrize(
    ("path", "value", "wrong"),
    [
        ("id", "not-a-uuid", Wrong("id", "is not a UUID")),
        ("actor.mbox", "rita@fernweh.example", Wrong("actor.mbox", "is no mailto: address")),
        (
            "actor.openid",
            "https://id.example/rita",
            Wrong("actor", "has more than one identifier: mbox, openid"),
        ),
        ("actor.member", [], Wrong("actor.member", "is no property of this")),
        ("actor.objectType", "agent", Wrong("actor.objectType", "has to be Agent or Group")),
        ("verb.id", "completed", Wrong("verb.id", "is no absolute IRI such as https://example.org/course")),
        ("verb.ID", "x", Wrong("verb.ID", "is no property of this; it is written id")),
        ("verb.display", {"english": "x", "en": None}, Wrong("verb.display.en", "is null")),
        ("verb.display", {"something": "x"}, Wrong("verb.display", "“something” is no language tag (RFC 5646)")),
        ("object.id", None, Wrong("object.id", "is null")),
        ("object.definition.name", "Quotes", Wrong("object.definition.name", "has to be a JSON object")),
        (
            "object.definition.choices",
            [{"id": "a"}, {"id": "a"}],
            Wrong("object.definition.choices[1].id", "is there twice in its list"),
        ),
        ("object.definition.extensions", {"key": None}, Wrong("object.definition.extensions", "the key “key” is no absolute IRI")),
        ("result.score.scaled", 1.01, Wrong("result.score.scaled", "has to be from -1 to 1")),
        ("result.score.scaled", True, Wrong("result.score.scaled", "has to be a number")),
        ("result.score.raw", 11, Wrong("result.score.raw", "is more than max")),
        ("result.score.raw", -1, Wrong("result.score.raw", "is less than min")),
        ("result.score.max", 0, Wrong("result.score.min", "has to be less than max")),
        ("result.success", "true", Wrong("result.success", "has to be true or false")),
        ("result.duration", "90 minutes", Wrong("result.duration", "is no ISO 8601 duration such as PT1H30M")),
        (
            "timestamp",
            "2026-11-20T10:00:00",
            Wrong("timestamp", "is no ISO 8601 time with its zone, such as 2026-11-20T10:00:00Z"),
        ),
        ("context.registration", "1", Wrong("context.registration", "is not a UUID")),
        ("context.language", "plain English", Wrong("context.language", "is no language tag such as en-GB (RFC 5646)")),
        ("context.contextActivities", {"after": {"id": "a:b"}}, Wrong("context.contextActivities.after", "is no property of this")),
        ("context.team", {"objectType": "Group"}, Wrong("context.team.member", "is needed where a group has no identifier of its own")),
        ("version", "0.9", Wrong("version", "has to begin with 1.0. or 2.0.")),
        ("grade", 1, Wrong("grade", "is no property of this")),
        ("attachments", {}, Wrong("attachments", "has to be a list")),
        ("authority", {"objectType": "Group", "member": [{"mbox": "mailto:a@b.example"}]}, Wrong("authority", "has to be an Agent, or a group without an identifier and with two members")),
    ],
)  # fmt: skip
def test_a_refusal_names_the_property_and_the_reason(path: str, value: Any, wrong: Wrong) -> None:
    assert wrong in wrongs(changed(path, value))


def test_null_is_allowed_in_extensions_alone() -> None:
    assert wrongs(changed("result.extensions", {"https://example.org/x": None})) == []
    assert wrongs(changed("result", None)) == [Wrong("result", "is null")]


def test_what_voids_points_at_a_statement() -> None:
    said = changed("verb", {"id": "http://adlnet.gov/expapi/verbs/voided"})
    assert wrongs(said) == [Wrong("object", "has to be a StatementRef where the verb is voided")]
    said["object"] = {"objectType": "StatementRef", "id": STATEMENT["id"]}
    assert wrongs(said) == []


def test_a_statement_within_a_statement_holds_no_other_and_has_no_id() -> None:
    within = {key: STATEMENT[key] for key in ("actor", "verb", "object")} | {"objectType": "SubStatement"}
    assert wrongs(changed("object", within)) == []
    assert wrongs(changed("object", {**within, "id": STATEMENT["id"]})) == [
        Wrong("object.id", "is no property of this")
    ]
    assert wrongs(changed("object", {**within, "object": within})) == [
        Wrong("object.object", "a SubStatement can't hold another one")
    ]


def test_platform_and_revision_go_with_activities_only() -> None:
    said = changed("context.platform", "Moodle")
    assert wrongs(said) == []
    said["object"] = {"objectType": "Agent", "mbox": "mailto:otto@fernweh.example"}
    assert wrongs(said) == [Wrong("context.platform", "goes only with an object that is an Activity")]


def test_context_agents_came_with_the_second_version() -> None:
    agents = [{"objectType": "contextAgent", "agent": {"mbox": "mailto:otto@fernweh.example"}}]
    said = changed("context.contextAgents", agents)
    assert wrongs(said, version="2.0.0") == []
    assert wrongs(said, version="1.0.3") == [Wrong("context.contextAgents", "is no property of this")]


@pytest.mark.parametrize("said", [None, [], "statement", 1, {}])
def test_what_is_no_object_or_empty_is_refused(said: Any) -> None:
    assert wrongs(said) != []


def test_strange_characters_are_refused_in_words_that_can_be_kept() -> None:
    found = wrongs(changed("\ud800\x00", 1)) + wrongs(changed("object.id", "a:\ud800"))
    assert [one.where for one in found] == ["?", "object.id"]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("PT1H0M0S", True), ("P3Y1M29DT4H35M59.14S", True), ("PT16559.14S", True), ("P16W", True), ("PT0S", True),
        ("P", False), ("PT", False), ("P1DT", False), ("P4W1D", False), ("PA1H0M0S", False), ("PT1.5H2M", False), ("1H", False),
    ],
)  # fmt: skip
def test_durations(text: str, is_one: bool) -> None:
    assert is_duration(text) is is_one


@pytest.mark.parametrize(
    ("tag", "is_one"),
    [
        ("en", True), ("de-DE", True), ("tlh", True), ("sr-Latn-RS", True), ("zh-Hant", True), ("es-419", True), ("x-own", True),
        ("i-klingon", True), ("something", False), ("s-something", False), ("en-something-AU", False), ("de-419-DE", False),
        ("", False), ("en_US", False),
    ],
)  # fmt: skip
def test_language_tags(tag: str, is_one: bool) -> None:
    assert is_language(tag) is is_one


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("2026-11-20T10:00:00Z", True), ("2026-11-20T10:00:00.123456789+01:00", True), ("20261120T100000Z", True),
        ("2026-11-20T10:00:00-00:00", False), ("2026-11-20T10:00:00-00", False), ("2026-11-20", False),
        ("2026-13-20T10:00:00Z", False), ("01/011/2015", False), ("0001-01-01T00:00:00+14:00", False),
    ],
)  # fmt: skip
def test_timestamps_have_a_zone(text: str, is_one: bool) -> None:
    assert (moment(text) is not None) is is_one


# With other people's statements

INVALID = {
    "agents": {"account_no_homepage", "account_no_name"},
    "groups": {"anonymous_no_member", "identified_account_no_homepage", "identified_account_no_name"},
    "verbs": {"no_id", "voided"},
    "activities": {
        "no_id", "description_invalid", "interaction_type_invalid_iri", "interaction_type_invalid_numeric",
        "interaction_type_invalid_object", "interaction_type_invalid_string", "name_invalid", "numeric_description", "numeric_name",
        "string_description", "string_name",
    },
    "contexts": {"instructor", "team", "invalid_activity"},
    "results": set(),
    "statements": {
        "actor", "authority", "no_actor", "no_object", "no_verb", "object_activity", "object_actor", "object_statementref_no_id",
        "object_substatement", "verb",
    },
    "substatements": {
        "activity", "activity_definition_description_invalid", "activity_definition_name_invalid", "actor", "agent",
        "context_invalid_language_map", "group", "interaction_component_invalid_language_map", "no_actor", "no_object", "no_verb",
        "statementref_no_id", "verb", "verb_invalid",
    },
}  # fmt: skip
"""Templates of ADL's conformance suite that are no statement by themselves: deliberately wrong, or with a hole that the suite
fills. An empty result or context is none: every property of theirs is optional."""
PLACES = {"agents": "actor", "groups": "actor", "verbs": "verb", "activities": "object", "contexts": "context", "results": "result", "substatements": "object"}  # fmt: skip


@pytest.mark.shared
@pytest.mark.parametrize(("folder", "version"), [("v1_0_2", "1.0.3"), ("v2_0", "2.0.0")])
def test_every_template_of_the_conformance_suite_is_judged_as_it_says(folder: str, version: str) -> None:
    root = shared(f"lms/xapi_conformance/test/{folder}/templates")
    whole = json.loads((root / "statements" / "default.json").read_text())
    judged = {
        (file.parent.name, file.stem): not wrongs(in_place(file, whole), version=version)
        for file in sorted(root.glob("*/*.json"))
    }
    assert len(judged) > 80
    assert {key for key, fits in judged.items() if not fits} == {
        key for key in judged if key[1] in INVALID[key[0]]
    }


def in_place(file: Path, whole: dict[str, Any]) -> dict[str, Any]:
    """A template where it belongs in a statement."""
    said = json.loads(file.read_text())
    if file.parent.name == "statements":
        return dict(said)
    return {**whole, "authority" if file.stem == "authority_group" else PLACES[file.parent.name]: said}


@pytest.mark.shared
def test_every_part_fits_every_place_the_conformance_suite_puts_it_in() -> None:
    """Agents and groups as actor, instructor, authority and object; results and contexts within a statement within a statement."""
    root = shared("lms/xapi_conformance/test/v2_0/templates")
    parts = {
        (f.parent.name, f.stem): json.loads(f.read_text())
        for f in sorted(root.glob("*/*.json"))
        if f.parent.name in INVALID and f.stem not in INVALID[f.parent.name]
    }
    whole, within = parts["statements", "default"], parts["substatements", "default"]
    for (kind, name), part in parts.items():
        if kind in {"agents", "groups"} and name != "authority_group":
            assert wrongs({**whole, "object": part}) == [], name
            assert wrongs({**whole, "context": {"instructor": part}}) == [], name
            assert wrongs({**whole, "object": {**within, "actor": part}}) == [], name
        if kind in {"contexts", "results"}:
            assert wrongs({**whole, "object": {**within, PLACES[kind]: part}}) == [], name


@pytest.mark.shared
def test_the_examples_of_the_specification_are_statements() -> None:
    said = json.loads(shared("lms/xapi_spec_example_statements.json").read_text())
    bare = [one for one in said if one.get("objectType") == "SubStatement"]
    assert len(said) == 9
    assert len(bare) == 1
    assert [wrongs(one) for one in said if one not in bare] == [[]] * 8
    assert wrongs({**said[0], "verb": said[2]["verb"], "object": bare[0]}) == []


# Whatever is sent

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
PATHS = (
    "id", "actor", "actor.mbox", "actor.objectType", "actor.account", "actor.member", "verb", "verb.id", "verb.display", "object",
    "object.id", "object.objectType", "object.definition", "object.definition.choices", "result", "result.score", "result.score.raw",
    "result.duration", "context", "context.contextActivities", "context.contextAgents", "context.statement", "context.team",
    "timestamp", "authority", "attachments", "version",
)  # fmt: skip


@given(st.sampled_from(PATHS), ANYTHING, st.sampled_from(["1.0.3", "2.0.0"]))
def test_nothing_that_is_sent_breaks_the_check_and_what_passes_can_be_read(
    path: str, value: Any, version: str
) -> None:
    said = changed(path, value)
    found = wrongs(said, version=version)
    assert all(one.where.encode() and one.why.encode() for one in found if one.where)
    if not found:
        learning.read(said)
        assert learning.essence(said, lambda who: who.key) == learning.essence(
            json.loads(json.dumps(said)), lambda who: who.key
        )
