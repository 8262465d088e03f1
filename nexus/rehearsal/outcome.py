"""What one run of the engine came to: its own account, and the program's error."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import pulumi
from pulumi.automation import EngineEvent, OpType

from nexus.pulumi.urn import parse_urn
from nexus.rehearsal.record import Operation, Step
from stacks.program import tell_no_details

_NOTICE_SECONDS = 5.0
_CHECK_SECONDS = 0.01
_STILL_CHECKS = 5

Program = Callable[[], None]

_COLOR = re.compile(r"<\{%.*?%\}>")
_COUNTED = re.compile(r"\d+ errors? occurred:\s*")
_EMPTY_PHRASES = frozenset({"update failed", "preview failed", "refresh failed", "destroy failed"})


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one run came to; a failed run is an outcome too, not an exception.

    Args:
        phase: `up`, `preview`, `refresh` or `destroy`, from the second on numbered.
        operations: every operation, by simulated start.
        counts: how many resources were created, updated, replaced, deleted
            or left as they were (`same`), as the engine counts.
        makespan: simulated seconds from the phase's start to its last operation's end.
        errors: what went wrong, one text each, without tracebacks.
        program_error: the program's own exception, if it raised one.
    """

    phase: str
    succeeded: bool
    operations: tuple[Operation, ...]
    counts: Mapping[str, int]
    makespan: float
    errors: tuple[str, ...] = ()
    program_error: Exception | None = None

    @property
    def changed(self) -> int:
        """How many resources the run created, changed, replaced or deleted."""
        return sum(count for op, count in self.counts.items() if op != "same")

    @property
    def error(self) -> str:
        """All that went wrong, as one text."""
        return "\n".join(self.errors)


_LOOKS = ("read", "discard")
"""What the engine does with an object of somebody else's: it looks, and forgets."""


class Events:
    """The engine's own account of a run, collected while it runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._errors: dict[str, None] = {}
        self.steps: list[Step] = []
        self.counts: dict[str, int] = {}

    @property
    def errors(self) -> tuple[str, ...]:
        """The error messages, each once, without colors, tracebacks and empty phrases."""
        return tuple(self._errors)

    def hear(self, event: EngineEvent) -> None:
        """Take in one event; the Automation API calls this from a thread of its own."""
        with self._lock:
            if event.resource_pre_event is not None:
                metadata = event.resource_pre_event.metadata
                self.steps.append(Step(metadata.urn, OpType(metadata.op).value))
            if event.summary_event is not None:
                changes = event.summary_event.resource_changes
                named = {OpType(op).value: count for op, count in changes.items()}
                self.counts = {op: count for op, count in named.items() if op not in _LOOKS}
            if event.diagnostic_event is not None:
                diagnostic = event.diagnostic_event
                if diagnostic.severity == "error":
                    self._add_error(diagnostic.urn or "", diagnostic.message)

    def _add_error(self, urn: str, message: str) -> None:
        text = clear_text(message)
        if text and text not in _EMPTY_PHRASES:
            # Most messages name their resource already; those of the stack are about no one.
            named = urn in text or "pulumi:pulumi:Stack::" in urn
            own = parse_urn(urn)
            self._errors[text if named or not own else f"{own.type} {own.name}: {text}"] = None


def clear_text(message: str) -> str:
    """Return an engine message without color marks, traceback and list decoration."""
    text = _COLOR.sub("", message).split("\nTraceback (most recent call last)")[0]
    text = text.removeprefix("an unhandled error occurred: ")
    text = text.removeprefix("python inline source runtime error: ")
    text = _COUNTED.sub("", text).strip()
    return " ".join(line.strip().removeprefix("* ") for line in text.splitlines() if line.strip())


class Guarded:
    """The program; what it raises reaches the engine as one text without traceback."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._loop: asyncio.AbstractEventLoop | None = None
        self.error: Exception | None = None

    def __call__(self) -> None:
        """Run the program; what it raises becomes a `pulumi.RunError`, kept as `error` too."""
        self._loop = asyncio.get_running_loop()
        tell_no_details()
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
