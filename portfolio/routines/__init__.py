"""The automations that come with Outsize: each a sentence, when it is set off, and the one thing it then does."""

from portfolio.routines import board, library, projects, requests
from portfolio.routines.scene import Blank, CannotAct, Found, Routine, Scene

__all__ = ["BY_KEY", "ROUTINES", "Blank", "CannotAct", "Found", "Routine", "Scene"]

ROUTINES = (*board.ROUTINES, *projects.ROUTINES, *requests.ROUTINES, *library.ROUTINES)
BY_KEY = {routine.key: routine for routine in ROUTINES}
