#!/usr/bin/env python3
"""Print the path of a Pulumi CLI that fits this project; build what is missing.

    python3 tools/pulumi_cli.py [--no-build | --link FOLDER]

A `pulumi` on PATH is used if it is new enough. Otherwise the version that tools/go.mod pins is
built with Go, once, and kept in the cache (tools/go_build.py).

With `--link` it is one that can run programs in Python, and FOLDER gets a link to it; where an
installed `pulumi` is used, there is nothing to link. To run a program the CLI needs a language host
beside it. Pulumi's installer brings one, but it is no Go module: tools/language-host is built for
the CLI that was built, which is kept beside it, with Pulumi's own launcher of programs.

Standard library only: it runs before anything is installed. Exit code 2, and one sentence on
standard error, if there is no way to a CLI.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from go_build import GoBuildError, built, cache, kept, only_one, pinned, say, source

TOOLS = Path(__file__).resolve().parent
MODULE = "github.com/pulumi/pulumi/pkg/v3"
SDK = "github.com/pulumi/pulumi/sdk/v3"
HOST_MODULE = TOOLS / "language-host"
HOST = "pulumi-language-python"
LAUNCHER = f"{HOST}-exec"


def find(*, may_build: bool = True) -> Path:
    """Return the path of a usable CLI.

    Raises:
        GoBuildError: there is none, and none can be built.
    """
    version = pinned(TOOLS, MODULE)
    found = _installed(version)
    if found is not None:
        return found
    target = _cached_path()
    if not target.exists() and not may_build:
        raise GoBuildError(
            f"There is no `pulumi` of version {version} or newer on PATH and none has been built "
            "yet; run `python3 tools/pulumi_cli.py` to build it, or install it: "
            "https://www.pulumi.com/docs/install/."
        )
    if not target.exists() and shutil.which("go") is None:
        raise GoBuildError(
            f"There is neither a `pulumi` of version {version} or newer nor a `go` on PATH; "
            "install one of them: https://www.pulumi.com/docs/install/ or https://go.dev/dl/."
        )
    folder = built(
        "pulumi",
        TOOLS,
        {"pulumi": f"{MODULE}/cmd/pulumi"},
        takes="about five minutes",
        flags=["-trimpath"],
        variables=_version(),
    )
    return folder / "pulumi"


def cli_for_programs() -> Path:
    """The path of a CLI that has a language host for Python.

    Raises:
        GoBuildError: there is none, and none can be built.
    """
    cli = find()
    if cli != _cached_path():
        return cli
    folder = built(
        "language-host",
        HOST_MODULE,
        {HOST: "."},
        takes="about a minute",
        flags=["-trimpath"],
        variables=_version(),
        beside=str(cli),
    )
    own = folder / cli.name
    with only_one(folder, "language-host"):
        if not own.exists():
            launcher = source(HOST_MODULE, SDK) / "python" / "cmd" / LAUNCHER
            try:
                shutil.copy(launcher, folder / LAUNCHER)
            except OSError as error:
                raise GoBuildError(f"{launcher} cannot be copied ({error.strerror}).") from error
            # Last, for what is asked for is this one. A link would lead the CLI away from the host.
            os.link(cli, own)
    return own


def _version() -> list[str]:
    """What the linker sets. A CLI without it is a development build to the Automation API."""
    return [f"{SDK}/go/common/version.Version=v{pinned(TOOLS, MODULE)}"]


def _cached_path() -> Path:
    """Where the build of exactly these go.mod and go.sum is kept."""
    return kept("pulumi", TOOLS) / "pulumi"


def _is_built(cli: Path) -> bool:
    """Whether `cli` is, or leads to, one that was built here."""
    return cli.resolve().is_relative_to(cache().resolve())


def _installed(minimum: str) -> Path | None:
    """`pulumi` on PATH if its version is at least `minimum` (major and minor).

    What was built is found by its lock files alone, although .venv/bin has a link to it.
    """
    every = (shutil.which("pulumi", path=folder) for folder in os.get_exec_path())
    path = next((each for each in every if each and not _is_built(Path(each))), None)
    if path is None:
        return None
    try:
        answer = subprocess.run(
            [path, "version"],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    have, need = _major_minor(answer.stdout), _major_minor(minimum)
    return Path(path) if have is not None and need is not None and have >= need else None


def _major_minor(version: str) -> tuple[int, int] | None:
    found = re.match(r"v?(\d+)\.(\d+)\.", version.strip())
    return (int(found[1]), int(found[2])) if found else None


def main(arguments: Sequence[str]) -> int:
    """Print the path and return the exit code."""
    try:
        match arguments:
            case []:
                cli = find()
            case ["--no-build"]:
                cli = find(may_build=False)
            case ["--link", folder]:
                cli = cli_for_programs()
                link = Path(folder, cli.name)
                link.unlink(missing_ok=True)
                if _is_built(cli):
                    link.symlink_to(cli)
            case _:
                say("Usage: python3 tools/pulumi_cli.py [--no-build | --link FOLDER]")
                return 2
    except GoBuildError as error:
        say(str(error))
        return 2
    print(cli)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
