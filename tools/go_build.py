"""Commands of Go modules that a folder pins, built once and kept in the cache.

Kept in `${XDG_CACHE_HOME:-$HOME/.cache}/nexus-cos/NAME/<hash of the folder's Go files>/`. Standard
library only: it runs before anything is installed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
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
    beside: str = "",
) -> Path:
    """The folder with the commands, which are built if they are not there.

    Args:
        name: of the folder in the cache, and what it is called while it is built.
        module: folder with the go.mod that pins them.
        commands: packages, by the name of the program that each becomes.
        takes: how long the build takes, for people.
        flags: further flags of `go build`.
        variables: texts that the linker sets, each `package.name=value`.
        beside: what else the folder is for, so that another gets another folder.

    Raises:
        GoBuildError: Go is missing or a build failed.
    """
    target = kept(name, module, beside)
    if _missing(commands, target):
        target.mkdir(parents=True, exist_ok=True)
        with only_one(target, name):
            if missing := _missing(commands, target):
                say(f"Building {name} ({takes}, once; kept in {target}) ...")
                linked = " ".join(["-s -w", *(f"-X {variable}" for variable in variables)])
                _build(module, missing, target, ["-ldflags", linked, *flags])
    return target


def kept(name: str, module: Path, beside: str = "") -> Path:
    """The folder that `built` returns, whether anything is in it or not."""
    digest = hashlib.sha256(beside.encode())
    for pattern in _PINS:
        for path in sorted(module.glob(pattern)):
            digest.update(path.read_bytes())
    return cache() / name / digest.hexdigest()[:16]


def cache() -> Path:
    """The folder of everything that this project builds or fetches once."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "nexus-cos")


def pinned(module: Path, package: str) -> str:
    """The version of `package` that the go.mod in a folder pins, without the `v`.

    Raises:
        GoBuildError: go.mod is missing or does not pin it.
    """
    go_mod = module / "go.mod"
    try:
        text = go_mod.read_text(encoding="utf-8")
    except OSError as error:
        raise GoBuildError(f"{go_mod} cannot be read ({error.strerror}); restore it.") from error
    found = re.search(rf"^(?:require|\t)\s*{re.escape(package)} v(\S+)", text, re.MULTILINE)
    if found is None:
        raise GoBuildError(f"{go_mod} does not pin {package}; restore it from git.")
    return found[1]


def source(module: Path, package: str) -> Path:
    """The folder with the sources of `package`, which the go.mod in a folder pins.

    Raises:
        GoBuildError: Go does not have it.
    """
    command = [_go(package), "list", "-m", "-f", "{{.Dir}}", package]
    done = subprocess.run(command, cwd=module, stdout=subprocess.PIPE, text=True, check=False)
    folder = done.stdout.strip()
    if done.returncode != 0 or not folder:
        raise GoBuildError(
            f"`{' '.join(command)}` failed in {module} (its messages are above); run "
            "`go mod download` there."
        )
    return Path(folder)


@contextmanager
def only_one(folder: Path, name: str) -> Generator[None]:
    """Hold the folder's lock while the block runs; the kernel frees it if we are killed."""
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Waiting for another build of {name} to end ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def say(text: str) -> None:
    """Tell whoever waits; standard output is for the path."""
    print(text, file=sys.stderr, flush=True)


def _missing(commands: Mapping[str, str], target: Path) -> Mapping[str, str]:
    return {name: package for name, package in commands.items() if not (target / name).exists()}


def _build(module: Path, commands: Mapping[str, str], target: Path, flags: Sequence[str]) -> None:
    go = _go(", ".join(commands))
    with tempfile.TemporaryDirectory(dir=target) as folder:
        for command, package in commands.items():
            made = Path(folder, command)
            arguments = [go, "build", *flags, "-o", str(made), package]
            # Go's own progress goes to standard error; standard output is for the path.
            code = subprocess.run(arguments, cwd=module, stdout=sys.stderr, check=False).returncode
            if code:
                raise GoBuildError(
                    f"`go build {package}` failed in {module} with exit code {code}; its messages "
                    "are above."
                )
            made.replace(target / command)


def _go(what: str) -> str:
    go = shutil.which("go")
    if go is None:
        raise GoBuildError(
            f"There is no `go` on PATH to build {what} with; install it: https://go.dev/dl/."
        )
    return go
