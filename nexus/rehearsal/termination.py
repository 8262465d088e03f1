"""Being told to end, as an exception, so that what was started is ended too."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class TerminatedExit(SystemExit):
    """This process was told to end; its exit code is 128 + the signal's number."""


@contextmanager
def termination_unwinds() -> Generator[None]:
    """Make SIGTERM and SIGHUP raise `TerminatedExit` while the block runs, as Ctrl-C raises.

    Only the main thread can do this; in any other the block just runs.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def unwind(number: int, _frame: FrameType | None) -> None:
        raise TerminatedExit(128 + number)

    kept = {number: signal.signal(number, unwind) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
