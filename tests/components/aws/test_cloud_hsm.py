"""Hardware security modules, made alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.aws.cloud_hsm import FIRST_PORT, LAST_PORT, CloudHsm, CloudHsmArgs
from tests.components.recording import AWS, FREE, Recording, assert_makes_what_it_says, record

ARGS = CloudHsmArgs(
    aws=AWS,
    subnets=("data-a", "data-b"),
    cluster_group="sg-nodes",
    modules=2,
    service="pv-keys",
)


def made(**changes: Any) -> Recording:
    return record(lambda: CloudHsm("hsm", replace(ARGS, **changes)))


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(CloudHsm, made())


@pytest.mark.parametrize(
    ("modules", "subnets"),
    [(1, ["data-a"]), (2, ["data-a", "data-b"]), (3, ["data-a", "data-b", "data-a"])],
)
def test_modules_are_spread_over_the_zones(modules: int, subnets: list[str]) -> None:
    """Two modules in one zone go down together, and the keys with them."""
    hsm = made(modules=modules)
    assert [each.inputs["subnetId"] for each in hsm.all("Hsm")] == subnets
    assert {each.inputs["clusterId"] for each in hsm.all("Hsm")} == {hsm.outputs["id"]}
    assert hsm.one("Cluster").inputs["subnetIds"] == ["data-a", "data-b"]


def test_handle_is_the_first_module() -> None:
    """A cluster without a module signs nothing."""
    assert made().outputs["handle"] == "Hsm hsm-0"


def test_the_cluster_alone_reaches_it() -> None:
    """A rule on the wrong group leaves the service without its keys."""
    rule = made().one("SecurityGroupIngressRule").inputs
    assert rule["referencedSecurityGroupId"] == "sg-nodes"
    assert (rule["fromPort"], rule["toPort"], rule["ipProtocol"]) == (FIRST_PORT, LAST_PORT, "tcp")
    assert rule["securityGroupId"].startswith("sg-")
    assert rule["securityGroupId"] != "sg-nodes"


def test_keys_outlive_a_destroy_where_data_is_retained() -> None:
    """What a lost key encrypted can never be read again."""
    assert made().kept() == {"Cluster hsm", "Hsm hsm-0", "Hsm hsm-1"}
    assert made(aws=FREE).kept() == set()
    assert made().one("Cluster").inputs["mode"] == "FIPS"
    assert made().one("Cluster").inputs["tags"]["service"] == "pv-keys"
