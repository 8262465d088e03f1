"""Half-written files in a file backend, which a killed process left or another is writing.

Pulumi 3.259 (pkg/backend/diy) writes through gocloud.dev (blob/fileblob). A file there is whole
or not there at all, but two things beside it are not:

- `FILE.attrs`, with a type and a checksum that nobody needs. Empty, it hides its file.
- `FILE.….tmp`, which becomes the file. In a lock's folder it counts as a lock.
"""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from pathlib import Path

DEAD_AFTER = 5.0
"""Seconds after which nobody is about to write to a file that was made to be written to."""

# What is inside of a refresh's output is indented; there it is a provider's.
_MET = re.compile(
    r"^error: .*(?:\bEOF|unexpected end of JSON input|\(code=NotFound\).*)$", re.MULTILINE
)


def is_met(error: str) -> bool:
    """Whether the CLI failed because a file was half written, or gone since it was listed."""
    return _MET.search(error) is not None


def remove(backend: Path) -> None:
    """Remove what is half written beside the states and locks of a file backend.

    Who is writing attributes at that moment does not notice; they are then missing, as the
    backend allows.

    Args:
        backend: the folder that holds `.pulumi`.
    """
    for part in ("stacks", "locks"):
        for folder, _, names in os.walk(backend / ".pulumi" / part):
            for path in (Path(folder, name) for name in names):
                # Others may remove it meanwhile.
                with suppress(FileNotFoundError):
                    if _is_half_written(path):
                        path.unlink()


def _is_half_written(path: Path) -> bool:
    if path.suffix not in {".attrs", ".tmp"} or path.stat().st_size > 0:
        return False
    return path.suffix == ".attrs" or time.time() - path.stat().st_mtime > DEAD_AFTER
