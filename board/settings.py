"""Settings: the organisation, its goals, who may do what, tokens for programs, the mail outbox and the clock."""

from dataclasses import dataclass, field
from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import func, select

from portfolio import demand, goals, mails, next_questions, nudges, organisation, people, pulse, tokens
from portfolio.mailbox import Place
from portfolio.models import ApiToken, Goal, GoalWeight, Mail, Organisation, Person, Pulse
from portfolio.organisation import time_zones
from portfolio.states import Role
from portfolio.submission import Email
from web.clock import NowDep
from web.entrance import CURRENCIES
from web.forms import (
    Errors,
    Fields,
    FormDep,
    FormListDep,
    need_text,
    some_day,
    some_number,
    some_text,
    some_whole,
)
from web.people import ManagerDep
from web.responses import see_other, there
from web.session import SessionDep
from web.settings import SettingsDep
from web.templating import page

router = APIRouter()

LONGEST_DOMAINS = 1000
GRANTABLE = ((Role.MANAGER, "Manager"), (Role.LEADER, "Leader"), (Role.CONTRIBUTOR, "Contributor"))


@dataclass(frozen=True)
class SettingsPage:
    organisation: Organisation | None
    goals: list[Goal]
    weights: dict[int, int]
    periods: dict[int, list[GoalWeight]]
    people: list[Person]
    tokens: list[ApiToken]
    pulse: Pulse | None
    prefect_ui: str
    mail_goes: str
    mail_comes: str
    waiting_mails: int
    values: Fields
    saved: str = ""
    new_token: str = ""
    errors: Errors = field(default_factory=Errors)
    zones: list[str] = field(default_factory=time_zones)
    currencies: tuple[str, ...] = CURRENCIES
    roles: tuple[tuple[Role, str], ...] = GRANTABLE


@dataclass(frozen=True)
class Outbox:
    mails: list[Mail]
    folder: str


@router.get("/settings")
def show_settings(
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    _manager: ManagerDep,
    now: NowDep,
    saved: str = "",
) -> Response:
    return page(request, "settings/show.html", _settings_page(session, settings, now, saved=saved))


@router.post("/goals")
def add_goal(
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    manager: ManagerDep,
    now: NowDep,
    fields: FormDep,
) -> Response:
    errors = Errors()
    name = need_text(fields, "goal_name", errors, longest=160)
    weight = some_whole(fields, "goal_weight", errors, least=1, most=5) or 3
    measure = some_text(fields, "goal_measure", errors)
    target = some_number(fields, "goal_target", errors, least=-1e12)
    if not errors and name.lower() in {goal.name.lower() for goal in goals.listed(session)}:
        errors["goal_name"] = "There is a goal of this name already."
    if errors:
        return _again(request, session, settings, now, fields, errors)
    goals.add(session, name=name, weight=weight, by=manager, at=now, measure=measure, target=target)
    return see_other("/settings?saved=goals#goals")


@router.post("/goals/{number}")
def edit_goal(
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    manager: ManagerDep,
    now: NowDep,
    fields: FormDep,
    number: int,
) -> Response:
    goal = there(goals.find(session, number))
    if fields["what"] == "retire":
        goals.retire(session, goal, by=manager, at=now)
        return see_other("/settings?saved=goals#goals")
    errors = Errors()
    weight = some_whole(fields, "weight", errors, least=1, most=5)
    reached = some_number(fields, "year_to_date", errors, least=-1e12)
    if errors or weight is None:
        wrong = Errors(
            goals="A weight goes from 1 to 5, and the value to date is a number. Nothing was changed."
        )
        return _again(request, session, settings, now, fields, wrong)
    goals.edit(session, goal, by=manager, at=now, weight=weight, year_to_date=reached)
    return see_other("/settings?saved=goals#goals")


