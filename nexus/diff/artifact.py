"""Unpacks the documents that a fork's run left: `python -m nexus.diff.artifact plans.zip FOLDER`.

The archive is untrusted: only the members that are meant to be there are written, each
under a name made here, and what they unpack to is counted before.
"""

from __future__ import annotations

import re
import sys
import zipfile
from pathlib import Path

from nexus.diff.errors import UnreadableError
from nexus.diff.side import ERROR_SUFFIX, GRAPH_FILE, MOST_STACKS, PLAN_SUFFIX
from nexus.diff.untrusted import LARGEST_FILE

_MEMBER = re.compile(
    r"(base|head)/([A-Za-z0-9][A-Za-z0-9_.-]{0,99}"
    rf"({re.escape(PLAN_SUFFIX)}|{re.escape(ERROR_SUFFIX)})|{re.escape(GRAPH_FILE)})"
)
MOST_MEMBERS = 2 * (MOST_STACKS + 1) + 2


def unpack(archive: Path, folder: Path) -> None:
    """Writes the documents of `archive` into `folder`/base and `folder`/head.

    Raises:
        UnreadableError: it is no ZIP file, or holds anything else, too much or too many.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [each for each in opened.infolist() if each.filename not in _FOLDERS]
            _check(members)
            for side in ("base", "head"):
                (folder / side).mkdir(parents=True, exist_ok=True)
            for member in members:
                with opened.open(member) as stream:
                    # The header may lie about the size.
                    content = stream.read(LARGEST_FILE + 1)
                if len(content) > LARGEST_FILE:
                    raise _refused("a document is larger than it says")
                (folder / member.filename).write_bytes(content)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise _refused("it is damaged, encrypted or no ZIP file") from error


_FOLDERS = frozenset({"base/", "head/"})


def _check(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MOST_MEMBERS:
        raise _refused(f"it holds more than {MOST_MEMBERS} documents")
    if len({member.filename for member in members}) < len(members):
        raise _refused("it names a document twice")
    for member in members:
        if not _MEMBER.fullmatch(member.filename):
            raise _refused("it holds something that is no plan and no graph")
        if member.file_size > LARGEST_FILE:
            raise _refused(f"a document has more than {LARGEST_FILE:,} bytes")


def _refused(reason: str) -> UnreadableError:
    return UnreadableError(
        f"The archive of plans is refused: {reason}; make it with `nexus diff --save`."
    )


def main(arguments: list[str]) -> int:
    """Unpacks and returns the exit code: 2, with a sentence, for an archive that is refused."""
    if len(arguments) != 2:
        sys.stderr.write("Usage: python -m nexus.diff.artifact ARCHIVE FOLDER\n")
        return 2
    try:
        unpack(Path(arguments[0]), Path(arguments[1]))
    except UnreadableError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
