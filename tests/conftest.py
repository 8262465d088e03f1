"""How the tests are spread over processes, and how examples are searched for."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# Time says nothing on a busy machine. In CI the examples are the same in every run: a pull
# request must not fail for what it did not touch; the search goes on where people work.
settings.register_profile(
    "project",
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
settings.load_profile("project")


LONG = ("test_cloud_stacks", "test_dev_platform", "test_commands", "tests/integration")
"""Parts of the names of tests that take long, the longest first."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keeps the tests of a file in one process: they share plans, servers and rehearsals.

    What runs the engine comes first, or one process would still be at it when the others are done.
    """
    items.sort(key=lambda item: tuple(word not in item.nodeid for word in LONG))
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
