"""The review of an iteration that closes: what it says of each project, and doing so."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio import projects
from portfolio.models import Iteration, Person, Project
from portfolio.states import Stage


class Outcome(StrEnum):
    """What the review says of a project: go on, go on differently, or stop it."""

    KEEP = "keep"
    CHANGE = "change"
    KILL = "kill"


@dataclass(frozen=True)
class ProjectReview:
    """What an iteration showed and taught about one project. `hours_saved` belongs to one that is stopped."""

    project: int
    verdict: Outcome = Outcome.KEEP
    shown: str = ""
    learned: str = ""
    next_hypothesis: str = ""
    hours_saved: float | None = None


@dataclass(frozen=True)
class Retrospective:
    """How the work itself went, and what to try."""

    went_well: str = ""
    went_badly: str = ""
    try_next: str = ""


NOTHING_SAID = Retrospective()


def projects_of(session: Session, ids: Sequence[int]) -> dict[int, Project]:
    """The projects reviewed, by number."""
    found = session.scalars(select(Project).where(Project.id.in_(ids)))
    return {one.id: one for one in found}


def said(one: ProjectReview, project: Project) -> dict[str, Any]:
    """A project's review as it is kept, with what was believed until then."""
    return {
        **asdict(one),
        "verdict": one.verdict.value,
        "name": project.name,
        "hypothesis": project.hypothesis,
    }


def follow(session: Session, project: Project, one: ProjectReview, *, by: Person, at: datetime) -> None:
    """Do what the review says: stop the project, or believe something else from now on."""
    if one.verdict is Outcome.KILL and project.is_live:
        projects.move(session, project, Stage.STOPPED, hours_saved=one.hours_saved, by=by, at=at)
    elif one.verdict is Outcome.CHANGE and one.next_hypothesis.strip():
        projects.edit(
            session,
            project,
            version=None,
            by=by,
            at=at,
            hypothesis=one.next_hypothesis.strip(),
            hypothesis_parts=None,
        )


def is_same(iteration: Iteration, words: dict[str, Any], review: Sequence[ProjectReview]) -> bool:
    """Whether a closed iteration was closed with these very words."""
    kept = {name: getattr(iteration, name) for name in words}
    kept["retrospective"] = iteration.retrospective or asdict(NOTHING_SAID)
    names = ("project", "verdict", "shown", "learned", "next_hypothesis")
    ours = [[str(getattr(one, name)) for name in names] for one in review]
    theirs = [[str(one.get(name, "")) for name in names] for one in iteration.review or []]
    return kept == words and ours == theirs
