"""What is done on a card's page besides its words: checklist, hours, blockers, comments, links and files, experts."""

from datetime import date, datetime
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from board.card_view import CardPage
from board.cards import CardDep
from portfolio import (
    blockers,
    card_links,
    checklists,
    comments,
    expert_asks,
    organisation,
    people,
    work_logs,
)
from portfolio.files import FileRefused
from portfolio.models import CardLink, ChecklistItem, Comment, ExpertAsk, File, Person, WorkLog
from portfolio.submission import Email
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, SentDep, need_text, some_day, some_number, some_text
from web.people import LeaderDep, ManagerDep
from web.responses import NotFound, see_other
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page
from web.uploads import download

router = APIRouter()

Thing = TypeVar("Thing")


class Desk:
    """One write on a card's page: who writes what, when, and where it goes on."""

    def __init__(
        self, request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, card: CardDep
    ) -> None:
        self.request, self.session, self.person, self.now, self.card = request, session, manager, now, card

    @property
    def today(self) -> date:
        """The day it is where the organisation works."""
        return self.now.astimezone(organisation.zone(organisation.current(self.session))).date()

    def back(self, part: str) -> Response:
        return see_other(f"/cards/{self.card.id}#{part}")

    def again(
        self, fields: Fields, errors: Errors, status: int = 422, *, over_limit: bool = False
    ) -> Response:
        """The page with what was typed and what is wrong; nothing was changed."""
        self.session.rollback()
        self.session.refresh(self.card)
        view = CardPage(self.session, self.card, self.person, self.now, fields, errors, over_limit=over_limit)
        return page(self.request, "cards/show.html", view, status)


DeskDep = Annotated[Desk, Depends(Desk, scope="function")]


# The checklist


def an_item(session: SessionDep, card: CardDep, item: int) -> ChecklistItem:
    return _there(checklists.find(session, card, item))


ItemDep = Annotated[ChecklistItem, Depends(an_item, scope="function")]


@router.post("/cards/{number:int}/checklist")
def add_item(desk: DeskDep, fields: FormDep) -> Response:
    errors = Errors()
    words = need_text(fields, "item", errors, longest=300)
    if not errors:
        try:
            checklists.add(desk.session, desk.card, words, by=desk.person, at=desk.now)
        except checklists.ListFull as full:
            errors["item"] = str(full)
    return desk.again(fields, errors) if errors else desk.back("checklist")


@router.post("/cards/{number:int}/checklist/{item:int}")
def edit_item(desk: DeskDep, line: ItemDep, fields: FormDep) -> Response:
    errors = Errors()
    name = f"item_{line.id}"
    words = need_text(fields, name, errors, longest=300)
    if errors:
        return desk.again(fields, errors)
    try:
        checklists.edit(
            desk.session, desk.card, line, words, seen=fields["seen_words"], by=desk.person, at=desk.now
        )
    except checklists.LineChanged as changed:
        errors[name] = str(changed)
        return desk.again(fields, errors, 409)
    return desk.back("checklist")


@router.post("/cards/{number:int}/checklist/{item:int}/tick")
def tick_item(desk: DeskDep, line: ItemDep, fields: FormDep) -> Response:
    checklists.tick(desk.session, desk.card, line, done=fields["done"] == "1", by=desk.person, at=desk.now)
    return desk.back("checklist")


@router.post("/cards/{number:int}/checklist/{item:int}/place")
def move_item(desk: DeskDep, line: ItemDep, fields: FormDep) -> Response:
    checklists.move(desk.session, desk.card, line, up=fields["way"] == "up", by=desk.person, at=desk.now)
    return desk.back("checklist")


@router.post("/cards/{number:int}/checklist/{item:int}/removal")
def remove_item(desk: DeskDep, line: ItemDep) -> Response:
    checklists.remove(desk.session, desk.card, line, by=desk.person, at=desk.now)
    return desk.back("checklist")


# Hours


def a_log(session: SessionDep, card: CardDep, log: int) -> WorkLog:
    return _there(work_logs.find(session, card, log))


LogDep = Annotated[WorkLog, Depends(a_log, scope="function")]


@router.post("/cards/{number:int}/timer")
def start_timer(desk: DeskDep) -> Response:
    try:
        work_logs.start(desk.session, desk.card, by=desk.person, at=desk.now)
    except work_logs.TimerForgotten as forgotten:
        return desk.again(Fields(), Errors(forgotten_hours=str(forgotten)))
    return desk.back("work")


@router.post("/cards/{number:int}/timer/end")
def stop_timer(desk: DeskDep, fields: FormDep) -> Response:
    """Stop one's own timer, wherever it runs, with the hours said where it was forgotten."""
    running = work_logs.running_of(desk.session, desk.person)
    if running is None:
        return desk.back("work")
    errors = Errors()
    hours = some_number(fields, "forgotten_hours", errors, most=work_logs.MOST_HOURS)
    if not errors:
        try:
            work_logs.stop(desk.session, running, hours=hours, by=desk.person, at=desk.now)
        except (work_logs.TimerForgotten, work_logs.HoursRefused) as problem:
            errors["forgotten_hours"] = str(problem)
    return desk.again(fields, errors) if errors else desk.back("work")


