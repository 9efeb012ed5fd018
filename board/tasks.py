"""An expert's page: what they are asked for, on one page, without an account; and all their asks in one place."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from portfolio import card_links, checklists, expert_asks, files, work_logs
from portfolio.files import FileRefused
from portfolio.links import Links
from portfolio.models import CardLink, ChecklistItem, Comment, ExpertAsk, File, Person
from web.clock import NowDep
from web.forms import Errors, Fields, Sent, SentDep, need_text, some_number, some_text
from web.people import PersonDep
from web.responses import NotFound, see_other, there
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page
from web.uploads import download

router = APIRouter()

GONE = 410

NOTICES = {
    "save": "Kept. You can close this page and come back by the same link.",
    "done": "Thank you. It's done, and everybody who waits for it knows.",
    "cant": "Thank you for saying so. Somebody else is asked now.",
}


@dataclass(frozen=True)
class TaskPage:
    """One ask as its expert sees it: nothing of the card's notes, of others' comments, or of files they aren't shown."""

    asked: ExpertAsk
    asker: str
    path: str
    all_path: str
    items: list[ChecklistItem]
    files: list[File]
    material: list[File]
    links: list[CardLink]
    said: list[Comment]
    values: Fields
    errors: Errors = field(default_factory=Errors)
    notice: str = ""

    @property
    def is_wanted(self) -> bool:
        return expert_asks.is_wanted(self.asked)


@dataclass(frozen=True)
class TaskList:
    """All that somebody is asked for, what is due first first, each with its page."""

    person: Person
    lines: list[tuple[ExpertAsk, str]]


def opened(session: SessionDep, number: int, key: str, links: LinksDep) -> ExpertAsk:
    """The ask this link opens."""
    asked = expert_asks.find(session, number)
    if asked is None or not links.opens_task(asked, key):
        raise NotFound
    return asked


AskedDep = Annotated[ExpertAsk, Depends(opened, scope="function")]


@router.get("/tasks")
def list_own(request: Request, session: SessionDep, person: PersonDep, links: LinksDep) -> Response:
    return page(request, "tasks/index.html", _list(session, person, links))


@router.get("/tasks/of/{number:int}/{key}")
def list_by_key(request: Request, session: SessionDep, links: LinksDep, number: int, key: str) -> Response:
    person = session.get(Person, number) if 0 < number < 2**31 else None
    if person is None or not links.fits(key, "tasks", person.id, person.feed_version):
        raise NotFound
    return page(request, "tasks/index.html", _list(session, person, links))


@router.get("/tasks/{number:int}/{key}")
def show(
    request: Request, session: SessionDep, asked: AskedDep, links: LinksDep, saved: str = ""
) -> Response:
    view = _page(session, asked, links, notice=NOTICES.get(saved, ""))
    return page(request, "tasks/show.html", view, GONE if asked.taken_back_at else 200)


@router.post("/tasks/{number:int}/{key}")
def work(
    request: Request, session: SessionDep, asked: AskedDep, links: LinksDep, now: NowDep, sent: SentDep
) -> Response:
    """Keep what was ticked, typed and given, whichever button was pressed; then it is done, or can't be, or goes on."""
    request.app.state.turnstile.check_note(request)
    request.app.state.turnstile.check_upload(request, len(sent.uploads))
    if not expert_asks.is_wanted(asked):
        return see_other(links.task_path(asked))
    errors = Errors()
    what = sent.fields["what"] if sent.fields["what"] in NOTICES else "save"
    _keep(session, asked, sent, errors, now)
    if errors:
        session.rollback()
        asked = opened(session, asked.id, links.task_key(asked), links)
    elif what == "cant":  # what was kept stays kept: a file can't be put back into a form
        need_text(sent.fields, "reason", errors, longest=2000)
    words = some_text(sent.fields, "words", errors, longest=4000)
    if errors:
        view = _page(session, asked, links, typed=sent.fields, errors=errors)
        return page(request, "tasks/show.html", view, 422)
    try:
        if words and what != "done":
            expert_asks.say(session, asked, words, links=links, at=now)
        if what == "done":
            expert_asks.finish(session, asked, words, links=links, at=now)
        elif what == "cant":
            expert_asks.decline(session, asked, sent.fields["reason"].strip(), links=links, at=now)
    except expert_asks.AskRefused:  # pressed twice: the other press was quicker, and the page says so
        session.rollback()
        return see_other(links.task_path(asked))
    return see_other(f"{links.task_path(asked)}?saved={what}")


@router.get("/tasks/{number:int}/{key}/files/{file:int}")
def show_file(session: SessionDep, asked: AskedDep, file: int) -> Response:
    """A file the expert gave for this, or is shown; no other."""
    found = there(
        next((one for one in _files(session, asked) if one.id == file and not asked.taken_back_at), None)
    )
    return download(found)


def _keep(session: Session, asked: ExpertAsk, sent: Sent, errors: Errors, now: datetime) -> None:
    """Ticks, hours and files. What is wrong is said in `errors`; the caller then takes all back."""
    expert_asks.begin(session, asked, at=now)
    for item in checklists.listed(session, asked.card):
        was, ticked = sent.fields[f"was_{item.id}"], bool(sent.fields[f"tick_{item.id}"])
        if was and (was == "1") != ticked:
            checklists.tick(session, asked.card, item, done=ticked, by=asked.person, at=now)
    hours = some_number(sent.fields, "hours", errors, most=work_logs.MOST_HOURS)
    if hours is not None and not errors:
        work_logs.say_in_all(session, asked.card, hours, by=asked.person, at=now)
    for upload in sent.uploads:
        try:
            card_links.attach(
                session, asked.card, name=upload.name, content=upload.content, by=asked.person, at=now
            )
        except FileRefused as refused:
            errors["file"] = str(refused)


def _page(
    session: Session,
    asked: ExpertAsk,
    links: Links,
    *,
    typed: Fields | None = None,
    errors: Errors | None = None,
    notice: str = "",
) -> TaskPage:
    asker = session.get(Person, asked.asked_by_id) if asked.asked_by_id else None
    hours = work_logs.hours_of(session, asked.card, asked.person)
    items = checklists.listed(session, asked.card)
    shown = _files(session, asked)
    kept = Fields(
        hours=f"{hours:g}" if hours else "", **{f"tick_{one.id}": "1" for one in items if one.done_at}
    )
    return TaskPage(
        asked=asked,
        asker=asker.display_name if asker else "Your L&D manager",
        path=links.task_path(asked),
        all_path=links.tasks_path(asked.person),
        items=items,
        files=[one for one in shown if one.given_by_id == asked.person_id],
        material=[one for one in shown if one.given_by_id != asked.person_id],
        links=card_links.listed(session, asked.card) if asked.shows_material else [],
        said=expert_asks.words_of(session, asked),
        values=kept if typed is None else typed,
        errors=errors or Errors(),
        notice=notice,
    )


def _list(session: Session, person: Person, links: Links) -> TaskList:
    return TaskList(person, [(one, links.task_path(one)) for one in expert_asks.open_of(session, person)])


def _files(session: Session, asked: ExpertAsk) -> list[File]:
    """What they gave themselves, and all that hangs on the card where the ask shows it, for as long as it is wanted: what is
    hung there later is none of their business."""
    every = files.listed(session, card=asked.card)
    shows_all = asked.shows_material and expert_asks.is_wanted(asked)
    return [one for one in every if shows_all or one.given_by_id == asked.person_id]
