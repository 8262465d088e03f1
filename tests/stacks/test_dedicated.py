"""A service with servers of its own: it alone reaches them, and nobody else notices."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from nexus.plan.plan import Plan, make_plan
from nexus.plan.recorder import Registration
from nexus.policy.reachability import Endpoint, world_of
from nexus.policy.rules import violations
from nexus.pulumi.resource import Resource
from nexus.rehearsal.schema import validate
from stacks.environment import ENVIRONMENTS, InCluster
from tests.projects import ROOT, copy_project, set_config
from tests.reachable import matrix
from tests.stacks.cloud_resources import of_type, one
from tests.stacks.test_cloud_isolation import outside
from tests.stacks.test_isolation import expected, reach

pytestmark = pytest.mark.xdist_group("clouds")

DEDICATED = {
    ("key-service", "postgres"): 5432,
    ("key-service", "redis"): 6379,
    ("scheduler", "queue"): 5672,
    ("ledger-mgr", "postgres"): 5432,
}
"""Who gets a server of what, and its port in the cluster. key-service falls back from one of
its servers to the other; scheduler is the queue's only user; ledger-mgr has nothing else."""


def give_servers(project: Path) -> Path:
    """The project with `dedicated: true` in the needs of `DEDICATED`."""
    for path in sorted((project / "catalog/services").glob("*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        for name, entry in content["services"].items():
            entry["needs"] = [dedicated(name, need) for need in entry.get("needs", [])]
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return project


def dedicated(service: str, need: Any) -> Any:
    entry: dict[str, Any] = need if isinstance(need, dict) else {"target": need}
    return entry | {"dedicated": True} if (service, entry.get("target")) in DEDICATED else need


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Plan]:
    """Plans with the dedicated servers, by stack."""
    project = give_servers(copy_project(tmp_path_factory.mktemp("apart") / "project"))
    return {stack: make_plan(project, stack) for stack in ("dev", "staging")}


def test_each_server_is_reached_by_its_service_alone(apart: Mapping[str, Plan]) -> None:
    """A server for one service that others can reach is shared after all."""
    wanted = dict(expected())
    bootstrap = {"postgres": ("database", 5432), "queue": ("vhost", 15672)}
    for (service, resource), port in DEDICATED.items():
        del wanted[f"Deployment/{service}", f"StatefulSet/{resource}"]
        server = f"StatefulSet/{service}-{resource}"
        wanted[f"Deployment/{service}", server] = (("TCP", port, port),)
        wanted[server, "dns"] = wanted["squatter", "dns"]
        if resource in bootstrap:
            job, at = f"Job/{service}-{bootstrap[resource][0]}", bootstrap[resource][1]
            del wanted[job, f"StatefulSet/{resource}"]
            wanted[job, server] = (("TCP", at, at),)
    # Nobody is left on the shared queue, so there is none.
    wanted = {pair: ports for pair, ports in wanted.items() if "StatefulSet/queue" not in pair}
    assert reach(apart["dev"].named()) == wanted


def test_the_plans_keep_every_rule(apart: Mapping[str, Plan]) -> None:
    """A further server needs what every server needs: limits, probes, a user of its own."""
    for plan in apart.values():
        assert [str(each) for each in violations(plan.named())] == []


CALM = {"kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet"}


def test_nobody_else_is_touched(plan: Plan, apart: Mapping[str, Plan]) -> None:
    """Giving one service a server must restart no other service and no shared PostgreSQL."""
    # Nobody is left on the shared queue, so that goes.
    idle = re.compile(r"queue(-|$)")
    before = {each.urn: each for each in plan.resources if not idle.match(each.name)}
    after = {each.urn: each for each in apart["dev"].resources}
    assert not any(idle.match(each.name) for each in after.values())
    owners = {service for service, _ in DEDICATED}
    touched = {
        each.name
        for each in before.values()
        if each.type in CALM and shape(each) != shape(after[each.urn])
    }
    assert touched <= owners
    gone = {each.name for urn, each in before.items() if urn not in after}
    # Its user of the shared server goes with it.
    assert gone == {"redis-key-service-password"}


def shape(resource: Registration) -> tuple[Any, list[str]]:
    return resource.inputs, sorted(resource.dependencies)


def test_a_database_keeps_its_name(plan: Plan, apart: Mapping[str, Plan]) -> None:
    """Another URN would be another database: removed there, made here, with a new password."""
    for suffix in ("key-service-database", "ledger-mgr-database", "scheduler-vhost"):
        urns = [
            {each.urn for each in one_plan.resources if each.name.startswith(suffix)}
            for one_plan in (plan, apart["dev"])
        ]
        assert urns[0] == urns[1]
        assert len(urns[0]) >= 4


def test_only_the_service_waits_for_its_server(apart: Mapping[str, Plan]) -> None:
    """A tier that waits for one service's server is held up by it."""
    for plan in apart.values():
        gate = one(plan, "kubernetes:core/v1:ConfigMap", "infrastructure-ready")
        below = {urn.rpartition("::")[2] for urn in gate.dependencies}
        assert not any(f"{service}-{resource}" in below for service, resource in DEDICATED)
        for service, resource in DEDICATED:
            own = (
                f"{service}-{ {'postgres': 'database', 'queue': 'vhost'}.get(resource, resource) }"
            )
            handles = {
                urn.rpartition("::")[2]
                for urn in one(plan, "kubernetes:apps/v1:Deployment", service).dependencies
            }
            assert own in handles


def test_the_service_is_told_the_same_but_for_the_host(
    plan: Plan, apart: Mapping[str, Plan]
) -> None:
    """A service that has to know whose server it is on cannot be moved without its authors."""
    for service, resource in DEDICATED:
        old, new = (dependencies(each, service) for each in (plan, apart["dev"]))
        assert list(old) == list(new)
        host = new[resource]["endpoint"].pop("host")
        assert host.startswith(f"{service}-{resource}.")
        del old[resource]["endpoint"]["host"]
        for other in ("postgres", "redis", "queue"):
            if other != resource and (service, other) in DEDICATED:
                for told in (old, new):
                    told[other]["endpoint"].pop("host", None)
        assert old == new


def dependencies(plan: Plan, service: str) -> dict[str, Any]:
    data = one(plan, "kubernetes:core/v1:ConfigMap", f"{service}-config").inputs["data"]
    return json.loads(data["dependencies.json"])["dependencies"]


def test_there_is_room_for_the_servers(plan: Plan, apart: Mapping[str, Plan]) -> None:
    """A quota that counts the shared servers alone leaves the new one pending for ever."""
    quotas = [
        one(each, "kubernetes:core/v1:ResourceQuota", "limits-data-quota").inputs["spec"]["hard"]
        for each in (plan, apart["dev"])
    ]
    volumes = [int(quota["persistentvolumeclaims"]) for quota in quotas]
    more = len(DEDICATED) - 1  # nobody is left on the shared queue
    assert volumes[1] - volumes[0] == more
    platform = ENVIRONMENTS["dev"].platform
    assert isinstance(platform, InCluster)
    assert int(quotas[1]["pods"]) - int(quotas[0]["pods"]) == 2 * more


@pytest.mark.parametrize("service", ["key-service", "ledger-mgr"])
def test_in_aws_a_job_works_on_its_own_cluster(apart: Mapping[str, Plan], service: str) -> None:
    """A Job with the shared server's master makes the database where nobody looks for it."""
    plan = apart["staging"]
    identifier = one(plan, "aws:rds/cluster:Cluster", f"{service}-postgres").inputs[
        "clusterIdentifier"
    ]
    assert identifier == f"nexus-cos-staging-{service}-postgres"
    spec = one(plan, "kubernetes:batch/v1:Job", f"{service}-database").inputs["spec"]["template"][
        "spec"
    ]
    env = {each["name"]: each["value"] for each in spec["containers"][0]["env"]}
    assert env["PGHOST"].startswith(identifier)
    assert spec["serviceAccountName"] == f"{service}-postgres-bootstrap"
    fetch = {each["name"]: each["value"] for each in spec["initContainers"][0]["env"]}
    statements = json.loads(
        one(plan, "aws:iam/rolePolicy:RolePolicy", f"{service}-postgres-bootstrap-policy").inputs[
            "policy"
        ]
    )["Statement"]
    assert statements[0]["Resource"] == [fetch["MASTER_ARN"]]
    others = {
        each.name
        for each in plan.resources
        if each.type == "aws:iam/rolePolicy:RolePolicy"
        and fetch["MASTER_ARN"] in each.inputs["policy"]
    }
    assert others == {f"{service}-postgres-bootstrap-policy"}


def test_in_aws_no_two_things_share_a_name(apart: Mapping[str, Plan]) -> None:
    """AWS refuses the second user, group or cluster of the same id."""
    for field in ("userId", "userGroupId", "replicationGroupId", "clusterIdentifier", "brokerName"):
        ids = [
            (each.type, each.inputs[field])
            for each in apart["staging"].resources
            if field in each.inputs and "Instance" not in each.type
        ]
        assert len(ids) == len(set(ids)) >= 1, field


def test_the_pod_that_moves_a_database_may_run_and_reach_both(apart: Mapping[str, Plan]) -> None:
    """A runbook that the cluster refuses in the middle of a move is worse than none."""
    text = (ROOT / "docs/move-database.yaml").read_text(encoding="utf-8")
    pod = yaml.safe_load(text.replace("…", "x"))
    validate(pod)
    moved = Resource(
        urn="urn:pulumi:staging::nexus-cos::kubernetes:core/v1:Pod::move",
        type="kubernetes:core/v1:Pod",
        name="move",
        inputs=pod,
    )
    resources = [*apart["staging"].named(), moved]
    assert [str(each) for each in violations(resources) if "Pod::move" in str(each)] == []
    world, _ = world_of(resources)
    copier = Endpoint(name="move", namespace="nexus-data", labels=pod["metadata"]["labels"])
    data = outside("staging")["data"]
    assert matrix(world, [copier], [data])["move", "data"] == (("TCP", 5432, 5432),)


def test_a_dedicated_server_is_restored_alone(tmp_path: Path) -> None:
    """A restore of one service's server that takes the shared one back loses everybody's day."""
    project = give_servers(copy_project(tmp_path / "project"))
    set_config(
        project,
        "staging",
        databaseServers={"ledger-mgr-postgres": "r1"},
        restore={"server": "ledger-mgr-postgres", "snapshot": "before"},
    )
    clusters = of_type(make_plan(project, "staging"), "rds/cluster:Cluster")
    assert set(clusters) == {"postgres", "key-service-postgres", "ledger-mgr-postgres-r1"}
    restored = {n for n, each in clusters.items() if "snapshotIdentifier" in each.inputs}
    assert restored == {"ledger-mgr-postgres-r1"}
