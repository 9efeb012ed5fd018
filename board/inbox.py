"""The inbox: what waits for a first decision."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request, Response

from portfolio import arrivals, backlog, demand, inbox, revisits, triage, undoing
from portfolio.demand import Alert
from portfolio.models import LearningRequest, Person
from portfolio.triage import Sitting
from portfolio.undoing import Undoable
from web.clock import NowDep
from web.live import Change, names, stream
from web.people import ManagerDep
from web.responses import see_other, there
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page, partial

router = APIRouter()


@dataclass(frozen=True)
class Inbox:
    """The oldest that wait for a first decision, how many there are in all, and whether anybody ever asked; and how many
    mails wait that nobody vouches for."""

    waiting: list[LearningRequest]
    count: int
    is_new: bool
    form: str
    mails: int
    alerts: list[Alert]
    undoable: Undoable | None
    came_back: dict[int, str]
    sitting: Sitting | None
    undone: bool = False


@router.get("/inbox")
def show_inbox(
    request: Request, session: SessionDep, manager: ManagerDep, links: LinksDep, now: NowDep, undone: str = ""
) -> Response:
    view = inbox_page(session, manager, links, now, undone=undone == "1")
    return page(request, "inbox/index.html", view)


@router.get("/inbox/list")
def show_list(
    request: Request, session: SessionDep, manager: ManagerDep, links: LinksDep, now: NowDep
) -> Response:
    return partial(request, "inbox/_list.html", inbox_page(session, manager, links, now))


@router.post("/alerts/{number:int}/seen")
def see_alert(session: SessionDep, manager: ManagerDep, now: NowDep, number: int) -> Response:
    alert = there(demand.find(session, number))
    demand.see(session, alert, by=manager, at=now)
    return see_other("/inbox")


@router.get("/inbox/live")
async def follow_inbox(request: Request, _manager: ManagerDep) -> Response:
    def wants(change: Change) -> str | None:
        return names("waiting") if change.subject_type == LearningRequest.__tablename__ else None

    return stream(request.app.state.watch, wants)


def inbox_page(
    session: SessionDep, manager: Person, links: LinksDep, now: datetime, *, undone: bool = False
) -> Inbox:
    """The list; where it is empty, what the manager's last session came to."""
    waiting = inbox.listed(session)
    done = [] if waiting else triage.sittings(session, manager, now=now)
    return Inbox(
        undoable=undoing.latest(session, manager, now=now),
        came_back=revisits.came_back(session, [one.id for one in waiting]),
        sitting=done[0] if done else None,
        undone=undone,
        waiting=waiting,
        count=inbox.count(session),
        is_new=backlog.is_new(session),
        alerts=demand.waiting(session),
        form=links.page("/requests/new"),
        mails=arrivals.waiting_count(session),
    )
