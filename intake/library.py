"""What anybody sees of a resource they were shown: where it is, what belongs to it, and a way to say it is out of date."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from portfolio import files, library
from portfolio.models import File, Resource
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, number_of, some_text
from web.people import VisitorDep
from web.responses import NotFound, see_other
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page

router = APIRouter(include_in_schema=False)

LONGEST_REPORT = 2000


@dataclass(frozen=True)
class Part:
    resource: Resource
    path: str


@dataclass(frozen=True)
class ResourcePage:
    """A resource with its parts and files. `edit` is where whoever keeps the library changes it."""

    resource: Resource
    path: str
    parts: list[Part]
    files: list[File]
    whole: Part | None = None
    edit: str = ""
    reported: bool = False
    values: Fields = field(default_factory=Fields)
    errors: Errors = field(default_factory=Errors)
    kinds: dict[str, str] = field(default_factory=lambda: dict(library.KINDS))


@dataclass(frozen=True)
class Leaving:
    """On the way to a resource that lies elsewhere."""

    title: str
    link: str
    back: str


def opened(session: SessionDep, number: int, key: str, links: LinksDep) -> Resource:
    """The resource this link opens."""
    found = library.find(session, number)
    if found is None or not links.fits(key, "resource", number):
        raise NotFound
    return found


OpenedDep = Annotated[Resource, Depends(opened, scope="function")]


@router.get("/library/{number:int}/{key}")
def show(
    request: Request,
    session: SessionDep,
    found: OpenedDep,
    visitor: VisitorDep,
    links: LinksDep,
    reported: str = "",
) -> Response:
    manages = visitor is not None and visitor.manages
    view = _resource_page(session, found, links, manages=manages, reported=reported == "1")
    return page(request, "library/resource.html", view)


@router.post("/library/{number:int}/{key}/uses")
def use(
    request: Request,
    session: SessionDep,
    found: OpenedDep,
    visitor: VisitorDep,
    links: LinksDep,
    now: NowDep,
    fields: FormDep,
) -> Response:
    """ "Open": counted, then on to where it is. A page in between goes on by itself, since a form of ours may not lead
    straight to another site."""
    if visitor is None:
        request.app.state.turnstile.check_note(request)
    path = links.resource_path(found)
    file = _file(session, found, fields["file"]) if fields["file"] else None
    if found.retired_at is not None or not (file or found.link):
        return see_other(path)
    library.use(session, found, by=visitor, at=now)
    if file is not None:
        return see_other(f"{path}/files/{file.id}")
    if found.link.startswith("/"):
        return see_other(found.link)
    return page(request, "library/leaving.html", Leaving(found.title, found.link, path))


@router.get("/library/{number:int}/{key}/files/{file}")
def download(session: SessionDep, found: OpenedDep, file: str) -> Response:
    kept = _file(session, found, file)
    return Response(kept.content, media_type=kept.media_type, headers=files.download_headers(kept))


@router.post("/library/{number:int}/{key}/reports")
def report(
    request: Request,
    session: SessionDep,
    found: OpenedDep,
    visitor: VisitorDep,
    links: LinksDep,
    now: NowDep,
    fields: FormDep,
) -> Response:
    if visitor is None:
        request.app.state.turnstile.check_post(request)
    errors = Errors()
    words = some_text(fields, "words", errors, longest=LONGEST_REPORT)
    email = some_text(fields, "email", errors, longest=254).lower()
    if email and "@" not in email:
        errors["email"] = "This doesn't look like an e-mail address. Example: kim@example.org"
    if errors:
        manages = visitor is not None and visitor.manages
        view = _resource_page(session, found, links, manages=manages, values=fields, errors=errors)
        return page(request, "library/resource.html", view, 422)
    address = email or (visitor.email if visitor else None)
    library.report_outdated(session, found, words, email=address, links=links, by=visitor, at=now)
    return see_other(f"{links.resource_path(found)}?reported=1#report")


def _file(session: SessionDep, found: Resource, number: str) -> File:
    kept = files.find(session, number_of(number))
    if kept is None or kept.resource_id != found.id:
        raise NotFound
    return kept


def _resource_page(
    session: SessionDep,
    found: Resource,
    links: LinksDep,
    *,
    manages: bool,
    reported: bool = False,
    values: Fields | None = None,
    errors: Errors | None = None,
) -> ResourcePage:
    whole = library.find(session, found.part_of_id) if found.part_of_id else None
    return ResourcePage(
        resource=found,
        path=links.resource_path(found),
        parts=[Part(one, links.resource_path(one)) for one in library.parts(session, found)],
        files=files.listed(session, resource=found),
        whole=Part(whole, links.resource_path(whole)) if whole else None,
        edit=f"/library/{found.id}" if manages else "",
        reported=reported,
        values=values or Fields(),
        errors=errors or Errors(),
    )
