"""The form, and sending it."""

from dataclasses import replace
from uuid import uuid4

from fastapi import APIRouter, Request, Response

from intake import view
from intake.forms import raw_values, read_submission
from intake.opening import must_sign_in
from intake.suggestions import before_sending
from portfolio import drafts, files, forms, goals, learning_requests, organisation
from portfolio.learning_requests import Source
from portfolio.models import Draft, LearningRequest, Person
from portfolio.questions import Form
from portfolio.submission import Submission
from web.clock import NowDep
from web.forms import Errors, Fields, Sent, SentDep
from web.people import VisitorDep
from web.responses import GoTo, see_other
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page
from web.uploads import keep_uploads, keys_of, refusals

router = APIRouter(include_in_schema=False)

LONGEST_ID = 64


@router.get("/requests/new")
def show_form(request: Request, session: SessionDep, visitor: VisitorDep) -> Response:
    if must_sign_in(session, visitor):
        raise GoTo("/sign-in?next=/requests/new")
    asked = forms.current(session)
    typed = Fields()
    if visitor is not None:
        unit = visitor.unit.name if visitor.unit else ""
        typed.update(requester_name=visitor.name, requester_email=visitor.email, requester_unit=unit)
    preset = request.query_params.get("type", "")
    if preset in dict(asked.types):
        typed["type"] = preset
    return page(request, "learning_requests/new.html", a_form(session, asked, typed, Errors(), new_id()))


@router.post("/requests")
def submit(
    request: Request, session: SessionDep, sent: SentDep, visitor: VisitorDep, links: LinksDep, now: NowDep
) -> Response:
    asked = forms.current(session)
    if must_sign_in(session, visitor):
        return _keep_for_later(request, session, asked, sent, links, now)
    check_rates(request, visitor, sent)
    form_id = sent.fields["form_id"][:LONGEST_ID] or new_id()
    submission, errors = read(session, asked, sent, by=visitor)
    if submission is None:
        form = a_form(session, asked, sent.fields, errors, form_id)
        if sent.uploads:
            form = _with_files(session, form, sent, visitor, links, now)
        return page(request, "learning_requests/new.html", form, 422)
    before = learning_requests.from_source(session, "form", form_id)
    if before is not None:
        if before.title == submission.title:
            return see_other(f"{links.tracking_path(before)}?sent=1")
        form_id = new_id()
    offered = before_sending(session, sent.fields, links)
    if offered is not None:
        form = replace(a_form(session, asked, sent.fields, errors, form_id), before_sending=offered)
        if sent.uploads:
            form = _with_files(session, form, sent, visitor, links, now)
        return page(request, "learning_requests/new.html", form, 422)
    source = Source("form", "form", form_id, ask=ask_of(sent.fields, form_id))
    made = send(session, submission, asked, source, links=links, by=visitor, at=now)
    keep_uploads(session, asked, sent.uploads, learning_request=made, by=made.requester, at=now)
    return see_other(f"{links.tracking_path(made)}?sent=1")


def read(
    session: SessionDep, asked: Form, sent: Sent, *, by: Person | None, draft: Draft | None = None
) -> tuple[Submission | None, Errors]:
    """The submission, or all that stands in its way: answers, files, and who may ask here."""
    there = files.listed(session, draft=draft) if draft else []
    given = keys_of(asked, sent.uploads) | {file.question for file in there}
    submission, errors = read_submission(asked, sent.fields, given)
    errors.update(refusals(sent.uploads))
    if "requester_email" not in errors:
        try:
            organisation.check_address(session, sent.fields["requester_email"], by=by)
        except organisation.AddressRefused as refused:
            errors["requester_email"] = str(refused)
    return (None if errors else submission), errors


def send(
    session: SessionDep,
    submission: Submission,
    asked: Form,
    source: Source,
    *,
    links: LinksDep,
    by: Person | None,
    at: NowDep,
) -> LearningRequest:
    """Take the request in. From here on it is kept, whatever follows."""
    return learning_requests.submit(
        session, submission, links=links, by=by, at=at, source=source, form_version=asked.version
    )


def a_form(
    session: SessionDep, asked: Form, values: Fields, errors: Errors, form_id: str, notice: str = ""
) -> view.RequestForm:
    """The form as it is asked of somebody."""
    ask = ask_of(values, form_id)
    return view.RequestForm(asked, values, errors, goals.listed(session), form_id, ask, notice=notice)


def check_rates(request: Request, visitor: Person | None, sent: Sent) -> None:
    """Raise TooMany where a stranger's address sends more than a person would."""
    if visitor is None:
        request.app.state.turnstile.check_post(request)
        request.app.state.turnstile.check_upload(request, len(sent.uploads))


def ask_of(fields: Fields, form_id: str) -> str:
    """Which writing this is, for the ledger of what was suggested meanwhile."""
    return fields["ask"][:LONGEST_ID] or form_id


def new_id() -> str:
    return uuid4().hex


def _keep_for_later(
    request: Request, session: SessionDep, asked: Form, sent: Sent, links: LinksDep, now: NowDep
) -> Response:
    """Somebody whose visit has ended must sign in again; what they typed waits for them."""
    request.app.state.turnstile.check_draft(request)
    draft = _begin(session, asked, sent, None, now)
    return see_other(f"/sign-in?next={links.draft_path(draft)}")


def _with_files(
    session: SessionDep,
    form: view.RequestForm,
    sent: Sent,
    visitor: Person | None,
    links: LinksDep,
    now: NowDep,
) -> view.RequestForm:
    """The same form as a draft, which can hold the files that a page sent back would lose."""
    draft = _begin(session, form.form, sent, visitor, now)
    return replace(form, draft=view.DraftShown.of(draft, links, files.listed(session, draft=draft)))


def _begin(session: SessionDep, asked: Form, sent: Sent, visitor: Person | None, now: NowDep) -> Draft:
    draft = drafts.begin(
        session,
        raw_values(asked, sent.fields),
        form=asked,
        by=visitor,
        email=sent.fields["requester_email"][:254].lower() or None,
        at=now,
    )
    keep_uploads(session, asked, sent.uploads, draft=draft, by=visitor, at=now)
    return draft
