"""`nexus` as it is typed: inside this process, and as one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner, Result

from nexus.cli.main import app
from tests.patience import PATIENCE_SECONDS
from tests.projects import DOCUMENTED, ROOT


def nexus(*arguments: str | Path, project: Path = DOCUMENTED) -> Result:
    """One run inside this process."""
    return CliRunner().invoke(app, ["--project", str(project), *map(str, arguments)])


def run(
    *arguments: str | Path, folder: Path = DOCUMENTED, **variables: str
) -> subprocess.CompletedProcess[str]:
    """One run as its own process, with `folder` as the current one."""
    return subprocess.run(
        [sys.executable, "-m", "nexus", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
