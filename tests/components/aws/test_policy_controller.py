"""The switch of the network policy controller, made alone."""

from __future__ import annotations

from components.aws.auto_mode import PolicyController, PolicyControllerArgs
from tests.components.recording import CONTEXT, Recording, assert_makes_what_it_says, record


def made() -> Recording:
    return record(lambda: PolicyController("policies", PolicyControllerArgs(context=CONTEXT)))


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(PolicyController, made())


def test_controller_finds_its_switch() -> None:
    """Under another name or in another place, every network policy holds nobody back."""
    switch = made()
    config = switch.one("ConfigMap").inputs
    assert config["metadata"]["name"] == "amazon-vpc-cni"
    assert config["metadata"]["namespace"] == "kube-system"
    assert config["data"] == {"enable-network-policy-controller": "true"}
    assert switch.outputs["handle"] == "ConfigMap policies"
