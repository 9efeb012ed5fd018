"""The plan: what fits into the hours there are, what if, taking it on, and the hours themselves."""

from datetime import datetime

from fastapi import APIRouter, Request, Response
from starlette.datastructures import QueryParams

from board.plan_view import Found, chosen_expert, found_on, plan_page, terms_of
from portfolio import capacity, plans
from portfolio.capacity import NotCounted
from portfolio.fitting import NotPlannable, Terms
from portfolio.plans import PlanChanged
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, FormListDep, some_day, some_number, some_text
from web.people import ManagerDep
from web.responses import see_other, there
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page, partial

router = APIRouter()


@router.get("/plan")
def show_plan(request: Request, session: SessionDep, _manager: ManagerDep, now: NowDep) -> Response:
    terms, errors = terms_of(request.query_params)
    said = _said(request.query_params)
    view = plan_page(session, terms, request.query_params, errors, now=now, said=said)
    return page(request, "plan/show.html", view, 422 if errors else 200)


@router.get("/plan/what-if")
def try_out(
    request: Request, session: SessionDep, _manager: ManagerDep, now: NowDep, quick: str = ""
) -> Response:
    """What would fit on other terms: a good answer while somebody drags, the exact one when they let go."""
    terms, errors = terms_of(request.query_params)
    if errors:
        return partial(request, "plan/_found.html", Found(None, {}, refused=next(iter(errors.values()))))
    return partial(request, "plan/_found.html", found_on(session, terms, now=now, quick=bool(quick)))


@router.post("/plan/acceptance")
def accept(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    links: LinksDep,
    now: NowDep,
    form: FormListDep,
) -> Response:
    """Take on the plan the page showed, all of it at once."""
    terms, errors = terms_of(form)
    try:
        done = plans.accept_shown(
            session,
            terms,
            str(form.get("stamp") or ""),
            links=links,
            by=manager,
            at=now,
            waitlist_the_rest=bool(form.get("waitlist")),
        )
    except (PlanChanged, NotPlannable) as refused:
        session.rollback()
        wrong = Errors({**errors, "acceptance": str(refused)})
        return page(request, "plan/show.html", plan_page(session, terms, form, wrong, now=now), 409)
    counts = f"{len(done.taken_on)}.{len(done.waitlisted)}.{len(done.by_hand)}"
    return see_other(f"/plan?accepted={counts}")


@router.post("/plan/absences")
def add_absence(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep
) -> Response:
    errors = Errors()
    from_on = some_day(fields, "from_on", errors)
    until_on = some_day(fields, "until_on", errors) or from_on
    note = some_text(fields, "absence_note", errors)
    if from_on is None or until_on is None:
        errors.setdefault("from_on", "Please give the first day away.")
    elif not errors:
        try:
            who = chosen_expert(session, fields["who"])
            capacity.add_absence(
                session, from_on=from_on, until_on=until_on, note=note, person=who, by=manager, at=now
            )
            return see_other("/plan?saved=absence#hours")
        except NotCounted as refused:
            errors[refused.field] = str(refused)
    return _again(request, session, fields, errors, now)


@router.post("/plan/absences/{number:int}/removal")
def remove_absence(session: SessionDep, manager: ManagerDep, now: NowDep, number: int) -> Response:
    found = there(capacity.find_absence(session, number))
    capacity.remove_absence(session, found, by=manager, at=now)
    return see_other("/plan#hours")


@router.post("/plan/experts")
def grant_hours(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep
) -> Response:
    """An expert gives so many hours a week; nothing typed takes them back."""
    errors = Errors()
    expert = chosen_expert(session, fields["expert"])
    hours = some_number(fields, "expert_hours", errors, most=80)
    if expert is None:
        errors["expert"] = "Please choose one of the options."
    if errors or expert is None:
        return _again(request, session, fields, errors, now)
    capacity.grant_hours(session, expert, hours, by=manager, at=now)
    return see_other("/plan?saved=expert#hours")


SAVED = {
    "absence": "The days away are taken off.",
    "expert": "The expert's hours are kept.",
}


def _said(query: QueryParams) -> str:
    """What was just done, in words."""
    counts = [int(one) for one in query.get("accepted", "").split(".") if one.isdecimal() and len(one) < 7]
    if len(counts) != 3:
        return SAVED.get(query.get("saved", ""), "")
    taken, waitlisted, by_hand = counts
    if not any(counts):
        return "This plan was accepted already; nothing was done twice."
    words = [f"{_requests(taken)} taken on, and everybody who asked has been told."]
    if waitlisted:
        words.append(f"{_requests(waitlisted)} put on the waiting list.")
    if by_hand:
        words.append(f"{_requests(by_hand)} still waiting for an answer or put aside: decide by hand.")
    return " ".join(words)


def _requests(count: int) -> str:
    return "1 request is" if count == 1 else f"{count} requests are"


def _again(request: Request, session: SessionDep, fields: Fields, errors: Errors, now: datetime) -> Response:
    session.rollback()
    return page(request, "plan/show.html", plan_page(session, Terms(), fields, errors, now=now), 422)