@router.post("/goals/{number}/weights")
def weigh_goal(
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    manager: ManagerDep,
    now: NowDep,
    fields: FormDep,
    number: int,
) -> Response:
    """A goal's weight from a day on; or a period's weight taken back."""
    goal = there(goals.find(session, number))
    errors = Errors()
    from_on = some_day(fields, "from_on", errors)
    weight = some_whole(fields, "weight", errors, least=1, most=5)
    if from_on is not None and fields["what"] == "remove":
        goals.unweigh(session, goal, from_on=from_on, by=manager, at=now)
        return see_other("/settings?saved=goals#goals")
    if from_on is None or weight is None:
        words = f"{goal.name}: a weight goes from 1 to 5, and it holds from a day on. Nothing was changed."
        return _again(request, session, settings, now, fields, Errors(goals=words))
    goals.weigh(session, goal, weight, from_on=from_on, by=manager, at=now)
    return see_other("/settings?saved=goals#goals")


@router.post("/people")
def grant(
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    manager: ManagerDep,
    now: NowDep,
    form: FormListDep,
) -> Response:
    fields = Fields((name, value) for name, value in form.multi_items() if isinstance(value, str))
    roles = [role for role, _ in GRANTABLE if role.value in form.getlist("role")]
    try:
        email = TypeAdapter(Email).validate_python(fields["email"])
    except ValidationError:
        wrong = Errors(email="This doesn't look like an e-mail address. Example: kim@example.org")
        return _again(request, session, settings, now, fields, wrong)
    person = people.meet(session, email, at=now, name=fields["person_name"].strip()[:120])
    if person.id == manager.id and Role.MANAGER not in roles:
        wrong = Errors(email="You can't take your own manager role away. Another manager can.")
        return _again(request, session, settings, now, fields, wrong)
    if person.has_role(Role.ADMIN):
        roles.append(Role.ADMIN)
    people.grant(session, person, roles, by=manager, at=now)
    return see_other("/settings?saved=people#people")


@router.post("/tokens")
def create_token(
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    manager: ManagerDep,
    now: NowDep,
    fields: FormDep,
) -> Response:
    errors = Errors()
    name = need_text(fields, "token_name", errors, longest=60)
    role = Role(fields["token_role"]) if fields["token_role"] in {"manager", "leader", "requester"} else None
    if role is None:
        errors["token_role"] = "Please choose one of the options."
    if errors or role is None:
        return _again(request, session, settings, now, fields, errors)
    token = tokens.create(session, name=name, role=role, at=now, by=manager)
    session.flush()
    return page(request, "settings/show.html", _settings_page(session, settings, now, new_token=token), 201)


@router.post("/tokens/{number}/revocation")
def revoke_token(session: SessionDep, manager: ManagerDep, now: NowDep, number: int) -> Response:
    token = there(session.get(ApiToken, number) if 0 < number < 2**31 else None)
    tokens.revoke(session, token, by=manager, at=now)
    return see_other("/settings?saved=tokens#tokens")


@router.post("/settings/intake")
def set_intake(
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    manager: ManagerDep,
    now: NowDep,
    fields: FormDep,
) -> Response:
    """Who may ask: everybody or only who signs in, and from which mail domains."""
    given = fields["intake_domains"].replace(",", " ").replace(";", " ").lower().split()
    domains = list(dict.fromkeys(one.lstrip("@") for one in given))
    wrong = [one for one in domains if not _is_address(f"someone@{one}")]
    words = ""
    if wrong:
        words = f"These don't look like mail domains such as example.org: {', '.join(wrong)}"
    elif len(" ".join(domains)) > LONGEST_DOMAINS:
        words = "That is more than fits here."
    if words:
        return _again(request, session, settings, now, fields, Errors(intake_domains=words))
    ours = organisation.current(session)
    if ours is not None:
        public = fields["intake_public"] == "yes"
        organisation.open_intake(session, ours, public=public, domains=domains, by=manager, at=now)
    return see_other("/settings?saved=intake#intake")


@router.post("/settings/alerts")
def set_alerts(
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    manager: ManagerDep,
    now: NowDep,
    fields: FormDep,
) -> Response:
    """From how many people, or how many units, many asking alike is news."""
    errors = Errors()
    people_ = some_whole(fields, "alert_people", errors, least=2, most=100_000)
    units = some_whole(fields, "alert_units", errors, least=2, most=1_000)
    for name, given in (("alert_people", people_), ("alert_units", units)):
        if given is None and name not in errors:
            errors[name] = "Please give a number."
    if errors or people_ is None or units is None:
        return _again(request, session, settings, now, fields, errors)
    ours = organisation.current(session)
    if ours is not None:
        demand.set_limits(session, ours, people=people_, units=units, by=manager, at=now)
    return see_other("/settings?saved=alerts#alerts")


