"""A request while it is being written: kept, shared, put together and sent by its private link."""

import json
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import TypeAdapter, ValidationError

from intake import view
from intake.asking import LONGEST_ID, a_form, ask_of, check_rates, new_id, read, send
from intake.attachments import of_draft
from intake.forms import field_names, raw_values
from intake.opening import OpenedDraftDep, must_sign_in, wants_data
from intake.suggestions import before_sending
from portfolio import drafts, files, forms, learning_requests, merging
from portfolio.drafts import AlreadySent
from portfolio.learning_requests import Source
from portfolio.merging import Merged
from portfolio.models import Draft, LearningRequest
from portfolio.questions import Form
from portfolio.submission import Email
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, Sent, SentDep
from web.people import VisitorDep
from web.questions import field_label
from web.responses import see_other
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page, partial
from web.uploads import keep_uploads

router = APIRouter(include_in_schema=False)


@router.post("/drafts")
def begin(
    request: Request, session: SessionDep, sent: SentDep, visitor: VisitorDep, links: LinksDep, now: NowDep
) -> Response:
    request.app.state.turnstile.check_draft(request)
    request.app.state.turnstile.check_upload(request, len(sent.uploads))
    asked = forms.current(session)
    draft = drafts.begin(
        session,
        raw_values(asked, sent.fields),
        form=asked,
        by=visitor,
        email=_address(sent.fields["requester_email"]),
        at=now,
    )
    errors = keep_uploads(session, asked, sent.uploads, draft=draft, by=visitor, at=now)
    if wants_data(request):
        return _as_data(draft, links, {}, 201)
    return _back(request, session, asked, draft, links, errors)


@router.get("/drafts/{number}/{key}")
def show(
    request: Request,
    session: SessionDep,
    draft: OpenedDraftDep,
    _visitor: VisitorDep,
    links: LinksDep,
    saved: str = "",
    theirs: str = "",
) -> Response:
    if draft.learning_request_id is not None:
        return page(request, "drafts/sent.html", view.SentDraft(draft.changed_at))
    asked = forms.current(session)
    form = _form(session, asked, draft, links, Fields(draft.values), Errors(), _notice(asked, saved, theirs))
    return page(request, "drafts/show.html", form)


@router.post("/drafts/{number}/{key}")
def save(
    request: Request,
    session: SessionDep,
    draft: OpenedDraftDep,
    sent: SentDep,
    visitor: VisitorDep,
    links: LinksDep,
    now: NowDep,
) -> Response:
    request.app.state.turnstile.check_save(draft.id)
    request.app.state.turnstile.check_upload(request, len(sent.uploads))
    asked = forms.current(session)
    try:
        merged = _write(session, draft, asked, sent.fields, now)
    except AlreadySent:
        return _too_late(request, draft, asked, sent.fields)
    errors = keep_uploads(session, asked, sent.uploads, draft=draft, by=visitor, at=now)
    if merged.contested:
        return _contested(request, draft, merged, asked, sent, links)
    if wants_data(request):
        return _as_data(draft, links, merged.from_them)
    return _back(request, session, asked, draft, links, errors, merged)


