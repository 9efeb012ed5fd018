"""What a private link opens, for the routes behind it."""

from typing import Annotated

from fastapi import Depends, Request

from portfolio import drafts, learning_requests, organisation
from portfolio.models import Draft, LearningRequest, Person
from web.clock import NowDep
from web.responses import NotFound
from web.session import SessionDep
from web.settings import LinksDep


def opened(session: SessionDep, number: int, key: str, links: LinksDep) -> LearningRequest:
    """The request this private link opens."""
    found = learning_requests.find(session, number)
    if found is None or not links.opens(found, key):
        raise NotFound
    return found


def opened_draft(session: SessionDep, number: int, key: str, links: LinksDep, now: NowDep) -> Draft:
    """The draft this private link opens, for as long as it is kept."""
    found = drafts.find(session, number)
    if found is None or not links.opens_draft(found, key) or drafts.expires_at(found) < now:
        raise NotFound
    return found


OpenedDep = Annotated[LearningRequest, Depends(opened, scope="function")]
OpenedDraftDep = Annotated[Draft, Depends(opened_draft, scope="function")]


def must_sign_in(session: SessionDep, visitor: Person | None) -> bool:
    """Whether this visitor may only ask after signing in."""
    ours = organisation.current(session)
    return visitor is None and ours is not None and not ours.intake_public


def wants_data(request: Request) -> bool:
    """Whether the page's script asks, and not a person."""
    return "application/json" in request.headers.get("accept", "")
