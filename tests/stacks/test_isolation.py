"""Who can reach whom under the plan's NetworkPolicies, held against the transcribed document."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from nexus.plan.plan import Plan, make_plan
from nexus.policy.reachability import Endpoint, Ports, world_of
from nexus.pulumi.resource import Resource
from stacks.probed import PORTS
from tests.projects import copy_project, set_config
from tests.reachable import matrix
from tests.transcription import (
    BUCKETS,
    EXTERNAL_EDGES,
    RESOURCE_EDGES,
    RUNTIME_EDGES,
    SERVICES,
    STARTUP_EDGES,
)

SERVERS = {"postgres": 5432, "redis": 6379, "queue": 5672, "storage": 8333}
HTTP: Ports = (("TCP", 8080, 8080),)
DNS: Ports = (("TCP", 53, 53), ("UDP", 53, 53))

RESOLVER = Endpoint(name="dns", namespace="kube-system", labels={"k8s-app": "kube-dns"})
EDGE = Endpoint(name="edge", namespace="ingress-nginx", labels={"app": "controller"})
STRANGER = Endpoint(
    name="stranger",
    namespace="default",
    labels={"app.kubernetes.io/name": "auth-service", "app.kubernetes.io/component": "workload"},
    addresses=("10.9.9.9",),
)
SQUATTER = Endpoint(name="squatter", namespace="nexus-business", addresses=("10.9.9.8",))
"""A pod that somebody starts in one of the namespaces by hand."""

INTERNET = Endpoint(name="internet", addresses=("8.8.8.8", "2606:4700::1111"))
METADATA = Endpoint(name="metadata", addresses=("169.254.169.254", "fe80::a9fe:a9fe"))
INTRANET = Endpoint(
    name="intranet", addresses=("10.0.0.10", "172.20.0.1", "192.168.7.7", "fd00::7")
)
OUTSIDE = (RESOLVER, EDGE, STRANGER, SQUATTER, INTERNET, METADATA, INTRANET)

Reach = Mapping[tuple[str, str], Ports]


def reach(resources: Iterable[Resource]) -> Reach:
    """Who reaches whom, among the plan's pods and the outside world."""
    world, pods = world_of(resources)
    everybody = (*pods, *OUTSIDE)
    found = matrix(world, everybody, everybody)
    outside = {each.name for each in OUTSIDE}
    # What strangers do with each other is no business of these policies.
    free = outside - {SQUATTER.name}
    return {pair: ports for pair, ports in found.items() if not set(pair) <= free}


def expected() -> Reach:
    """The document's edges, and nothing else."""
    pairs: dict[tuple[str, str], Ports] = {}
    for source, target in STARTUP_EDGES | RUNTIME_EDGES:
        pairs[f"Deployment/{source}", f"Deployment/{target}"] = HTTP
    for source, target in RESOURCE_EDGES:
        if target in SERVERS:
            port = SERVERS[target]
            pairs[f"Deployment/{source}", f"StatefulSet/{target}"] = (("TCP", port, port),)
    for source, _ in EXTERNAL_EDGES:
        pairs[f"Deployment/{source}", "internet"] = (("TCP", 443, 443),)
    for job, server, port in jobs():
        pairs[job, f"StatefulSet/{server}"] = (("TCP", port, port),)
    pairs["edge", "Deployment/backend-api"] = HTTP
    pods = {
        *(f"Deployment/{name}" for name in SERVICES),
        *(f"StatefulSet/{name}" for name in SERVERS),
        *(job for job, _, _ in jobs()),
        "squatter",
    }
    return pairs | {(pod, "dns"): DNS for pod in pods}


def jobs() -> Iterable[tuple[str, str, int]]:
    """Bootstrap Jobs, the server each sets up, and the port it uses there."""
    for source, target in RESOURCE_EDGES:
        if target == "postgres":
            yield f"Job/{source}-database", "postgres", 5432
        if target == "queue":
            yield f"Job/{source}-vhost", "queue", 15672
    for bucket in BUCKETS:
        yield f"Job/{bucket}-bucket", "storage", 8333


@pytest.fixture(scope="module")
def resources(plan: Plan) -> tuple[Resource, ...]:
    return plan.named()


def test_exactly_the_documented_edges_can_be_used(resources: tuple[Resource, ...]) -> None:
    """One edge too few is an outage, one too many a way from a broken service to all others."""
    found, wanted = reach(resources), expected()
    assert len(wanted) > 200
    assert {pair: found[pair] for pair in found if found[pair] != wanted.get(pair)} == {}
    assert {pair for pair in wanted if pair not in found} == set()


def spoilt(resources: tuple[Resource, ...], name: str, change: str) -> list[Resource]:
    """The resources with one policy taken away or widened."""
    changed: list[Resource] = []
    for each in resources:
        if each.kind != "NetworkPolicy" or each.name != name:
            changed.append(each)
        elif change != "removed":
            inputs = copy.deepcopy(dict(each.inputs))
            WIDENINGS[change](inputs["spec"])
            changed.append(replace(each, inputs=inputs))
    assert changed != list(resources)
    return changed