@router.post("/drafts/{number}/{key}/request")
def submit(
    request: Request,
    session: SessionDep,
    draft: OpenedDraftDep,
    sent: SentDep,
    visitor: VisitorDep,
    links: LinksDep,
    now: NowDep,
) -> Response:
    check_rates(request, visitor, sent)
    asked = forms.current(session)
    form_id = sent.fields["form_id"][:LONGEST_ID] or new_id()
    try:
        merged = _write(session, draft, asked, sent.fields, now)
    except AlreadySent:
        before = _sent_from_here(session, draft, form_id)
        again = see_other(f"{links.tracking_path(before)}?sent=1") if before else None
        return again or _too_late(request, draft, asked, sent.fields)
    keep_uploads(session, asked, sent.uploads, draft=draft, by=visitor, at=now)
    if merged.contested:
        return _contested(request, draft, merged, asked, sent, links)
    if must_sign_in(session, visitor) and draft.source == "form":
        return see_other(f"/sign-in?next={links.draft_path(draft)}")
    words = _notice(asked, "", ",".join(merged.from_them)) if merged.from_them else ""
    typed = Sent(Fields(merged.values), sent.uploads)
    submission, errors = read(session, asked, typed, by=visitor, draft=draft)
    if submission is None or words:
        form = _form(session, asked, draft, links, typed.fields, errors, words, form_id)
        return page(request, "drafts/show.html", form, 409 if words else 422)
    if learning_requests.from_source(session, "form", form_id) is not None:
        form_id = new_id()
    offered = before_sending(session, sent.fields, links)
    if offered is not None:
        form = _form(session, asked, draft, links, typed.fields, errors, "", form_id)
        return page(request, "drafts/show.html", replace(form, before_sending=offered), 422)
    source = Source(draft.source, "form", form_id, draft.original, ask_of(typed.fields, form_id))
    made = send(session, submission, asked, source, links=links, by=visitor, at=now)
    drafts.sent(session, draft, made, at=now)
    return see_other(f"{links.tracking_path(made)}?sent=1")


@router.post("/drafts/{number}/{key}/resolution")
def resolve(
    request: Request,
    session: SessionDep,
    draft: OpenedDraftDep,
    fields: FormDep,
    links: LinksDep,
    now: NowDep,
) -> Response:
    """The later of two writers has chosen, field by field."""
    asked = forms.current(session)
    chosen = Fields(fields)
    for name in field_names(asked):
        if fields[f"choice__{name}"]:
            chosen[name] = _chosen(fields, name)
    try:
        merged = _write(session, draft, asked, chosen, now)
    except AlreadySent:
        return _too_late(request, draft, asked, chosen)
    if merged.contested:
        return _contested(request, draft, merged, asked, Sent(chosen, ()), links)
    return _back(request, session, asked, draft, links, Errors(), merged)


@router.get("/drafts/{number}/{key}/share")
def show_share(request: Request, session: SessionDep, draft: OpenedDraftDep, links: LinksDep) -> Response:
    asked = forms.current(session)
    form = _form(session, asked, draft, links, Fields(draft.values), Errors())
    return partial(request, "drafts/_share.html", form)


@router.post("/drafts/{number}/{key}/mail")
def mail_link(
    request: Request,
    session: SessionDep,
    draft: OpenedDraftDep,
    fields: FormDep,
    links: LinksDep,
    now: NowDep,
) -> Response:
    email = _address(fields["share_email"])
    if email is None:
        words = "This doesn't look like an e-mail address. Example: kim@example.org"
        asked = forms.current(session)
        errors = Errors(share_email=words)
        form = _form(session, asked, draft, links, Fields(draft.values).over(fields), errors)
        return page(request, "drafts/show.html", form, 422)
    request.app.state.turnstile.check_sign_in(request, email)
    drafts.mail_link(session, draft, email, links=links, at=now)
    draft.email = draft.email or email
    return see_other(f"{links.draft_path(draft)}?saved=mailed#share")


@router.post("/drafts/{number}/{key}/link")
def renew_link(draft: OpenedDraftDep, links: LinksDep) -> Response:
    """Whoever presses this has the page and goes on with the new address; all others have lost it."""
    drafts.renew_link(draft)
    return see_other(f"{links.draft_path(draft)}?saved=renewed#share")


@router.post("/drafts/{number}/{key}/files/{file_number}/removal")
def remove_file(
    session: SessionDep,
    draft: OpenedDraftDep,
    sent: SentDep,
    links: LinksDep,
    now: NowDep,
    file_number: int,
) -> Response:
    """The button stands in the form, so what was typed comes along and is kept too."""
    if draft.learning_request_id is None:
        _write(session, draft, forms.current(session), sent.fields, now)
        files.remove(session, of_draft(session, draft, file_number))
    return see_other(f"{links.draft_path(draft)}?saved=removed#files")