@router.post("/cards/{number:int}/hours")
def type_hours(desk: DeskDep, fields: FormDep) -> Response:
    errors = Errors()
    need_text(fields, "hours", errors)
    hours = some_number(fields, "hours", errors, most=work_logs.MOST_HOURS)
    note = some_text(fields, "hours_note", errors)
    on = some_day(fields, "hours_on", errors)
    zone = organisation.zone(organisation.current(desk.session))
    if on is not None and on > desk.today:
        errors["hours_on"] = "Please give today or a day before."
    if not errors:
        try:
            work_logs.type_in(
                desk.session,
                desk.card,
                hours or 0.0,
                note=note,
                on=on,
                zone=zone,
                by=desk.person,
                at=desk.now,
            )
        except work_logs.HoursRefused as refused:
            errors["hours"] = str(refused)
    return desk.again(fields, errors) if errors else desk.back("work")


@router.post("/cards/{number:int}/hours/{log:int}")
def correct_hours(desk: DeskDep, line: LogDep, fields: FormDep) -> Response:
    errors = Errors()
    name = f"hours_{line.id}"
    hours = some_number(fields, name, errors)
    note = some_text(fields, f"note_{line.id}", errors)
    if not errors:
        try:
            work_logs.correct(desk.session, line, hours or 0.0, note=note, by=desk.person, at=desk.now)
        except work_logs.HoursRefused as refused:
            errors[name] = str(refused)
    return desk.again(fields, errors) if errors else desk.back("work")


@router.post("/cards/{number:int}/hours/{log:int}/removal")
def remove_hours(desk: DeskDep, line: LogDep) -> Response:
    work_logs.remove(desk.session, line, by=desk.person, at=desk.now)
    return desk.back("work")


# What stops it


@router.post("/cards/{number:int}/blocker")
def block(desk: DeskDep, fields: FormDep) -> Response:
    """Say what stops the card, or say it better."""
    errors = Errors()
    reason = need_text(fields, "reason", errors)
    if not errors:
        try:
            if fields["again"] and desk.card.blocked_by:
                blockers.reword(desk.session, desk.card, reason, by=desk.person, at=desk.now)
            else:
                blockers.block(desk.session, desk.card, reason, by=desk.person, at=desk.now)
        except blockers.AlreadyBlocked as already:
            errors["reason"] = str(already)
            return desk.again(fields, errors, 409)
    return desk.again(fields, errors) if errors else desk.back("blocker")


@router.post("/cards/{number:int}/blocker/removal")
def unblock(desk: DeskDep) -> Response:
    blockers.unblock(desk.session, desk.card, by=desk.person, at=desk.now)
    return desk.back("blocker")


# Comments


def a_comment(session: SessionDep, card: CardDep, comment: int) -> Comment:
    return _there(comments.find(session, card, comment))


CommentDep = Annotated[Comment, Depends(a_comment, scope="function")]


@router.post("/cards/{number:int}/comments")
def add_comment(desk: DeskDep, links: LinksDep, fields: FormDep) -> Response:
    errors = Errors()
    words = need_text(fields, "comment", errors, longest=4000)
    if errors:
        return desk.again(fields, errors)
    comments.add(desk.session, desk.card, words, links=links, by=desk.person, at=desk.now)
    return desk.back("comments")


@router.post("/cards/{number:int}/comments/{comment:int}")
def edit_comment(desk: DeskDep, said: CommentDep, links: LinksDep, fields: FormDep) -> Response:
    errors = Errors()
    words = need_text(fields, f"comment_{said.id}", errors, longest=4000)
    if errors:
        return desk.again(fields, errors)
    try:
        comments.edit(desk.session, desk.card, said, words, links=links, by=desk.person, at=desk.now)
    except comments.NotYours as refused:
        raise NotFound from refused
    return desk.back("comments")


@router.post("/cards/{number:int}/comments/{comment:int}/removal")
def remove_comment(desk: DeskDep, said: CommentDep) -> Response:
    try:
        comments.remove(desk.session, desk.card, said, by=desk.person, at=desk.now)
    except comments.NotYours as refused:
        raise NotFound from refused
    return desk.back("comments")


# Links and files


def a_link(session: SessionDep, card: CardDep, link: int) -> CardLink:
    return _there(card_links.find(session, card, link))


def a_file(session: SessionDep, card: CardDep, file: int) -> File:
    return _there(card_links.find_file(session, card, file))


LinkDep = Annotated[CardLink, Depends(a_link, scope="function")]
FileDep = Annotated[File, Depends(a_file, scope="function")]


