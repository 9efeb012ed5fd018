"""Chats and other messengers, by Apprise: whether an address can be used, and telling somebody something there."""

import json
import subprocess
import sys
from dataclasses import dataclass
from urllib.parse import urlsplit

from portfolio.rules.addresses import LONGEST, AddressRefused, is_local

LONGEST_SECONDS = 40.0
CHECK_SECONDS = 10.0
"""For a look at an address alone, which connects to nothing: somebody waits, and on SQLite everybody who writes."""
UNSEEN = "\u200b"
"""A space without width."""
ON_THIS_MACHINE = frozenset(
    {"dbus", "qt", "kde", "glib", "gnome", "macosx", "windows", "syslog", "growl", "hidusb", "blink1"}
)
"""What Apprise can do on the machine it runs on: nobody sits there."""


@dataclass(frozen=True)
class Told:
    """How telling went; `problem` is empty where it worked."""

    problem: str = ""


def check(address: str, *, may_be_local: bool) -> None:
    """Raise AddressRefused unless Apprise knows what to do with this address. Whom it stands for is checked when telling."""
    if len(address) > LONGEST or any(one.isspace() for one in address):
        raise AddressRefused(f"Please give one address without blanks, under {LONGEST} characters.")
    parts = urlsplit(address)
    if parts.scheme in ON_THIS_MACHINE or _order(address=address, words=None, may_be_local=False).problem:
        raise AddressRefused(
            "This is no address we know. Paste the webhook address your chat gave you, or one as Apprise writes it,"
            " such as slack://… or msteams://…"
        )
    if is_local(parts.hostname or "") and not may_be_local:
        raise AddressRefused(
            "This address is inside your own network. Whoever runs Outsize can allow that:"
            " OUTSIZE_WEBHOOKS_MAY_BE_LOCAL."
        )


def tell(address: str, words: str, *, may_be_local: bool) -> Told:
    """Say something there, within 40 seconds."""
    return _order(address=address, words=words, may_be_local=may_be_local)


def harmless(words: str) -> str:
    """Words that call nobody and point nowhere: titles are typed by anybody, and “@everyone” or “<!channel>” would wake a whole
    company. What follows the sign stays readable."""
    for sign in ("@", "<", "]("):
        words = words.replace(sign, f"{sign[0]}{UNSEEN}{sign[1:]}")
    return words


def _order(**order: object) -> Told:
    """In a process of its own: it connects to nothing within our walls, and Apprise's 40 MB end with it."""
    seconds = CHECK_SECONDS if order["words"] is None else LONGEST_SECONDS
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "portfolio.telling"],
            input=json.dumps(order),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Told(f"It took longer than {seconds:.0f} seconds.")
    try:
        return Told(str(json.loads(done.stdout)["problem"])[:500])
    except (ValueError, KeyError, TypeError):
        return Told(f"Telling ended with {done.returncode}.")
