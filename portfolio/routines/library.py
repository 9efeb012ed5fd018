"""Automations about the library."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portfolio.models import Event, Resource
from portfolio.routines.scene import CannotAct, Found, Routine, Scene


def _review_passed(scene: Scene, _event: Event | None) -> Iterable[Found]:
    found = select(Resource).where(Resource.review_on <= scene.today, Resource.retired_at.is_(None))
    for one in scene.session.scalars(found.options(joinedload(Resource.owner)).order_by(Resource.id)):
        yield Found(one, f"resource:{one.id}:{one.review_on}")


def _ask_owner(scene: Scene, one: Resource) -> str:
    if one.owner is None:
        raise CannotAct(f"Nobody is named as the owner of “{one.title}”.")
    scene.mail(
        one.owner.email,
        f"Is this still right? {one.title}",
        f"It is time to look at this again: {one.title}\n{scene.links.resource(one)}\n\n"
        "If it is right as it stands, or when you have mended it, tell your L&D manager.",
        f"resource:{one.id}",
    )
    return f"Asked {one.owner.display_name} to look at “{one.title}”."


ROUTINES = (
    Routine("review_passed", "Library", "When the day to look at something in the library again has come, ask its owner.",
            _review_passed, _ask_owner),
)  # fmt: skip
