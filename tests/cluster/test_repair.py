"""An engine that is killed on a real API server, and what brings its stack back."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rehearsal.outcome import Outcome
from tests.diff.copies import SIX, copy_whole, cut
from tests.diff.deployed import Deployed
from tests.projects import set_config

from .api import Api
from .servers import RunningCluster
from .stack import stack_on

pytestmark = pytest.mark.cluster

PREFIX = "kill"

UPSERT = {"PULUMI_K8S_UPSERT_EXISTING_OBJECTS": "true"}
"""Lets the provider take over what is there under the names of what was pending."""


def test_killed_engine_is_repaired(cluster: RunningCluster, tmp_path: Path) -> None:
    """A laptop that goes to sleep in the middle of `up` must not end in a stack nobody can use."""
    project = copy_whole(tmp_path / "project")
    cut(project, SIX)
    set_config(project, "dev", namespacePrefix=PREFIX)
    with stack_on(cluster, project) as stack:
        assert not _killed(stack, cluster.api).succeeded
        made = _names(cluster.api)
        assert 0 < len(made) < len(SIX)

        stack.session.pulumi("cancel", "--yes")
        with stack.session.variables(UPSERT):
            repaired = stack.up()
        assert repaired.succeeded, repaired.error
        assert _names(cluster.api) == sorted(SIX)
        again = stack.up()
        assert again.succeeded, again.error
        assert set(again.counts) == {"same"}
        assert stack.session.destroy().succeeded
        assert not _names(cluster.api)


def _killed(stack: Deployed, api: Api) -> Outcome:
    """A first `up` whose engine is killed when the first service is there."""
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(stack.up)
        while not _names(api) and not running.done():
            time.sleep(0.05)
        stack.session.kill()
        return running.result()


def _names(api: Api) -> list[str]:
    """Services whose Deployment is there."""
    return sorted(
        each["metadata"]["name"]
        for each in api.items("/apis/apps/v1/deployments")
        if each["metadata"]["namespace"].startswith(f"{PREFIX}-")
    )
