"""Everything of one's own: by signing in, or by mail for those who lost a link."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from pydantic import TypeAdapter, ValidationError

from portfolio import backlog, drafts, lost_links
from portfolio.models import Draft, LearningRequest
from portfolio.submission import Email
from web.clock import NowDep
from web.forms import FormDep
from web.people import PersonDep, VisitorDep
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class OwnRequests:
    """A signed-in person's requests, drafts, and what they stand behind, each with its private page."""

    lines: list[tuple[LearningRequest, str]]
    drafts: list[tuple[Draft, str]]
    supported: list[tuple[LearningRequest, str]]

    @property
    def is_empty(self) -> bool:
        return not (self.lines or self.drafts or self.supported)


@dataclass(frozen=True)
class LostLinks:
    """Asking for one's links by mail."""

    email: str = ""
    error: str = ""
    sent: bool = False


@router.get("/requests")
def list_own(request: Request, session: SessionDep, person: PersonDep, links: LinksDep) -> Response:
    own = OwnRequests(
        [(one, links.tracking_path(one)) for one in backlog.of_requester(session, person)],
        [(one, links.draft_path(one)) for one in drafts.of_address(session, person.email)],
        [(found, links.support_path(one)) for found, one in lost_links.supported(session, person)],
    )
    return page(request, "learning_requests/own.html", own)


@router.get("/requests/links")
def ask_for_links(request: Request, _session: SessionDep, visitor: VisitorDep) -> Response:
    return page(request, "learning_requests/links.html", LostLinks(visitor.email if visitor else ""))


@router.post("/requests/links")
def mail_links(
    request: Request, session: SessionDep, fields: FormDep, links: LinksDep, now: NowDep
) -> Response:
    """Always the same answer, so that nobody learns who has asked for what."""
    try:
        email = TypeAdapter(Email).validate_python(fields["email"])
    except ValidationError:
        words = "This doesn't look like an e-mail address. Example: kim@example.org"
        return page(request, "learning_requests/links.html", LostLinks(fields["email"], words), 422)
    request.app.state.turnstile.check_sign_in(request, email)
    lost_links.mail(session, email, links=links, at=now)
    return page(request, "learning_requests/links.html", LostLinks(email, sent=True))
