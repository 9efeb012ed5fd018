"""Tells one thing by Apprise and ends: `python -m portfolio.telling`, the order as JSON on its standard input. Without words it
only says whether the address can be used.

A process of its own, because Apprise connects by itself: here every connection is looked at when it is made, so a name that
stands for something else a moment later, or a redirect, leads nowhere.
"""

import io
import json
import logging
import sys
from typing import Any

from portfolio.rules.addresses import is_public

INSIDE = "Its name stands for an address inside your own network, so nothing was sent."
STARTS_PROCESSES = {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.fork", "os.forkpty"}


class Walls:
    """Refuses connections to anything but the open internet, and remembers that it did."""

    def __init__(self) -> None:
        self.kept_in = False

    def __call__(self, event: str, details: tuple[Any, ...]) -> None:
        if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
            place = details[1]
            is_outside = isinstance(place, tuple) and bool(place) and is_public(str(place[0]))
            if not is_outside:
                self.kept_in = True
                raise OSError(INSIDE)
        elif event in STARTS_PROCESSES:
            raise OSError("Nothing is started here.")


def main() -> None:
    order = json.load(sys.stdin)
    walls = Walls()
    if not order["may_be_local"]:
        sys.addaudithook(walls)
    problem = _tell(order["address"], order["words"])
    print(json.dumps({"problem": INSIDE if problem and walls.kept_in else problem}))  # noqa: T201 - the answer to who asked


def _tell(address: str, words: str | None) -> str:
    """What went wrong, if anything."""
    from apprise import Apprise, OverflowMode

    said = io.StringIO()
    log = logging.getLogger("apprise")
    log.addHandler(logging.StreamHandler(said))
    log.setLevel(logging.WARNING)
    log.propagate = False
    there = Apprise()
    if not there.add(address):
        return "Apprise doesn't know what to do with this address."
    for place in there:
        place.overflow_mode = OverflowMode.SPLIT  # long news comes in parts where a chat takes only so much
    if words is None or there.notify(body=words, title="Outsize", body_format="text"):
        return ""
    return " ".join(said.getvalue().replace(address, "…").split())[:400] or "It was not taken."


if __name__ == "__main__":
    main()
