"""What happened: every operation of a run, in simulated seconds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import NamedTuple

from rehearsal.timing import Clock

SUCCEEDED = "succeeded"
FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One thing that the engine did to one resource.

    Args:
        phase: the run it belongs to: `up`, `preview`, `refresh`, `destroy`,
            from the second run on with a number (`up-2`).
        urn: the resource's URN.
        op: `create`, `update`, `replace`, `delete`, `read` or `same`.
        start: simulated seconds from the phase's first operation to this one's start.
        end: the same for its end; None while it runs.
        result: `succeeded`, `failed`, or empty while it runs.
        error: what went wrong, one sentence or more; None if nothing did.
    """

    phase: str
    urn: str
    op: str
    start: float
    end: float | None = None
    result: str = ""
    error: str | None = None

    @property
    def type(self) -> str:
        """The resource's own type token, without those of its parents."""
        return self.urn.split("::")[2].rsplit("$", 1)[-1]

    @property
    def name(self) -> str:
        """The resource's Pulumi name."""
        return self.urn.split("::", 3)[3]


class Step(NamedTuple):
    """What the engine says it is about to do: the resource, its own word for it, the time."""

    urn: str
    op: str
    at: float


Listener = Callable[[Operation], None]


class Recorder:
    """The operations of all phases, written by many threads at once.

    A listener hears every operation twice: when it starts (`end` is None) and
    when it has ended; from any thread, one call at a time.
    """

    def __init__(self, clock: Clock, listener: Listener | None = None) -> None:
        self._clock = clock
        self._listener = listener
        self._lock = threading.RLock()
        self._quiet = threading.Condition(self._lock)
        self._under_way = 0
        self._operations: list[Operation] = []
        self._phase = ""
        self._zero: float | None = None

    def begin(self, phase: str) -> None:
        """Start a phase; its time begins with its first operation."""
        with self._lock:
            self._phase = phase
            self._zero = None

    @contextmanager
    def running(self, urn: str, op: str) -> Generator[None]:
        """Record the block as an operation; an exception makes it a failed one."""
        with self._lock:
            started = Operation(phase=self._phase, urn=urn, op=op, start=self._elapsed())
            self._tell(started)
            self._under_way += 1
        error: str | None = None
        try:
            yield
        except BaseException as exception:
            error = str(exception) or type(exception).__name__
            raise
        finally:
            with self._lock:
                result = SUCCEEDED if error is None else FAILED
                ended = replace(started, end=self._elapsed(), result=result, error=error)
                self._operations.append(ended)
                self._under_way -= 1
                self._quiet.notify_all()
                self._tell(ended)

    def wait(self) -> None:
        """Wait until no operation is under way."""
        with self._quiet:
            self._quiet.wait_for(lambda: self._under_way == 0)

    def complete(self, steps: Sequence[Step]) -> tuple[Operation, ...]:
        """Return the phase's operations by start, with what only the engine knows.

        Providers see no unchanged resource and no component, and cannot tell a
        replacement from a creation.

        Args:
            steps: every step that the engine reported, in order.
        """
        replaced = {step.urn for step in steps if step.op in _REPLACING}
        with self._lock:
            mine = [operation for operation in self._operations if operation.phase == self._phase]
            zero = self._zero
        seen = {operation.urn for operation in mine}
        done = [
            replace(operation, op="replace")
            if operation.op == "create" and operation.urn in replaced
            else operation
            for operation in mine
        ]
        for step in steps:
            if step.urn not in seen:
                seen.add(step.urn)
                at = 0.0 if zero is None else max(0.0, round(step.at - zero, 3))
                done.append(
                    Operation(
                        phase=self._phase,
                        urn=step.urn,
                        op=_PLAIN.get(step.op, step.op),
                        start=at,
                        end=at,
                        result=SUCCEEDED,
                    )
                )
        return tuple(sorted(done, key=lambda each: (each.start, each.end or 0.0, each.urn)))

    def _elapsed(self) -> float:
        now = self._clock.now()
        if self._zero is None:
            self._zero = now
        return round(now - self._zero, 3)

    def _tell(self, operation: Operation) -> None:
        if self._listener is not None:
            self._listener(operation)


_REPLACING = frozenset({"replace", "create-replacement"})
_PLAIN = {
    "create-replacement": "replace",
    "delete-replaced": "delete",
    "refresh": "read",
    "read-replacement": "replace",
    "import": "read",
}
"""The engine's fine-grained steps in the six words of a record."""


def makespan(operations: Iterable[Operation]) -> float:
    """Return the simulated seconds from the first operation's start to the last one's end."""
    ends = [operation.end for operation in operations if operation.end is not None]
    return max(ends, default=0.0)