@router.post("/settings/silence")
def set_silence(
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    manager: ManagerDep,
    now: NowDep,
    fields: FormDep,
) -> Response:
    """After how many weeks of silence who asked is asked whether it is still needed."""
    errors = Errors()
    weeks = some_whole(fields, "silence_weeks", errors, most=nudges.MOST_WEEKS)
    ours = organisation.current(session)
    if errors or ours is None:
        return _again(request, session, settings, now, fields, errors)
    nudges.set_silence(session, ours, weeks or 0, by=manager, at=now)
    return see_other("/settings?saved=silence#silence")


@router.post("/settings/questions")
def set_asking(session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep) -> Response:
    """Whether the questions that would help most are mailed without a press."""
    ours = organisation.current(session)
    if ours is not None:
        on = fields["asks_by_itself"] == "yes"
        next_questions.switch(session, ours, on=on, by=manager, at=now)
    return see_other("/settings?saved=questions#questions")


@router.get("/outbox")
def show_outbox(
    request: Request, session: SessionDep, settings: SettingsDep, _manager: ManagerDep
) -> Response:
    latest = session.scalars(select(Mail).order_by(Mail.id.desc()).limit(100)).all()
    folder = "" if settings.smtp_url else str(settings.data / "outbox")
    return page(request, "outbox/index.html", Outbox([*latest], folder))


@router.get("/outbox/{number}")
def show_mail(request: Request, session: SessionDep, _manager: ManagerDep, number: int) -> Response:
    mail = there(session.get(Mail, number) if 0 < number < 2**31 else None)
    return page(request, "outbox/show.html", mail)


@router.post("/outbox/{number}/retry")
def retry_mail(session: SessionDep, _manager: ManagerDep, now: NowDep, number: int) -> Response:
    mail = there(session.get(Mail, number) if 0 < number < 2**31 else None)
    mails.try_again(mail, at=now)
    return see_other(f"/outbox/{number}")


def _is_address(text: str) -> bool:
    try:
        TypeAdapter(Email).validate_python(text)
    except ValidationError:
        return False
    return True


def _again(
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    now: datetime,
    fields: Fields,
    errors: Errors,
) -> Response:
    """The page with what was typed, and what is wrong with it."""
    return page(request, "settings/show.html", _settings_page(session, settings, now, fields, errors), 422)


def _settings_page(
    session: SessionDep,
    settings: SettingsDep,
    now: datetime,
    values: Fields | None = None,
    errors: Errors | None = None,
    *,
    saved: str = "",
    new_token: str = "",
) -> SettingsPage:
    ours = organisation.current(session)
    stated = goals.listed(session)
    return SettingsPage(
        organisation=ours,
        goals=stated,
        weights=goals.weights(session, on=now.date()),
        periods=goals.periods(session, stated),
        people=people.with_roles(session),
        tokens=tokens.listed(session),
        pulse=pulse.last(session, "worker"),
        prefect_ui=settings.prefect_ui_url,
        mail_goes=settings.smtp_url.rpartition("@")[2].removeprefix("smtp://"),
        mail_comes=_mailbox(settings.imap_url),
        waiting_mails=session.scalar(select(func.count()).where(Mail.sent_at.is_(None))) or 0,
        values=_values(ours).over(values or Fields()),
        saved=saved,
        new_token=new_token,
        errors=errors or Errors(),
    )


def _mailbox(url: str) -> str:
    if not url:
        return ""
    place = Place.of(url)
    return f"{place.user} on {place.host}"


def _values(ours: Organisation | None) -> Fields:
    if ours is None:
        return Fields()
    return Fields(
        name=ours.name,
        hours_per_week=f"{ours.hours_per_week:g}",
        iteration_weeks=str(ours.iteration_weeks),
        headcount=str(ours.headcount or ""),
        time_zone=ours.time_zone,
        currency=ours.currency,
        alert_people=str(ours.alert_people),
        alert_units=str(ours.alert_units),
        silence_weeks=str(ours.silence_weeks),
        intake_domains=ours.intake_domains,
        intake_public="yes" if ours.intake_public else "",
    )
