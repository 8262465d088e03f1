"""What happened: every operation of a run, in the order in which the engine did it, and when.

A clock would say how busy this machine is. Starts and ends follow from three things that are the
same everywhere: how long each operation takes (`rehearsal.timing`), what each resource depends on
in the engine's own state, and how many operations the engine runs at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from typing import NamedTuple

import networkx as nx

from graph.order import schedule
from nexus.pulumi.urn import urn_of
from nexus.rehearsal.timing import CancelledError

SUCCEEDED = "succeeded"
FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One thing that the engine did to one resource.

    Args:
        phase: the run it belongs to, as its `Outcome` has it.
        op: `create`, `update`, `replace`, `delete`, `read` or `same`.
        began: its place in the order in which the phase's operations began and ended,
            counted from 0; None for what the engine did without a provider.
        ended: the same for its end; None while it runs.
        seconds: how long it takes, in simulated seconds.
        start, end: simulated seconds from the phase's start, computed when the phase is
            over (`timetable`).
        result: `succeeded`, `failed`, or empty while it runs.
        error: what went wrong, one sentence or more; None if nothing did.
    """

    phase: str
    urn: str
    op: str
    began: int | None = None
    ended: int | None = None
    seconds: float = 0.0
    start: float = 0.0
    end: float = 0.0
    result: str = ""
    error: str | None = None

    @property
    def type(self) -> str:
        """The resource's own type token, without those of its parents."""
        return urn_of(self.urn).type

    @property
    def name(self) -> str:
        """The resource's Pulumi name."""
        return urn_of(self.urn).name


class Step(NamedTuple):
    """What the engine says it is about to do: the resource, and its own word for it."""

    urn: str
    op: str


Listener = Callable[[Operation], None]
Edges = Mapping[str, Iterable[str]]


class Recorder:
    """The operations of a phase, written by many threads at once.

    A listener hears every operation twice: when it starts (`result` is empty) and
    when it has ended; from any thread, one call at a time. `stopped` says whether the
    engine of the phase was killed.
    """

    def __init__(self, listener: Listener | None = None) -> None:
        self._listener = listener
        self._lock = threading.Condition()
        self._under_way = 0
        self._operations: list[Operation] = []
        self._phase = ""
        self.stopped = False
        self._places = count()
        self._here = threading.local()

    def begin(self, phase: str) -> None:
        """Start a phase."""
        with self._lock:
            self._phase = phase
            self.stopped = False
            self._places = count()
            self._operations = []

    def stop(self) -> None:
        """Refuse every further change of the phase, as a provider does that died with its engine.

        What the engine had asked for before its death may arrive after it.
        """
        with self._lock:
            self.stopped = True

    def spend(self, seconds: float) -> None:
        """Add simulated seconds to the operation that this thread is recording."""
        self._here.seconds = getattr(self._here, "seconds", 0.0) + seconds

    @contextmanager
    def running(self, urn: str, op: str) -> Generator[None]:
        """Record the block as an operation; an exception makes it a failed one.

        Raises:
            CancelledError: it would change something, and the phase was stopped.
        """
        self._here.seconds = 0.0
        with self._lock:
            if self.stopped and op != "read":
                raise CancelledError
            started = Operation(phase=self._phase, urn=urn, op=op, began=next(self._places))
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
                ended = replace(
                    started,
                    ended=next(self._places),
                    seconds=self._here.seconds,
                    result=SUCCEEDED if error is None else FAILED,
                    error=error,
                )
                self._operations.append(ended)
                self._under_way -= 1
                self._lock.notify_all()
                self._tell(ended)

    def wait(self) -> None:
        """Wait until no operation is under way."""
        with self._lock:
            self._lock.wait_for(lambda: self._under_way == 0)

    def complete(self, steps: Sequence[Step]) -> tuple[Operation, ...]:
        """Return the phase's operations, with what only the engine knows, not yet timed.

        Providers see no unchanged resource and no component, and cannot tell a replacement from
        a creation; the steps are all that the engine reported, in order.
        """
        replaced = {step.urn for step in steps if step.op in _REPLACING}
        with self._lock:
            mine = [operation for operation in self._operations if operation.phase == self._phase]
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
                op = _PLAIN.get(step.op, step.op)
                done.append(Operation(phase=self._phase, urn=step.urn, op=op, result=SUCCEEDED))
        return tuple(done)

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


def timetable(
    operations: Sequence[Operation], edges: Edges, *, parallel: int
) -> tuple[Operation, ...]:
    """Return the operations of one phase with their simulated start and end, by start.

    The edges say, by URN, what each resource waits for: dependencies, parent, provider. The engine
    runs so many operations at once as `parallel` says.
    """
    made = {each.urn: each for each in operations if each.op != "delete"}
    deleted = [each for each in operations if each.op == "delete"]
    first = {each.urn: each for each in deleted if _precedes(each, made.get(each.urn))}
    last = [each for each in deleted if each not in first.values()]
    tasks: dict[str, Operation] = dict(made)
    after: dict[str, set[str]] = {
        urn: {*edges.get(urn, ()), *((_old(urn),) if urn in first else ())} for urn in made
    }
    for urn, operation in first.items():
        tasks[_old(urn)] = operation
        needed = {each for each in edges.get(urn, ()) if _precedes(made.get(each), operation)}
        after[_old(urn)] = needed | {_old(each) for each in first if urn in edges.get(each, ())}
    durations = {name: each.seconds for name, each in tasks.items()}
    before = set(tasks)
    for number, level in enumerate(_levels(last, edges)):
        # The engine waits for each level of deletions as a whole, and for all that it made.
        barrier = f"level {number}"
        durations[barrier], after[barrier] = 0.0, before
        before = {f"{barrier}: {index}" for index in range(len(level))}
        for name, operation in zip(sorted(before), level, strict=True):
            tasks[name] = operation
            durations[name], after[name] = operation.seconds, {barrier}
    times = schedule(durations, after, parallel=parallel)
    timed = [
        replace(each, start=round(times[name].start, 3), end=round(times[name].end, 3))
        for name, each in tasks.items()
    ]
    return tuple(sorted(timed, key=lambda each: (each.start, each.end, each.urn, each.op)))


def makespan(operations: Iterable[Operation]) -> float:
    """Return the simulated seconds from the phase's start to the end of its last operation."""
    return max((operation.end for operation in operations), default=0.0)


def _old(urn: str) -> str:
    """Name of the task that deletes a resource before its replacement is made."""
    return f"{urn} (old)"


def _precedes(one: Operation | None, other: Operation | None) -> bool:
    """Whether the engine ended one before it began the other; True for what has no record."""
    if one is None or other is None:
        return False
    return one.ended is None or other.began is None or one.ended < other.began


def _levels(deleted: Sequence[Operation], edges: Edges) -> list[list[Operation]]:
    """Deletions as the engine schedules them: what depends on nothing else goes last."""
    by_urn: dict[str, list[Operation]] = {}
    for operation in deleted:
        by_urn.setdefault(operation.urn, []).append(operation)
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(by_urn)
    graph.add_edges_from(
        (each, urn) for urn in by_urn for each in edges.get(urn, ()) if each in by_urn
    )
    generations: Iterable[list[str]] = nx.topological_generations(graph)
    levels = [[each for urn in sorted(urns) for each in by_urn[urn]] for urns in generations]
    return levels[::-1]
