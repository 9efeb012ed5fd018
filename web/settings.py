"""The settings and the links made from them, as dependencies."""

from typing import Annotated

from fastapi import Depends, Request

from portfolio.links import Links
from portfolio.settings import Settings


async def get_settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def get_links(request: Request) -> Links:
    return Links.of(request.app.state.settings)


SettingsDep = Annotated[Settings, Depends(get_settings)]
LinksDep = Annotated[Links, Depends(get_links)]
