"""A small platform with monitoring of its own, on a real API server."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.nexus.rehearsal.small import changes
from tests.projects import set_config, small_project

from .servers import RunningCluster
from .stack import stack_on

pytestmark = pytest.mark.cluster


def test_monitoring_comes_up_and_stays_as_it_is(cluster: RunningCluster, tmp_path: Path) -> None:
    """Roles, projected tokens and several containers are what no other server of ours has."""
    project = small_project(tmp_path / "project")
    shop = project / "catalog/services/shop.yaml"
    text = shop.read_text(encoding="utf-8")
    shop.write_text(text.replace("needs: [redis]", "needs: [redis, monitoring, alerting]"))
    # Beside dev, which other tests have on the same cluster.
    setting = {"nodes": ["172.18.0.0/16"]}
    set_config(project, "dev", namespacePrefix="watched", monitoring=setting)
    with stack_on(cluster, project) as stack:
        try:
            up = stack.up()
            assert up.succeeded, up.error
            again = stack.up()
            assert changes(again) == {"read": {"cluster"}}
        finally:
            assert stack.session.destroy().succeeded
