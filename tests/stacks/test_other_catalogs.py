"""The tests hold for a platform with another service, and with one less.

A deployment waits for them: who adds a service as the README says must not have to mend tests.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog import load_catalog
from tests.nexus.diff.copies import replace_in
from tests.projects import ROOT
from tests.stacks.test_add_a_service import addition

GONE = "v-screen-pro"
"""A documented service that nobody needs."""

READERS = sorted(
    str(path.relative_to(ROOT))
    for room in ("catalog", "graph", "nexus/pictures", "nexus/cli", "docs")
    for path in (ROOT / "tests" / room).glob("test_*.py")
    if re.search(r"\bROOT\b", path.read_text(encoding="utf-8"))
)
"""Unit tests that may read the catalog at work; all others have the documented platform alone."""


def add(project: Path) -> None:
    """The service of the README."""
    path, text = addition()
    file = project / path
    file.write_text(file.read_text(encoding="utf-8") + "\n" + text, encoding="utf-8")


def remove(project: Path) -> None:
    """A documented service goes, as the runbook says."""
    entry = re.compile(rf"^  {GONE}:.*\n(?:    .*\n)*", re.MULTILINE)
    for folder in ("catalog/services", "releases"):
        for file in sorted((project / folder).glob("*.yaml")):
            file.write_text(entry.sub("", file.read_text(encoding="utf-8")), encoding="utf-8")
    assert GONE not in load_catalog(project).services
    replace_in(
        project,
        "tests/transcription.py",
        "REMOVED: Final[frozenset[str]] = frozenset()",
        f'REMOVED: Final[frozenset[str]] = frozenset({{"{GONE}"}})',
    )


def generate(project: Path) -> None:
    """What `make generate` runs, by the Makefile's own recipe."""
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\ngenerate:")[2]
    lines = recipe.partition("\n\n")[0].splitlines()[1:]
    assert lines
    for line in lines:
        program, *arguments = line.strip().removeprefix("@").split()
        assert program == "$(VENV)/nexus"
        run(project, "cli", *arguments)


def run(project: Path, module: str, *arguments: str) -> None:
    """A module of the project's own code, which must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


@pytest.mark.parametrize("change", [add, remove])
def test_the_unit_tests_hold(change: Callable[[Path], None], tmp_path: Path) -> None:
    """Red tests that have nothing to do with a change hide those that do."""
    project = tmp_path / "project"
    ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".hypothesis")
    shutil.copytree(ROOT, project, symlinks=True, ignore=ignored)
    change(project)
    generate(project)
    assert "tests/catalog/test_transcription.py" in READERS
    run(project, "pytest", "-q", "-p", "no:cacheprovider", *READERS)
