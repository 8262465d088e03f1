"""Small programs do on a real cluster what they do on the simulated one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nexus.diff.copies import copy_whole
from tests.nexus.diff.deployed import Deployed
from tests.nexus.rehearsal.small import changes, lonely, mounting

from .servers import RunningCluster
from .stack import stack_on

pytestmark = pytest.mark.cluster


@pytest.fixture
def stack(cluster: RunningCluster, tmp_path: Path) -> Iterator[Deployed]:
    """An empty stack, destroyed at the end."""
    with stack_on(cluster, copy_whole(tmp_path / "project")) as made:
        try:
            yield made
        finally:
            assert made.session.destroy().succeeded


def test_object_deleted_first_takes_along_what_mounts_it(
    stack: Deployed, cluster: RunningCluster
) -> None:
    """tests/nexus/rehearsal/test_change.py expects the same of a rehearsal."""
    kubeconfig = cluster.kubeconfig.read_text(encoding="utf-8")
    stack.session.program = lambda: mounting("a", kubeconfig)
    first = stack.session.up()
    assert first.succeeded, first.error
    stack.session.program = lambda: mounting("b", kubeconfig)
    changed = stack.session.up()
    assert changed.counts["replace"] == 2, changed.counts
    assert changes(changed).keys() <= {"replace", "delete"}


def test_services_without_pods_get_ready(stack: Deployed, cluster: RunningCluster) -> None:
    """The same, of Services that nobody answers for."""
    kubeconfig = cluster.kubeconfig.read_text(encoding="utf-8")
    stack.session.program = lambda: lonely(kubeconfig)
    outcome = stack.session.up()
    assert {"lonely", "headless", "manual"} <= changes(outcome)["create"]