WIDENINGS = {
    "no port": lambda spec: spec["ingress"][0].pop("ports"),
    "any pod": lambda spec: spec["ingress"][0]["from"][0].pop("podSelector"),
    "anybody": lambda spec: spec["ingress"][0].pop("from"),
    "ingress unsaid": lambda spec: spec.update(policyTypes=["Egress"]),
    "any namespace": lambda spec: spec["ingress"][0]["from"][0].update(namespaceSelector={}),
    "more ports": lambda spec: spec["ingress"][0]["ports"][0].update(endPort=9000),
}


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("billing-service-network", "removed"),
        ("postgres-isolation", "removed"),
        ("business-default", "removed"),
        ("postgres-isolation-bootstrap", "removed"),
        ("backend-api-network", "any namespace"),
        # Every caller has an egress of its own, so a callee that opens up is reached by
        # whoever is not held on its own side: from outside the platform.
        ("billing-service-network", "anybody"),
        ("postgres-isolation", "anybody"),
    ],
)
def test_a_spoilt_policy_is_noticed(
    resources: tuple[Resource, ...], name: str, change: str
) -> None:
    """A proof that cannot fail proves nothing."""
    assert reach(spoilt(resources, name, change)) != expected()


@pytest.mark.parametrize("change", ["no port", "any pod", "more ports", "ingress unsaid"])
def test_one_widened_side_is_noticed_alone(resources: tuple[Resource, ...], change: str) -> None:
    """Both sides must hold an edge, or one slip in one of them opens it."""
    sides = one_sided(resources)
    assert sides["ingress"] == sides["egress"]
    assert one_sided(spoilt(resources, "billing-service-network", change)) != sides


def one_sided(resources: Iterable[Resource]) -> Mapping[str, Reach]:
    """Who reaches whom in the platform if only that side's policies were enforced."""
    world, pods = world_of(resources)
    found: dict[str, Reach] = {}
    for side in ("Ingress", "Egress"):
        policies = [
            {**each, "spec": {**each["spec"], "policyTypes": [side]}}
            for each in world.policies
            if side in each["spec"]["policyTypes"]
        ]
        found[side.lower()] = matrix(replace(world, policies=policies), pods, pods)
    return found


def test_an_edge_taken_out_of_the_catalog_cannot_be_used(tmp_path: Path) -> None:
    """What nobody declares must not stay open for old times' sake."""
    project = copy_project(tmp_path / "project")
    file = project / "catalog/services/specialized.yaml"
    text = file.read_text(encoding="utf-8")
    assert "      - metatwin\n" in text
    file.write_text(text.replace("      - metatwin\n", ""), encoding="utf-8")
    wanted = dict(expected())
    del wanted["Deployment/puaboverse-v2", "Deployment/metatwin"]
    assert reach(make_plan(project, "dev").named()) == wanted


def test_every_pod_has_a_policy_of_its_own_before_it_starts(plan: Plan) -> None:
    """Between the start of a pod and that of its policy it would be open, or cut off."""
    for resource in plan.resources:
        if resource.type == "kubernetes:apps/v1:Deployment":
            own = [urn for urn in resource.dependencies if "NetworkPolicy::" in urn]
            assert [urn.rpartition("::")[2] for urn in own] == [f"{resource.name}-network"]


def test_a_change_of_the_network_touches_nothing_else(plan: Plan, tmp_path: Path) -> None:
    """A stricter network must not restart a service or set up a database again."""
    project = copy_project(tmp_path / "project")
    set_config(project, "dev", edgeNamespace="kube-system", dnsResolvers=["169.254.20.10/32"])
    before = {each.urn: each.inputs for each in plan.resources}
    after = {each.urn: each.inputs for each in make_plan(project, "dev").resources}
    assert set(before) == set(after)
    changed = {urn for urn in before if before[urn] != after[urn]}
    assert {urn.rpartition("$")[2].partition("::")[0] for urn in changed} == {
        "kubernetes:networking.k8s.io/v1:NetworkPolicy"
    }


def test_a_controller_on_the_node_and_a_prometheus_can_be_let_in(
    tmp_path: Path, plan: Plan
) -> None:
    """Packets of the host's network come from no namespace, and scrapes from a strange one."""
    project = copy_project(tmp_path / "project")
    set_config(project, "dev", edgeAddresses=["172.18.0.0/16"], monitoringNamespace="monitoring")
    node = Endpoint(name="node", addresses=("172.18.0.2",))
    other = Endpoint(name="other node", addresses=("172.19.0.2",))
    prometheus = Endpoint(name="prometheus", namespace="monitoring", labels={"app": "prometheus"})
    strangers = (node, other, prometheus, EDGE, STRANGER, INTERNET)
    world, pods = world_of(make_plan(project, "dev").named())
    found = matrix(world, strangers, pods)
    scraped = {("prometheus", f"Deployment/{name}"): HTTP for name in SERVICES}
    # The servers that critical flows pass, which are probed.
    scraped |= {
        ("prometheus", f"StatefulSet/{name}"): (("TCP", port, port),)
        for name, port in PORTS.items()
        if name != "queue"
    }
    gateway = "Deployment/backend-api"
    assert found == {("node", gateway): HTTP, ("edge", gateway): HTTP, **scraped}
    unasked, _ = world_of(plan.named())
    assert matrix(unasked, strangers, pods) == {("edge", gateway): HTTP}


def test_a_resolver_on_the_node_can_be_asked(tmp_path: Path) -> None:
    """With a node-local cache, pods that may only ask the cluster's DNS pods find nobody."""
    project = copy_project(tmp_path / "project")
    set_config(project, "dev", dnsResolvers=["169.254.20.10/32"])
    world, pods = world_of(make_plan(project, "dev").named())
    local = Endpoint(name="local", addresses=("169.254.20.10",))
    found = matrix(world, pods, [local, METADATA])
    assert set(found) == {(pod.name, "local") for pod in pods}
    assert set(found.values()) == {DNS}
