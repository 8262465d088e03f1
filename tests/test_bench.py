"""The benchmark's own projects: nobody runs it at every change."""

from __future__ import annotations

import subprocess
from pathlib import Path

from catalog import load_catalog
from graph.rules import check
from tests.bench import checkout, compare, synthetic_project
from tests.projects import ROOT


def test_make_starts_it() -> None:
    """A benchmark that does not even start is found out on the day when figures are wanted."""
    recipe = subprocess.run(
        ["make", "--dry-run", "bench"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    (command,) = (line for line in recipe.stdout.splitlines() if "tests.bench" in line)
    help_ = subprocess.run(
        ["bash", "-c", f"{command} --help"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert help_.returncode == 0, help_.stderr


def test_its_projects_are_sound(tmp_path: Path) -> None:
    """A new rule that refuses them would be noticed when figures are wanted."""
    once, twice = (
        load_catalog(synthetic_project(tmp_path / str(copies), copies)) for copies in (1, 2)
    )
    check(once)
    check(twice)
    assert len(twice.services) == 2 * len(once.services)


def test_a_revision_is_measured_by_its_own_code(tmp_path: Path) -> None:
    """Else it would compare this code with itself, and tell that nothing got slower."""
    command = tmp_path / "nexus" / "cli" / "main.py"
    command.parent.mkdir(parents=True)
    command.with_name("__init__.py").touch()
    command.parent.with_name("__init__.py").touch()
    command.write_text("import sys\n\napp = lambda: sys.argv[-1] != 'check'\n", encoding="utf-8")
    old, new = compare(ROOT, tmp_path, ["check"], runs=1)
    assert old < new / 2


def test_a_revision_has_the_files_of_its_day(tmp_path: Path) -> None:
    """Of the last commit, which every clone has."""
    assert (checkout("HEAD", tmp_path) / "nexus" / "cli" / "main.py").is_file()
