#!/usr/bin/env python3
"""Print the path of the kube-score that tools/kube-score/go.mod pins; build it if need be.

Standard library only. Exit code 2, and one sentence on standard error, if there is no way to it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from go_build import GoBuildError, built

MODULE = Path(__file__).resolve().parent / "kube-score"


def kube_score() -> Path:
    """The path of the pinned kube-score, built if it is not there.

    Raises:
        GoBuildError: Go is missing or the build failed.
    """
    commands = {"kube-score": "github.com/zegl/kube-score/cmd/kube-score"}
    folder = built("kube-score", MODULE, commands, takes="a minute", flags=["-trimpath"])
    return folder / "kube-score"


if __name__ == "__main__":
    try:
        print(kube_score())
    except GoBuildError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
