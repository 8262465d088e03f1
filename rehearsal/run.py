"""A rehearsal from first to last run: the real engine, simulated providers, a temporary stack."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pulumi
from pulumi.automation import Stack
from pulumi.automation.errors import CommandError

from rehearsal.cluster import Cluster
from rehearsal.engine import Engine, find_cli
from rehearsal.outcome import HIDDEN, Events, Outcome
from rehearsal.providers.kubernetes import KubernetesProvider
from rehearsal.providers.random import random_provider
from rehearsal.providers.served import served
from rehearsal.record import Listener, Recorder, makespan
from rehearsal.timing import DEFAULT_SCALE, Clock
from rehearsal.workspace import make_stack, temporary_root, termination_unwinds

PARALLEL = 64
"""Operations the engine runs at once; its own default, 8 on two cores, would be the bound."""

Program = Callable[[], None]


class Rehearsal:
    """One stack of one program, for as long as the block of `rehearse` runs.

    `fail` holds the Pulumi or object names of workloads that never get ready and
    may be changed between runs; `cluster` is what the program made so far.
    """

    def __init__(
        self,
        program: Program,
        stack: Stack,
        kubernetes: KubernetesProvider,
        clock: Clock,
        recorder: Recorder,
    ) -> None:
        self._program = program
        self._stack = stack
        self._kubernetes = kubernetes
        self._clock = clock
        self._recorder = recorder
        self._phases: dict[str, int] = {}
        self.outcomes: list[Outcome] = []

    @property
    def cluster(self) -> Cluster:
        """The simulated cluster."""
        return self._kubernetes.cluster

    @property
    def time_scale(self) -> float:
        """Simulated seconds per real second."""
        return self._clock.scale

    @property
    def fail(self) -> frozenset[str]:
        """Names of workloads that never get ready."""
        return self._kubernetes.fail

    @fail.setter
    def fail(self, names: frozenset[str]) -> None:
        self._kubernetes.fail = frozenset(names)

    def up(self, *, continue_on_error: bool = False) -> Outcome:
        """Run `pulumi up`. A failure is an outcome, not an exception."""
        return self._run(
            "up",
            lambda program, hear: self._stack.up(
                program=program,
                on_event=hear,
                parallel=PARALLEL,
                color="never",
                continue_on_error=continue_on_error,
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
        """Run `pulumi destroy`; the empty stack stays."""
        return self._run(
            "destroy",
            lambda _, hear: self._stack.destroy(on_event=hear, parallel=PARALLEL, color="never"),
        )

    def export(self) -> dict[str, Any]:
        """Return the deployment in the state, secrets encrypted (`resources`, `manifest`, …)."""
        return json.loads(self.pulumi("stack", "export"))["deployment"]

    def dependencies(self) -> dict[str, tuple[str, ...]]:
        """Return, by URN, what each resource in the state depends on."""
        return {
            resource["urn"]: tuple(resource.get("dependencies", ()))
            for resource in self.export().get("resources", ())
        }

    def protect(self, urn: str) -> None:
        """Mark a resource as protected in the state."""
        self.pulumi("state", "protect", "--yes", urn)

    def unprotect(self, urn: str | None = None) -> None:
        """Take the protection from a resource, or from all."""
        self.pulumi("state", "unprotect", "--yes", urn or "--all")

    def pulumi(self, *arguments: str) -> str:
        """Run any CLI command on the stack and return its standard output.

        Raises:
            CommandError: it failed.
        """
        workspace = self._stack.workspace
        return workspace.pulumi_command.run(
            [*arguments, "--stack", self._stack.name], workspace.work_dir, workspace.env_vars
        ).stdout

    def _run(self, verb: str, start: Callable[[Program, Callable[[Any], object]], Any]) -> Outcome:
        self._phases[verb] = self._phases.get(verb, 0) + 1
        phase = verb if self._phases[verb] == 1 else f"{verb}-{self._phases[verb]}"
        events = Events(self._clock)
        guarded = _Guarded(self._program)
        # The engine cancels its providers at the end of every run.
        self._clock.resume()
        self._recorder.begin(phase)
        succeeded, outputs, failure = True, {}, ""
        try:
            result = start(guarded, events.hear)
            outputs = {
                name: HIDDEN if output.secret else output.value
                for name, output in getattr(result, "outputs", {}).items()
            }
        except CommandError as error:
            succeeded, failure = False, str(error)
        operations = self._recorder.complete(events.steps)
        raised = () if guarded.error is None else (_sentence(guarded.error),)
        heard = tuple(text for text in events.errors if not any(r in text for r in raised))
        errors = raised + heard
        if not succeeded and not errors:
            errors = (failure.strip(),)
        outcome = Outcome(
            phase=phase,
            succeeded=succeeded,
            operations=operations,
            counts=events.counts,
            makespan=makespan(operations),
            outputs=outputs,
            errors=errors,
            program_error=guarded.error,
        )
        self.outcomes.append(outcome)
        return outcome


class _Guarded:
    """The program; what it raises reaches the engine as one text without traceback."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.error: Exception | None = None

    def __call__(self) -> None:
        try:
            self._program()
        except Exception as error:
            self.error = error
            raise pulumi.RunError(_sentence(error)) from error


def _sentence(error: Exception) -> str:
    """An error of this project is a sentence; one of Python needs its name to make sense."""
    kind = type(error)
    return f"{kind.__name__}: {error}" if kind.__module__ == "builtins" else str(error)


@contextmanager
def rehearse(
    program: Program,
    project: str,
    stack: str,
    config: Mapping[str, object] | None = None,
    secret_config: Mapping[str, str] | None = None,
    *,
    cli: Path | None = None,
    time_scale: float = DEFAULT_SCALE,
    fail: frozenset[str] = frozenset(),
    durations: Mapping[str, float] | None = None,
    on_event: Listener | None = None,
) -> Iterator[Rehearsal]:
    """Rehearse a program while the block runs; nothing is left when it ends, however it ends.

    Args:
        program: declares the resources, as `__main__` would.
        project, stack: names of the Pulumi project and stack.
        config: the stack's settings by full key (`project:name`), as in its YAML file.
        secret_config: placeholders for secret settings, by full key.
        cli: path of the Pulumi CLI; found if not given.
        time_scale: simulated seconds per real second.
        fail: Pulumi or object names of workloads that never get ready.
        durations: simulated seconds until a workload is ready, by Pulumi name, where
            it is not what the table of times says.
        on_event: hears every operation when it starts and when it has ended.

    Raises:
        EngineError: there is no usable Pulumi CLI.
    """
    engine = Engine(find_cli(cli))
    clock = Clock(time_scale)
    recorder = Recorder(clock, on_event)
    kubernetes = KubernetesProvider(Cluster(), clock, recorder, durations)
    kubernetes.fail = frozenset(fail)
    providers = (kubernetes, random_provider(clock, recorder))
    with ExitStack() as resources:
        resources.enter_context(termination_unwinds())
        root = resources.enter_context(temporary_root())
        attached = resources.enter_context(served(providers, PARALLEL))
        # Waits must end before the servers that wait are stopped.
        resources.callback(clock.cancel)
        made = make_stack(root, engine, attached, project, stack, config or {}, secret_config or {})
        yield Rehearsal(program, made, kubernetes, clock, recorder)
