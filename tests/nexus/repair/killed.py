"""Runs that are killed at a chosen moment, and the world afterwards."""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nexus.pulumi.command import Pulumi
from nexus.rehearsal.engine import find_cli
from nexus.rehearsal.outcome import Outcome, Program
from nexus.rehearsal.record import Operation
from nexus.rehearsal.run import Rehearsal, rehearse
from nexus.repair.examine import examine, mend
from nexus.repair.findings import Diagnosis

AUTOMATIC = re.compile(r"-[0-9a-f]{7,8}(?![0-9a-f])")
"""The part of a name that is made anew for each object."""


class KilledError(Exception):
    """The provider died with its engine, before it did what it was asked to."""


class Killer:
    """Kills the engine at one provider operation."""

    def __init__(self) -> None:
        self.session: Rehearsal | None = None
        self.killed = ""
        self._at, self._made, self._count = 0, False, 0
        self._op: str | None = None
        self._kind: str | None = None

    def arm(self, at: int, *, made: bool, op: str | None = None, kind: str | None = None) -> None:
        """Kill at an operation from here on.

        Args:
            at: its number, from 1; 0 for never.
            made: whether the provider does it, so that the engine alone does not hear of it.
            op: the operations that count, such as `create`; all if not given.
            kind: the type of the resources that count; all if not given.
        """
        self._at, self._made, self._op, self._kind = at, made, op, kind
        self._count, self.killed = 0, ""

    def hear(self, operation: Operation) -> None:
        """Count an operation's start, or its end, and kill at the right one."""
        over = bool(operation.result)
        if over != self._made or operation.op not in {self._op or operation.op} - {"read"}:
            return
        if operation.type != (self._kind or operation.type):
            return
        # The recorder tells one operation at a time.
        self._count += 1
        if self._count == self._at and self.session is not None:
            self.killed = operation.urn
            self.session.kill()
            if not over:
                raise KilledError


@contextmanager
def killable(
    program: Program, project: str, config: Mapping[str, object] | None = None, **options: Any
) -> Generator[tuple[Rehearsal, Killer]]:
    """Rehearse a program with checkpoints, as a real run writes them, and something to kill it."""
    killer = Killer()
    with rehearse(
        program, project, "dev", config, on_event=killer.hear, checkpoints=True, **options
    ) as session:
        killer.session = session
        yield session, killer


def pulumi(session: Rehearsal, project: str) -> Pulumi:
    """The CLI on the stack of a rehearsal, as a repair takes it."""
    return Pulumi(
        cli=find_cli(),
        directory=Path(session.stack.workspace.work_dir),
        environment={"PATH": os.environ["PATH"], **session.stack.workspace.env_vars},
        project=project,
        stack="dev",
    )


def objects(session: Rehearsal) -> list[str]:
    """What is in the simulated cluster, without the automatic parts of names."""
    keys = session.cluster.contents()
    return sorted(f"{k.kind} {k.namespace}/{AUTOMATIC.sub('', k.name)}" for k in keys)


def entries(session: Rehearsal) -> list[tuple[str, str]]:
    """The resources in the state: URN and id, without automatic parts and what is drawn."""
    listed: Iterable[dict[str, Any]] = session.export().get("resources", ())
    return sorted((e["urn"], _id(e)) for e in listed)


def repaired(session: Rehearsal, project: str, **ids: str) -> Diagnosis:
    """Look at the stack and repair it, as the command does; return what was found."""
    stack = pulumi(session, project)
    diagnosis = examine(stack, ids)
    assert not diagnosis.unanswered
    mend(stack, diagnosis)
    return diagnosis


def assert_converged(outcome: Outcome, session: Rehearsal, wanted: Undisturbed) -> None:
    """The world and the state are those of a run that nobody disturbed."""
    assert outcome.succeeded, outcome.error
    assert objects(session) == wanted.objects
    assert entries(session) == wanted.entries
    state = session.export()
    assert not state.get("pending_operations")
    assert not [e["urn"] for e in state["resources"] if e.get("initErrors") or e.get("delete")]


@dataclass(frozen=True)
class Undisturbed:
    """The world and the state after a run that nobody disturbed."""

    objects: list[str]
    entries: list[tuple[str, str]]


def undisturbed(session: Rehearsal) -> Undisturbed:
    """What is there now, to be compared with."""
    return Undisturbed(objects(session), entries(session))


def _id(entry: Mapping[str, Any]) -> str:
    package = str(entry["type"]).partition(":")[0]
    return AUTOMATIC.sub("", str(entry.get("id", ""))) if package == "kubernetes" else ""
