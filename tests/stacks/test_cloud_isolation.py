"""Who can reach whom in AWS, held against the transcribed document."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network

import pytest

from components.aws.vpc import address_plan
from nexus.plan.plan import Plan
from nexus.policy.reachability import Endpoint, Ports, world_of
from stacks.stack_file import read_stack_file
from tests.projects import DOCUMENTED
from tests.reachable import matrix
from tests.transcription import (
    EXTERNAL_EDGES,
    RESOURCE_EDGES,
    RUNTIME_EDGES,
    SERVICES,
    STARTUP_EDGES,
)

pytestmark = pytest.mark.xdist_group("clouds")

DNS: Ports = (("TCP", 53, 53), ("UDP", 53, 53))


def tcp(*ports: int) -> Ports:
    return tuple(("TCP", port, port) for port in sorted(ports))


def outside(stack: str) -> Mapping[str, Endpoint]:
    """One address of every kind around the cluster's pods."""
    file = read_stack_file(DOCUMENTED, stack)
    plan = address_plan(file.setting("vpcCidr") or "10.0.0.0/16", ("a", "b", "c"))
    addresses = {
        kind: str(IPv4Network(getattr(plan["b"], kind))[9])
        for kind in ("data", "private", "public")
    }
    addresses |= {
        "internet": "8.8.8.8",
        "agent": "169.254.170.23",
        "metadata": "169.254.169.254",
        "resolver": "172.20.0.10",
        "cluster-ip": "172.20.0.77",
        "intranet": "192.168.7.7",
    }
    return {name: Endpoint(name=name, addresses=(each,)) for name, each in addresses.items()}


RESOURCES: Mapping[str, tuple[tuple[str, int], ...]] = {
    "postgres": (("data", 5432),),
    "redis": (("data", 6379),),
    "queue": (("data", 5671),),
    # S3 answers on public addresses; the agent gives the credentials of the pod's role.
    "storage": (("agent", 80), ("internet", 443)),
    "ml-models": (("agent", 80), ("internet", 443)),
    # KMS, behind an endpoint of the network's own.
    "hsm": (("agent", 80), ("private", 443)),
    "cdn": (("internet", 443),),
}
"""Where a service goes for a platform resource; nowhere for those that are not here."""

JOBS: Mapping[str, tuple[tuple[str, int], ...]] = {
    # The master's password comes from Secrets Manager.
    "database": (("data", 5432), ("agent", 80), ("private", 443)),
    "vhost": (("data", 443),),
}
"""Where a bootstrap Job goes, by the end of its name."""


def expected() -> Mapping[tuple[str, str], Ports]:
    """The document's edges as they run in AWS, and nothing else."""
    steps = [
        (f"Deployment/{source}", f"Deployment/{target}", 8080)
        for source, target in STARTUP_EDGES | RUNTIME_EDGES
    ]
    steps += [
        (f"Deployment/{source}", target, port)
        for source, resource in RESOURCE_EDGES
        for target, port in RESOURCES.get(resource, ())
    ]
    steps += [(f"Deployment/{source}", "internet", 443) for source, _ in EXTERNAL_EDGES]
    steps += [
        (job, target, port) for job in jobs() for target, port in JOBS[job.rpartition("-")[2]]
    ]
    steps.append(("public", "Deployment/backend-api", 8080))
    ports: dict[tuple[str, str], set[int]] = {}
    for source, target, port in steps:
        ports.setdefault((source, target), set()).add(port)
    pods = {*(f"Deployment/{name}" for name in SERVICES), *jobs()}
    return {pair: tcp(*found) for pair, found in ports.items()} | {
        (pod, "resolver"): DNS for pod in pods
    }


def jobs() -> tuple[str, ...]:
    """Bootstrap Jobs in AWS: buckets need none."""
    ends = {"postgres": "database", "queue": "vhost"}
    return tuple(
        f"Job/{source}-{ends[target]}" for source, target in RESOURCE_EDGES if target in ends
    )


def reach(plan: Plan, stack: str) -> Mapping[tuple[str, str], Ports]:
    world, pods = world_of(plan.named())
    around = outside(stack)
    found = matrix(world, (*pods, *around.values()), (*pods, *around.values()))
    return {pair: each for pair, each in found.items() if not set(pair) <= set(around)}


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_exactly_the_documented_edges_can_be_used_in_aws(
    clouds: Mapping[str, Plan], stack: str
) -> None:
    """One edge too few is an outage, one too many a way from a broken service to the data."""
    found, wanted = reach(clouds[stack], stack), expected()
    assert len(wanted) > 200
    assert {pair: found[pair] for pair in found if found[pair] != wanted.get(pair)} == {}
    assert {pair for pair in wanted if pair not in found} == set()


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_policies_are_enforced(clouds: Mapping[str, Plan], stack: str) -> None:
    """EKS accepts policies and ignores them until its controller is switched on."""
    switches = [
        r.inputs["data"]
        for r in clouds[stack].resources
        if r.name == "policy-controller" and r.type == "kubernetes:core/v1:ConfigMap"
    ]
    assert switches == [{"enable-network-policy-controller": "true"}]


def test_managed_nodes_enforce_policies_too(other_clouds: Mapping[str, Plan]) -> None:
    """The same with managed node groups, where an add-on does it."""
    addons = {
        r.inputs["addonName"]: r.inputs.get("configurationValues")
        for r in other_clouds["cloudflare"].resources
        if r.type == "aws:eks/addon:Addon"
    }
    assert addons["vpc-cni"] == '{"enableNetworkPolicy": "true"}'
