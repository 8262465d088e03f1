"""A namespace, made alone."""

from __future__ import annotations

from typing import Any

import pytest

from components.kubernetes.namespace import Namespace, NamespaceArgs
from tests.components.recording import CONTEXT, Recording, assert_makes_what_it_says, record


def made(*resolvers: str) -> Recording:
    return record(
        lambda: Namespace("shop", NamespaceArgs(context=CONTEXT, name="shop", resolvers=resolvers))
    )


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(Namespace, made())


def test_namespace_enforces_the_restricted_level() -> None:
    """A namespace without the label admits a pod that runs as root."""
    metadata = made().one("Namespace").inputs["metadata"]
    assert metadata["name"] == "nexus-shop"
    assert metadata["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_name_is_known_when_the_namespace_is_there() -> None:
    """What is made before its namespace is refused."""
    namespace = made()
    assert namespace.outputs["name"] == "nexus-shop"
    assert namespace.after["name"] == {"Namespace shop"}
    assert namespace.waits("NetworkPolicy") == {"Namespace shop"}
    policy = namespace.one("NetworkPolicy").inputs["metadata"]
    assert (policy["namespace"], policy["name"]) == ("nexus-shop", "default")


def test_it_keeps_the_cluster_that_it_was_made_in() -> None:
    """Another cluster behind the same context must not overwrite what tells them apart."""
    kept = record(
        lambda: Namespace("shop", NamespaceArgs(context=CONTEXT, name="shop", cluster="c-1"))
    )
    namespace = kept.one("Namespace")
    assert namespace.inputs["metadata"]["annotations"] == {"nexus-cos/cluster": "c-1"}
    assert namespace.options["ignoreChanges"] == ['metadata.annotations["nexus-cos/cluster"]']
    assert kept.outputs["cluster"] == "c-1"
    assert "annotations" not in made().one("Namespace").inputs["metadata"]


@pytest.mark.parametrize("resolvers", [(), ("169.254.20.10/32",), ("10.0.0.10/32", "10.1.0.10/32")])
def test_pods_may_ask_dns_and_nobody_else(resolvers: tuple[str, ...]) -> None:
    """A policy with a rule too few is an outage of every lookup, one too many no isolation."""
    spec: dict[str, Any] = made(*resolvers).one("NetworkPolicy").inputs["spec"]
    assert spec["podSelector"] == {}
    assert sorted(spec["policyTypes"]) == ["Egress", "Ingress"]
    assert "ingress" not in spec
    [rule] = spec["egress"]
    assert {(each["protocol"], each["port"]) for each in rule["ports"]} == {
        ("UDP", 53),
        ("TCP", 53),
    }
    pods, *blocks = rule["to"]
    assert pods["podSelector"]["matchLabels"] == {"k8s-app": "kube-dns"}
    assert pods["namespaceSelector"]["matchLabels"] == {
        "kubernetes.io/metadata.name": "kube-system"
    }
    assert blocks == [{"ipBlock": {"cidr": each}} for each in resolvers]


def test_a_name_that_is_too_long_is_an_error() -> None:
    """The API server refuses it, hours after the review."""

    def build() -> dict[str, Any]:
        with pytest.raises(ValueError, match="shorten the service, domain or prefix"):
            Namespace("long", NamespaceArgs(context=CONTEXT, name="n" * 63))
        return {}

    record(build)
