#!/usr/bin/env python3
"""Print the path of the kube-score that tools/kube-score/go.mod pins; build it if need be.

Built with Go, once, into
`${XDG_CACHE_HOME:-$HOME/.cache}/nexus-cos/kube-score/<hash of go.mod and go.sum>/`. Standard
library only. Exit code 2, and one sentence on standard error, if there is no way to it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MODULE = Path(__file__).resolve().parent / "kube-score"
COMMAND = "github.com/zegl/kube-score/cmd/kube-score"


class NoKubeScoreError(Exception):
    """It is not built and cannot be; the text says what to do."""


def kube_score() -> Path:
    """The path of the pinned kube-score, built if it is not there.

    Raises:
        NoKubeScoreError: Go is missing or the build failed.
    """
    digest = hashlib.sha256()
    for name in ("go.mod", "go.sum"):
        digest.update((MODULE / name).read_bytes())
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "nexus-cos")
    target = cache / "kube-score" / digest.hexdigest()[:16] / "kube-score"
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / "lock").open("w") as only_one:
        fcntl.flock(only_one, fcntl.LOCK_EX)
        if not target.exists():
            _build(target)
    return target


def _build(target: Path) -> None:
    go = shutil.which("go")
    if go is None:
        raise NoKubeScoreError(
            "There is no `go` on PATH to build kube-score with; install it: https://go.dev/dl/."
        )
    _say(f"Building kube-score (a minute, once; kept in {target.parent}) ...")
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        built = Path(folder, "kube-score")
        command = [go, "build", "-trimpath", "-ldflags", "-s -w", "-o", str(built), COMMAND]
        if subprocess.run(command, cwd=MODULE, stdout=sys.stderr, check=False).returncode != 0:
            raise NoKubeScoreError(
                f"`go build {COMMAND}` failed in {MODULE}; its messages are above."
            )
        built.replace(target)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        print(kube_score())
    except NoKubeScoreError as error:
        _say(str(error))
        raise SystemExit(2) from None
