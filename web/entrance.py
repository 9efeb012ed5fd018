"""The entrance: who are you, signing in and out, the first visit, and whether we are well."""

from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import httpx
from fastapi import Request, Response
from fastapi.responses import JSONResponse
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import text

from portfolio import goals, organisation, people, privacy, pulse
from portfolio.models import Person
from portfolio.submission import Email
from web.clock import NowDep
from web.doors import Door
from web.forms import Errors, Fields, FormDep, need_text, some_number, some_whole
from web.people import COOKIE, ManagerDep, PersonDep, VisitorDep, give_cookie
from web.responses import NotFound, local_path, see_other
from web.session import SessionDep
from web.settings import LinksDep, SettingsDep
from web.templating import STALE_PULSE_SECONDS, page

router = Door(include_in_schema=False)

CURRENCIES = (
    "EUR",
    "USD",
    "GBP",
    "CHF",
    "SEK",
    "NOK",
    "DKK",
    "PLN",
    "CZK",
    "JPY",
    "AUD",
    "CAD",
    "INR",
    "BRL",
)
SHORTEST_PASSWORD = 10


@dataclass(frozen=True)
class SignInPage:
    next: str = "/"
    email: str = ""
    sent: bool = False
    error: str = ""
    errors: Errors = field(default_factory=Errors)


@dataclass(frozen=True)
class WelcomePage:
    values: Fields
    errors: Errors
    zones: list[str]
    currencies: tuple[str, ...] = CURRENCIES


@router.get("/")
def show_entrance(request: Request, session: SessionDep, visitor: VisitorDep) -> Response:
    if visitor is None:
        return page(request, "entrance/show.html", None)
    if visitor.manages:
        return see_other("/inbox" if organisation.current(session) else "/welcome")
    return see_other("/reports" if visitor.leads else "/requests")


@router.get("/sign-in")
def ask_who(request: Request, _session: SessionDep, visitor: VisitorDep, next: str = "/") -> Response:  # noqa: A002 - the address's own word
    if visitor is not None:
        return see_other(local_path(next))
    return page(request, "sign_in/new.html", SignInPage(local_path(next)))


@router.post("/sign-in")
def send_link(
    request: Request,
    session: SessionDep,
    fields: FormDep,
    now: NowDep,
    links: LinksDep,
    settings: SettingsDep,
) -> Response:
    email, password = fields.get("email", ""), fields.get("password", "")
    goes_to = local_path(fields.get("next") or "/")
    try:
        email = TypeAdapter(Email).validate_python(email)
    except ValidationError:
        wrong = Errors(email="This doesn't look like an e-mail address. Example: kim@example.org")
        return page(request, "sign_in/new.html", SignInPage(goes_to, email, errors=wrong), 422)
    request.app.state.turnstile.check_sign_in(request, email)
    if not password:
        people.send_link(session, email, links=links, at=now)
        return page(request, "sign_in/new.html", SignInPage(goes_to, email, sent=True))
    person = people.with_password(session, email, password)
    if person is None:
        wrong = Errors(password="E-mail and password don't belong together. You can ask for a link instead.")
        return page(request, "sign_in/new.html", SignInPage(goes_to, email, errors=wrong), 422)
    return _let_in(request, session, person, now, settings, goes_to)


@router.get("/sign-in/{token}")
def show_link(request: Request, session: SessionDep, token: str, now: NowDep) -> Response:
    """Opening a link changes nothing, so that mail scanners don't use it up; the button does."""
    if not people.check_link(session, token, now=now):
        words = "This sign-in link has been used or is too old. Ask for a new one."
        return page(request, "sign_in/new.html", SignInPage(error=words), 410)
    return page(request, "sign_in/link.html", token)


@router.post("/sign-in/{token}")
def use_link(
    request: Request, session: SessionDep, token: str, now: NowDep, settings: SettingsDep
) -> Response:
    try:
        person = people.open_link(session, token, now=now)
    except people.LinkRefused as refused:
        return page(request, "sign_in/new.html", SignInPage(error=str(refused)), 410)
    return _let_in(request, session, person, now, settings, "/")


@router.post("/sign-out")
def sign_out(request: Request, session: SessionDep, now: NowDep) -> Response:
    token = request.cookies.get(COOKIE)
    if token:
        people.end_visit(session, token, now=now)
    response = see_other("/")
    response.delete_cookie(COOKIE)
    return response


@router.post("/me/password")
def set_password(
    request: Request, session: SessionDep, person: PersonDep, fields: FormDep, now: NowDep
) -> Response:
    password = fields.get("password", "")
    if len(password) < SHORTEST_PASSWORD or len(password) > 1000:
        words = f"Please choose at least {SHORTEST_PASSWORD} characters."
        return page(request, "sign_in/password.html", SignInPage(errors=Errors(password=words)), 422)
    people.set_password(session, person, password, at=now)
    return see_other("/me?saved=password")


@router.get("/me")
def show_me(request: Request, _session: SessionDep, _person: PersonDep, saved: str = "") -> Response:
    return page(request, "sign_in/password.html", SignInPage(sent=saved == "password"))


