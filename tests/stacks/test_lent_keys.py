"""A service that uses another one's keys in Redis: its way there, and what it is told."""

from __future__ import annotations

import json

import pytest

from nexus.plan.plan import Plan, make_plan
from nexus.policy.reachability import world_of
from nexus.policy.rules import violations
from tests.projects import project_of
from tests.reachable import matrix

SERVICES = """\
domain: shop
services:
  carts:
    summary: Holds carts
    tier: domain
    needs: [NEED]
    grants: [{target: redis, to: sweeper, access: read-write}]
  sweeper:
    summary: Deletes old carts
    tier: domain
    needs: [{target: redis, of: carts, access: read-write}]
"""


@pytest.fixture(
    scope="module",
    params=[
        ("redis", "redis", "carts:"),
        ("{target: redis, dedicated: true}", "carts-redis", "carts:"),
        ("{target: redis, dedicated: true, any_key: true}", "carts-redis", ""),
    ],
)
def lent(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Plan, str, str]:
    """The plan of dev, the server that the keys are on, and what they begin with."""
    need, server, prefix = request.param
    folder = tmp_path_factory.mktemp("keys") / "project"
    plan = make_plan(project_of(folder, SERVICES.replace("NEED", need), {}), "dev")
    return plan, server, prefix


def test_both_reach_the_server_that_the_keys_are_on(lent: tuple[Plan, str, str]) -> None:
    """The user would be cut off from a dedicated server, or let in at one without the keys."""
    plan, server, _ = lent
    world, pods = world_of(plan.named())
    found = {pair for pair, ports in matrix(world, pods, pods).items() if ports}
    assert found == {
        (f"Deployment/{name}", f"StatefulSet/{server}") for name in ("carts", "sweeper")
    }
    assert [str(each) for each in violations(plan.named())] == []


def test_the_user_is_told_the_owner_s_prefix_and_has_a_password_of_its_own(
    lent: tuple[Plan, str, str],
) -> None:
    """It would look for carts under a prefix that nobody writes, or sign in as the owner."""
    plan, server, prefix = lent
    for service in ("carts", "sweeper"):
        [config] = [each for each in plan.resources if each.name == f"{service}-config"]
        told = json.loads(config.inputs["data"]["dependencies.json"])["dependencies"]["redis"]
        assert told["endpoint"]["prefix"] == prefix
    assert told["endpoint"] == {
        "host": f"{server}.nexus-data.svc",
        "port": "6379",
        "prefix": prefix,
    }
    [login] = [each for each in plan.resources if each.name == "sweeper-credentials"]
    assert sorted(login.inputs["stringData"]) == ["redis.password", "redis.username"]
    assert [each.name for each in plan.resources if "sweeper-password" in each.name] == [
        f"{server}-sweeper-password"
    ]
