"""The way from a load balancer to the gateway, made alone."""

from __future__ import annotations

import pytest

from components.gateway_route import AUTO_MODE, CONTROLLER, GatewayRoute, GatewayRouteArgs
from tests.components.recording import (
    CONTEXT,
    Recording,
    assert_makes_what_it_says,
    given,
    record,
)


def made(*, auto: bool = True) -> Recording:
    return record(
        lambda: GatewayRoute(
            "gateway",
            GatewayRouteArgs(
                context=CONTEXT,
                namespace="nexus-gateway",
                service="backend-api",
                targets="arn:targets",
                auto=auto,
                after=given("gateway"),
            ),
        )
    )


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(GatewayRoute, made())


@pytest.mark.parametrize(("auto", "version"), [(True, AUTO_MODE), (False, CONTROLLER)])
def test_binding_is_of_the_controller_that_runs(auto: bool, version: str) -> None:
    """A binding that no controller knows leaves the balancer without a single target."""
    route = made(auto=auto)
    binding = route.one("TargetGroupBinding")
    assert binding.inputs["apiVersion"] == version
    assert binding.inputs["kind"] == "TargetGroupBinding"
    assert route.outputs["handle"] == "TargetGroupBinding gateway"


def test_pods_are_registered_by_their_addresses() -> None:
    """By the nodes' addresses, a balancer's checks say nothing about the pods."""
    binding = made().one("TargetGroupBinding").inputs
    assert binding["spec"] == {
        "serviceRef": {"name": "backend-api", "port": "http"},
        "targetGroupARN": "arn:targets",
        "targetType": "ip",
    }
    metadata = binding["metadata"]
    assert (metadata["namespace"], metadata["name"]) == ("nexus-gateway", "backend-api")


def test_route_waits_for_the_gateway() -> None:
    """A route that comes first answers visitors with errors until the gateway runs."""
    assert made().waits("TargetGroupBinding") == {"ConfigMap given-gateway"}
