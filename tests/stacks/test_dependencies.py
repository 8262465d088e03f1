"""The order that the program tells the engine, held against the transcribed document."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from nexus.plan.plan import Plan
from nexus.plan.recorder import Registration
from tests.transcription import (
    BUCKETS,
    GATES,
    RESOURCE_EDGES,
    RUNTIME_RESOURCE_EDGES,
    SERVICES,
    SERVICES_BY_TIER,
    STARTUP_EDGES,
)

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"
JOB = "kubernetes:batch/v1:Job"
GATE = "nexus:services:TierGate$kubernetes:core/v1:ConfigMap"
NAMESPACE = "kubernetes:core/v1:Namespace"
PRIORITY = "kubernetes:scheduling.k8s.io/v1:PriorityClass"

PROVIDED = {"postgres", "redis", "queue", "storage"}
"""Platform resources that dev provides; what it lacks has no handle."""


def deployments(plan: Plan) -> Mapping[str, Registration]:
    return {r.name: r for r in plan.resources if r.type == DEPLOYMENT}


def reduced(edges: frozenset[tuple[str, str]]) -> set[tuple[str, str]]:
    """Edges without those that a longer path implies; written without any graph library."""
    targets: dict[str, set[str]] = {}
    for source, target in edges:
        targets.setdefault(source, set()).add(target)

    def reachable(start: str) -> set[str]:
        found: set[str] = set()
        todo = list(targets.get(start, ()))
        while todo:
            node = todo.pop()
            if node not in found:
                found.add(node)
                todo.extend(targets.get(node, ()))
        return found

    return {
        (source, target)
        for source, target in edges
        if not any(target in reachable(other) for other in targets[source] - {target})
    }


def short(urn: str) -> str:
    """`<own type>::<name>` of a URN."""
    kind, name = urn.split("::")[2:]
    return f"{kind.rsplit('$', 1)[-1]}::{name}"


def handle(service: str, resource: str) -> str:
    """Handle of a service's own part of a platform resource."""
    if resource == "redis":
        return f"{STATEFUL_SET}::redis"
    if resource == "storage":
        bucket = next(n for n, (owner, granted) in BUCKETS.items() if service in (owner, *granted))
        return f"{JOB}::{bucket}-bucket"
    return f"{JOB}::{service}-{ {'postgres': 'database', 'queue': 'vhost'}[resource] }"


MANAGED = {
    "redis": "aws:elasticache/replicationGroup:ReplicationGroup::redis",
    "cdn": "cloudflare:index/loadBalancer:LoadBalancer::cloudflare-edge-media",
    "gpu": "kubernetes:karpenter.sh/v1:NodePool::gpu",
}
"""Handles in AWS that are the same for every service."""

IDENTITY = "aws:eks/podIdentityAssociation:PodIdentityAssociation"

MANAGED_SERVERS = {
    "postgres": "aws:rds/clusterInstance:ClusterInstance::postgres-0",
    "redis": MANAGED["redis"],
    "queue": "aws:mq/broker:Broker::queue",
}


def managed_handle(service: str, resource: str) -> str | None:
    """Handle in AWS of a service's own part; None for what AWS does not provide."""
    if resource in {"storage", "ml-models", "hsm"}:
        return f"{IDENTITY}::{service}-identity-association"
    if resource in {"postgres", "queue"}:
        return handle(service, resource)
    return MANAGED.get(resource)


def expected(service: str, ordering: str, *, managed: bool = False) -> set[str]:
    """Everything outside its own component that a Deployment must wait for."""
    if managed:
        found = {
            managed_handle(source, resource)
            for source, resource in RESOURCE_EDGES - RUNTIME_RESOURCE_EDGES
            if source == service
        }
        return {each for each in found if each} | {
            each for each in expected(service, ordering) if DEPLOYMENT in each or "-ready" in each
        }
    waits = {f"{DEPLOYMENT}::{t}" for s, t in reduced(STARTUP_EDGES) if s == service}
    for source, resource in RESOURCE_EDGES - RUNTIME_RESOURCE_EDGES:
        if source == service and resource in PROVIDED:
            waits.add(handle(service, resource))
    if ordering == "tiers":
        tiers = list(SERVICES_BY_TIER)
        tier = next(t for t, members in SERVICES_BY_TIER.items() if service in members)
        before = (["infrastructure", *tiers])[tiers.index(tier)]
        waits.add(f"kubernetes:core/v1:ConfigMap::{before}-ready")
    return waits


