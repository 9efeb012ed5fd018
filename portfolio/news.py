"""What happened, as others hear of it: what can be chosen, the JSON of a webhook, and one plain sentence for a chat."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from portfolio.links import Links
from portfolio.models import (
    Base,
    Card,
    Column,
    Edition,
    Event,
    Goal,
    Iteration,
    LearningRequest,
    Measure,
    Person,
    Project,
    Report,
    Resource,
    TrainingSession,
)

ALL = "*"


@dataclass(frozen=True)
class Topic:
    """One line of the list people choose from. Without `actions` it is all else about its subjects."""

    key: str
    label: str
    subjects: tuple[str, ...]
    actions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    label: str
    topics: tuple[Topic, ...]


REQUESTS, CARDS, PROJECTS = ("learning_requests",), ("cards",), ("projects",)
GROUPS = (
    Group("Requests", (
        Topic("requests.new", "A request comes in", REQUESTS, ("learning_request.submitted",)),
        Topic("requests.moved", "A request is decided, or changes its state", REQUESTS,
              ("learning_request.moved", "learning_request.undone", "learning_request.decision_undone")),
        Topic("requests.said", "Somebody answers, writes or joins", REQUESTS,
              ("learning_request.answered", "learning_request.question_answered", "learning_request.message_added",
               "learning_request.supported", "learning_request.confirmed")),
        Topic("requests.demand", "Many ask alike", REQUESTS, ("learning_request.demand_noticed",)),
        Topic("requests.scored", "A request is scored; at night that is every open one", REQUESTS,
              ("learning_request.scored", "learning_request.scoring_failed")),
        Topic("requests.else", "Anything else about a request", REQUESTS),
    )),
    Group("Board", (
        Topic("cards.added", "A card is added", CARDS, ("card.added",)),
        Topic("cards.moved", "A card moves", CARDS, ("card.moved",)),
        Topic("cards.blocked", "A card is blocked, or freed", CARDS, ("card.blocked", "card.unblocked", "card.freed")),
        Topic("cards.experts", "An expert is asked, begins, finishes or declines", CARDS,
              ("card.expert_asked", "card.expert_began", "card.expert_done", "card.expert_declined", "card.expert_wrote")),
        Topic("cards.said", "Somebody comments on a card", CARDS, ("card.commented",)),
        Topic("cards.imported", "A card comes with an import", CARDS, ("card.imported",)),
        Topic("cards.else", "Anything else about a card", CARDS),
    )),
    Group("Projects", (
        Topic("projects.started", "A project starts", PROJECTS, ("project.started",)),
        Topic("projects.moved", "A project reaches another stage", PROJECTS, ("project.moved",)),
        Topic("projects.health", "A project’s health is noted", PROJECTS, ("project.health_noted",)),
        Topic("projects.else", "Anything else about a project", PROJECTS),
    )),
    Group("Iterations and results", (
        Topic("iterations", "An iteration is planned, started or closed", ("iterations",)),
        Topic("sessions", "A session is planned, changed or cancelled", ("training_sessions",)),
        Topic("measures", "A measure is added or read", ("measures",)),
        Topic("editions", "A report is published, or could not be", ("editions",),
              ("edition.published", "edition.failed")),
    )),
    Group("Library and goals", (
        Topic("resources", "Something changes in the library", ("resources",)),
        Topic("resources.used", "Something in the library is opened", ("resources",), ("resource.used",)),
        Topic("goals", "A goal is added or changed", ("goals",)),
    )),
)  # fmt: skip
TOPICS = {topic.key: topic for group in GROUPS for topic in group.topics}
MANY = ("requests.scored", "cards.imported", "resources.used")
"""What "everything" leaves out unless it is chosen as well: it would drown the rest."""
_NAMED = {action: topic.key for topic in TOPICS.values() for action in topic.actions}
_REST = {subject: topic.key for topic in TOPICS.values() if not topic.actions for subject in topic.subjects}


def topic_of(action: str, subject_type: str) -> str | None:
    """The topic an event belongs to; None where it concerns nobody outside: who signed in, how ranking is set."""
    return _NAMED.get(action) or _REST.get(subject_type)


def is_wanted(action: str, subject_type: str, chosen: str) -> bool:
    """Whether whoever chose these topics hears of it."""
    topic = topic_of(action, subject_type)
    if topic is None:
        return False
    topics = chosen.split()
    return topic in topics or (ALL in topics and topic not in MANY)


def chosen_words(chosen: str) -> str:
    """What was chosen, in words."""
    first = ["Everything"] if ALL in chosen.split() else []
    named = [TOPICS[key].label for key in chosen.split() if key in TOPICS]
    return "; ".join([*first, *named]) or "Nothing"


def payload(session: Session, event: Event, links: Links) -> dict[str, Any]:
    """What a webhook carries: what happened, when, to what, and how that thing stands now. People are numbers."""
    return {
        "type": event.action,
        "timestamp": moment(event.at),
        "data": {
            "event": event.id,
            "subject": summary(session, event, links),
            "by": event.by_id,
            "details": event.details,
        },
    }


def summary(session: Session, event: Event, links: Links) -> dict[str, Any]:
    """The thing an event is about: type, id, and where there is more to say its name, state and page."""
    said = {"type": event.subject_type, "id": event.subject_id}
    kind = _KINDS.get(event.subject_type)
    thing = session.get(kind.model, event.subject_id) if kind else None
    if kind is None or thing is None:
        return said
    return {**said, **kind.shape(thing), "url": _page(kind, thing, links)}


def sentence(session: Session, event: Event) -> str:
    """One plain sentence: "Card “Draft the aid” moved to Done by Mara"."""
    by = session.get(Person, event.by_id) if event.by_id else None
    kind = _KINDS.get(event.subject_type)
    thing = session.get(kind.model, event.subject_id) if kind else None
    name = f"“{kind.name(thing)}”" if kind and thing else str(event.subject_id)
    noun = kind.noun if kind else event.subject_type.replace("_", " ")
    return f"{noun} {name}{_did(session, event)}{f' by {by.display_name}' if by else ''}"


def line(session: Session, event: Event, links: Links) -> dict[str, Any]:
    """What a chat is told."""
    kind = _KINDS.get(event.subject_type)
    thing = session.get(kind.model, event.subject_id) if kind else None
    link = _page(kind, thing, links) if kind and thing else ""
    return {"words": sentence(session, event), "link": link}


def _page(kind: "_Kind", thing: Any, links: Links) -> str:
    return links.page(kind.page.format(thing))


def moment(at: datetime) -> str:
    """RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


