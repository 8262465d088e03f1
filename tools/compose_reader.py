#!/usr/bin/env python3
"""Print the path of the reader of Compose files in tools/compose; build it if need be.

It is compose-go, which reads these files for Docker as well, behind a few lines of Go. Standard
library only. Exit code 2, and one sentence on standard error, if there is no way to it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from go_build import GoBuildError, built

MODULE = Path(__file__).resolve().parent / "compose"
NAME = "compose-reader"


def compose_reader() -> Path:
    """The path of the reader, built if it is not there.

    Raises:
        GoBuildError: Go is missing or the build failed.
    """
    folder = built("compose", MODULE, {NAME: "."}, takes="a minute", flags=["-trimpath"])
    return folder / NAME


if __name__ == "__main__":
    try:
        print(compose_reader())
    except GoBuildError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