def _write(session: SessionDep, draft: Draft, asked: Form, fields: Fields, now: NowDep) -> Merged:
    merged = drafts.write(
        session, draft, raw_values(asked, fields), seen=_seen(fields["seen"]), form=asked, at=now
    )
    draft.email = draft.email or _address(fields["requester_email"])
    return merged


def _seen(text: str) -> dict[str, str]:
    """The prints a page was given. Without them every field counts as new, so that nothing is overwritten."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return {str(name): str(one) for name, one in found.items()} if isinstance(found, dict) else {}


def _form(
    session: SessionDep,
    asked: Form,
    draft: Draft,
    links: LinksDep,
    values: Fields,
    errors: Errors,
    notice: str = "",
    form_id: str = "",
) -> view.RequestForm:
    form = a_form(session, asked, values, errors, form_id or new_id(), notice)
    return replace(form, draft=view.DraftShown.of(draft, links, files.listed(session, draft=draft)))


def _back(
    request: Request,
    session: SessionDep,
    asked: Form,
    draft: Draft,
    links: LinksDep,
    errors: Errors,
    merged: Merged | None = None,
) -> Response:
    """To the draft's own page, or with the words about files that weren't taken."""
    if errors:
        form = _form(session, asked, draft, links, Fields(draft.values), errors)
        return page(request, "drafts/show.html", form, 422)
    theirs = f"&theirs={','.join(merged.from_them)}" if merged and merged.from_them else ""
    return see_other(f"{links.draft_path(draft)}?saved=1{theirs}")


def _contested(
    request: Request, draft: Draft, merged: Merged, asked: Form, sent: Sent, links: LinksDep
) -> Response:
    if wants_data(request):
        contested = [name for name in field_names(asked) if name in merged.contested]
        labels = [field_label(asked, name) for name in contested]
        return JSONResponse({"contested": contested, "labels": labels}, 409)
    form_id = sent.fields["form_id"][:LONGEST_ID]
    conflict = view.Conflict.of(draft, merged, asked, field_names(asked), links, form_id)
    return page(request, "drafts/conflict.html", conflict, 409)


def _as_data(draft: Draft, links: LinksDep, theirs: dict[str, str], status: int = 200) -> Response:
    body: dict[str, Any] = {
        "path": links.draft_path(draft),
        "revision": draft.revision,
        "seen": merging.prints(draft.values),
        "theirs": theirs,
    }
    return JSONResponse(body, status)


def _sent_from_here(session: SessionDep, draft: Draft, form_id: str) -> LearningRequest | None:
    """The request, if it was this very page that sent it: sending twice is sending once.

    Another page with the draft's link only learns that it was sent; the tracking link is the sender's.
    """
    before = learning_requests.from_source(session, "form", form_id)
    return before if before is not None and before.id == draft.learning_request_id else None


def _too_late(request: Request, draft: Draft, asked: Form, fields: Fields) -> Response:
    if wants_data(request):
        return JSONResponse({"sent": True}, 410)
    return page(request, "drafts/sent.html", view.SentDraft.of(draft, asked, raw_values(asked, fields)), 409)


def _notice(asked: Form, saved: str, theirs: str) -> str:
    changed = set(theirs.split(","))
    labels = [field_label(asked, name) for name in field_names(asked) if name in changed]
    if labels:
        return (
            f"Somebody else wrote here too, and their words and yours are both here now: {'; '.join(labels)}"
        )
    words = {
        "1": "Saved. This page's address is private and brings you back here.",
        "removed": "The file is gone from the draft.",
        "mailed": "The link is on its way.",
        "renewed": "The old link no longer works. This page has the new one.",
    }
    return words.get(saved, "")


def _chosen(fields: Fields, name: str) -> str:
    theirs, mine = fields[f"theirs__{name}"], fields[f"mine__{name}"]
    choices = {"theirs": theirs, "mine": mine, "both": f"{theirs}\n\n{mine}"}
    return choices.get(fields[f"choice__{name}"], mine)


def _address(text: str) -> str | None:
    try:
        return TypeAdapter(Email).validate_python(text)
    except ValidationError:
        return None
