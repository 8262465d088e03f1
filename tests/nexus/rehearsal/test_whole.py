"""A program comes up in its order, stays as it is, and goes in the reverse order."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from nexus.rehearsal.record import Operation
from nexus.rehearsal.report import report
from nexus.rehearsal.tiers import tier_times

from .conftest import Whole
from .toy import NEEDS, TIERS

DEPLOYMENT = "kubernetes:apps/v1:Deployment"


def _by_urn(operations: tuple[Operation, ...]) -> dict[str, Operation]:
    return {operation.urn: operation for operation in operations}


def test_preview_creates_nothing(whole: Whole) -> None:
    """A pull request's preview must not touch the cluster it looks at."""
    assert whole.preview.succeeded, whole.preview.error
    assert whole.preview.counts == {"create": len(whole.up.operations)}
    assert whole.made_by_preview == 0


def test_no_deployment_starts_before_what_it_waits_for(whole: Whole) -> None:
    """A service rolled out before its database crash-loops until somebody looks."""
    assert whole.up.succeeded, whole.up.error
    operations = _by_urn(whole.up.operations)
    deployments = [each for each in whole.up.operations if each.type == DEPLOYMENT]
    assert {each.name for each in deployments} == set(NEEDS)
    for deployment in deployments:
        before = [operations[urn] for urn in whole.dependencies[deployment.urn]]
        assert {each.type for each in before} >= {"kubernetes:core/v1:Service"}
        for each in before:
            assert _place(each.ended) < _place(deployment.began), (deployment.name, each.name)
            assert each.end <= deployment.start


def test_independent_services_start_together(whole: Whole) -> None:
    """An engine that works one by one makes a rollout take minutes longer than documented."""
    made = {each.name: each for each in whole.up.operations if each.type == DEPLOYMENT}
    catalogue, billing = made["catalogue"], made["billing"]
    assert catalogue.start == billing.start


def test_simulated_times_come_from_the_table(whole: Whole) -> None:
    """A rehearsal whose seconds mean nothing cannot be held against the documented windows."""
    spent = {(each.type, each.name): each.end - each.start for each in whole.up.operations}
    assert spent["kubernetes:apps/v1:StatefulSet", "postgres"] == pytest.approx(8.0)
    assert spent["kubernetes:batch/v1:Job", "schema"] == pytest.approx(2.0)
    assert spent[DEPLOYMENT, "auth"] == pytest.approx(5.0)
    assert spent[DEPLOYMENT, "catalogue"] == pytest.approx(20.0), "its own time wins"
    # Namespace, StatefulSet, Job, sessions, auth, catalogue, orders, web: one after the other.
    assert whole.up.makespan == pytest.approx(0.1 + 8 + 2 + 5 + 5 + 20 + 5 + 5)
    assert whole.up.makespan == max(each.end for each in whole.up.operations)
    # The same way back, and the services' addresses, which wait for none of these.
    assert whole.destroy.makespan == pytest.approx(1 + 1 + 1 + 1 + 1 + 0.5 + 2 + 0.2 + 1)


def test_second_up_changes_nothing(whole: Whole) -> None:
    """A program that is never at rest hides the change somebody did not want."""
    assert whole.again.succeeded, whole.again.error
    assert whole.again.counts == {"same": len(whole.up.operations)}
    assert whole.again.changed == 0
    assert {each.op for each in whole.again.operations} == {"same"}


def test_refresh_finds_what_is_there(whole: Whole) -> None:
    """A refresh that sees drift where there is none would plan to change a live system."""
    assert whole.refresh.succeeded, whole.refresh.error
    assert whole.refresh.changed == 0
    read = {each.urn for each in whole.refresh.operations if each.op == "read"}
    assert read >= {each.urn for each in whole.up.operations if _provided(each)}


def test_the_state_is_read_as_it_is_exported(whole: Whole) -> None:
    """A timetable of a state that is not the engine's says what nobody waits for."""
    assert whole.resources == json.loads(whole.state)["deployment"]["resources"]


def test_destroy_leaves_nothing(whole: Whole) -> None:
    """What a destroy forgets goes on costing money."""
    assert whole.destroy.succeeded, whole.destroy.error
    assert whole.destroy.counts == {"delete": len(whole.up.operations)}
    assert whole.left == 0
    assert whole.state_left == []


def test_destroy_takes_dependents_first(whole: Whole) -> None:
    """A database that goes before its services leaves them serving errors meanwhile."""
    deletes = _by_urn(whole.destroy.operations)
    checked = 0
    for urn, dependencies in whole.dependencies.items():
        for dependency in dependencies:
            dependent, needed = deletes[urn], deletes[dependency]
            if _provided(dependent) and _provided(needed):
                checked += 1
                assert _place(dependent.ended) < _place(needed.began), (dependent.name, needed.name)
                assert dependent.end <= needed.start
    assert checked > len(NEEDS)


def test_tier_waits_for_the_last_of_the_tier_before(whole: Whole) -> None:
    """The summary's reason must be the workload to look at, not the gate that passed it on."""
    times = tier_times(TIERS, whole.up.operations, whole.dependencies)
    assert [tier.name for tier in times] == ["infrastructure", "core", "domain", "front"]
    assert [tier.waited_for for tier in times] == [None, "schema", "auth", "orders"]
    assert [tier.workloads for tier in times] == [1, 2, 3, 1]
    for earlier, later in pairwise(times):
        assert earlier.simulated is not None
        assert later.simulated is not None
        assert earlier.simulated[1] <= later.simulated[0]


def test_report_has_the_documented_shape(whole: Whole) -> None:
    """Scripts read this file; a renamed key breaks them without an error."""
    tiers = tier_times(TIERS, whole.up.operations, whole.dependencies)
    outcomes = (whole.up, whole.again, whole.destroy)
    account = json.loads(json.dumps(report("dev", "tiers", outcomes, tiers)))
    assert set(account) == {
        "stack",
        "ordering",
        "operations",
        "makespan",
        "tiers",
        "jobs",
        "failure",
    }
    keys = {"phase", "urn", "type", "name", "op", "began", "ended"}
    keys |= {"start", "end", "result", "error"}
    assert all(set(operation) == keys for operation in account["operations"])
    assert {each["phase"] for each in account["operations"]} == {"up", "up-2", "destroy"}
    assert set(account["makespan"]) == {"up", "up-2", "destroy"}
    assert account["tiers"][1]["name"] == "core"
    assert account["tiers"][1]["documented"] == [30, 60]
    assert account["tiers"][1]["waited_for"] == "schema"


def test_secrets_stay_secret(whole: Whole) -> None:
    """A password in a state file or a log is a password in the hands of whoever reads it."""
    assert len(whole.password) == 24
    tiers = tier_times(TIERS, whole.up.operations, whole.dependencies)
    account = json.dumps(report("dev", "tiers", (whole.up, whole.again), tiers))
    for place in (whole.state, account, repr(whole.up), repr(whole.preview)):
        assert whole.password not in place
        assert "hidden-placeholder" not in place
    resources = json.loads(whole.state)["deployment"]["resources"]
    kinds = {each["type"]: each for each in resources}
    data = kinds["kubernetes:core/v1:Secret"]["outputs"]["data"]
    assert "ciphertext" in data
    assert "ciphertext" in kinds["random:index/randomPassword:RandomPassword"]["outputs"]["result"]
    assert whole.outputs["password"] == "[secret]"
    assert whole.outputs["setting"] == "plain"


def _place(place: int | None) -> int:
    assert place is not None
    return place


def _provided(operation: Operation) -> bool:
    return operation.type.startswith(("kubernetes:", "random:"))
