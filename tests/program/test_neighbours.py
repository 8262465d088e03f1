"""One service cannot use up what all share."""

from __future__ import annotations

from collections.abc import Mapping

from plan.plan import Plan
from stacks.environment import ENVIRONMENTS, InCluster
from tests.transcription import RESOURCE_EDGES


def environments(plan: Plan, suffix: str) -> Mapping[str, Mapping[str, str]]:
    """Environment of every bootstrap Job whose name ends in `suffix`, by service."""
    return {
        each.name.removesuffix(suffix): {
            variable["name"]: variable["value"]
            for variable in each.inputs["spec"]["template"]["spec"]["containers"][0]["env"]
        }
        for each in plan.resources
        if each.type == "kubernetes:batch/v1:Job" and each.name.endswith(suffix)
    }


def test_all_databases_together_fit_into_the_server(plan: Plan) -> None:
    """A service that leaks connections must hit its own limit, not the server's."""
    limits = [int(env["CONNECTION_LIMIT"]) for env in environments(plan, "-database").values()]
    assert len(limits) == sum(target == "postgres" for _, target in RESOURCE_EDGES)
    assert all(limit > 0 for limit in limits)
    # Three are the superuser's, and each running Job takes one.
    platform = ENVIRONMENTS["dev"].platform
    assert isinstance(platform, InCluster)
    assert sum(limits) + 3 + 10 <= platform.max_connections


def test_every_vhost_is_limited(plan: Plan) -> None:
    """A consumer that declares a queue per message must not fill the broker's memory."""
    vhosts = environments(plan, "-vhost")
    assert set(vhosts) == {source for source, target in RESOURCE_EDGES if target == "queue"}
    for env in vhosts.values():
        assert 0 < int(env["VHOST_MAX_CONNECTIONS"]) <= 100
        assert 0 < int(env["VHOST_MAX_QUEUES"]) <= 1000
