"""How long a test waits for an end that should come: long, for the machine may be busy."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_SECONDS = 600
"""Until an end that does not come is a failure. Nothing is ever asserted to be faster."""


def waited(done: Callable[[], object]) -> None:
    """Wait until it is so."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < end
        time.sleep(0.1)
