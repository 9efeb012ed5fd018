"""A door: the router of one part of the house, asked only about addresses that begin as one of its own does."""

from functools import cached_property
from typing import Any

from fastapi import APIRouter
from fastapi.routing import iter_route_contexts
from starlette.routing import Match
from starlette.types import Scope


class Door(APIRouter):
    """FastAPI asks one route after the other, and each router within a router twice; with some hundred routes that takes
    longer than moving a card. An address that begins as none here does is answered at once."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] == "http" and _beginning(scope["path"]) not in self._beginnings:
            return Match.NONE, {}
        return super().matches(scope)

    @cached_property
    def _beginnings(self) -> Any:
        """First parts of all addresses here; everything where one of them begins with a parameter."""
        found = {_beginning(one.path or "/") for one in iter_route_contexts(self.routes)}
        return _Everything() if any("{" in one for one in found) else frozenset(found)


class _Everything:
    def __contains__(self, _one: object) -> bool:
        return True


def _beginning(path: str) -> str:
    return path[1:].partition("/")[0]
