"""An engine that is killed on a real API server, and what brings its stack back."""

from __future__ import annotations

import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nexus.rehearsal.outcome import Outcome
from nexus.repair.findings import Verdict
from tests.nexus.diff.copies import SIX, copy_whole, cut
from tests.nexus.diff.deployed import Deployed
from tests.nexus.repair.killed import repaired
from tests.projects import set_config

from .api import Api
from .servers import RunningCluster
from .stack import stack_on

pytestmark = pytest.mark.cluster

PREFIX = "kill"

AUTOMATIC = re.compile(r"-[0-9a-f]{8}$")


def test_killed_engine_is_repaired(cluster: RunningCluster, tmp_path: Path) -> None:
    """A laptop that goes to sleep in the middle of `up` must not end in a stack nobody can use."""
    project = copy_whole(tmp_path / "project")
    cut(project, SIX)
    set_config(project, "dev", namespacePrefix=PREFIX)
    with stack_on(cluster, project) as stack:
        assert not _killed(stack, cluster.api).succeeded
        made = _names(cluster.api)
        assert 0 < len(made) < len(SIX)

        diagnosis = repaired(stack.session, "nexus-cos")
        found = {each.verdict for each in diagnosis.findings}
        assert found <= {Verdict.ADOPTED, Verdict.ABSENT, Verdict.REPEATABLE}
        assert Verdict.ADOPTED in found
        assert _names(cluster.api) == made, "a repair changes the state alone"
        finished = stack.up()
        assert finished.succeeded, finished.error
        assert _names(cluster.api) == sorted(SIX)
        assert _many(cluster.api) == {}
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


def _many(api: Api) -> dict[str, int]:
    """Objects with automatic names of which there is more than one, and how many."""
    names = Counter(
        f"{kind} {AUTOMATIC.sub('', each['metadata']['name'])}"
        for kind in ("api/v1/configmaps", "api/v1/secrets", "apis/batch/v1/jobs")
        for each in api.items(f"/{kind}")
        if each["metadata"]["namespace"].startswith(f"{PREFIX}-")
        and AUTOMATIC.search(each["metadata"]["name"])
    )
    return {name: count for name, count in names.items() if count > 1}


def _names(api: Api) -> list[str]:
    """Services whose Deployment is there."""
    return sorted(
        each["metadata"]["name"]
        for each in api.items("/apis/apps/v1/deployments")
        if each["metadata"]["namespace"].startswith(f"{PREFIX}-")
    )
