"""While typing: what may help sooner, and what the person says to it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from intake.forms import raw_values, read_answers
from intake.opening import must_sign_in
from intake.supporters import JoinPage
from portfolio import drafts, forms, learning_requests, library, suggestion_ledger, suggestions
from portfolio.models import Draft, Person, Suggestion
from portfolio.questions import Form
from portfolio.rules.ranges import Range
from portfolio.suggestion_ledger import COMES_BACK_WITHIN
from portfolio.suggestions import REQUEST, RESOURCE, Offer, Thing
from web.clock import NowDep
from web.forms import Errors, Fields, SentDep, number_of
from web.people import VisitorDep
from web.responses import GoTo, NotFound, see_other, there
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page, partial

router = APIRouter(include_in_schema=False)

LONGEST_ASK = 64
LONGEST_WORDS = 2000
ASKED_IN = ("title", "problem", "behaviour")


@dataclass(frozen=True)
class Suggestions:
    """The box beside the form: what is offered, and for which ask."""

    offer: Offer
    ask: str
    before_sending: bool = False


@dataclass(frozen=True)
class Thanks:
    """After "this solves it": what solved it, and the draft that waits in case it didn't."""

    title: str
    days: int
    draft: str = ""
    resource: str = ""


def must_be_let_in(session: SessionDep, visitor: VisitorDep) -> Person | None:
    """Suggestions are for those who may ask."""
    if must_sign_in(session, visitor):
        raise GoTo("/sign-in?next=/requests/new")
    return visitor


AskerDep = Annotated[Person | None, Depends(must_be_let_in, scope="function")]


@router.get("/requests/suggestions")
def suggest(request: Request, session: SessionDep, _asker: AskerDep, links: LinksDep) -> Response:
    """What is like these words. The address carries them, so it is for short ones; the form sends its own by POST."""
    return _box(request, session, Fields(request.query_params.multi_items()), links)


@router.post("/requests/suggestions")
def suggest_for_form(
    request: Request, session: SessionDep, _asker: AskerDep, sent: SentDep, links: LinksDep
) -> Response:
    """The same for what is being typed, which may be long and is nobody's business in a log. It only looks: web/session.py."""
    return _box(request, session, sent.fields, links)


@router.post("/requests/suggestions/shown")
def note_shown(
    request: Request, session: SessionDep, asker: AskerDep, sent: SentDep, links: LinksDep, now: NowDep
) -> Response:
    _check_rate(request, asker)
    seen = suggestions.things(sent.fields["suggested"], links)
    suggestion_ledger.shown(session, _ask(sent.fields), seen, at=now, email=_email(sent.fields, asker))
    return Response(status_code=204)


@router.post("/requests/suggestions/opened")
def open_it(
    request: Request, session: SessionDep, asker: AskerDep, sent: SentDep, links: LinksDep, now: NowDep
) -> Response:
    """Open a resource that was suggested, in a tab of its own."""
    _check_rate(request, asker)
    thing = _thing(sent.fields, links)
    resource = there(library.find(session, thing.id) if thing.kind == RESOURCE else None)
    saves = _hours(session, sent.fields, now)
    email = _email(sent.fields, asker)
    suggestion_ledger.opened(session, _ask(sent.fields), thing, at=now, email=email, saves=saves)
    return see_other(links.resource_path(resource))


@router.post("/requests/suggestions/solved")
def say_it_solves(
    request: Request, session: SessionDep, asker: AskerDep, sent: SentDep, links: LinksDep, now: NowDep
) -> Response:
    """ "This solves it": thanks, and what was typed is kept in case it didn't."""
    _check_rate(request, asker)
    thing = _thing(sent.fields, links)
    email = _email(sent.fields, asker)
    saves = _hours(session, sent.fields, now)
    line = there(
        suggestion_ledger.solved(session, _ask(sent.fields), thing, at=now, email=email, saves=saves)
    )
    draft = _kept(session, forms.current(session), sent.fields, links, asker, now)
    session.flush()
    number = draft.id if draft else 0
    key = links.key("solved", line.id, number)
    return see_other(f"/requests/suggestions/thanks/{line.id}/{number}/{key}")


