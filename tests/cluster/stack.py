"""Dev as a stack of the real engine on a running cluster."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from nexus.rehearsal.cluster import Cluster
from nexus.rehearsal.engine import Engine, find_cli, make_stack, served, temporary_root
from nexus.rehearsal.providers.helm import HelmProvider
from nexus.rehearsal.providers.random import RandomProvider
from nexus.rehearsal.record import Recorder
from nexus.rehearsal.run import Rehearsal
from nexus.rehearsal.timing import Clock
from stacks.stack_file import read_stack_file
from tests.nexus.diff.deployed import Deployed

from .servers import RunningCluster

PROVIDER = "pulumi-resource-kubernetes"


@contextmanager
def stack_on(cluster: RunningCluster, project: Path) -> Generator[Deployed]:
    """A new stack of the project's dev settings; what it makes stays in the cluster.

    Its Kubernetes provider is the real one, its random provider that of a rehearsal.
    """
    file = read_stack_file(project, "dev")
    clock = Clock()
    recorder = Recorder()
    with (
        temporary_root() as root,
        own_provider(root / "plugins", cluster.provider) as folder,
        served(RandomProvider(clock, recorder)) as attached,
    ):
        environment = {
            **attached,
            "KUBECONFIG": str(cluster.kubeconfig),
            "PATH": os.pathsep.join([str(folder), os.environ["PATH"]]),
        }
        engine = Engine(find_cli())
        made = make_stack(
            root,
            engine,
            attached=environment,
            project=file.project,
            stack="dev",
            config=file.plain,
            secret_config=file.secret,
            # As people run it.
            checkpoints=True,
        )
        session = Rehearsal(
            program=lambda: None,
            stack=made,
            engine=engine,
            # Not served, so the engine takes the one on PATH.
            kubernetes=HelmProvider(Cluster(), clock, recorder),
            clouds={},
            clock=clock,
            recorder=recorder,
        )
        yield Deployed(session=session, project=project)


@contextmanager
def own_provider(folder: Path, programs: Path) -> Generator[Path]:
    """The real provider under a path of its own, by which those that still run are found.

    An engine that is killed leaves its providers behind: each is a process group of its own, works
    on, and looks only every five minutes whether its engine is there.
    """
    folder.mkdir()
    (folder / PROVIDER).symlink_to(programs / PROVIDER)
    try:
        yield folder
    finally:
        while processes := _running(folder):
            for process in processes:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            time.sleep(0.05)


def running_providers(session: Rehearsal) -> list[int]:
    """The processes of a stack's real provider, of engines that were killed too."""
    return _running(Path(session.stack.workspace.env_vars["PATH"].partition(os.pathsep)[0]))


def _running(folder: Path) -> list[int]:
    """The processes of the provider in a folder; each shows the path that it was started with."""
    listed = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,args="], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    processes = (line.split(maxsplit=2) for line in listed)
    return [int(number) for number, command, *_ in processes if command == str(folder / PROVIDER)]
