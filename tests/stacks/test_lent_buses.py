"""An event bus: services that publish to, or consume from, the vhost of another one."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from catalog import load_catalog
from catalog.access import Access
from catalog.part import Part
from nexus.pictures.json import graph_document
from nexus.pictures.text import neighbours_as_text
from nexus.plan.plan import Plan, make_plan
from nexus.policy.reachability import world_of
from nexus.policy.rules import violations
from tests.projects import project_of
from tests.reachable import matrix
from tests.stacks.test_lent_databases import env

SERVICES = """\
domain: shop
services:
  orders:
    summary: Takes orders
    tier: domain
    needs: [NEED]
    grants:
      - {target: queue, to: billing, access: consume, exchange: events, routing_keys: ["order.*"]}
      - {target: queue, to: front, access: publish, exchange: events, routing_keys: ["order.#"]}
  billing:
    summary: Writes invoices
    tier: domain
    needs:
      - {target: queue, of: orders, access: consume, exchange: events, routing_keys: [order.paid]}
    environments:
      dev: {replicas: {most: 3, scale_on: {queue: {name: billing.paid, length: 5}}}}
  front:
    summary: Shows orders
    tier: frontend
    needs:
      - {target: queue, of: orders, access: publish, exchange: events, routing_keys: ["order.*"]}
"""
SHARED, APART = "queue", "{target: queue, dedicated: true}"


def project(folder: Path, need: str) -> Path:
    made = project_of(folder / "project", SERVICES.replace("NEED", need), {})
    path = made / "catalog/sizes.yaml"
    sizes = yaml.safe_load(path.read_text(encoding="utf-8"))
    sizes["environments"]["dev"]["queue_metric"] = "rabbitmq_queue_messages_ready"
    path.write_text(yaml.safe_dump(sizes), encoding="utf-8")
    return made


@pytest.fixture(scope="module", params=[(SHARED, "queue"), (APART, "orders-queue")])
def lent(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Plan, str]:
    """The plan of dev, and the server that the vhost is on."""
    need, server = request.param
    return make_plan(project(tmp_path_factory.mktemp("bus"), need), "dev"), server


def test_each_user_has_its_own_login_and_the_keys_that_it_asks_for(lent: tuple[Plan, str]) -> None:
    """All of them would be one to the broker, or have all that was granted at most."""
    plan, _ = lent
    found = {
        user: [env(plan, f"{user}-vhost")[each] for each in ("VHOST", "USERNAME", "ROUTING_KEYS")]
        for user in ("billing", "front")
    }
    assert found == {
        "billing": ["orders", "billing", "order.paid"],
        "front": ["orders", "front", "order.*"],
    }
    [scripts] = [each for each in plan.named() if each.name == "bootstrap-scripts"]
    assert "rabbitmq_access.py" in scripts.inputs["data"]
    # They share what the vhost may hold.
    assert env(plan, "orders-vhost")["VHOST_MAX_CONNECTIONS"] == "60"
    assert env(plan, "billing-vhost")["USER_MAX_CONNECTIONS"] == "20"


def test_all_reach_the_server_that_the_vhost_is_on_and_nothing_else(
    lent: tuple[Plan, str],
) -> None:
    """A user would be cut off from a dedicated server, or let in at one without its part."""
    plan, server = lent
    world, pods = world_of(plan.named())
    found = {pair for pair, ports in matrix(world, pods, pods).items() if ports}
    assert found == {
        (f"{kind}/{name}{suffix}", f"StatefulSet/{server}")
        for kind, suffix in (("Deployment", ""), ("Job", "-vhost"))
        for name in ("orders", "billing", "front")
    }
    assert [str(each) for each in violations(plan.named())] == []


def test_the_user_waits_for_the_vhost_and_the_service_for_its_user(lent: tuple[Plan, str]) -> None:
    """A user cannot be let into a vhost that is not there yet."""
    plan, _ = lent
    made = {(each.type.rpartition(":")[2], each.name): each for each in plan.resources}
    user = made["Job", "billing-vhost"]
    assert made["Job", "orders-vhost"].urn in user.dependencies
    assert user.urn in made["Deployment", "billing"].dependencies


def test_the_length_of_a_queue_is_looked_for_in_the_owner_s_vhost(lent: tuple[Plan, str]) -> None:
    """An autoscaler that looks into a vhost that nobody made starts no pod."""
    plan, _ = lent
    [scaler] = [each for each in plan.named() if each.name == "billing-autoscaler"]
    [length] = [each for each in scaler.inputs["spec"]["metrics"] if each["type"] == "External"]
    labels = length["external"]["metric"]["selector"]["matchLabels"]
    assert labels == {"queue": "billing.paid", "vhost": "orders"}


def test_the_graph_tells_who_publishes_and_who_consumes(tmp_path: Path) -> None:
    """A reviewer would take a user of the bus for one with a vhost of its own."""
    catalog = load_catalog(project(tmp_path, SHARED))
    part = Part(
        of="orders",
        access=Access.CONSUME,
        exchange="events",
        routing_keys=("order.paid",),
    )
    assert [each.parts for each in catalog.needs("billing")] == [(part,)]
    [told] = [each for each in graph_document(catalog)["edges"] if each["source"] == "billing"]
    assert {key: told[key] for key in ("of", "access", "exchange", "routing_keys")} == {
        "of": "orders",
        "access": "consume",
        "exchange": "events",
        "routing_keys": ["order.paid"],
    }
    text = neighbours_as_text(catalog, "billing")
    assert "that of orders, to consume at events: order.paid" in text
