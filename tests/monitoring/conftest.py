"""The trial on real servers is left out unless it is asked for: it takes minutes."""

from __future__ import annotations

import pytest

MARK = "monitoring"


def pytest_configure(config: pytest.Config) -> None:
    """Names the marker used here."""
    config.addinivalue_line("markers", f"{MARK}: a real Prometheus and Alertmanager; minutes")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves these tests out unless `-m monitoring` asks for them."""
    if MARK not in config.option.markexpr:
        left_out = [item for item in items if item.get_closest_marker(MARK)]
        items[:] = [item for item in items if not item.get_closest_marker(MARK)]
        config.hook.pytest_deselected(items=left_out)
