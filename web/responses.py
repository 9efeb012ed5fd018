"""The answers routes give besides pages."""

from typing import TypeVar
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import RedirectResponse

T = TypeVar("T")


class GoTo(Exception):
    """Leave what you were doing and go to `address`."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


class NotFound(Exception):
    """There is no such thing, or not for you."""


class TooMany(Exception):
    """More of these than one address may send; try again in a while."""


def there(found: T | None) -> T:
    """What was looked for, where there is such a thing. Raises NotFound."""
    if found is None:
        raise NotFound
    return found


def by_htmx(request: Request) -> bool:
    """Whether htmx asks, to put a part of the page in place; else a browser wants a whole one."""
    return "hx-request" in request.headers


def see_other(address: str) -> RedirectResponse:
    """Answer a write with the page that shows its result."""
    return RedirectResponse(address, status_code=303)


def local_path(address: str) -> str:
    """An address on this site, or the front page: nobody is sent elsewhere by a link of ours."""
    parts = urlsplit(address.replace("\\", "/"))
    is_ours = (
        not parts.scheme and not parts.netloc and parts.path.startswith("/") and not address.startswith("//")
    )
    return address if is_ours else "/"
