"""The way into a cluster of one's own, made alone."""

from __future__ import annotations

from components.gateway_ingress import GatewayIngress, GatewayIngressArgs
from tests.components.recording import (
    CONTEXT,
    Recording,
    assert_makes_what_it_says,
    given,
    record,
)


def made() -> Recording:
    return record(
        lambda: GatewayIngress(
            "ingress",
            GatewayIngressArgs(
                context=CONTEXT,
                namespace="nexus-gateway",
                host="nexus.example",
                service="backend-api",
                after=given("gateway"),
            ),
        )
    )


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(GatewayIngress, made())


def test_host_leads_to_the_gateway() -> None:
    """A route to another Service is an outage of everything."""
    ingress = made()
    [rule] = ingress.one("Ingress").inputs["spec"]["rules"]
    [path] = rule["http"]["paths"]
    assert rule["host"] == "nexus.example"
    assert (path["path"], path["pathType"]) == ("/", "Prefix")
    assert path["backend"]["service"] == {"name": "backend-api", "port": {"name": "http"}}
    metadata = ingress.one("Ingress").inputs["metadata"]
    assert (metadata["namespace"], metadata["name"]) == ("nexus-gateway", "backend-api")
    assert ingress.outputs["url"] == "http://nexus.example/"


def test_route_waits_for_the_gateway_and_nobody_for_the_route() -> None:
    """Without a controller an Ingress never gets an address, and a deployment never ends."""
    ingress = made()
    assert ingress.waits("Ingress") == {"ConfigMap given-gateway"}
    annotations = ingress.one("Ingress").inputs["metadata"]["annotations"]
    assert annotations["pulumi.com/skipAwait"] == "true"
