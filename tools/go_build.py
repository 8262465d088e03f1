"""Commands of Go modules that a folder pins, built once and kept in the cache.

Kept in `${XDG_CACHE_HOME:-$HOME/.cache}/nexus-cos/NAME/<hash of the folder's Go files>/`. Standard
library only: it runs before anything is installed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_PINS = ("go.mod", "go.sum", "*.go")


class GoBuildError(Exception):
    """Something is not built and cannot be; the text says what to do."""


def built(
    name: str,
    module: Path,
    commands: Mapping[str, str],
    *,
    takes: str,
    flags: Sequence[str] = (),
    variables: Sequence[str] = (),
) -> Path:
    """The folder with the commands, which are built if they are not there.

    Args:
        name: of the folder in the cache, and what it is called while it is built.
        module: folder with the go.mod that pins them.
        commands: packages, by the name of the program that each becomes.
        takes: how long the build takes, for people.
        flags: further flags of `go build`.
        variables: texts that the linker sets, each `package.name=value`.

    Raises:
        GoBuildError: Go is missing or a build failed.
    """
    target = _cache() / name / _digest(module)
    if _missing(commands, target):
        target.mkdir(parents=True, exist_ok=True)
        with _only_one(target, name):
            if missing := _missing(commands, target):
                _say(f"Building {name} ({takes}, once; kept in {target}) ...")
                _build(module, missing, target, ["-ldflags", _linked(variables), *flags])
    return target


def _missing(commands: Mapping[str, str], target: Path) -> Mapping[str, str]:
    return {name: package for name, package in commands.items() if not (target / name).exists()}


def _build(module: Path, commands: Mapping[str, str], target: Path, flags: Sequence[str]) -> None:
    go = shutil.which("go")
    if go is None:
        raise GoBuildError(
            f"There is no `go` on PATH to build {', '.join(commands)} with; install it: "
            "https://go.dev/dl/."
        )
    with tempfile.TemporaryDirectory(dir=target) as folder:
        for command, package in commands.items():
            made = Path(folder, command)
            arguments = [go, "build", *flags, "-o", str(made), package]
            # Go's own progress goes to standard error; standard output is for the path.
            if subprocess.run(arguments, cwd=module, stdout=sys.stderr, check=False).returncode:
                raise GoBuildError(
                    f"`go build {package}` failed in {module}; its messages are above."
                )
            made.replace(target / command)


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "nexus-cos")


def _digest(module: Path) -> str:
    digest = hashlib.sha256()
    for pattern in _PINS:
        for path in sorted(module.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _linked(variables: Sequence[str]) -> str:
    return " ".join(["-s -w", *(f"-X {variable}" for variable in variables)])


@contextmanager
def _only_one(folder: Path, name: str) -> Generator[None]:
    """Hold the folder's lock while the block runs; the kernel frees it if we are killed."""
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say(f"Waiting for another build of {name} to end ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
