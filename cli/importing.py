"""Importing without the garbage collector, which would look at a growing heap of lasting objects again and again."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def lasting() -> Iterator[None]:
    """What is made inside stays for ever: imports take a tenth to a fifth less, and later collections skip it."""
    gc.disable()
    try:
        yield
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()
