"""What the startup check asks in every stack, held against the graph and the network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from catalog import Catalog, Criticality, NodeKind, Order, load_catalog
from components.servers.bootstrap import startup
from nexus.plan.plan import Plan
from tests.projects import DOCUMENTED, STACKS
from tests.stacks.cloud_resources import of_type

pytestmark = pytest.mark.xdist_group("clouds")


@pytest.fixture(scope="module")
def every(plan: Plan, clouds: Mapping[str, Plan]) -> Mapping[str, Plan]:
    """Plans of all stacks."""
    return {"dev": plan, **clouds}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog(DOCUMENTED)


def dependencies(plan: Plan) -> Mapping[str, dict[str, Any]]:
    """What each service is told of its dependencies."""
    return {
        name.removesuffix("-config"): json.loads(each.inputs["data"]["dependencies.json"])[
            "dependencies"
        ]
        for name, each in of_type(plan, "kubernetes:core/v1:ConfigMap").items()
        if "dependencies.json" in each.inputs["data"]
    }


@pytest.mark.parametrize("stack", STACKS)
def test_fatal_is_what_the_graph_says(
    every: Mapping[str, Plan], catalog: Catalog, stack: str
) -> None:
    """A check that is stricter than the graph keeps a service down that could work."""
    told = dependencies(every[stack])
    assert len(told) == 43
    for service, entries in told.items():
        checked = dict(startup.checks(entries))
        fatal = {name for name, entry in checked.items() if startup.is_fatal(entry)}
        assert fatal == {
            edge.target
            for edge in catalog.needs(service)
            if edge.target in checked
            and catalog.kind(edge.target) is NodeKind.RESOURCE
            and edge.order is Order.STARTUP
            and edge.criticality is Criticality.HARD
        }, service


@pytest.mark.parametrize("stack", STACKS)
def test_what_is_asked_can_be_reached(every: Mapping[str, Plan], stack: str) -> None:
    """A service that waits for what its own policy forbids it to reach never starts."""
    policies = of_type(every[stack], "kubernetes:networking.k8s.io/v1:NetworkPolicy")
    asked = 0
    for service, entries in dependencies(every[stack]).items():
        open_ports = {
            port["port"]
            for rule in policies[f"{service}-network"].inputs["spec"].get("egress", [])
            for port in rule.get("ports", [])
        }
        for name, entry in startup.checks(entries):
            host, port, _ = startup.address(entry["endpoint"])
            assert host, (service, name)
            assert port in open_ports, (service, name)
            asked += 1
    assert asked > 25
