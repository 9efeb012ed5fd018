"""The whole product, hung together. Imported by nobody: servers start it by name."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware

import api
import board
import intake
import reports
from api import xapi
from portfolio import settings as all_settings
from portfolio import similar
from portfolio.database import connect
from portfolio.settings import Settings
from web import entrance, failures
from web.clock import get_now
from web.guards import Guards, Turnstile
from web.live import Watch
from web.session import Turns
from web.templating import STATIC, make_environment


def create_app(settings: Settings) -> FastAPI:
    """The web application over one data folder and database. The schema must be up to date."""
    app = FastAPI(title="Outsize", openapi_url=None, docs_url=None, redoc_url=None, lifespan=_close_behind_us)
    app.state.settings = settings
    app.state.database = connect(settings.database_url)
    app.state.turns = Turns(app.state.database)
    app.state.templates = make_environment(development=settings.development)
    app.state.turnstile = Turnstile(settings)
    app.state.watch = Watch(app.state.database)
    app.state.learns_after_seconds = 1.0
    for door in (
        entrance,
        board,
        intake,
        reports,
        api,
        xapi,
    ):  # board before intake: /requests/7/score is no private link
        app.include_router(door.router, dependencies=[Depends(get_now)])
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    failures.install(app)
    app.add_middleware(GZipMiddleware, minimum_size=800, compresslevel=5)
    app.add_middleware(Guards, settings=settings)
    return app


def create_app_from_environment() -> FastAPI:
    """What `uvicorn --factory` calls."""
    return create_app(all_settings.load())


@asynccontextmanager
async def _close_behind_us(app: FastAPI) -> AsyncIterator[None]:
    meanings = similar.keep_ready(app.state.database, after=app.state.learns_after_seconds)
    yield
    await asyncio.to_thread(meanings.stop)
    app.state.database.dispose()
