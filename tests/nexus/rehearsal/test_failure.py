"""What goes wrong is told in sentences and can be repaired by the next run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random
import pytest

from nexus.rehearsal.run import rehearse

from .conftest import Start
from .toy import PROJECT, Toy, failing


def test_failed_service_stops_its_dependents_and_is_repaired(start: Start) -> None:
    """A half-finished rollout must go on where it stopped, not collide with what it left."""
    session = start(Toy())
    session.kubernetes.fail = frozenset({"orders"})
    failed = session.up()
    assert not failed.succeeded
    assert "failed to fully initialize or become live" in failed.error
    assert "Deployment::orders" in failed.error
    assert "Traceback" not in failed.error
    operations = {each.name: each for each in failed.operations if "Deployment" in each.type}
    assert operations["orders"].result == "failed"
    assert "web" not in operations
    kept = {each["urn"]: each for each in session.export()["resources"]}
    [orders] = [each for urn, each in kept.items() if urn.endswith("Deployment::orders")]
    assert orders["initErrors"]

    session.kubernetes.fail = frozenset()
    repaired = session.up()
    assert repaired.succeeded, repaired.error
    ops = {each.name: each.op for each in repaired.operations if "Deployment" in each.type}
    assert ops["orders"] == "update"
    assert ops["web"] == "create"
    assert ops["auth"] == "same"
    assert session.up().changed == 0


def test_same_name_twice_is_refused(start: Start) -> None:
    """Two resources that own one object delete it from under each other."""
    outcome = start(Toy(twice=True)).up()
    assert not outcome.succeeded
    assert 'serviceaccounts "account" already exists' in outcome.error
    assert "was not successfully created by the Kubernetes API server" in outcome.error


def test_object_without_its_namespace_is_refused(start: Start) -> None:
    """What does not wait for its namespace works on a fast cluster and fails on a slow one."""

    def program() -> None:
        cluster = pulumi.ResourceOptions(provider=k8s.Provider("cluster", kubeconfig="{}"))
        k8s.core.v1.ConfigMap("lost", metadata={"namespace": "apps"}, opts=cluster)

    outcome = start(program).up()
    assert not outcome.succeeded
    assert 'namespaces "apps" not found' in outcome.error


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (pulumi.RunError("catalog/ai.yaml: there is no such key."), "catalog/ai.yaml: there is"),
        (LookupError("nothing"), "LookupError: nothing"),
    ],
)
def test_program_error_is_one_sentence(start: Start, error: Exception, sentence: str) -> None:
    """A traceback in place of the mistake sends people looking in the wrong file."""
    session = start(failing(error))
    outcome = session.up()
    assert not outcome.succeeded
    assert len(outcome.errors) == 1, outcome.errors
    assert outcome.error.startswith(sentence)
    assert "Traceback" not in outcome.error
    assert outcome.program_error is error
    assert [each["type"] for each in session.export().get("resources", ())] in (
        [],
        ["pulumi:pulumi:Stack"],
    )


def test_unsimulated_type_says_where_to_add_it(start: Start) -> None:
    """A new resource type must not look like a bug of the program."""

    def program() -> None:
        random.RandomShuffle("deck", inputs=["a", "b"])

    outcome = start(program).up()
    assert not outcome.succeeded
    assert "does not know the type random:index/randomShuffle:RandomShuffle" in outcome.error
    assert "nexus/rehearsal/providers/random.py" in outcome.error


def test_protected_resource_survives_destroy(start: Start) -> None:
    """The guard of a production database must hold in a rehearsal too, or nobody tests it."""

    def program() -> None:
        protected = pulumi.ResourceOptions(protect=True)
        random.RandomPassword("key", length=8, opts=protected)

    session = start(program)
    assert session.up().succeeded
    refused = session.destroy()
    assert not refused.succeeded
    assert "protected" in refused.error
    session.pulumi("state", "unprotect", "--yes", "--all")
    assert session.destroy().succeeded


def test_two_rehearsals_at_once_do_not_meet() -> None:
    """Two developers on one machine, or two tests, must not share state or ports."""

    def run(image: str) -> tuple[bool, int, str]:
        with rehearse(Toy(image=image), PROJECT, "dev") as session:
            up, again = session.up(), session.up()
            return up.succeeded, again.changed, up.error + again.error

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(run, ("app:1", "app:2")))
    assert [(succeeded, changed) for succeeded, changed, _ in results] == [(True, 0)] * 2, results
