"""Everything that is pinned is held against advisories, and what could not be looked at is said."""

from __future__ import annotations

import subprocess
from pathlib import Path

import advisories
import pytest

from tests.projects import ROOT

SCANNER = """#!/bin/sh
printf '%s\\n' "$*" >> "$CALLS"
case "$2" in source) code=$SOURCE ;; *) code=$IMAGE ;; esac
echo noise
[ "$code" -ne 1 ] || echo "| OSV-1 | a |"
[ "$code" -ne 127 ] || echo "no way out" >&2
exit "$code"
"""


def looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: int, image: int, *, docker: bool = True
) -> tuple[int, str]:
    """The exit code, and what a stand-in for osv-scanner was asked for."""
    program, calls = tmp_path / "osv-scanner", tmp_path / "calls"
    program.write_text(SCANNER, encoding="utf-8")
    program.chmod(0o755)
    for name, value in {"CALLS": calls, "SOURCE": source, "IMAGE": image}.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr(advisories, "scanner", lambda: program)
    monkeypatch.setattr(advisories, "images", lambda: ["docker.io/a/b:1", "docker.io/a/c:1"])
    monkeypatch.setattr("shutil.which", lambda _: "docker" if docker else None)
    return advisories.main([]), calls.read_text(encoding="utf-8")


def test_every_lock_file_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, calls = looked(tmp_path, monkeypatch, 0, 128)
    assert code == 0
    assert capsys.readouterr().out == ""
    listed = subprocess.run(
        ["git", "ls-files", "*.lock", "*go.mod", "*requirements.txt"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    ours = [file for file in listed if not file.startswith(("tests/", "examples/", "findings/"))]
    assert len(ours) > 5
    for file in ours:
        assert f":{ROOT / file}" in calls
    assert "scan image --format markdown docker.io/a/c:1" in calls


@pytest.mark.parametrize(
    ("source", "image", "code"), [(1, 0, 1), (0, 1, 1), (127, 0, 2), (0, 127, 2)]
)
def test_what_it_came_to_is_the_exit_code(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    source: int,
    image: int,
    code: int,
) -> None:
    """What could not be looked at must not close the issue about what is there."""
    assert looked(tmp_path, monkeypatch, source, image)[0] == code
    said = capsys.readouterr()
    assert ("| OSV-1 | a |" in said.out, "noise" in said.out) == (code == 1, False)
    assert ("could not look at" in said.err) == (code == 2)


def test_without_docker_no_image_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, calls = looked(tmp_path, monkeypatch, 0, 1, docker=False)
    assert (code, "image" in calls) == (0, False)
    assert "no image is looked at" in capsys.readouterr().err
