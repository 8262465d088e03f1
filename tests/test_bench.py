"""The benchmark's own projects: nobody runs it at every change."""

from __future__ import annotations

from pathlib import Path

from catalog import load_catalog
from graph.rules import check
from tests.bench import synthetic_project


def test_its_projects_are_sound(tmp_path: Path) -> None:
    """A new rule that refuses them would be noticed when figures are wanted."""
    once, twice = (
        load_catalog(synthetic_project(tmp_path / str(copies), copies)) for copies in (1, 2)
    )
    check(once)
    check(twice)
    assert len(twice.services) == 2 * len(once.services)
