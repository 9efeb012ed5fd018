"""Signs what we send, as Standard Webhooks says (standardwebhooks.com, version 1): receivers have libraries to check it."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable

PREFIX = "whsec_"
SHORTEST_BYTES, LONGEST_BYTES = 24, 64


class BadSecret(ValueError):
    """A secret that can't sign; the message says what one looks like."""


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the base64 of HMAC-SHA256 over "id.timestamp.body"; `timestamp` in whole seconds since 1970."""
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.new(key(secret), signed, hashlib.sha256).digest()).decode()


def headers(secrets: Iterable[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers; signed with each secret, so that one can be changed while both are known."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(secret, message_id, timestamp, body) for secret in secrets),
    }


def secret_of(key_bytes: bytes) -> str:
    """A secret as people copy it."""
    return PREFIX + base64.b64encode(key_bytes).decode()


def key(secret: str) -> bytes:
    """The bytes a secret stands for. Raises BadSecret where it is no base64 of 24 to 64 bytes."""
    try:
        found = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if not SHORTEST_BYTES <= len(found) <= LONGEST_BYTES:
        raise BadSecret("A secret is whsec_ and the base64 of 24 to 64 bytes.")
    return found