@router.post("/cards/{number:int}/links")
def add_link(desk: DeskDep, fields: FormDep) -> Response:
    errors = Errors()
    address = need_text(fields, "address", errors, longest=500)
    label = some_text(fields, "label", errors)
    if not errors:
        try:
            card_links.add(desk.session, desk.card, address, label=label, by=desk.person, at=desk.now)
        except card_links.LinkRefused as refused:
            errors["address"] = str(refused)
    return desk.again(fields, errors) if errors else desk.back("material")


@router.post("/cards/{number:int}/links/{link:int}/removal")
def remove_link(desk: DeskDep, one: LinkDep) -> Response:
    card_links.remove(desk.session, desk.card, one, by=desk.person, at=desk.now)
    return desk.back("material")


@router.post("/cards/{number:int}/files")
def add_files(desk: DeskDep, sent: SentDep) -> Response:
    errors = Errors()
    if not sent.uploads:
        errors["file"] = "Please choose a file."
    for upload in sent.uploads:
        try:
            card_links.attach(
                desk.session, desk.card, name=upload.name, content=upload.content, by=desk.person, at=desk.now
            )
        except FileRefused as refused:
            errors["file"] = str(refused)
    return desk.again(sent.fields, errors) if errors else desk.back("material")


@router.get("/cards/{number:int}/files/{file:int}")
def show_file(_leader: LeaderDep, one: FileDep) -> Response:
    return download(one)


@router.post("/cards/{number:int}/files/{file:int}/removal")
def remove_file(desk: DeskDep, one: FileDep) -> Response:
    card_links.detach(desk.session, desk.card, one, by=desk.person, at=desk.now)
    return desk.back("material")


# Experts


def an_ask(session: SessionDep, card: CardDep, ask: int) -> ExpertAsk:
    asked = _there(expert_asks.find(session, ask))
    if asked.card_id != card.id:
        raise NotFound
    return asked


AskDep = Annotated[ExpertAsk, Depends(an_ask, scope="function")]


@router.post("/cards/{number:int}/experts")
def ask_expert(desk: DeskDep, links: LinksDep, fields: FormDep) -> Response:
    errors = Errors()
    who = need_text(fields, "expert", errors)
    why = some_text(fields, "why", errors, longest=2000)
    hours = some_number(fields, "ask_hours", errors, most=1000)
    due_on = some_day(fields, "ask_due_on", errors)
    if due_on is not None and due_on < desk.today:
        errors["ask_due_on"] = "Please give today or a later day."
    if errors:
        return desk.again(fields, errors)
    expert = _person(desk.session, who, errors, at=desk.now)
    if expert is None:
        return desk.again(fields, errors)
    try:
        expert_asks.ask(
            desk.session,
            desk.card,
            expert,
            why=why,
            hours=hours,
            due_on=due_on,
            shows_material=fields["shows_material"] == "1",
            links=links,
            by=desk.person,
            at=desk.now,
            anyway=fields["anyway"] == "1",
        )
    except expert_asks.OverLimit as over:
        return desk.again(fields, Errors(expert=str(over)), over_limit=True)
    except expert_asks.AskRefused as refused:
        return desk.again(fields, Errors(expert=str(refused)))
    return desk.back("experts")


@router.post("/cards/{number:int}/experts/{ask:int}/removal")
def take_ask_back(desk: DeskDep, asked: AskDep) -> Response:
    try:
        expert_asks.take_back(desk.session, asked, by=desk.person, at=desk.now)
    except expert_asks.AskRefused as refused:
        return desk.again(Fields(), Errors(expert=str(refused)), 409)
    return desk.back("experts")


@router.post("/cards/{number:int}/experts/{ask:int}/link")
def renew_ask_link(desk: DeskDep, asked: AskDep, links: LinksDep) -> Response:
    try:
        expert_asks.renew_link(desk.session, asked, links=links, by=desk.person, at=desk.now)
    except expert_asks.AskRefused as refused:
        return desk.again(Fields(), Errors(expert=str(refused)), 409)
    return desk.back("experts")


def _person(session: Session, who: str, errors: Errors, *, at: datetime) -> Person | None:
    """Whoever is meant: a new one by e-mail, one we know by e-mail, name or both, as in "Eli Expert <eli@example.org>"."""
    address = who.rpartition("<")[2].rstrip("> ") if "<" in who else who
    try:
        name = who.partition("<")[0].strip() if "<" in who else ""
        return people.meet(session, TypeAdapter(Email).validate_python(address), at=at, name=name)
    except ValidationError:
        known = people.named(session, who)
    if len(known) == 1:
        return known[0]
    errors["expert"] = (
        "Several people have this name. Please give the e-mail address."
        if known
        else "We know nobody of this name yet. Please give the e-mail address."
    )
    return None


def _there(thing: Thing | None) -> Thing:
    if thing is None:
        raise NotFound
    return thing
