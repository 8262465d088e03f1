"""Helm releases under rehearsal: one resource each, installed, changed and taken away."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s
import pytest
from pulumi_kubernetes.helm.v3 import Release

from nexus.pulumi.resource import HELM_RELEASE
from nexus.pulumi.wire import Properties, table
from nexus.rehearsal.cluster import Cluster, Key
from nexus.rehearsal.providers.base import RefusedError, Requested
from nexus.rehearsal.providers.helm import HelmProvider
from nexus.rehearsal.record import Recorder
from nexus.rehearsal.timing import Clock

from .conftest import Start

CLOCK = Clock()


@dataclass(frozen=True, kw_only=True)
class Program:
    """A chart, and an object of a kind that it brings.

    Args:
        replicas: a value of the chart.
        namespace: where the chart goes; Helm makes it.
    """

    replicas: int = 1
    namespace: str = "controllers"

    def __call__(self) -> None:
        """Declare everything."""
        cluster = pulumi.ResourceOptions(provider=k8s.Provider("cluster", kubeconfig="{}"))
        release = Release(
            "signer",
            name="signer",
            chart="signer",
            version="1.2.3",
            namespace=self.namespace,
            create_namespace=True,
            repository_opts={"repo": "https://charts.example.com"},
            values={"replicas": self.replicas},
            opts=cluster,
        )
        k8s.apiextensions.CustomResource(
            "issuer",
            api_version="signer.example.com/v1",
            kind="Issuer",
            metadata={"name": "issuer", "namespace": "default"},
            opts=pulumi.ResourceOptions.merge(
                cluster, pulumi.ResourceOptions(depends_on=[release])
            ),
        )


def test_release_is_installed_changed_and_taken_away(start: Start) -> None:
    """A release that changes in every run, or in none, hides what a run would do."""
    session = start(Program())
    up = session.up()
    assert up.succeeded, up.errors
    ended = {each.name: each.ended for each in up.operations}
    began = {each.name: each.began for each in up.operations}
    assert (ended["signer"] or 0) < (began["issuer"] or 0)
    assert not session.up().changed
    session.program = Program(replicas=2)
    changed = [each for each in session.up().operations if each.op != "same"]
    assert [(each.name, each.op) for each in changed] == [("signer", "update")]
    session.program = Program(replicas=2, namespace="elsewhere")
    moved = {each.op for each in session.up().operations if each.name == "signer"}
    assert moved == {"replace", "delete"}
    assert session.destroy().succeeded
    left = [(key.kind, key.name) for key in session.cluster.contents()]
    assert left == [("Namespace", "controllers"), ("Namespace", "elsewhere")], "Helm leaves them"


def test_first_install_that_fails_can_be_tried_again(start: Start) -> None:
    """What is left of a failed install would refuse every further one."""
    session = start(Program())
    session.kubernetes.fail = frozenset({"signer"})
    failed = session.up()
    assert not failed.succeeded
    assert "context deadline exceeded" in failed.error
    session.kubernetes.fail = frozenset()
    assert session.up().succeeded


def asked(**inputs: object) -> Requested:
    given: Properties = {"chart": "signer", "version": "1.2.3", "namespace": "kube-system"}
    return Requested(
        urn=f"urn:pulumi:dev::shop::{HELM_RELEASE}::it",
        type=HELM_RELEASE,
        name="it",
        inputs={**given, **inputs},  # pyright: ignore[reportArgumentType]
        id="kube-system/signer",
    )


def provider() -> HelmProvider:
    return HelmProvider(Cluster(), CLOCK, Recorder())


def test_two_releases_of_one_name_are_refused() -> None:
    """The second of two controllers in a cluster must fail here, not in the cluster."""
    helm = provider()
    made = helm.create(asked(name="signer"))
    assert made.id == "kube-system/signer"
    assert table(made.outputs["status"])["revision"] == 1
    with pytest.raises(RefusedError, match="cannot re-use a name that is still in use"):
        helm.create(asked(name="signer"))
    helm.create(asked(name="other"))
    assert table(helm.update(asked(name="signer"), made.outputs).outputs["status"]) == {
        "name": "signer",
        "namespace": "kube-system",
        "chart": "signer",
        "version": "1.2.3",
        "revision": 2,
        "status": "deployed",
    }


def test_release_needs_its_namespace_and_a_name() -> None:
    """A chart for a namespace that is not there fails in the middle of an update."""
    helm = provider()
    with pytest.raises(RefusedError, match='namespaces "none" not found'):
        helm.create(asked(name="signer", namespace="none"))
    helm.create(asked(name="signer", namespace="none", createNamespace=True))
    helm.create(asked(name="other", namespace="none", createNamespace=True))
    assert helm.cluster.get(Key("", "Namespace", "", "none"))
    assert helm.check(asked(), {}, b"")[1]
    assert helm.check(asked(name="signer"), {}, b"")[1] == {}


def test_release_that_somebody_deleted_is_missed() -> None:
    """A refresh that finds what is gone never brings it back."""
    helm = provider()
    made = helm.create(asked(name="signer"))
    found = helm.read(asked(name="signer"), made.outputs)
    assert found is not None
    assert found[0].outputs == made.outputs
    helm.delete(asked(name="signer"), made.outputs)
    assert helm.read(asked(name="signer"), made.outputs) is None
    with pytest.raises(RefusedError, match='"signer" not found'):
        helm.update(asked(name="signer"), made.outputs)
