"""Sides that many tests compare, each planned once per test process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nexus.diff.snapshot import Snapshot

from .copies import SIX, TEN, copy_whole, cut
from .edits import EDITS
from .own_code import side_of

SideOf = Callable[[str], Snapshot]


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """The project as it is."""
    return side_of(copy_whole(tmp_path_factory.mktemp("base") / "project"), "base")


@pytest.fixture
def edited(tmp_path: Path) -> SideOf:
    """The project after one of the edits, by its name."""

    def make(name: str) -> Snapshot:
        project = copy_whole(tmp_path / name)
        EDITS[name][1](project)
        return side_of(project, "head")

    return make


@pytest.fixture(scope="session")
def base_of_ten(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """The project as it is, cut down to ten services."""
    project = copy_whole(tmp_path_factory.mktemp("ten") / "project")
    cut(project, TEN)
    return side_of(project, "base")


@pytest.fixture
def edited_of_ten(tmp_path: Path) -> SideOf:
    """The same after one of the edits, by its name."""

    def make(name: str) -> Snapshot:
        project = copy_whole(tmp_path / name)
        cut(project, TEN)
        EDITS[name][1](project)
        return side_of(project, "head")

    return make


@pytest.fixture
def six(tmp_path: Path) -> Path:
    """A copy of the project cut down to six services."""
    project = copy_whole(tmp_path / "six")
    cut(project, SIX)
    return project
