"""Heartbeats: when a process beside the web was last seen, and what it saw."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portfolio.models import Pulse


def beat(session: Session, name: str, *, at: datetime, **details: Any) -> None:
    """Say that the process `name` is alive."""
    pulse = session.get(Pulse, name) or Pulse(name=name)
    pulse.at, pulse.details = at, details
    session.add(pulse)


def last(session: Session, name: str) -> Pulse | None:
    """The latest heartbeat of `name`, if it ever beat."""
    return session.get(Pulse, name)