def waits_for(plan: Plan, service: str) -> set[str]:
    """What the Deployment waits for outside its own component.

    Left out are its namespace, its priority class and the script of its startup check.
    """
    deployment = deployments(plan)[service]
    outside = {
        short(urn)
        for urn in deployment.dependencies
        if not urn.startswith(deployment.urn.rpartition("$")[0] + "$")
        or not urn.split("::")[3].startswith(f"{service}-")
        or DEPLOYMENT in urn
    }
    namespaces = {each for each in outside if each.startswith(NAMESPACE)}
    priorities = {each for each in outside if each.startswith(PRIORITY)}
    scripts = {each for each in outside if each.endswith("-startup")}
    assert (len(namespaces), len(priorities)) == (1, 1)
    assert len(scripts) <= 1
    return outside - namespaces - priorities - scripts


@pytest.mark.parametrize("ordering", ["tiers", "edges"])
@pytest.mark.parametrize("service", sorted(SERVICES))
def test_deployment_waits_for_exactly_its_dependencies(
    plans: Mapping[str, Plan], ordering: str, service: str
) -> None:
    """A lost edge starts a service before its database; an extra one blocks a rollout."""
    plan = plans[ordering]
    assert waits_for(plan, service) == expected(service, ordering)
    scripts = [urn for urn in deployments(plan)[service].dependencies if urn.endswith("-startup")]
    assert len(scripts) == any((service, resource) in RESOURCE_EDGES for resource in PROVIDED)


@pytest.mark.xdist_group("clouds")
@pytest.mark.parametrize("stack", ["staging", "prod"])
@pytest.mark.parametrize("service", sorted(SERVICES))
def test_deployment_in_aws_waits_for_the_same(
    clouds: Mapping[str, Plan], stack: str, service: str
) -> None:
    """In AWS a service starts after the same things, whoever provides them."""
    assert waits_for(clouds[stack], service) == expected(service, "tiers", managed=True)


@pytest.mark.xdist_group("clouds")
@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_infrastructure_gate_in_aws_waits_for_the_servers(
    clouds: Mapping[str, Plan], stack: str
) -> None:
    """A gate that opens before the database answers starts every service against nothing."""
    gate = gates(clouds[stack])["infrastructure-ready"]
    waits = {short(urn) for urn in gate.dependencies if NAMESPACE not in urn}
    assert waits == set(MANAGED_SERVERS.values())


def test_every_service_has_one_deployment(plan: Plan) -> None:
    """A service that is left out is noticed by its users first."""
    assert set(deployments(plan)) == SERVICES


def gates(plan: Plan) -> Mapping[str, Registration]:
    return {r.name: r for r in plan.resources if f"{GATE}::" in r.urn}


def test_gate_waits_for_its_tier_and_the_gate_before(plan: Plan) -> None:
    """A gate that misses a member opens the next tier too early."""
    before: str | None = None
    members = {"infrastructure": {f"{STATEFUL_SET}::{name}" for name in GATES}}
    members |= {
        tier: {f"{DEPLOYMENT}::{name}" for name in names}
        for tier, names in SERVICES_BY_TIER.items()
    }
    assert set(gates(plan)) == {f"{tier}-ready" for tier in members}
    for tier, handles in members.items():
        gate = gates(plan)[f"{tier}-ready"]
        waits = {short(urn) for urn in gate.dependencies if NAMESPACE not in urn}
        previous = set() if before is None else {f"kubernetes:core/v1:ConfigMap::{before}-ready"}
        assert waits == handles | previous
        before = tier


def test_orderings_differ_by_the_gates_alone(plans: Mapping[str, Plan]) -> None:
    """Switching the ordering must not redeploy a platform."""
    tiers = {r.urn: r for r in plans["tiers"].resources}
    edges = {r.urn: r for r in plans["edges"].resources}
    assert {urn for urn in tiers if urn not in edges} == {
        urn for urn in tiers if "nexus:services:TierGate" in urn
    }
    assert set(edges) <= set(tiers)
    for urn, resource in edges.items():
        assert resource.inputs == tiers[urn].inputs
        assert set(resource.dependencies) == {
            d for d in tiers[urn].dependencies if "TierGate" not in d
        }


def test_only_rollouts_wait_for_other_services(plan: Plan) -> None:
    """Config, secrets and databases that wait for a tier would make every deployment serial."""
    for resource in plan.resources:
        if resource.type in {
            "kubernetes:core/v1:Secret",
            "kubernetes:core/v1:Service",
            "kubernetes:core/v1:ServiceAccount",
            STATEFUL_SET,
            JOB,
        }:
            waits = [short(urn) for urn in resource.dependencies]
            assert not any("-ready" in each or DEPLOYMENT in each for each in waits), resource.urn


def test_no_dependency_points_at_a_component(plan: Plan) -> None:
    """Depending on a component waits for all its children, or for nothing if it has none."""
    custom = {r.urn for r in plan.resources if r.custom}
    for resource in plan.resources:
        assert set(resource.dependencies) <= custom, resource.urn
