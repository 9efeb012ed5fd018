"""The OpenAPI document and a page to read it."""

from functools import lru_cache
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from web.people import VisitorDep
from web.session import SessionDep
from web.templating import page

router = APIRouter(include_in_schema=False)

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}


@router.get("/openapi.json")
def show_document(request: Request) -> dict[str, Any]:
    return describe(request.app)


@router.get("/docs")
def show_docs(request: Request, _session: SessionDep, _visitor: VisitorDep) -> Response:
    return page(request, "api/docs.html", describe(request.app))


@lru_cache(maxsize=4)
def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the bodies our strict reader takes and the problems it answers."""
    routes = [route for route in iter_route_contexts(app.routes) if _is_ours(route)]
    document = get_openapi(title="Outsize API", version="1", routes=routes)
    models = sorted({model for route in routes if (model := _body(route))}, key=lambda model: model.__name__)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    _, shared = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
    )
    schemas.update(shared.get("$defs", {}))
    schemas["Problem"] = PROBLEM
    document["components"]["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    for route in routes:
        for method in _api_route(route).methods or ():
            _complete(document["paths"][route.path_format][method.lower()], _body(route))
    return document


def _is_ours(route: RouteContext) -> bool:
    original = route.original_route
    return (
        isinstance(original, APIRoute)
        and original.include_in_schema
        and str(route.path).startswith("/api/v1/")
    )


def _api_route(route: RouteContext) -> APIRoute:
    assert isinstance(route.original_route, APIRoute)  # noqa: S101 - _is_ours let only these through
    return route.original_route


def _body(route: RouteContext) -> type[BaseModel] | None:
    return getattr(_api_route(route).endpoint, "takes", None)


def _complete(operation: dict[str, Any], model: type[BaseModel] | None) -> None:
    operation["security"] = [{"bearer": []}]
    if model is not None:
        reference = {"$ref": f"#/components/schemas/{model.__name__}"}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": reference}}}
    problem = {
        "description": "A problem (RFC 9457)",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status in ("400", "401", "403", "404", "409", "412", "413", "415", "422", "429"):
        operation["responses"][status] = problem
