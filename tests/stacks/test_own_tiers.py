"""A catalog with tiers of its own: gates, priorities, labels and pictures follow it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from catalog import Catalog, load_catalog
from graph.rules import check
from nexus.cli.rehearse import tiers_of
from nexus.pictures import RENDERERS
from nexus.plan.plan import Plan, make_plan
from tests.projects import small_project

TIERS = {"ground": 700, "engine": 60, "middle": 50, "top": 5}
GATE = "nexus:services:TierGate"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four tiers, the services in two of them, so that a tier in the middle is empty."""
    folder = small_project(tmp_path_factory.mktemp("own") / "project")
    platform = folder / "catalog/platform.yaml"
    content = yaml.safe_load(platform.read_text(encoding="utf-8"))
    content["tiers"] = [
        {"name": name, "starts_at": 9 * index, "ends_at": 9 * index + 9, "priority": priority}
        for index, (name, priority) in enumerate(TIERS.items())
    ]
    platform.write_text(yaml.safe_dump(content), encoding="utf-8")
    for path in (folder / "catalog/services").iterdir():
        file = yaml.safe_load(path.read_text(encoding="utf-8"))
        for entry in file["services"].values():
            entry["tier"] = {"core": "engine"}.get(entry["tier"], "top")
        path.write_text(yaml.safe_dump(file), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def own(project: Path) -> Catalog:
    catalog = load_catalog(project)
    check(catalog)
    return catalog


@pytest.fixture(scope="module")
def plan(project: Path) -> Plan:
    return make_plan(project, "dev")


def test_gates_follow_each_other(plan: Plan, own: Catalog) -> None:
    """A service of the last tier would start before the database is there."""
    gates = {
        each.name.removesuffix("-ready"): each
        for each in plan.resources
        if each.type == "kubernetes:core/v1:ConfigMap" and f"{GATE}$" in each.urn
    }
    assert set(gates) == set(TIERS)
    for before, name in zip([*TIERS], [*TIERS][1:], strict=False):
        assert gates[before].urn in gates[name].dependencies
        members = gates[name].inputs["data"]["members"].split()
        assert members == [service.name for service in own.in_tier(name)]


def test_pods_have_the_priority_of_their_tier(plan: Plan, own: Catalog) -> None:
    """On a full cluster the database would make room for a front page."""
    classes = {
        each.inputs["metadata"]["name"]: each.inputs["value"]
        for each in plan.resources
        if each.type == "kubernetes:scheduling.k8s.io/v1:PriorityClass"
    }
    assert classes == {f"nexus-{name}": priority for name, priority in TIERS.items()}
    pods = {
        each.name: each.inputs["spec"]["template"]["spec"]["priorityClassName"]
        for each in plan.resources
        if each.type in ("kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet")
    }
    expected = {name: f"nexus-{service.tier}" for name, service in own.services.items()}
    servers = {name: "nexus-ground" for name in pods if name not in own.services}
    assert servers
    assert pods == expected | servers


def test_every_tier_is_in_pictures_and_rehearsals(own: Catalog) -> None:
    """A picture of somebody else's tiers misleads whoever looks at it during an outage."""
    assert list(tiers_of(own).windows) == list(TIERS)
    for name, render in RENDERERS.items():
        drawn = render(own).lower()
        # Backstage is told of the tiers that its entities are in, not of all.
        told = {service.tier for service in own.services.values()}
        for tier in told if name == "backstage" else ("ground", "engine", "top"):
            assert tier in drawn, name
