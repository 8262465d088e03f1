"""Fixtures of the catalog and graph tests."""

from __future__ import annotations

import pytest

from catalog import Catalog, load_catalog
from tests.projects import DOCUMENTED


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "generated: a generated file in the repository is current")


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The documented platform, whatever catalog is at work."""
    return load_catalog(DOCUMENTED)
