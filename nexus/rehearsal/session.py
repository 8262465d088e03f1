"""A stack under rehearsal: run it up, look at it, take it down."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pulumi.automation import EngineEvent, Stack
from pulumi.automation.errors import CommandError

from nexus.rehearsal.cluster import Cluster
from nexus.rehearsal.engine import Engine
from nexus.rehearsal.guarded import Guarded, Program, sentence
from nexus.rehearsal.outcome import Events, Outcome, clear_text
from nexus.rehearsal.providers.cloud import CloudProvider
from nexus.rehearsal.providers.reach import ReachingProvider
from nexus.rehearsal.record import Recorder
from nexus.rehearsal.timetable import Edges, makespan, timetable
from nexus.rehearsal.timing import Clock

PARALLEL = 64
"""Operations the engine runs at once; its own default, 8 on two cores, would be the bound."""

ENGINE = "pulumi:providers:pulumi"
"""Type of the engine's own provider, which it adds to the state when a program asks the engine
itself for something, as the tier gates do. No program registers it, so no plan has it."""

Hear = Callable[[EngineEvent], object]
_Start = Callable[[Program, Hear], object]


class Rehearsal:
    """One stack of one program, for as long as the block of `rehearse` runs.

    `program` and `fail`, the Pulumi or object names of workloads that never get
    ready, may be changed between runs; `cluster` is what was made so far.
    """

    def __init__(
        self,
        program: Program,
        stack: Stack,
        *,
        engine: Engine,
        kubernetes: ReachingProvider,
        clouds: Sequence[CloudProvider],
        clock: Clock,
        recorder: Recorder,
    ) -> None:
        self.program = program
        self._stack = stack
        self._engine = engine
        self._kubernetes = kubernetes
        self._clouds = clouds
        self._clock = clock
        self._recorder = recorder
        self._phases: dict[str, int] = {}
        self._waits: dict[str, tuple[str, ...]] = {}
        self.outcomes: list[Outcome] = []

    @property
    def cluster(self) -> Cluster:
        """The simulated cluster."""
        return self._kubernetes.cluster

    def in_cloud(self, kind: str) -> frozenset[str]:
        """Ids of the simulated clouds' resources of the type `kind`, whatever the state says."""
        return frozenset(own for cloud in self._clouds for own in cloud.ids(kind))

    def move(self) -> None:
        """Put another, empty cluster behind the kubeconfig's context."""
        self._kubernetes.cluster = Cluster()

    @property
    def fail(self) -> frozenset[str]:
        """Names of workloads that never get ready."""
        return self._kubernetes.fail

    @fail.setter
    def fail(self, names: frozenset[str]) -> None:
        self._kubernetes.fail = frozenset(names)

    @property
    def inside(self) -> bool:
        """Whether whoever deploys is inside of the network, where prod's API answers."""
        return self._kubernetes.inside

    @inside.setter
    def inside(self, inside: bool) -> None:
        self._kubernetes.inside = inside

    def up(
        self,
        *,
        target: Sequence[str] = (),
        exclude: Sequence[str] = (),
        exclude_dependents: bool = False,
        refresh: bool = False,
    ) -> Outcome:
        """Run `pulumi up --continue-on-error`. A failure is an outcome, not an exception.

        Args:
            target: URNs of the only resources to look at, with `*` and `**`; none for all.
            exclude: URNs of resources to leave alone, with `*` and `**`.
            exclude_dependents: whether to leave alone what depends on those, too. The engine
                makes it otherwise, and writes a state that `pulumi state repair` has to mend.
            refresh: whether to look first what is still there.
        """
        return self._run(
            "up",
            lambda program, hear: self._stack.up(
                program=program,
                on_event=hear,
                parallel=PARALLEL,
                color="never",
                continue_on_error=True,
                target=list(target),
                exclude=list(exclude),
                exclude_dependents=exclude_dependents,
                refresh=refresh,
            ),
        )

    def preview(self) -> Outcome:
        """Run `pulumi preview`."""
        return self._run(
            "preview",
            lambda program, hear: self._stack.preview(
                program=program, on_event=hear, parallel=PARALLEL, color="never"
            ),
        )

    def refresh(self) -> Outcome:
        """Run `pulumi refresh`: the state becomes what the simulated world is."""
        return self._run(
            "refresh",
            lambda _, hear: self._stack.refresh(on_event=hear, parallel=PARALLEL, color="never"),
        )

    def destroy(self) -> Outcome:
        """Run `pulumi destroy --continue-on-error`; the empty stack stays."""
        return self._run(
            "destroy",
            lambda _, hear: self._stack.destroy(
                on_event=hear, parallel=PARALLEL, color="never", continue_on_error=True
            ),
        )

    def export(self) -> dict[str, Any]:
        """Return the deployment in the state, secrets encrypted (`resources`, `manifest`, …)."""
        return json.loads(self.pulumi("stack", "export"))["deployment"]

    def outputs(self) -> dict[str, object]:
        """Return the stack's outputs; secret ones read `[secret]`."""
        return json.loads(self.pulumi("stack", "output", "--json"))

    def dependencies(self) -> dict[str, tuple[str, ...]]:
        """Return, by URN, what each resource in the state depends on, but for `ENGINE`."""
        return {
            resource["urn"]: tuple(resource.get("dependencies", ()))
            for resource in self.export().get("resources", ())
            if resource["type"] != ENGINE
        }

    def protect(self, urn: str) -> None:
        """Mark a resource as protected in the state."""
        self.pulumi("state", "protect", "--yes", urn)

    def unprotect(self, urn: str | None = None) -> None:
        """Take the protection from a resource, or from all."""
        self.pulumi("state", "unprotect", "--yes", urn or "--all")

    @property
    def directory(self) -> Path:
        """Folder of the project, where the CLI runs."""
        return Path(self._stack.workspace.work_dir)

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment of the CLI, the simulated providers' addresses in it."""
        return self._stack.workspace.env_vars

    def kill(self) -> None:
        """Kill the run that goes on, as `kill -9` does; call it from another thread."""
        self._engine.kill()
        self._recorder.stop()
        # Providers end with their engine: what they wait for is not waited for any more.
        self._clock.cancel()

    def pulumi(self, *arguments: str) -> str:
        """Run any CLI command on the stack and return its standard output.

        Raises:
            CommandError: it failed.
        """
        workspace = self._stack.workspace
        return workspace.pulumi_command.run(
            [*arguments, "--stack", self._stack.name], workspace.work_dir, workspace.env_vars
        ).stdout

    @contextmanager
    def variables(self, more: Mapping[str, str]) -> Generator[None]:
        """While the block runs, the CLI and its providers have these variables too."""
        workspace = self._stack.workspace
        kept = workspace.env_vars
        workspace.env_vars = {**kept, **more}
        try:
            yield
        finally:
            workspace.env_vars = kept

    def _run(self, verb: str, start: _Start) -> Outcome:
        phase = self._next_phase(verb)
        events = Events()
        guarded = Guarded(self.program)
        # The engine cancels its providers at the end of every run.
        self._clock.resume()
        self._recorder.begin(phase)
        failure: CommandError | None = None
        try:
            start(guarded, events.hear)
        except CommandError as error:
            failure = error
        finally:
            guarded.close()
        # What a killed engine began ends by itself.
        self._recorder.wait()
        operations = timetable(
            self._recorder.complete(events.steps), self._edges(verb), parallel=PARALLEL
        )
        outcome = Outcome(
            phase=phase,
            succeeded=failure is None,
            operations=operations,
            counts=events.counts,
            makespan=makespan(operations),
            errors=() if failure is None else _errors(guarded.error, events.errors, failure),
            program_error=guarded.error,
        )
        self.outcomes.append(outcome)
        return outcome

    def _edges(self, verb: str) -> Edges:
        """What each resource waits for, as the engine's state says after the run, or did before."""
        before = self._waits
        # A killed engine may leave a state that nobody can read.
        if verb == "up" and not self._recorder.stopped:
            self._waits = {
                each["urn"]: (
                    *each.get("dependencies", ()),
                    each.get("parent", ""),
                    each.get("provider", "").rpartition("::")[0],
                )
                for each in self.export().get("resources", ())
            }
        return {**before, **self._waits}

    def _next_phase(self, verb: str) -> str:
        self._phases[verb] = self._phases.get(verb, 0) + 1
        return verb if self._phases[verb] == 1 else f"{verb}-{self._phases[verb]}"


def _errors(
    raised: Exception | None, heard: tuple[str, ...], failure: CommandError
) -> tuple[str, ...]:
    """The program's own error first, once; what the engine said; or, without both, all it wrote."""
    own = () if raised is None else (sentence(raised),)
    others = tuple(text for text in heard if not any(clear_text(mine) in text for mine in own))
    return own + others or (str(failure).strip(),)
