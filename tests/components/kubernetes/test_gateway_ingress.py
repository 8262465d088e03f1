"""The way into a cluster of one's own, made alone."""

from __future__ import annotations

import pytest

from components.kubernetes.gateway_ingress import GatewayIngress, GatewayIngressArgs
from tests.components.recording import (
    CONTEXT,
    Recording,
    assert_makes_what_it_says,
    given,
    record,
)

HANDLES = ("gateway",)


def made(
    *, after: tuple[str, ...] = HANDLES, ingress_class: str | None = None, issuer: str | None = None
) -> Recording:
    return record(
        lambda: GatewayIngress(
            "ingress",
            GatewayIngressArgs(
                context=CONTEXT,
                namespace="nexus-gateway",
                host="nexus.example",
                service="backend-api",
                port=8080,
                after=tuple(given(each) for each in after),
                ingress_class=ingress_class,
                issuer=issuer,
            ),
        )
    )


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(GatewayIngress, made())


@pytest.mark.parametrize("issuer", [None, "letsencrypt-staging"])
def test_host_leads_to_the_gateway(issuer: str | None) -> None:
    """A route to another Service is an outage of everything."""
    ingress = made(issuer=issuer)
    [rule] = ingress.one("Ingress").inputs["spec"]["rules"]
    [path] = rule["http"]["paths"]
    assert rule["host"] == "nexus.example"
    assert (path["path"], path["pathType"]) == ("/", "Prefix")
    assert path["backend"]["service"] == {"name": "backend-api", "port": {"number": 8080}}
    metadata = ingress.one("Ingress").inputs["metadata"]
    assert (metadata["namespace"], metadata["name"]) == ("nexus-gateway", "backend-api")


@pytest.mark.parametrize("after", [(), HANDLES, ("gateway", "issuer")])
def test_route_waits_for_all_it_is_told_and_nobody_for_the_route(after: tuple[str, ...]) -> None:
    """Without a controller an Ingress never gets an address, and a deployment never ends."""
    ingress = made(after=after)
    assert ingress.waits("Ingress") == {f"ConfigMap given-{each}" for each in after}
    annotations = ingress.one("Ingress").inputs["metadata"]["annotations"]
    assert annotations["pulumi.com/skipAwait"] == "true"


def test_without_an_issuer_it_answers_without_tls() -> None:
    """A Secret that nobody fills makes a controller show a certificate that browsers refuse."""
    ingress = made()
    inputs = ingress.one("Ingress").inputs
    assert "tls" not in inputs["spec"]
    assert set(inputs["metadata"]["annotations"]) == {"pulumi.com/skipAwait"}
    assert ingress.outputs["url"] == "http://nexus.example/"


@pytest.mark.parametrize("issuer", ["letsencrypt-production", "own"])
def test_issuer_is_asked_for_the_certificate_of_the_host(issuer: str) -> None:
    """Without annotation, name or Secret nobody orders a certificate, or shows it."""
    ingress = made(issuer=issuer)
    inputs = ingress.one("Ingress").inputs
    assert inputs["metadata"]["annotations"] == {
        "pulumi.com/skipAwait": "true",
        "cert-manager.io/issuer": issuer,
    }
    [tls] = inputs["spec"]["tls"]
    assert tls == {"hosts": ["nexus.example"], "secretName": "backend-api-tls"}
    assert ingress.outputs["url"] == "https://nexus.example/"


@pytest.mark.parametrize("issuer", [None, "letsencrypt-production"])
@pytest.mark.parametrize("ingress_class", [None, "public"])
def test_class_is_the_clusters_own_unless_another_is_named(
    ingress_class: str | None, issuer: str | None
) -> None:
    """In a class of nobody's, no controller answers for the host."""
    spec = made(ingress_class=ingress_class, issuer=issuer).one("Ingress").inputs["spec"]
    assert spec.get("ingressClassName") == ingress_class
    assert ("ingressClassName" in spec) == (ingress_class is not None)
