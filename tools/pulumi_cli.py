#!/usr/bin/env python3
"""Print the path of a Pulumi CLI that fits this project; build the pinned one if need be.

    python3 tools/pulumi_cli.py [--no-build]

A `pulumi` on PATH is used if it is new enough. Otherwise the version that
tools/go.mod pins is built with Go, once, into
`${XDG_CACHE_HOME:-$HOME/.cache}/nexus-cos/pulumi/<hash of go.mod and go.sum>/`.
Standard library only: it runs before anything is installed. Exit code 2, and one
sentence on standard error, if there is no way to a CLI.
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
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

TOOLS = Path(__file__).resolve().parent
MODULE = "github.com/pulumi/pulumi/pkg/v3"
COMMAND = f"{MODULE}/cmd/pulumi"
# Without its version the CLI calls itself a development build, and the
# Automation API refuses parts of its work.
VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"


class NoCliError(Exception):
    """There is no usable CLI and no way to get one; the text says what to do."""


def pinned_version(tools: Path) -> str:
    """Return the version of the CLI that go.mod pins, without the `v`.

    Raises:
        NoCliError: go.mod is missing or does not pin it.
    """
    go_mod = tools / "go.mod"
    try:
        found = re.search(rf"{re.escape(MODULE)} v(\S+)", go_mod.read_text(encoding="utf-8"))
    except OSError as error:
        raise NoCliError(f"{go_mod} cannot be read ({error.strerror}); restore it.") from error
    if found is None:
        raise NoCliError(f"{go_mod} does not pin {MODULE}; restore it from git.")
    return found[1]


def cached_path(tools: Path) -> Path:
    """Return where the build of exactly these go.mod and go.sum is kept."""
    digest = hashlib.sha256()
    for name in ("go.mod", "go.sum"):
        digest.update((tools / name).read_bytes())
    return cache() / "pulumi" / digest.hexdigest()[:16] / "pulumi"


def cache() -> Path:
    """Return the folder of everything that this project builds or fetches once."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "nexus-cos")


def is_built(cli: Path) -> bool:
    """Whether `cli` is, or leads to, one that was built here."""
    return cli.resolve().is_relative_to(cache().resolve())


def installed(minimum: str) -> Path | None:
    """Return `pulumi` on PATH if its version is at least `minimum` (major and minor).

    What was built is found by its lock files alone, although .venv/bin has a link to it.
    """
    every = (shutil.which("pulumi", path=folder) for folder in os.get_exec_path())
    path = next((each for each in every if each and not is_built(Path(each))), None)
    if path is None:
        return None
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        answer = subprocess.run(
            [path, "version"],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
            env=environment,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    have, need = _major_minor(answer.stdout), _major_minor(minimum)
    return Path(path) if have is not None and need is not None and have >= need else None


def build(tools: Path, target: Path, version: str) -> None:
    """Build the pinned CLI into `target`; whole or not at all, once for two at a time.

    Raises:
        NoCliError: Go is missing or the build failed.
    """
    if shutil.which("go") is None:
        raise NoCliError(
            f"There is neither a `pulumi` of version {version} or newer nor a `go` on PATH; "
            "install one of them: https://www.pulumi.com/docs/install/ or https://go.dev/dl/."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    with only_one(target.parent):
        if target.exists():
            return
        say(f"Building pulumi {version} (about five minutes, once; kept in {target.parent}) …")
        go_build(tools, COMMAND, target, version)
        say(f"Built {target}")


def go_build(module: Path, command: str, target: Path, version: str) -> None:
    """Build the Go package `command` of the module in folder `module`; whole or not at all.

    Raises:
        NoCliError: the build failed.
    """
    with tempfile.TemporaryDirectory(dir=target.parent) as directory:
        built = Path(directory, target.name)
        flags = f"-s -w -X {VERSION_VARIABLE}=v{version}"
        arguments = ["go", "build", "-trimpath", "-ldflags", flags, "-o", str(built), command]
        # Go's own progress goes to standard error; standard output is for the path.
        done = subprocess.run(arguments, cwd=module, stdout=sys.stderr, check=False)
        if done.returncode != 0:
            raise NoCliError(
                f"`go build {command}` failed in {module} with exit code {done.returncode} (its "
                "messages are above); or install pulumi: https://www.pulumi.com/docs/install/."
            )
        built.replace(target)


def find(tools: Path, *, may_build: bool = True) -> Path:
    """Return the path of a usable CLI.

    Raises:
        NoCliError: there is none, and none can be built.
    """
    version = pinned_version(tools)
    found = installed(version)
    if found is not None:
        return found
    target = cached_path(tools)
    if not target.exists():
        if not may_build:
            raise NoCliError(
                f"There is no `pulumi` of version {version} or newer on PATH and none has been "
                "built yet; run `python3 tools/pulumi_cli.py` to build it, or install it: "
                "https://www.pulumi.com/docs/install/."
            )
        build(tools, target, version)
    return target


def main(arguments: Sequence[str]) -> int:
    """Print the path and return the exit code."""
    if set(arguments) - {"--no-build"}:
        say("Usage: python3 tools/pulumi_cli.py [--no-build]")
        return 2
    try:
        print(find(TOOLS, may_build="--no-build" not in arguments))
    except NoCliError as error:
        say(str(error))
        return 2
    return 0


def _major_minor(version: str) -> tuple[int, int] | None:
    found = re.match(r"v?(\d+)\.(\d+)\.", version.strip())
    return (int(found[1]), int(found[2])) if found else None


@contextmanager
def only_one(directory: Path) -> Generator[None]:
    """Hold the directory's lock while the block runs; the kernel frees it if we are killed."""
    with (directory / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another build of pulumi to end …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def say(text: str) -> None:
    """Tell whoever waits; standard output is for the path."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
