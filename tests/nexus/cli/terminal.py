"""A terminal in a copy of the project: the real command line, its language host, simulated clouds.

Nothing of the machine's own state is read or written, and nothing is fetched.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pulumi_cli import cli_for_programs

from nexus.pulumi.clouds import CLOUDS
from nexus.rehearsal.cluster import Cluster
from nexus.rehearsal.engine import RARE_COLLECTION, served
from nexus.rehearsal.providers.cloud import CloudProvider
from nexus.rehearsal.providers.helm import HelmProvider
from nexus.rehearsal.providers.random import RandomProvider
from nexus.rehearsal.record import Recorder
from nexus.rehearsal.timing import Clock
from tests.projects import ROOT


@dataclass(frozen=True, kw_only=True)
class Terminal:
    """Where a reader of the documents types.

    Args:
        project: the folder, with Pulumi.yaml in it.
        environment: its variables.
        cluster: what was made so far.
    """

    project: Path
    environment: dict[str, str]
    cluster: Cluster

    def type(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command with bash; standard output and errors are both in `stdout`."""
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.project,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def must(self, command: str) -> str:
        """Run a command that has to end well, and return what it said."""
        done = self.type(command)
        assert done.returncode == 0, f"$ {command}\n{done.stdout}"
        return done.stdout


@contextmanager
def terminal(project: Path, home: Path) -> Generator[Terminal]:
    """A terminal in `project`, whose environment and program are this project's own.

    Args:
        project: a copy of the project's data.
        home: an empty folder for state, settings and logs of the command line.
    """
    for name in ("__main__.py", ".venv", "Makefile"):
        (project / name).symlink_to(ROOT / name)
    clock = Clock()
    recorder = Recorder()
    kubernetes = HelmProvider(Cluster(), clock, recorder)
    clouds = (CloudProvider(package, clock, recorder) for package in CLOUDS)
    for name in ("state", "pulumi"):
        (home / name).mkdir(parents=True)
    # In place of the command line's own log: see nexus/rehearsal/engine.py.
    (home / "pulumi" / "logs").touch()
    folders = (Path(sys.executable).parent, cli_for_programs().parent)
    with served(kubernetes, RandomProvider(clock, recorder), *clouds) as attached:
        yield Terminal(
            project=project,
            cluster=kubernetes.cluster,
            environment={
                **{name: os.environ[name] for name in ("LANG", "TMPDIR") if name in os.environ},
                **attached,
                **RARE_COLLECTION,
                "PATH": ":".join((*map(str, folders), os.environ["PATH"])),
                "HOME": str(home),
                "STATE": f"file://{home / 'state'}",
                "PULUMI_HOME": str(home / "pulumi"),
                "PULUMI_CONFIG_PASSPHRASE": "of the test",
                "PULUMI_SKIP_CONFIRMATIONS": "true",
                "PULUMI_SKIP_UPDATE_CHECK": "true",
                "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            },
        )
        clock.cancel()
