"""Deciding one after the other, several at once, and undoing it."""

from dataclasses import dataclass, field
from uuid import uuid4

from fastapi import APIRouter, Request, Response

from board.request_view import decision_page, find
from board.rulings import VERDICTS, asked_for, read_ruling
from portfolio import deciding, forms, learning_requests, phrases, revisits, triage, undoing
from portfolio.deciding import DecisionRefused
from portfolio.models import LearningRequest
from portfolio.states import INBOX, MoveRefused, Verdict
from portfolio.triage import Obvious, Sitting
from portfolio.undoing import UndoRefused
from web.clock import NowDep
from web.forms import Errors, Fields, FormListDep, numbers_of
from web.people import ManagerDep
from web.responses import by_htmx, see_other, there
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page, partial

router = APIRouter()

MOST_AT_ONCE = 100
TOGETHER = tuple(one for one in VERDICTS if one[0] not in {Verdict.ACCEPT, Verdict.REDIRECT})
"""What can be said to several at once. Taking on and pointing elsewhere need a look at each."""


@dataclass(frozen=True)
class Several:
    """Requests chosen to be decided on in one go, with the one form for them."""

    chosen: list[LearningRequest]
    verdict: Verdict
    draft: str
    drafts: dict[tuple[Verdict, str], str]
    questions: list[tuple[str, str]]
    typed: Fields
    errors: Errors = field(default_factory=Errors)
    verdicts: tuple[tuple[Verdict, str, str], ...] = TOGETHER
    reasons: tuple[tuple[str, str], ...] = phrases.REASONS
    conditions: tuple[tuple[str, str], ...] = revisits.KINDS
    blanks: dict[str, str] = field(default_factory=lambda: phrases.BLANKS)

    @property
    def query(self) -> str:
        """The chosen ones, as they stand in an address."""
        return "&".join(f"request={one.id}" for one in self.chosen)


@dataclass(frozen=True)
class ObviousOnes:
    """What hardly needs a thought, verdict by verdict; nothing of it is chosen."""

    groups: list[tuple[Verdict, list[Obvious]]]


@dataclass(frozen=True)
class Sittings:
    """The manager's last sessions, the latest first."""

    sittings: list[Sitting]


@router.get("/inbox/{number:int}")
def show_one(
    request: Request, session: SessionDep, manager: ManagerDep, links: LinksDep, now: NowDep, number: int
) -> Response:
    chosen, typed = asked_for(request)
    found = find(session, number)
    view = decision_page(
        session, found, links, chosen, typed, Errors(), manager=manager, now=now, at="/inbox"
    )
    return page(request, "inbox/triage.html", view)


@router.get("/inbox/obvious")
def show_obvious(request: Request, session: SessionDep, _manager: ManagerDep) -> Response:
    found = triage.obvious(session)
    groups = [
        (verdict, ones) for verdict in Verdict if (ones := [one for one in found if one.verdict is verdict])
    ]
    name = "inbox/_obvious.html" if by_htmx(request) else "inbox/obvious.html"
    return partial(request, name, ObviousOnes(groups))


@router.get("/inbox/sessions")
def show_sittings(request: Request, session: SessionDep, manager: ManagerDep, now: NowDep) -> Response:
    return page(
        request, "inbox/sittings.html", Sittings(triage.sittings(session, manager, now=now, limit=20))
    )


@router.get("/inbox/several")
def show_several(request: Request, session: SessionDep, _manager: ManagerDep) -> Response:
    chosen, typed = asked_for(request)
    view = _several(session, request.query_params.getlist("request"), chosen, typed)
    return page(request, "inbox/several.html", view) if view.chosen else see_other("/inbox")


@router.post("/inbox/decisions")
def decide_several(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    links: LinksDep,
    now: NowDep,
    form: FormListDep,
) -> Response:
    """One verdict for each of the chosen, or for none of them."""
    fields = Fields((name, value) for name, value in form.multi_items() if isinstance(value, str))
    numbers = [value for value in form.getlist("request") if isinstance(value, str)]
    verdict = next((one for one, _, _ in TOGETHER if one == fields["verdict"]), None)
    errors, batch = Errors(), uuid4().hex
    view = _several(session, numbers, verdict, fields, errors)
    if verdict is None:
        errors["verdict"] = "Please choose what should happen."
    if not view.chosen:
        errors["request"] = "Please choose at least one."
    for one in view.chosen if verdict else ():
        ruling = read_ruling(session, verdict, fields, errors, about=one, now=now)  # type: ignore[arg-type] # chosen above
        if errors:
            break
        try:
            deciding.decide(session, one, ruling, links=links, by=manager, at=now, batch=batch)
        except DecisionRefused as refused:
            errors[refused.field] = f"{refused} ({one.title})" if len(view.chosen) > 1 else str(refused)
        except MoveRefused as refused:
            errors["request"] = f"{refused} ({one.title}) Nothing was decided."
    if errors:
        session.rollback()
        return page(request, "inbox/several.html", _several(session, numbers, verdict, fields, errors), 422)
    return see_other("/inbox")


@router.post("/decisions/{number:int}/undoing")
def undo(
    request: Request, session: SessionDep, manager: ManagerDep, links: LinksDep, now: NowDep, number: int
) -> Response:
    decision = there(undoing.find(session, number))
    about = decision.learning_request_id
    try:
        undone = undoing.undo(session, decision, by=manager, at=now)
    except UndoRefused as refused:
        session.rollback()
        view = decision_page(
            session,
            find(session, about),
            links,
            None,
            Fields(),
            Errors(undo=str(refused)),
            manager=manager,
            now=now,
        )
        return page(request, "inbox/show.html", view, 409)
    if len(undone) > 1 or undone[0].status not in INBOX:
        return see_other("/inbox?undone=1" if len(undone) > 1 else f"/requests/{about}")
    return see_other(f"/inbox/{about}")


def _several(
    session: SessionDep,
    numbers: list[str],
    verdict: Verdict | None,
    typed: Fields,
    errors: Errors | None = None,
) -> Several:
    wanted = dict.fromkeys(numbers_of(numbers))
    found = [learning_requests.find(session, number) for number in [*wanted][:MOST_AT_ONCE]]
    chosen = [one for one in found if one is not None and one.is_open]
    verdict = verdict if verdict in {one for one, _, _ in TOGETHER} else Verdict.DECLINE
    drafts = phrases.drafts(session)
    return Several(
        chosen=chosen,
        verdict=verdict,
        draft=drafts.get((verdict, typed["reason"]), drafts[verdict, ""]),
        drafts=drafts,
        questions=revisits.questions(forms.current(session)),
        typed=typed,
        errors=errors or Errors(),
    )
