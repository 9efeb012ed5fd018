"""The door for asking: the form and the tracking page."""

from intake.routes import router

__all__ = ["router"]
