"""What Python's `email` raises on mails it can't make sense of (docs/decisions/0042)."""

from email.errors import MessageError

BROKEN = (RecursionError, ValueError, LookupError, TypeError, AttributeError, AssertionError, MessageError)
