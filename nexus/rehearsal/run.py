"""The way in: one program, the real engine, simulated providers, a temporary stack."""

from __future__ import annotations

import gc
import signal
import threading
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from nexus.pulumi.clouds.clouds import CLOUDS
from nexus.rehearsal.cluster import Cluster
from nexus.rehearsal.engine import Engine, find_cli
from nexus.rehearsal.guarded import Program
from nexus.rehearsal.providers.cloud import CloudProvider
from nexus.rehearsal.providers.random import random_provider
from nexus.rehearsal.providers.reach import ReachingProvider
from nexus.rehearsal.providers.served import served
from nexus.rehearsal.record import Listener, Recorder
from nexus.rehearsal.session import PARALLEL, Rehearsal
from nexus.rehearsal.timing import Clock
from nexus.rehearsal.workspace import make_stack, temporary_root


@contextmanager
def rehearse(
    program: Program,
    project: str,
    stack: str,
    config: Mapping[str, object] | None = None,
    secret_config: Mapping[str, str] | None = None,
    *,
    cli: Path | None = None,
    time_scale: float | None = None,
    fail: frozenset[str] = frozenset(),
    durations: Mapping[str, float] | None = None,
    on_event: Listener | None = None,
    checkpoints: bool = False,
) -> Generator[Rehearsal]:
    """Rehearse a program while the block runs; nothing is left when it ends, however it ends.

    Args:
        program: declares the resources, as `__main__` would.
        project: name of the Pulumi project.
        stack: name of the stack.
        config: the stack's settings by full key (`project:name`), as in its YAML file.
        secret_config: placeholders for secret settings, by full key.
        cli: path of the Pulumi CLI; found if not given.
        time_scale: simulated seconds that take one real second, for runs that are to be
            interrupted; None to wait for nothing.
        fail: Pulumi or object names of workloads that never get ready.
        durations: simulated seconds until a workload is ready, by Pulumi name, where
            it is not what the table of times says.
        on_event: hears every operation when it starts and when it has ended.
        checkpoints: whether the state is written at every step, as in a real run, for
            those that are killed; else at the end of each.

    Raises:
        InputError: there is no usable Pulumi CLI.
    """
    engine = Engine(find_cli(cli))
    clock = Clock(time_scale)
    recorder = Recorder(on_event)
    clouds = {package: CloudProvider(package, clock, recorder) for package in CLOUDS}
    kubernetes = ReachingProvider(clouds["aws"], Cluster(), clock, recorder, durations)
    kubernetes.fail = frozenset(fail)
    providers = (kubernetes, random_provider(clock, recorder), *clouds.values())
    with ExitStack() as resources:
        resources.enter_context(termination_unwinds())
        resources.enter_context(_rare_collection())
        root = resources.enter_context(temporary_root())
        attached = resources.enter_context(served(providers, PARALLEL))
        # Waits must end before the servers that wait are stopped.
        resources.callback(clock.cancel)
        made = make_stack(
            root,
            engine,
            attached=attached,
            project=project,
            stack=stack,
            config=config or {},
            secret_config=secret_config or {},
            checkpoints=checkpoints,
        )
        yield Rehearsal(
            program,
            made,
            engine=engine,
            kubernetes=kubernetes,
            clouds=tuple(clouds.values()),
            clock=clock,
            recorder=recorder,
        )


@contextmanager
def _rare_collection() -> Generator[None]:
    """Looks for garbage rarely, as a plan does: the SDK keeps all that a program registers.

    Of the 41 s that this process computed for two runs of staging (907 resources), 20 went
    into looking.
    """
    before = gc.get_threshold()
    gc.set_threshold(200_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


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
