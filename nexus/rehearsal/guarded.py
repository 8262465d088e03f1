"""The program under rehearsal, so that neither its errors nor its event loop get lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

import pulumi

_NOTICE_SECONDS = 5.0
_CHECK_SECONDS = 0.01
_STILL_CHECKS = 5

Program = Callable[[], None]


class Guarded:
    """The program; what it raises reaches the engine as one text without traceback."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._loop: asyncio.AbstractEventLoop | None = None
        self.error: Exception | None = None

    def __call__(self) -> None:
        """Run the program; what it raises becomes a `pulumi.RunError`, kept as `error` too."""
        self._loop = asyncio.get_running_loop()
        try:
            self._program()
        except Exception as error:
            self.error = error
            raise pulumi.RunError(sentence(error)) from error

    def close(self) -> None:
        """Wait until the program has noticed that its engine ended, and close its event loop.

        After a failed run the SDK takes a second to notice and leaves the loop open.
        """
        loop = self._loop
        if loop is None:
            return
        deadline = time.monotonic() + _NOTICE_SECONDS
        still = 0
        # It stops and starts again a few times while it cancels what is left.
        while still < _STILL_CHECKS and not loop.is_closed() and time.monotonic() < deadline:
            time.sleep(_CHECK_SECONDS)
            still = 0 if loop.is_running() else still + 1
        with suppress(RuntimeError):
            loop.close()


def sentence(error: Exception) -> str:
    """An error of this project is a sentence; one of Python needs its name to make sense."""
    kind = type(error)
    return f"{kind.__name__}: {error}" if kind.__module__ == "builtins" else str(error)
