"""The script that turns AWS' secret into two files, run as it is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.projects import ROOT

SCRIPT = ROOT / "components" / "servers" / "bootstrap" / "split_secret.py"


def split(folder: Path, content: str) -> subprocess.CompletedProcess[str]:
    (folder / "secret.json").write_text(content, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-c", SCRIPT.read_text(encoding="utf-8"), folder, "secret.json"],
        capture_output=True,
        text=True,
        check=False,
    )


def test_two_files_and_nothing_else(tmp_path: Path) -> None:
    """A password with a quote or backslash in it must reach psql as it is."""
    password = "a\"b\\c:'$(x)"
    run = split(tmp_path, json.dumps({"username": "nexus_master", "password": password}))
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    assert (tmp_path / "password").read_text() == password
    assert (tmp_path / "username").read_text() == "nexus_master"
    assert not (tmp_path / "secret.json").exists()
    assert (tmp_path / "password").stat().st_mode & 0o777 == 0o440


@pytest.mark.parametrize(
    "content",
    [
        "",
        "None",
        '{"username": "a"}',
        '["hush"]',
        '{"username": "a", "password": "hush\\nhush"}',
        '{"username": "a", "password": ""}',
        '{"username": "a", "password": 4711}',
    ],
)
def test_what_is_no_secret_is_refused_without_repeating_it(tmp_path: Path, content: str) -> None:
    """A secret in a Job's log is read by everybody who may read logs."""
    run = split(tmp_path, content)
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert "hush" not in run.stderr
    assert "4711" not in run.stderr
    assert not (tmp_path / "password").exists()
