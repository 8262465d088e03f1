"""Runs a bootstrap script the way its container does: settings by environment, secrets by file."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.patience import PATIENCE_SECONDS

from .found import PROJECT

SCRIPTS = PROJECT / "components" / "servers" / "bootstrap"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a script ended.

    Args:
        code: exit status.
        output: everything it wrote, both streams.
    """

    code: int
    output: str


def run_script(
    name: str,
    settings: Mapping[str, str],
    *,
    master: tuple[str, str],
    password: str | None,
    path: str = "",
) -> Outcome:
    """Run `components/bootstrap/{name}` once.

    Args:
        name: file name; `.py` runs under this Python, anything else under `sh`.
        settings: its environment, but for PATH, HOME and SECRETS_DIR.
        master: user name and password of the master.
        password: the service's password; None if the script needs none.
        path: folders to put in front of PATH.

    Returns:
        Exit status and output. A script that takes longer than a minute is ended and
        raises `subprocess.TimeoutExpired`.
    """
    with tempfile.TemporaryDirectory(prefix="nexus-secrets-") as folder:
        secrets = Path(folder)
        files = {"master/username": master[0], "master/password": master[1]}
        if password is not None:
            files["service/password"] = password
        for file, value in files.items():
            (secrets / file).parent.mkdir(exist_ok=True)
            (secrets / file).write_text(value)
        interpreter = sys.executable if name.endswith(".py") else "sh"
        result = subprocess.run(
            [interpreter, str(SCRIPTS / name)],
            env={
                "PATH": os.pathsep.join(part for part in (path, os.environ["PATH"]) if part),
                "HOME": folder,
                "SECRETS_DIR": folder,
                **settings,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
    return Outcome(code=result.returncode, output=result.stdout + result.stderr)
