"""The archive that a fork's run leaves is data of a stranger."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from nexus.diff.bounded_json import LARGEST_FILE
from tests.projects import ROOT

BOTH = {"base.json": b"{}", "head.json": b"[]"}


def unpacked(folder: Path, archive: Path) -> dict[str, int] | None:
    """Sizes of the files that there are afterwards; None if the archive is refused."""
    out = folder / "deep" / "out"
    out.parent.mkdir()
    script = ROOT / ".github" / "scripts" / "unpack.py"
    done = subprocess.run([sys.executable, str(script), str(archive), str(out)], check=False)
    if done.returncode:
        return None
    return {
        str(path.relative_to(out)): path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file() and path != archive
    }


def archive(folder: Path, members: dict[str, bytes]) -> Path:
    path = folder / "artifact.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("further", "sizes"),
    [
        ({}, {"base.json": 2, "head.json": 2}),
        # A name with `..` could overwrite the code that renders the comment.
        ({"../evil": b"x", "/etc/passwd": b"x", "run.sh": b"x", "base.json/x": b"x"},
         {"base.json": 2, "head.json": 2}),
        ({f"{number}.json": b"x" for number in range(5_000)}, {"base.json": 2, "head.json": 2}),
    ],
    ids=["both", "others", "many"],
)  # fmt: skip
def test_only_the_snapshots_are_unpacked(
    further: dict[str, bytes], sizes: dict[str, int], tmp_path: Path
) -> None:
    """Whatever else the archive holds stays in it."""
    assert unpacked(tmp_path, archive(tmp_path, {**BOTH, **further})) == sizes


def test_no_more_is_unpacked_than_is_read(tmp_path: Path) -> None:
    """A few kilobytes of archive can be gigabytes, and fill the disk."""
    large = archive(tmp_path, {**BOTH, "head.json": b" " * (LARGEST_FILE * 2)})
    found = unpacked(tmp_path, large)
    assert found is not None
    assert LARGEST_FILE < found["head.json"] <= LARGEST_FILE + 1024 * 1024


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04 no", b"", None, {"base.json": b"{}"}], ids=range(4)
)
def test_what_is_no_pair_of_snapshots_is_refused(
    content: bytes | dict[str, bytes] | None, tmp_path: Path
) -> None:
    """Half an upload must end as a sentence."""
    path = tmp_path / "artifact.zip"
    if isinstance(content, dict):
        archive(tmp_path, content)
    elif content is not None:
        path.write_bytes(content)
    assert unpacked(tmp_path, path) is None


def test_a_damaged_stream_is_refused_in_a_sentence(tmp_path: Path) -> None:
    """A traceback names files of the runner, in a comment's log that strangers read."""
    path = archive(tmp_path, {**BOTH, "base.json": bytes(range(256)) * 64})
    data = bytearray(path.read_bytes())
    start = data.index(b"base.json") + len(b"base.json")
    data[start : start + 8] = b"\xff" * 8
    path.write_bytes(data)
    script = ROOT / ".github" / "scripts" / "unpack.py"
    command = [sys.executable, str(script), str(path), str(tmp_path / "out")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("The archive is refused: it is damaged")