@router.get("/me/data.json")
def take_along(session: SessionDep, person: PersonDep) -> Response:
    """All that is kept about whoever asks."""
    headers = {"content-disposition": 'attachment; filename="about-me.json"'}
    return JSONResponse(privacy.export(session, person), headers=headers)


@router.post("/me/sign-out-everywhere")
def sign_out_everywhere(session: SessionDep, person: PersonDep, now: NowDep) -> Response:
    people.end_all_visits(session, person, now=now)
    response = see_other("/sign-in")
    response.delete_cookie(COOKIE)
    return response


@router.get("/welcome")
def ask_about_organisation(request: Request, session: SessionDep, manager: ManagerDep) -> Response:
    if organisation.current(session) is not None:
        return see_other("/settings")
    values = Fields(hours_per_week="15", iteration_weeks="2")
    if not manager.email.endswith(".invalid"):
        values.update(your_name=manager.name, your_email=manager.email)
    return page(request, "entrance/welcome.html", WelcomePage(values, Errors(), organisation.time_zones()))


@router.post("/organisation/demo")
def show_demo(session: SessionDep, _manager: ManagerDep, links: LinksDep, now: NowDep) -> Response:
    """Fill an empty installation with the demo year; one that is set up stays as it is."""
    from portfolio import demo  # a year of texts that hardly anybody needs

    demo.fill_in(session, now=now, links=links)
    return see_other("/")


@router.post("/organisation")
def set_up_organisation(
    request: Request, session: SessionDep, manager: ManagerDep, fields: FormDep, now: NowDep
) -> Response:
    errors = Errors()
    name = need_text(fields, "name", errors, longest=120)
    hours = some_number(fields, "hours_per_week", errors, least=0.5, most=400)
    if hours is None and "hours_per_week" not in errors:
        errors["hours_per_week"] = "Please fill this in."
    weeks = some_whole(fields, "iteration_weeks", errors, least=1, most=8) or 2
    headcount = some_whole(fields, "headcount", errors, least=1, most=10_000_000)
    first_visit = organisation.current(session) is None
    your_name, your_email = _yourself(session, manager, fields, errors) if first_visit else ("", "")
    if errors or hours is None:
        view = WelcomePage(fields, errors, organisation.time_zones())
        return page(request, "entrance/welcome.html", view, 422)
    organisation.set_up(
        session,
        name=name,
        hours_per_week=hours,
        iteration_weeks=weeks,
        headcount=headcount,
        time_zone=fields.get("time_zone", ""),
        currency=fields["currency"] if fields.get("currency") in CURRENCIES else "EUR",
        by=manager,
        at=now,
    )
    if first_visit:
        manager.name, manager.email = your_name, your_email
        _state_goals(session, manager, fields, now)
    return see_other("/inbox" if first_visit else "/settings?saved=organisation")


@router.get("/healthz")
def is_up() -> dict[str, str]:
    return {"status": "ok", "version": version("outsize")}


@router.get("/readyz")
def is_ready(session: SessionDep, settings: SettingsDep, now: NowDep) -> Response:
    """Whether database, Prefect and worker are all there; says which is not."""
    session.execute(text("SELECT 1"))
    beat = pulse.last(session, "worker")
    age = (now - beat.at).total_seconds() if beat else None
    found = {
        "database": True,
        "prefect": _prefect_answers(settings.prefect_api_url),
        "worker": age is not None and age < STALE_PULSE_SECONDS,
    }
    missing = [name for name, is_there in found.items() if not is_there]
    status = {"status": "waiting" if missing else "ok", "missing": missing, **found}
    return JSONResponse(status, 503 if missing else 200)


@router.get("/styleguide")
def show_styleguide(
    request: Request, _session: SessionDep, settings: SettingsDep, _visitor: VisitorDep
) -> Response:
    if not settings.development:
        raise NotFound
    return page(request, "styleguide.html", None)


def _let_in(
    request: Request, session: Any, person: Person, now: Any, settings: Any, goes_to: str
) -> Response:
    token = people.begin_visit(session, person, now=now, browser=request.headers.get("user-agent", ""))
    response = see_other(goes_to)
    give_cookie(response, token, settings)
    return response


def _yourself(session: Any, manager: Person, fields: Fields, errors: Errors) -> tuple[str, str]:
    """The first manager's own name and address."""
    name = need_text(fields, "your_name", errors, longest=120)
    try:
        email = TypeAdapter(Email).validate_python(fields.get("your_email", ""))
    except ValidationError:
        errors["your_email"] = "Please give your e-mail address, such as kim@example.org"
        return name, ""
    known = people.find(session, email)
    if known is not None and known.id != manager.id:
        errors["your_email"] = "Somebody with this address is known already."
    return name, email


def _state_goals(session: Any, manager: Person, fields: Fields, now: Any) -> None:
    known = {goal.name.lower() for goal in goals.listed(session)}
    for place in (1, 2, 3):
        name = fields.get(f"goal_{place}", "").strip()[:160]
        if name and name.lower() not in known:
            known.add(name.lower())
            goals.add(session, name=name, weight=6 - place, by=manager, at=now)


def _prefect_answers(api_url: str) -> bool:
    if not api_url:
        return False
    try:
        return httpx.get(f"{api_url}/health", timeout=1.0).status_code == 200
    except httpx.HTTPError:
        return False
