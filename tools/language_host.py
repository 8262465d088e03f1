#!/usr/bin/env python3
"""Print the path of a Pulumi CLI that can run a program in Python; build what is missing.

    python3 tools/language_host.py [--link FOLDER]

To run a program the CLI needs a language host beside it. Pulumi's installer brings one, but it is
no Go module, so the CLI that tools/pulumi_cli.py builds has none: tools/language-host is built for
it, once, into `${XDG_CACHE_HOME:-$HOME/.cache}/nexus-cos/language-host/<hash>/`, with the CLI and
Pulumi's own launcher of programs beside it. With `--link`, FOLDER gets a link to that CLI; where an
installed `pulumi` is used, there is nothing to link. Standard library only. Exit code 2, and one
sentence on standard error, if there is no way to one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pulumi_cli import (
    TOOLS,
    NoCliError,
    cache,
    cached_path,
    find,
    go_build,
    is_built,
    only_one,
    pinned_version,
    say,
)

MODULE = TOOLS / "language-host"
HOST = "pulumi-language-python"
LAUNCHER = f"{HOST}-exec"
SDK = "github.com/pulumi/pulumi/sdk/v3"


def cli_for_programs() -> Path:
    """The path of a CLI that has a language host for Python.

    Raises:
        NoCliError: there is none, and none can be built.
    """
    cli = find(TOOLS)
    if cli != cached_path(TOOLS):
        return cli
    folder = _folder(cli)
    folder.mkdir(parents=True, exist_ok=True)
    with only_one(folder):
        if not (folder / cli.name).exists():
            _build(folder, cli)
    return folder / cli.name


def _folder(cli: Path) -> Path:
    """Where what belongs to exactly this host and this CLI is kept."""
    digest = hashlib.sha256(str(cli).encode())
    for path in sorted(MODULE.iterdir()):
        digest.update(path.read_bytes())
    return cache() / "language-host" / digest.hexdigest()[:16]


def _build(folder: Path, cli: Path) -> None:
    if shutil.which("go") is None:
        raise NoCliError(
            "There is no `go` on PATH to build a language host with; install it "
            "(https://go.dev/dl/), or pulumi: https://www.pulumi.com/docs/install/."
        )
    say(f"Building a language host (about a minute, once; kept in {folder}) …")
    go_build(MODULE, ".", folder / HOST, pinned_version(TOOLS))
    launcher = _sdk() / "python" / "cmd" / LAUNCHER
    try:
        shutil.copy(launcher, folder / LAUNCHER)
    except OSError as error:
        raise NoCliError(f"{launcher} cannot be copied ({error.strerror}).") from error
    # Last, for what is asked for is this one. A link would lead the CLI away from the host.
    os.link(cli, folder / cli.name)


def _sdk() -> Path:
    """Folder of Pulumi's SDK among Go's modules, with the launcher of programs in it."""
    command = ["go", "list", "-m", "-f", "{{.Dir}}", SDK]
    done = subprocess.run(command, cwd=MODULE, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise NoCliError(f"`{' '.join(command)}` failed in {MODULE} (its messages are above).")
    return Path(done.stdout.strip())


def link(cli: Path, folder: Path) -> None:
    """Make `folder/pulumi` lead to a `cli` that was built; one that is installed needs none."""
    own = folder / cli.name
    own.unlink(missing_ok=True)
    if is_built(cli):
        own.symlink_to(cli)


def main(arguments: Sequence[str]) -> int:
    """Print the path and return the exit code."""
    match arguments:
        case []:
            folder = None
        case ["--link", name]:
            folder = Path(name)
        case _:
            say("Usage: python3 tools/language_host.py [--link FOLDER]")
            return 2
    try:
        cli = cli_for_programs()
    except NoCliError as error:
        say(str(error))
        return 2
    if folder is not None:
        link(cli, folder)
    print(cli)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
