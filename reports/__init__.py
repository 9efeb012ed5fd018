"""The door to the reports. The web's part is imported when asked for, so that the clock can build one without it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reports.door import router as router


def __getattr__(name: str) -> Any:
    if name == "router":
        from reports.door import router

        return router
    raise AttributeError(name)
