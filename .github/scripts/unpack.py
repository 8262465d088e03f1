"""Unpacks the two snapshots that a stranger's run left. Usage: unpack.py ARCHIVE FOLDER.

Of an archive that may hold anything, `base.json` and `head.json` are written, under names made
here, and of each no more than is read: what the archive says of their size may be a lie.
"""

import sys
import zipfile
import zlib
from pathlib import Path

from nexus.diff.bounded_json import LARGEST_FILE

CHUNK = 1024 * 1024

archive, folder = map(Path, sys.argv[1:])
folder.mkdir(parents=True)
try:
    with zipfile.ZipFile(archive) as opened:
        for name in ("base.json", "head.json"):
            with opened.open(name) as stream, (folder / name).open("wb") as file:
                # One byte more than is allowed, so that its reader says that it is too large.
                while file.tell() <= LARGEST_FILE and (part := stream.read(CHUNK)):
                    file.write(part)
except (
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
) as error:
    # What stands in it is never repeated.
    sys.exit(
        f"The archive is refused: it is damaged, or holds no snapshots ({type(error).__name__})."
    )