@router.get("/requests/suggestions/thanks/{line:int}/{number:int}/{key}")
def thank(
    request: Request,
    session: SessionDep,
    _visitor: VisitorDep,
    links: LinksDep,
    line: int,
    number: int,
    key: str,
) -> Response:
    found = session.get(Suggestion, line) if 0 < line < 2**31 else None
    if found is None or not links.fits(key, "solved", line, number):
        raise NotFound
    draft = drafts.find(session, number)
    resource = library.find(session, found.subject_id) if found.kind == RESOURCE else None
    view = Thanks(
        title=found.title,
        days=COMES_BACK_WITHIN.days,
        draft=links.draft_path(draft) if draft and draft.learning_request_id is None else "",
        resource=links.resource_path(resource) if resource else "",
    )
    return page(request, "suggestions/thanks.html", view)


@router.post("/requests/suggestions/joining")
def begin_to_join(
    request: Request, session: SessionDep, asker: AskerDep, sent: SentDep, links: LinksDep, now: NowDep
) -> Response:
    """The form to join, filled with what was typed already: nobody types it twice."""
    _check_rate(request, asker)
    thing = _thing(sent.fields, links)
    found = there(learning_requests.find(session, thing.id) if thing.kind == REQUEST else None)
    fields, ask = sent.fields, _ask(sent.fields)
    saves = _hours(session, fields, now)
    suggestion_ledger.opened(session, ask, thing, at=now, email=_email(fields, asker), saves=saves)
    typed = Fields(
        name=fields["requester_name"],
        email=fields["requester_email"],
        unit=fields["requester_unit"],
        words=fields["problem"][:4000],
        reach=fields["audience_count"],
        ask=ask,
    )
    return page(request, "supporters/join.html", JoinPage.of(session, found, links, typed, Errors()))


def before_sending(session: SessionDep, fields: Fields, links: LinksDep) -> Suggestions | None:
    """What should be looked at once before a request is sent: something surely alike that its writer has not been shown, as
    without JavaScript. None for what comes from no form of ours."""
    if not fields["ask"] or fields["suggested"]:
        return None
    offer = _offer(session, fields, links)
    return Suggestions(offer, _ask(fields), before_sending=True) if offer.strong else None


def _offer(session: SessionDep, fields: Fields, links: LinksDep) -> Offer:
    words = " ".join(fields[name] for name in ASKED_IN if fields[name])[:LONGEST_WORDS]
    return suggestions.offer(session, words, links=links, unit=fields["unit"] or fields["requester_unit"])


def _box(request: Request, session: SessionDep, fields: Fields, links: LinksDep) -> Response:
    offer = _offer(session, fields, links)
    return partial(request, "suggestions/_suggestions.html", Suggestions(offer, _ask(fields)))


def _ask(fields: Fields) -> str:
    """Which writing this is: the form's own id."""
    return (fields["ask"] or fields["form_id"])[:LONGEST_ASK]


def _thing(fields: Fields, links: LinksDep) -> Thing:
    found = suggestions.things(fields["suggestion"], links)
    if not found:
        raise NotFound
    return found[0]


def _email(fields: Fields, asker: Person | None) -> str | None:
    typed = fields["requester_email"].lower()
    return (typed if "@" in typed and len(typed) <= 254 else "") or (asker.email if asker else None)


def _hours(session: SessionDep, fields: Fields, now: NowDep) -> Range:
    """What the request as typed so far would cost; what can't be read counts as not said."""
    form = forms.current(session)
    changed, errors = read_answers(form, fields)
    if changed is None:
        wrong = tuple(errors)
        right = Fields((name, value) for name, value in fields.items() if not name.startswith(wrong))
        changed, _ = read_answers(form, right)
    answers = changed.values() if changed else {}
    return suggestion_ledger.hours_of(session, answers, today=now.date())


def _kept(
    session: SessionDep, form: Form, fields: Fields, links: LinksDep, asker: Person | None, now: NowDep
) -> Draft | None:
    """The draft of what was typed: the one it is written in, if that has it all, or a new one, which keeps its ask."""
    values = raw_values(form, fields)
    _, _, number, key = ([*fields["draft_path"].split("/"), "", "", "", ""])[:4]
    known = drafts.find(session, number_of(number))
    if known is not None and links.opens_draft(known, key) and known.values == values:
        return known
    if not values.keys() - {"ask"}:
        return None
    return drafts.begin(session, values, form=form, by=asker, email=_email(fields, asker), at=now)


def _check_rate(request: Request, asker: Person | None) -> None:
    if asker is None:
        request.app.state.turnstile.check_note(request)
