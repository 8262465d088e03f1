"""Dev as a stack of the real engine on a running cluster."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from nexus.rehearsal.cluster import Cluster
from nexus.rehearsal.engine import Engine, find_cli
from nexus.rehearsal.providers.cloud import CloudProvider
from nexus.rehearsal.providers.random import random_provider
from nexus.rehearsal.providers.reach import ReachingProvider
from nexus.rehearsal.providers.served import served
from nexus.rehearsal.record import Recorder
from nexus.rehearsal.session import PARALLEL, Rehearsal
from nexus.rehearsal.timing import Clock
from nexus.rehearsal.workspace import make_stack, temporary_root
from stacks.stack_file import read_stack_file
from tests.nexus.diff.deployed import Deployed

from .servers import RunningCluster


@contextmanager
def stack_on(cluster: RunningCluster, project: Path) -> Generator[Deployed]:
    """A new stack of the project's dev settings; what it makes stays in the cluster.

    Its Kubernetes provider is the real one, its random provider that of a rehearsal.
    """
    file = read_stack_file(project, "dev")
    clock = Clock()
    recorder = Recorder()
    cloud = CloudProvider("aws", clock, recorder)
    with temporary_root() as root, served([random_provider(clock, recorder)], PARALLEL) as attached:
        environment = {
            **attached,
            "KUBECONFIG": str(cluster.kubeconfig),
            "PATH": os.pathsep.join([str(cluster.provider), os.environ["PATH"]]),
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
            lambda: None,
            made,
            engine=engine,
            # Not served, so the engine takes the one on PATH.
            kubernetes=ReachingProvider(cloud, Cluster(), clock, recorder),
            clouds=(),
            clock=clock,
            recorder=recorder,
        )
        yield Deployed(session=session, project=project)