# The things


@dataclass(frozen=True)
class _Kind:
    noun: str
    model: type[Base]
    page: str
    name: Callable[[Any], str]
    shape: Callable[[Any], dict[str, Any]]


def _shape(names: Iterable[str], thing: Any) -> dict[str, Any]:
    return {name.removesuffix("_id"): _plain(getattr(thing, name)) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return moment(value)
    return value.isoformat() if isinstance(value, date) else value


def _kind(noun: str, model: type[Base], page: str, names: str, name: str = "title") -> _Kind:
    fields = names.split()
    return _Kind(noun, model, page, lambda thing: str(getattr(thing, name)), partial(_shape, fields))


_KINDS = {
    "learning_requests": _kind("Request", LearningRequest, "/requests/{0.id}",
                               "title status status_since submitted_at goal_id joined_to_id"),
    "cards": _kind("Card", Card, "/cards/{0.id}",
                   "title column_id project_id iteration_id estimate_hours actual_hours started_at done_at version"),
    "projects": _kind("Project", Project, "/projects/{0.id}",
                      "name stage health solution_type learning_request_id goal_id due_on ended_at version", "name"),
    "iterations": _kind("Iteration", Iteration, "/iterations/{0.id}",
                        "goal status starts_on ends_on capacity_hours", "id"),
    "training_sessions": _kind("Session", TrainingSession, "/projects/{0.project_id}",
                               "title project_id starts_at ends_at place cancelled_at"),
    "measures": _kind("Measure", Measure, "/measures/{0.id}", "name unit baseline target project_id", "name"),
    "editions": _kind("Report", Edition, "/reports/{0.id}", "title kind status period_start period_end"),
    "reports": _kind("Report design", Report, "/reports/designs/{0.id}", "name audience rhythm next_on", "name"),
    "resources": _kind("Resource", Resource, "/library/{0.id}", "title kind review_on retired_at"),
    "goals": _kind("Goal", Goal, "/settings#goals", "name weight target year_to_date", "name"),
}  # fmt: skip

_VERBS = {
    "learning_request.submitted": " came in",
    "learning_request.message_added": " was written about",
    "learning_request.supported": " was joined",
    "learning_request.demand_noticed": " is asked for by many",
    "card.moved": " moved",
    "edition.published": " is there",
    "edition.failed": " could not be made",
    "learning_request.scoring_failed": " could not be scored",
}

_STATES = {
    "needs_info": "asked about",
    "submitted": "opened again",
    "waitlisted": "put on the waiting list",
    "snoozed": "put off",
}


def _did(session: Session, event: Event) -> str:
    verb = event.action.rpartition(".")[2].replace("_", " ")
    said = _VERBS.get(event.action) or (f": {verb}" if " " in verb else f" was {verb}")
    to = event.details.get("to")
    if event.action == "project.health_noted":
        return f" was found {str(to).replace('_', ' ')}"
    if event.action == "card.moved":
        column = session.get(Column, to) if isinstance(to, int) else None
        return f" moved to {column.name}" if column else said
    if isinstance(to, str):
        plain = _STATES.get(to, to.replace("_", " "))
        return f" moved to {plain}" if event.subject_type == "projects" else f" was {plain}"
    return said
