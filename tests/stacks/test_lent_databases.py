"""A service that uses another one's database: its login, its order, its way there and no other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from catalog import load_catalog
from catalog.access import Access
from catalog.part import OWN, Part
from nexus.pictures.json import graph_document
from nexus.plan.plan import Plan, make_plan
from nexus.policy.reachability import world_of
from nexus.policy.rules import violations
from tests.projects import project_of
from tests.reachable import matrix

SERVICES = """\
domain: shop
services:
  orders:
    summary: Takes orders
    tier: domain
    needs: [NEED]
    grants: [{target: postgres, to: reporting, access: read}]
  reporting:
    summary: Counts orders
    tier: domain
    needs: [{target: postgres, of: orders, access: read}]
"""
SHARED, APART = "postgres", "{target: postgres, dedicated: true}"


def project(folder: Path, need: str) -> Path:
    return project_of(folder / "project", SERVICES.replace("NEED", need), {})


@pytest.fixture(scope="module", params=[(SHARED, "postgres"), (APART, "orders-postgres")])
def lent(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Plan, str]:
    """The plan of dev, and the server that the database is on."""
    need, server = request.param
    return make_plan(project(tmp_path_factory.mktemp("lent"), need), "dev"), server


def env(plan: Plan, job: str) -> Mapping[str, str]:
    [found] = [each for each in plan.named() if (each.kind, each.name) == ("Job", job)]
    [container] = found.inputs["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each["value"] for each in container["env"] if "value" in each}


def test_the_user_has_a_login_of_its_own_into_the_owner_s_database(
    lent: tuple[Plan, str],
) -> None:
    """With the owner's login it could drop the tables, and nobody could tell who did."""
    plan, _ = lent
    found = env(plan, "reporting-database")
    assert (found["DATABASE"], found["OWNER_ROLE"]) == ("orders", "orders_owner")
    assert (found["LOGIN_ROLE"], found["ACCESS"]) == ("reporting", "read")
    assert found["PGHOST"] == env(plan, "orders-database")["PGHOST"]
    [scripts] = [each for each in plan.named() if each.name == "bootstrap-scripts"]
    assert "postgres-access.sh" in scripts.inputs["data"]


def test_both_reach_the_server_that_the_database_is_on_and_nothing_else(
    lent: tuple[Plan, str],
) -> None:
    """The user would be cut off from a dedicated server, or let in at one without its part."""
    plan, server = lent
    world, pods = world_of(plan.named())
    found = {pair for pair, ports in matrix(world, pods, pods).items() if ports}
    assert found == {
        (f"{kind}/{name}{suffix}", f"StatefulSet/{server}")
        for kind, suffix in (("Deployment", ""), ("Job", "-database"))
        for name in ("orders", "reporting")
    }
    assert [str(each) for each in violations(plan.named())] == []


def test_the_login_waits_for_the_database_and_the_user_for_the_login(
    lent: tuple[Plan, str],
) -> None:
    """A login cannot be let into a database that is not there yet."""
    plan, _ = lent
    made = {(each.type.rpartition(":")[2], each.name): each for each in plan.resources}
    login = made["Job", "reporting-database"]
    assert made["Job", "orders-database"].urn in login.dependencies
    assert login.urn in made["Deployment", "reporting"].dependencies


def test_the_graph_and_its_diff_know_whose_part_it_is(tmp_path: Path) -> None:
    """A reviewer would take the login into another one's tables for a database of its own."""
    catalog = load_catalog(project(tmp_path, SHARED))
    edges = {edge.source: edge.parts for edge in catalog.edges}
    assert edges == {"orders": OWN, "reporting": (Part(of="orders", access=Access.READ),)}
    [told] = [each for each in graph_document(catalog)["edges"] if each["source"] == "reporting"]
    assert (told["of"], told["access"]) == ("orders", "read")
