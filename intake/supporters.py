"""Joining somebody else's request, and the page of those who did."""

from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import ValidationError

from intake.opening import must_sign_in
from intake.standing import step_of
from portfolio import backlog, conversations, learning_requests, organisation, suggestion_ledger, supporters
from portfolio.backlog import Place
from portfolio.links import Links
from portfolio.models import Decision, LearningRequest, Message, Supporter
from portfolio.states import RequestStatus
from portfolio.suggestions import REQUEST, Thing
from portfolio.supporters import JOINABLE, JoinRefused, SupportGiven
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, errors_of
from web.live import Change, names, stream
from web.people import VisitorDep
from web.responses import GoTo, NotFound, see_other, there
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page, partial
from web.wording import plain

router = APIRouter(include_in_schema=False)

HEADLINES = {
    RequestStatus.SUBMITTED: "It's in the queue for a decision",
    RequestStatus.NEEDS_INFO: "We asked the first who wanted it a question",
    RequestStatus.WAITLISTED: "On the waiting list",
    RequestStatus.SNOOZED: "We'll look again later",
    RequestStatus.ACCEPTED: "We're taking this on",
    RequestStatus.DECLINED: "We won't take this on for now",
    RequestStatus.REDIRECTED: "Something else should help sooner",
    RequestStatus.JOINED: "Joined with others who asked for the same",
    RequestStatus.ANSWERED: "There is something for you already",
    RequestStatus.DELIVERED: "It's there",
    RequestStatus.VERIFIED: "It's there, and it worked",
    RequestStatus.WITHDRAWN: "The first who asked no longer needs it",
}
STEPS = ("Sent", "Read", "Decided", "Being made", "Delivered")


@dataclass(frozen=True)
class JoinPage:
    """A request somebody may join: its title, unit and how many stand behind it, and no more."""

    title: str
    unit: str
    behind: int
    path: str
    closed: bool
    values: Fields
    errors: Errors
    done: bool = False

    @classmethod
    def of(
        cls,
        session: SessionDep,
        found: LearningRequest,
        links: Links,
        values: Fields,
        errors: Errors,
        *,
        done: bool = False,
    ) -> "JoinPage":
        return cls(
            title=found.title,
            unit=found.unit.name if found.unit else "",
            behind=supporters.behind(session, [found.id])[found.id],
            path=links.joining_path(found),
            closed=found.status not in JOINABLE,
            values=values,
            errors=errors,
            done=done,
        )


@dataclass(frozen=True)
class SupportPage:
    """A supporter's page: the status, what was said to all, and their own words."""

    supporter: Supporter
    learning_request: LearningRequest
    path: str
    link: str
    headline: str
    step: int
    ended_early: bool
    place: Place | None
    behind: int
    decision: Decision | None
    messages: list[Message]
    values: Fields
    elsewhere: str = ""
    just_joined: bool = False
    saved: bool = False
    errors: Errors = field(default_factory=Errors)
    steps: tuple[str, ...] = STEPS

    @property
    def has_left(self) -> bool:
        return self.supporter.left_at is not None


def joinable(session: SessionDep, number: int, key: str, links: LinksDep) -> LearningRequest:
    """The request this link lets somebody join."""
    found = learning_requests.find(session, number)
    if found is None or not links.fits(key, "joining", number):
        raise NotFound
    return found


JoinableDep = Annotated[LearningRequest, Depends(joinable, scope="function")]


@router.get("/requests/{number:int}/supporters/{key}")
def show_joining(
    request: Request,
    session: SessionDep,
    found: JoinableDep,
    visitor: VisitorDep,
    links: LinksDep,
    ask: str = "",
    done: str = "",
) -> Response:
    if must_sign_in(session, visitor):
        raise GoTo(f"/sign-in?next={links.joining_path(found)}")
    typed = Fields(ask=ask[:64])
    if visitor is not None:
        unit = visitor.unit.name if visitor.unit else ""
        typed.update(name=visitor.name, email=visitor.email, unit=unit)
    view = JoinPage.of(session, found, links, typed, Errors(), done=done == "1")
    return page(request, "supporters/join.html", view)


@router.post("/requests/{number:int}/supporters/{key}")
def join(
    request: Request,
    session: SessionDep,
    found: JoinableDep,
    visitor: VisitorDep,
    links: LinksDep,
    now: NowDep,
    fields: FormDep,
) -> Response:
    """The new supporter's page. Whoever stood behind it before gets their link by mail only: anybody may type an address."""
    if must_sign_in(session, visitor):
        raise GoTo(f"/sign-in?next={links.joining_path(found)}")
    if visitor is None:
        request.app.state.turnstile.check_post(request)
    given, errors = _read(session, fields, visitor)
    supporter = known = None
    if given is not None:
        known = supporters.stands_behind(session, found, given.email)
        try:
            supporter = supporters.join(
                session,
                found,
                **_said(given),
                name=given.name,
                unit=given.unit,
                links=links,
                by=visitor,
                at=now,
            )
        except JoinRefused as refused:
            errors["problem"] = str(refused)
    if errors or given is None:
        return page(request, "supporters/join.html", JoinPage.of(session, found, links, fields, errors), 422)
    suggestion_ledger.joined(session, fields["ask"][:64], Thing(REQUEST, found.id), at=now, email=given.email)
    is_theirs = known is None or (visitor is not None and visitor.email == given.email)
    if supporter is None or not is_theirs:
        return see_other(f"{links.joining_path(found)}?done=1")
    return see_other(f"{links.support_path(supporter)}?joined=1")


