#!/usr/bin/env python3
"""Print the path of a Python interpreter with the packages of one lock, apart from our own.

    python3 tools/isolated.py checkov|policy-pack

Some tools need other versions of what this project needs, so each gets an environment of its
own: tools/NAME.lock (pinned, with hashes) is installed by uv, once, into
`${XDG_CACHE_HOME:-$HOME/.cache}/nexus-cos/NAME/<hash of the lock>/`. uv is the one that
tools/setup.sh fetched. Standard library only. Exit code 2, and one sentence on standard error,
if that fails.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from go_build import cache, say

TOOLS = Path(__file__).resolve().parent


class NoEnvironmentError(Exception):
    """The environment cannot be made; the text says what to do."""


def interpreter(name: str) -> Path:
    """The interpreter of the environment `name`, which is made if it is not there.

    Raises:
        NoEnvironmentError: there is no such lock, no uv, or a package cannot be had.
    """
    lock = TOOLS / f"{name}.lock"
    if not lock.is_file():
        locks = ", ".join(sorted(path.stem for path in TOOLS.glob("*.lock")))
        raise NoEnvironmentError(f"There is no {lock}; write one of {locks}.")
    folder = cache() / name / hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    python, done = folder / "bin" / "python", folder / ".installed"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "lock").open("w") as only_one:
        fcntl.flock(only_one, fcntl.LOCK_EX)
        if not done.is_file():
            say(f"Installing {name} into {folder} (a minute, once) ...")
            _install(lock, folder)
            done.touch()
    return python


def _install(lock: Path, folder: Path) -> None:
    uv = _uv()
    shutil.rmtree(folder, ignore_errors=True)
    for arguments in (
        ("venv", "--quiet", "--python", sys.executable, str(folder)),
        (
            *("pip", "sync", "--quiet", "--require-hashes"),
            *("--python", str(folder / "bin" / "python"), str(lock)),
        ),
    ):
        if subprocess.run([uv, *arguments], check=False).returncode != 0:
            raise NoEnvironmentError(
                f"'uv {' '.join(arguments)}' failed (its messages are above); correct that and "
                "try again."
            )


def _uv() -> str:
    digest = hashlib.sha256((TOOLS / "uv.lock").read_bytes()).hexdigest()[:16]
    pinned = cache() / "uv" / digest / "bin" / "uv"
    found = str(pinned) if pinned.is_file() else shutil.which("uv")
    if found is None:
        raise NoEnvironmentError("uv is not there yet; run 'make setup' first.")
    return found


def main(arguments: Sequence[str]) -> int:
    """Print the path and return the exit code."""
    if len(arguments) != 1:
        say("Usage: python3 tools/isolated.py NAME")
        return 2
    try:
        print(interpreter(arguments[0]))
    except NoEnvironmentError as error:
        say(str(error))
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
