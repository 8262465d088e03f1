"""Dev from nothing to nothing on a real API server. The tests go on from each other, in order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest
from control_plane import control_plane

from nexus.diff.report import make_report
from nexus.diff.snapshot import Snapshot
from tests.nexus.diff.copies import copy_whole, edit_service
from tests.nexus.diff.deployed import Deployed
from tests.nexus.diff.edits import EDITS
from tests.nexus.diff.named import named_by_diff, named_by_engine
from tests.nexus.diff.own_code import side_of
from tests.transcription import SERVICES, STARTUP_EDGES

from .api import Api, Object
from .refusing import refusing
from .servers import RunningCluster, running_cluster

pytestmark = pytest.mark.cluster

DEPLOYMENTS = "/apis/apps/v1/deployments"

TEN = (
    "add-service",
    "remove-service-with-data",
    "rename-stateless-service",
    "startup-to-runtime",
    "give-server",
    "image",
    "port",
    "rotation-setting",
    "server-image",
    "rename-resource-with-alias",
)
"""Edits of tests/nexus/diff, one of each sort; `volume-size` is not among them, since the pinned
provider cannot preview a StatefulSet that is made anew under its name (docs/beliefs.md)."""

KEPT = {"kube-system", "kube-public", "kube-node-lease", "default"}
"""Namespaces that every cluster has."""


@pytest.fixture(scope="module")
def base(dev: Deployed) -> Snapshot:
    """What `nexus diff` compares with: dev as it is deployed."""
    return side_of(dev.project, "base")


def test_everything_comes_up(dev: Deployed, base: Snapshot) -> None:
    """What a simulated API server accepts, a real one may refuse."""
    up = dev.up()
    assert up.succeeded, up.error
    assert up.counts == {"create": len(base.stacks["dev"].resources)}


def test_no_service_starts_before_what_it_starts_after_is_ready(
    dev: Deployed, cluster: RunningCluster
) -> None:
    """The API server's own timestamps, to the second, are no word of ours."""
    made = deployments(cluster.api)
    assert set(made) == SERVICES
    early = [
        (source, target)
        for source, target in STARTUP_EDGES
        if created(made[source]) < available(made[target])
    ]
    assert not early


def test_no_tier_starts_before_the_one_before_it_is_ready(
    dev: Deployed, cluster: RunningCluster, base: Snapshot
) -> None:
    """The documented order must hold whatever the edges say."""
    made = deployments(cluster.api)
    tiers: dict[str, list[Object]] = {}
    for each in made.values():
        tiers.setdefault(each["metadata"]["labels"]["nexus-cos/tier"], []).append(each)
    order = [name for name in ("core", "platform", "domain", "frontend") if name in tiers]
    assert len(order) == 4
    for before, after in pairwise(order):
        last = max(available(each) for each in tiers[before])
        assert min(created(each) for each in tiers[after]) >= last, f"{after} before {before}"


def test_second_run_changes_nothing(dev: Deployed) -> None:
    """What the server fills in must not look like a change."""
    again = dev.up()
    assert again.succeeded, again.error
    assert set(again.counts) == {"same"}


def test_refresh_finds_no_drift(dev: Deployed) -> None:
    """A drift report that is never empty is read by nobody."""
    refresh = dev.session.refresh()
    assert refresh.succeeded, refresh.error
    assert set(dev.preview().counts) == {"same"}


def test_another_cluster_behind_the_context_is_left_alone(
    dev: Deployed, cluster: RunningCluster
) -> None:
    """A cluster made again under its name has none of the data, and nobody would be told."""
    own = cluster.kubeconfig.read_text(encoding="utf-8")
    with running_cluster(control_plane()) as other:
        cluster.kubeconfig.write_bytes(other.kubeconfig.read_bytes())
        try:
            stopped = (dev.preview(), dev.up())
        finally:
            cluster.kubeconfig.write_text(own, encoding="utf-8")
        for each in stopped:
            assert not each.succeeded
            assert "This stack is in the cluster" in each.error
        assert names_of(other.api, "/api/v1/namespaces") == KEPT
    assert set(dev.preview().counts) == {"same"}


@pytest.mark.parametrize("name", TEN)
def test_the_real_preview_does_what_the_diff_says(
    name: str, dev: Deployed, base: Snapshot, tmp_path: Path
) -> None:
    """A diff that a real provider does not agree with is worse than none."""
    project = copy_whole(tmp_path / "head")
    EDITS[name][1](project)
    head = side_of(project, "head")
    [report] = make_report(base, head).stacks
    preview = dev.preview(project)
    assert preview.succeeded, preview.error
    wanted = {each.urn for each in head.stacks["dev"].resources}
    former = {each.new: each.old for each in report.diff.renamed if each.alias}
    assert named_by_diff(report.diff) == named_by_engine(preview, wanted, former)


def test_refused_deployment_is_told_and_put_right_by_the_next_run(
    dev: Deployed, cluster: RunningCluster, tmp_path: Path
) -> None:
    """A cluster's own policy may refuse what everybody else has agreed to."""
    project = copy_whole(tmp_path / "slower")
    edit_service(project, "session-mgr", lambda entry: entry.update(start_seconds=95))
    with refusing(cluster.api, "session-mgr"):
        refused = dev.up(project)
    assert not refused.succeeded
    assert "session-mgr is not to be changed" in refused.error, refused.error
    accepted = dev.up(project)
    assert accepted.succeeded, accepted.error
    assert "session-mgr" in {each.name for each in accepted.operations if each.op == "update"}
    assert dev.up().succeeded


def test_destroy_leaves_nothing(dev: Deployed, cluster: RunningCluster) -> None:
    """What stays behind costs money, or meets the next deployment with old passwords."""
    down = dev.session.destroy()
    assert down.succeeded, down.error
    assert not dev.session.export().get("resources")
    assert names_of(cluster.api, "/api/v1/namespaces") == KEPT
    assert not cluster.api.items(DEPLOYMENTS)
    assert not cluster.api.items("/api/v1/persistentvolumeclaims")
    classes = names_of(cluster.api, "/apis/scheduling.k8s.io/v1/priorityclasses")
    assert {each.split("-")[0] for each in classes} == {"system"}


def names_of(api: Api, path: str) -> set[str]:
    return {each["metadata"]["name"] for each in api.items(path)}


def deployments(api: Api) -> Mapping[str, Object]:
    return {each["metadata"]["name"]: each for each in api.items(DEPLOYMENTS)}


def created(thing: Object) -> datetime:
    return datetime.fromisoformat(thing["metadata"]["creationTimestamp"])


def available(thing: Object) -> datetime:
    [since] = [
        each["lastTransitionTime"]
        for each in thing["status"]["conditions"]
        if each["type"] == "Available" and each["status"] == "True"
    ]
    return datetime.fromisoformat(since)
