"""The form editor: the draft of the intake form, preview, publishing and earlier versions. Its questions: form_questions.py."""

from dataclasses import replace

from fastapi import APIRouter, Request, Response

from board.form_view import Preview, VersionPage, desk_page, groups_of, keep, publication, units
from portfolio import editing, form_differences, form_problems, forms
from portfolio.forms import NotReady, Stale
from portfolio.questions import FIRST
from web.clock import NowDep
from web.forms import Errors, FormDep
from web.people import ManagerDep
from web.responses import see_other, there
from web.session import SessionDep
from web.templating import page

router = APIRouter(prefix="/settings/form")


@router.get("")
def show(request: Request, session: SessionDep, _manager: ManagerDep, saved: str = "") -> Response:
    return page(request, "form/show.html", desk_page(session, saved=saved))


@router.post("/types")
def set_types(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep
) -> Response:
    desk = forms.desk(session)
    types = editing.options_from(fields["types"], desk.form.types)
    changed = replace(desk.form, types=tuple((key[:40], words[:120]) for key, words in types))
    wrong = [one for one in form_problems.problems(changed) if one.field == "types" and not one.question]
    if wrong:
        view = desk_page(session, errors=Errors(types=wrong[0].words), types=fields["types"])
        return page(request, "form/show.html", view, 422)
    return keep(request, session, manager, now, fields, changed, what="types")


@router.get("/preview")
def preview(
    request: Request,
    session: SessionDep,
    _manager: ManagerDep,
    unit: str = "",
    type: str = "",  # noqa: A002 - what the form calls it
    width: str = "desk",
    version: int = 0,
) -> Response:
    desk = forms.desk(session)
    form = there(forms.published_version(session, version) if version else desk.form)
    asked = [
        one
        for one in form.questions
        if not one.internal
        and (not one.units or unit.casefold() in {known.casefold() for known in one.units})
        and (not one.types or type in one.types)
    ]
    view = Preview(
        form=form,
        asked=asked,
        units=units(session),
        unit=unit,
        kind=type,
        width="phone" if width == "phone" else "desk",
        label=f"Version {version}" if version else ("The draft" if desk.draft else "The form in force"),
        back=f"/settings/form/versions/{version}" if version else "/settings/form",
    )
    return page(request, "form/preview.html", view)


@router.get("/changes")
def show_changes(request: Request, session: SessionDep, _manager: ManagerDep) -> Response:
    return page(request, "form/changes.html", publication(session))


@router.post("/publication")
def publish(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep
) -> Response:
    try:
        published = forms.publish(session, stamp=fields["stamp"], by=manager, at=now)
    except Stale:
        return page(request, "form/changes.html", publication(session, _stale()), 409)
    except NotReady as refused:
        view = publication(session, Errors(publication=str(refused)))
        return page(request, "form/changes.html", view, 422)
    return see_other(f"/settings/form/versions/{published.version}?published=1")


@router.post("/removal")
def discard(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep
) -> Response:
    try:
        forms.discard(session, stamp=fields["stamp"], by=manager, at=now)
    except Stale:
        return page(request, "form/changes.html", publication(session, _stale()), 409)
    return see_other("/settings/form?saved=discarded")


@router.get("/versions/{number}")
def show_version(request: Request, session: SessionDep, _manager: ManagerDep, number: int) -> Response:
    known = {one.version: one for one in forms.versions(session)}
    form = there(forms.published_version(session, number))
    earlier = [version for version in known if version < number]
    before = forms.published_version(session, max(earlier, default=FIRST.version))
    desk = forms.desk(session)
    view = VersionPage(
        form=form,
        kept=known.get(number),
        in_force=desk.in_force.version,
        groups=groups_of(form, None),
        desk=desk,
        changes=form_differences.differences(before or FIRST, form) if number in known else [],
    )
    return page(request, "form/version.html", view)


@router.post("/versions/{number}/copy")
def work_from(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    """Make an earlier version the draft; what the draft had is replaced."""
    form = there(forms.published_version(session, number))
    return keep(request, session, manager, now, fields, form, from_version=number)


def _stale() -> Errors:
    return Errors(publication="Somebody else changed the form meanwhile. This is how it stands now.")
