"""What network policies say of a network that others made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from nexus.plan.plan import Plan
from nexus.policy.reachability import Endpoint, Ports, world_of
from tests.conftest import Planned
from tests.projects import copy_project, set_config
from tests.reachable import matrix

pytestmark = pytest.mark.xdist_group("clouds")

EXISTING: Mapping[str, object] = {
    "arn": "arn:aws:eks:eu-central-1:123456789012:cluster/shared",
    "endpoint": "https://shared.example.com",
    "certificateAuthority": "c2hhcmVk",
    "securityGroup": "sg-0000000000000shar",
    "vpc": "vpc-0000000000000shar",
    "publicSubnets": ["subnet-p1", "subnet-p2"],
    "dataSubnets": ["subnet-d1", "subnet-d2"],
    "serviceCidr": "10.100.0.0/16",
}

AROUND = {
    "public": "10.32.192.9",
    "private": "10.32.0.9",
    "data": "10.32.224.9",
    # In the network, but in no subnet that the settings list.
    "elsewhere": "10.32.255.9",
}

LISTS: Mapping[str, object] = {
    "publicCidrs": ["10.32.192.0/24", "10.32.193.0/24"],
    "privateCidrs": ["10.32.0.0/19"],
    "dataCidrs": ["10.32.224.0/24", "10.32.225.0/24"],
}


Listing = Callable[[Mapping[str, object]], Plan]


@pytest.fixture
def listing(tmp_path: Path, planned: Planned) -> Listing:
    """Plans staging in a network of which some lists are known."""

    def plan(lists: Mapping[str, object]) -> Plan:
        project = copy_project(tmp_path / "-".join(["with", *lists]))
        set_config(
            project,
            "staging",
            cluster="existing",
            clusterAdmins=None,
            apiCidrs=None,
            existingCluster={**EXISTING, **lists},
        )
        return planned(project, "staging")

    return plan


def reach(plan: Plan) -> Mapping[tuple[str, str], Ports]:
    """Who of the pods reaches whom around them, and the other way."""
    world, pods = world_of(plan.named())
    around = [Endpoint(name=name, addresses=(address,)) for name, address in AROUND.items()]
    return {**matrix(world, pods, around), **matrix(world, around, pods)}


def places(found: Mapping[tuple[str, str], Ports], pod: str, port: int) -> set[str]:
    """Where the pod goes on that port."""
    return {
        target
        for (source, target), ports in found.items()
        if source == pod and any(first <= port <= last for _, first, last in ports)
    }


def callers(found: Mapping[tuple[str, str], Ports]) -> set[str]:
    """From where the gateway is reached."""
    return {source for source, target in found if target == "Deployment/backend-api"}


def test_listed_subnets_are_the_only_ones(listing: Listing) -> None:
    """A policy for the whole network lets a service call every server that others put there."""
    found = reach(listing(LISTS))
    assert places(found, "Deployment/billing-service", 5432) == {"data"}
    assert places(found, "Job/billing-service-database", 5432) == {"data"}
    assert places(found, "Job/billing-service-database", 443) == {"private"}
    assert places(found, "Deployment/session-mgr", 6379) == {"data"}
    assert places(found, "Deployment/pv-keys", 443) == {"private"}
    assert callers(found) == {"public"}


def test_without_lists_it_is_the_whole_network(listing: Listing) -> None:
    """Whoever knows no addresses still gets a platform that works."""
    found = reach(listing({}))
    assert places(found, "Deployment/billing-service", 5432) == set(AROUND)
    assert callers(found) == set(AROUND)


def test_each_list_stands_for_itself(listing: Listing) -> None:
    """One list that is missing must not close what it is about."""
    found = reach(listing({"dataCidrs": LISTS["dataCidrs"]}))
    assert places(found, "Deployment/billing-service", 5432) == {"data"}
    assert callers(found) == set(AROUND)


def test_policies_alone_depend_on_the_lists(listing: Listing) -> None:
    """To write the lists down later must not restart a service or touch a server."""
    before = {each.urn: each.inputs for each in listing({}).resources}
    after = {each.urn: each.inputs for each in listing(LISTS).resources}
    assert set(before) == set(after)
    changed = {urn for urn in before if before[urn] != after[urn]}
    assert len(changed) > 20
    assert {urn.rpartition("$")[2].partition("::")[0] for urn in changed} == {
        "kubernetes:networking.k8s.io/v1:NetworkPolicy"
    }


def test_names_are_asked_where_the_cluster_answers(listing: Listing) -> None:
    """EKS has Services at 10.100.0.0/16 too: without DNS no service finds another."""
    policies = [
        str(each.inputs["spec"])
        for each in listing({}).resources
        if each.type == "kubernetes:networking.k8s.io/v1:NetworkPolicy"
    ]
    assert sum("10.100.0.10/32" in each for each in policies) > 10
    assert not [each for each in policies if "172.20.0.10" in each]
