"""One program, the real engine, simulated providers, a temporary stack: up, looked at, down."""

from __future__ import annotations

import json
import signal
import threading
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from pulumi.automation import Stack
from pulumi.automation.errors import CommandError

from nexus.pulumi.clouds import CLOUDS
from nexus.pulumi.resource import rare_collection
from nexus.pulumi.urn import provider_urn
from nexus.rehearsal.cluster import Cluster
from nexus.rehearsal.engine import PARALLEL, Engine, find_cli, make_stack, served, temporary_root
from nexus.rehearsal.outcome import Events, Guarded, Outcome, Program, clear_text, sentence
from nexus.rehearsal.providers.cloud import CloudProvider
from nexus.rehearsal.providers.helm import HelmProvider
from nexus.rehearsal.providers.random import RandomProvider
from nexus.rehearsal.record import Edges, Listener, Recorder, makespan, timetable
from nexus.rehearsal.timing import Clock
from nexus.sdk import lean_sdk

ENGINE = "pulumi:providers:pulumi"
"""Type of the engine's own provider, which it adds to the state when a program asks the engine
itself for something, as the tier gates do. No program registers it, so no plan has it."""


@dataclass(kw_only=True)
class Rehearsal:
    """One stack of one program, for as long as the block of `rehearse` runs.

    Between runs may be changed: `program`, and what `kubernetes` says of itself. The workspace of
    `stack` has the folder and the environment of the CLI, with the addresses of the providers.
    """

    program: Program
    stack: Stack
    engine: Engine
    kubernetes: HelmProvider
    clouds: Mapping[str, CloudProvider]
    clock: Clock
    recorder: Recorder
    outcomes: list[Outcome] = field(default_factory=list[Outcome])
    _runs: Counter[str] = field(default_factory=Counter[str])
    _waits: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    @property
    def cluster(self) -> Cluster:
        """The simulated cluster."""
        return self.kubernetes.cluster

    def up(self, **options: Any) -> Outcome:
        """Run `pulumi up --continue-on-error`. A failure is an outcome, not an exception.

        Its options are those of the Automation API: `target`, `exclude`, `refresh` and others.
        """
        return self._run("up", program=True, continue_on_error=True, **options)

    def preview(self) -> Outcome:
        """Run `pulumi preview`."""
        return self._run("preview", program=True)

    def refresh(self) -> Outcome:
        """Run `pulumi refresh`: the state becomes what the simulated world is."""
        return self._run("refresh")

    def destroy(self) -> Outcome:
        """Run `pulumi destroy --continue-on-error`; the empty stack stays."""
        return self._run("destroy", continue_on_error=True)

    def export(self) -> dict[str, Any]:
        """Return the deployment in the state, secrets encrypted (`resources`, `manifest`, …)."""
        return json.loads(self.pulumi("stack", "export"))["deployment"]

    def resources(self) -> Sequence[Mapping[str, Any]]:
        """Return the resources of `export`, but without a process that takes half of an `up`."""
        place = self.stack.workspace
        backend = Path(place.env_vars["PULUMI_BACKEND_URL"].removeprefix("file://"), ".pulumi")
        file = backend / "stacks" / place.project_settings().name / f"{self.stack.name}.json"
        latest = json.loads(file.read_text(encoding="utf-8"))["checkpoint"].get("latest")
        return (latest or {}).get("resources") or ()

    def outputs(self) -> dict[str, object]:
        """Return the stack's outputs; secret ones read `[secret]`."""
        return json.loads(self.pulumi("stack", "output", "--json"))

    def dependencies(self) -> dict[str, tuple[str, ...]]:
        """Return, by URN, what each resource in the state depends on, but for `ENGINE`."""
        return {
            resource["urn"]: tuple(resource.get("dependencies", ()))
            for resource in self.resources()
            if resource["type"] != ENGINE
        }

    def kill(self) -> None:
        """Kill the run that goes on, as `kill -9` does; call it from another thread."""
        self.engine.kill()
        self.recorder.stop()
        # Providers end with their engine: what they wait for is not waited for any more.
        self.clock.cancel()

    def pulumi(self, *arguments: str) -> str:
        """Run any CLI command on the stack and return its standard output.

        Raises:
            CommandError: it failed.
        """
        place = self.stack.workspace
        command = [*arguments, "--stack", self.stack.name]
        return self.engine.run(command, place.work_dir, place.env_vars).stdout

    def _run(self, verb: str, *, program: bool = False, **options: Any) -> Outcome:
        self._runs[verb] += 1
        phase = verb if self._runs[verb] == 1 else f"{verb}-{self._runs[verb]}"
        events = Events()
        guarded = Guarded(self.program)
        given = {"program": guarded, **options} if program else options
        # The engine cancels its providers at the end of every run.
        self.clock.resume()
        self.recorder.begin(phase)
        failure: CommandError | None = None
        run: Callable[..., object] = getattr(self.stack, verb)
        try:
            run(on_event=events.hear, parallel=PARALLEL, color="never", **given)
        except CommandError as error:
            failure = error
        finally:
            guarded.close()
        # What a killed engine began ends by itself.
        self.recorder.wait()
        operations = timetable(
            self.recorder.complete(events.steps), self._edges(verb), parallel=PARALLEL
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
        if verb == "up" and not self.recorder.stopped:
            self._waits = {
                each["urn"]: (
                    *each.get("dependencies", ()),
                    each.get("parent", ""),
                    provider_urn(each.get("provider", "")),
                )
                for each in self.resources()
            }
        return {**before, **self._waits}


def _errors(
    raised: Exception | None, heard: tuple[str, ...], failure: CommandError
) -> tuple[str, ...]:
    """The program's own error first, once; what the engine said; or, without both, all it wrote."""
    own = () if raised is None else (sentence(raised),)
    others = tuple(text for text in heard if not any(clear_text(mine) in text for mine in own))
    return own + others or (str(failure).strip(),)


@contextmanager
def rehearse(
    program: Program,
    project: str,
    stack: str,
    config: Mapping[str, object] | None = None,
    secret_config: Mapping[str, str] | None = None,
    *,
    time_scale: float | None = None,
    on_event: Listener | None = None,
    checkpoints: bool = False,
) -> Generator[Rehearsal]:
    """Rehearse a program while the block runs; nothing is left when it ends, however it ends.

    Args:
        config: the stack's settings by full key (`project:name`), as in its YAML file.
        secret_config: placeholders for secret settings, by full key.
        time_scale: simulated seconds that take one real second, for runs that are to be
            interrupted; None to wait for nothing.
        on_event: hears every operation when it starts and when it has ended.
        checkpoints: whether the state is written at every step, as in a real run, for
            those that are killed; else at the end of each.

    Raises:
        InputError: there is no usable Pulumi CLI.
    """
    engine = Engine(find_cli())
    clock = Clock(time_scale)
    recorder = Recorder(on_event)
    clouds = {package: CloudProvider(package, clock, recorder) for package in CLOUDS}
    kubernetes = HelmProvider(Cluster(), clock, recorder, clouds["aws"])
    providers = (kubernetes, RandomProvider(clock, recorder), *clouds.values())
    with ExitStack() as resources:
        resources.enter_context(_termination_unwinds())
        resources.enter_context(rare_collection())
        resources.enter_context(lean_sdk())
        root = resources.enter_context(temporary_root())
        attached = resources.enter_context(served(*providers))
        # Waits must end before the servers that wait are stopped.
        resources.callback(clock.cancel)
        yield Rehearsal(
            program=program,
            stack=make_stack(
                root,
                engine,
                attached=attached,
                project=project,
                stack=stack,
                config=config or {},
                secret_config=secret_config or {},
                checkpoints=checkpoints,
            ),
            engine=engine,
            kubernetes=kubernetes,
            clouds=clouds,
            clock=clock,
            recorder=recorder,
        )


_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def _termination_unwinds() -> Generator[None]:
    """Make SIGTERM and SIGHUP end the block by `SystemExit`, as Ctrl-C ends it.

    Only the main thread can do this; in any other the block just runs.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def unwind(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    kept = {number: signal.signal(number, unwind) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
