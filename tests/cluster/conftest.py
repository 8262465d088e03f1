"""One cluster for all tests of this folder, and dev on it. `make cluster-test` runs them."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from control_plane import control_plane

from tests.nexus.diff.copies import copy_whole
from tests.nexus.diff.deployed import Deployed

from .servers import RunningCluster, running_cluster
from .stack import stack_on

LEFTOVERS = "ignore::pytest.PytestUnraisableExceptionWarning"
"""The SDK leaves coroutines of a program behind whose engine has failed or was killed."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Lets these tests alone leave coroutines behind."""
    for item in items:
        if item.get_closest_marker("cluster"):
            item.add_marker(pytest.mark.filterwarnings(LEFTOVERS))


@pytest.fixture(autouse=True)
def rubbish_is_looked_for() -> Iterator[None]:
    """What a test leaves behind is found in it, not in the next one."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def cluster() -> Iterator[RunningCluster]:
    """An empty cluster."""
    with running_cluster(control_plane()) as running:
        yield running


@pytest.fixture(scope="session")
def dev(cluster: RunningCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """A stack with dev's settings, nothing made yet."""
    project = copy_whole(tmp_path_factory.mktemp("cluster") / "project")
    with stack_on(cluster, project) as stack:
        yield stack