def opened(session: SessionDep, number: int, key: str, links: LinksDep) -> Supporter:
    """The supporter whose private link this is."""
    found = supporters.find(session, number)
    if found is None or not links.fits(key, "support", number, found.link_version):
        raise NotFound
    return found


OpenedDep = Annotated[Supporter, Depends(opened, scope="function")]


@router.get("/support/{number:int}/{key}")
def show(
    request: Request,
    session: SessionDep,
    found: OpenedDep,
    _visitor: VisitorDep,
    links: LinksDep,
    joined: str = "",
    saved: str = "",
) -> Response:
    view = _support_page(session, found, links, just_joined=joined == "1", saved=saved == "1")
    return page(request, "supporters/show.html", view)


@router.get("/support/{number:int}/{key}/status")
def show_status(request: Request, session: SessionDep, found: OpenedDep, links: LinksDep) -> Response:
    return partial(request, "supporters/_status.html", _support_page(session, found, links))


@router.get("/support/{number:int}/{key}/live")
async def follow(request: Request, found: OpenedDep) -> Response:
    number = found.learning_request_id

    def wants(change: Change) -> str | None:
        is_ours = change.subject_type == LearningRequest.__tablename__ and change.subject_id == number
        return names("status") if is_ours else None

    return stream(request.app.state.watch, wants)


@router.post("/support/{number:int}/{key}/words")
def say_more(
    request: Request, session: SessionDep, found: OpenedDep, links: LinksDep, now: NowDep, fields: FormDep
) -> Response:
    given, errors = _read(session, fields.over(Fields(email=found.person.email)), None, check=False)
    if given is None:
        view = _support_page(session, found, links, values=fields, errors=errors)
        return page(request, "supporters/show.html", view, 422)
    said = _said(given)
    supporters.say_more(session, found, words=said["words"], reach=said["reach"], by=found.person, at=now)
    return see_other(f"{links.support_path(found)}?saved=1")


@router.post("/support/{number:int}/{key}/withdrawal")
def leave(session: SessionDep, found: OpenedDep, links: LinksDep, now: NowDep) -> Response:
    supporters.leave(session, found, by=found.person, at=now)
    return see_other(links.support_path(found))


@router.post("/support/{number:int}/{key}/link")
def renew_link(session: SessionDep, found: OpenedDep, links: LinksDep, now: NowDep) -> Response:
    """The new address goes by mail only: whoever pressed this may not be the supporter."""
    supporters.renew_link(session, found, links=links, by=found.person, at=now)
    return see_other("/sign-in?renewed=1")


def _read(
    session: SessionDep, fields: Fields, visitor: VisitorDep, *, check: bool = True
) -> tuple[SupportGiven | None, Errors]:
    said = {name: fields[name] for name in ("name", "email", "unit", "words", "reach")}
    try:
        given = SupportGiven.model_validate(said)
        if check:
            organisation.check_address(session, given.email, by=visitor)
    except ValidationError as error:
        return None, errors_of(error)
    except organisation.AddressRefused as refused:
        return None, Errors(email=str(refused))
    return given, Errors()


def _said(given: SupportGiven) -> dict[str, Any]:
    """Words, address and number of people as they are kept."""
    said = given.model_dump(mode="json", include={"email", "words", "reach"})
    return {"words": "", "reach": None, **said}


def _support_page(
    session: SessionDep,
    found: Supporter,
    links: LinksDep,
    *,
    just_joined: bool = False,
    saved: bool = False,
    values: Fields | None = None,
    errors: Errors | None = None,
) -> SupportPage:
    about = there(learning_requests.find(session, found.learning_request_id))
    decided = learning_requests.decisions(session, about)
    step, ended_early = step_of(about)
    heard = conversations.of(session, about, internal=False)
    return SupportPage(
        supporter=found,
        learning_request=about,
        path=links.support_path(found),
        link=links.support(found),
        headline=HEADLINES[about.status],
        step=step,
        ended_early=ended_early,
        place=backlog.place(session, about),
        behind=supporters.behind(session, [about.id])[about.id],
        decision=decided[-1] if decided else None,
        messages=[line for line in heard if line.by is not None and line.by.manages],
        values=values or Fields(words=found.words, reach=_reach_words(found.reach)),
        elsewhere=_elsewhere(session, found, about, links),
        just_joined=just_joined,
        saved=saved,
        errors=errors or Errors(),
    )


def _elsewhere(session: SessionDep, found: Supporter, about: LearningRequest, links: LinksDep) -> str:
    """This person's page about the request that this one was joined to."""
    if about.joined_to is None:
        return ""
    there = supporters.stands_behind(session, about.joined_to, found.person.email)
    return links.support_path(there) if there else ""


def _reach_words(reach: object) -> str:
    if isinstance(reach, dict):
        return f"{reach['low']:g}-{reach['high']:g}"
    return "" if reach is None else plain(reach)
