"""The archive that a fork's run leaves is data of a stranger."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from nexus.diff.artifact import MOST_MEMBERS, main
from nexus.diff.untrusted import LARGEST_FILE


def archive(folder: Path, **members: bytes) -> Path:
    path = folder / "plans.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return path


def test_documents_are_unpacked(tmp_path: Path) -> None:
    """Without them there is no comment."""
    found = archive(
        tmp_path,
        **{
            "base/dev.plan.json": b"{}",
            "head/dev.error": b"no",
            "head/graph.json": b"[]",
            "base/": b"",
        },
    )
    assert main([str(found), str(tmp_path / "out")]) == 0
    files = {str(p.relative_to(tmp_path / "out")) for p in tmp_path.glob("out/**/*") if p.is_file()}
    assert files == {"base/dev.plan.json", "head/dev.error", "head/graph.json"}


@pytest.mark.parametrize(
    "members",
    [
        {"../evil": b""},
        {"base/../../evil.plan.json": b""},
        {"/etc/passwd": b""},
        {"base/.plan.json": b""},
        {"base/run.sh": b""},
        {"base/.error": b""},
        {"base/dev.error.sh": b""},
        {"base/dev.plan.json.sh": b""},
        {"other/dev.plan.json": b""},
        {"base/dev.plan.json": b" " * (LARGEST_FILE + 1)},
        {f"base/s{number}.plan.json": b"" for number in range(MOST_MEMBERS + 1)},
    ],
    ids=range(11),
)
def test_anything_else_is_refused(
    members: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A name with `..` could overwrite the code that renders the comment."""
    out = tmp_path / "deep" / "out"
    assert main([str(archive(tmp_path, **members)), str(out)]) == 2
    assert "refused" in capsys.readouterr().err
    assert not list(tmp_path.rglob("evil*"))


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    """Half an upload must end as a sentence."""
    (tmp_path / "plans.zip").write_bytes(b"PK\x03\x04 no")
    assert main([str(tmp_path / "plans.zip"), str(tmp_path / "out")]) == 2
    assert main([str(tmp_path / "absent.zip"), str(tmp_path / "out")]) == 2
    assert main([]) == 2
