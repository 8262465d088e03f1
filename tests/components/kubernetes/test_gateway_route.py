"""The way from a load balancer to the gateway, made alone."""

from __future__ import annotations

import pytest

from components.kubernetes.gateway_route import GatewayRoute, GatewayRouteArgs
from tests.components.recording import (
    CONTEXT,
    Recording,
    assert_makes_what_it_says,
    given,
    record,
)


def made(*, auto: bool = True, after: tuple[str, ...] = ("gateway",)) -> Recording:
    return record(
        lambda: GatewayRoute(
            "gateway",
            GatewayRouteArgs(
                context=CONTEXT,
                namespace="nexus-gateway",
                service="backend-api",
                port=8080,
                targets="arn:targets",
                auto=auto,
                after=tuple(given(each) for each in after),
            ),
        )
    )


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(GatewayRoute, made())


@pytest.mark.parametrize(
    ("auto", "version"), [(True, "eks.amazonaws.com/v1"), (False, "elbv2.k8s.aws/v1beta1")]
)
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
        "serviceRef": {"name": "backend-api", "port": 8080},
        "targetGroupARN": "arn:targets",
        "targetType": "ip",
    }
    metadata = binding["metadata"]
    assert (metadata["namespace"], metadata["name"]) == ("nexus-gateway", "backend-api")


@pytest.mark.parametrize("auto", [True, False])
@pytest.mark.parametrize("after", [(), ("gateway",), ("gateway", "controller")])
def test_route_waits_for_all_it_is_told(after: tuple[str, ...], auto: bool) -> None:
    """Before the gateway it answers with errors; before the controller its kind is unknown."""
    route = made(auto=auto, after=after)
    assert route.waits("TargetGroupBinding") == {f"ConfigMap given-{each}" for each in after}
