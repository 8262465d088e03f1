"""The role of an AWS service, made alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.aws.iam import ServiceRole, ServiceRoleArgs, Statement
from tests.components.recording import (
    AWS,
    Recording,
    assert_makes_what_it_says,
    record,
    statements,
)

WRITE = Statement(sid="Write", actions=("logs:PutLogEvents",), resources=("arn:logs",))
ARGS = ServiceRoleArgs(
    aws=AWS,
    layer="foundation",
    service="eks.amazonaws.com",
    managed=("AmazonEKSClusterPolicy", "service-role/AmazonRDSEnhancedMonitoringRole"),
    statements=(WRITE,),
)


def made(**changes: Any) -> Recording:
    return record(lambda: ServiceRole("role", replace(ARGS, **changes)))


def trusted(role: Recording) -> dict[str, Any]:
    return statements(role.one("Role").inputs["assumeRolePolicy"])["Assume"]


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(ServiceRole, made())


@pytest.mark.parametrize("managed", [(), ARGS.managed[:1], ARGS.managed])
@pytest.mark.parametrize("own", [(), (WRITE,)])
def test_arn_is_known_when_the_role_may_do_everything(
    managed: tuple[str, ...], own: tuple[Statement, ...]
) -> None:
    """A cluster whose role has no rights yet is refused, or half made."""
    role = made(managed=managed, statements=own)
    attached = {f"RolePolicyAttachment role-{each.rpartition('/')[2]}" for each in managed}
    assert role.after["arn"] == {
        "Role role",
        *attached,
        *(["RolePolicy role-policy"] if own else []),
    }
    assert role.outputs["arn"] == role.one("Role").made["arn"]
    for each in role.all("RolePolicyAttachment"):
        assert each.inputs["role"] == role.one("Role").made["name"]
    assert {each.inputs["policyArn"] for each in role.all("RolePolicyAttachment")} == {
        f"arn:aws:iam::aws:policy/{each}" for each in managed
    }


def test_own_policy_is_what_was_stated() -> None:
    """Rights on another role are nobody's, and the service is denied."""
    role = made()
    policy = role.one("RolePolicy").inputs
    assert statements(policy["policy"]) == {"Write": WRITE.document()}
    assert policy["role"] == role.one("Role").made["name"]


@pytest.mark.parametrize("actions", [("sts:AssumeRole",), ("sts:AssumeRole", "sts:TagSession")])
def test_the_one_service_takes_it_on(actions: tuple[str, ...]) -> None:
    """EKS without session tags makes no node; another service must not act as it."""
    rule = trusted(made(actions=actions))
    assert rule["Principal"] == {"Service": "eks.amazonaws.com"}
    assert rule["Action"] == list(actions)


@pytest.mark.parametrize(
    ("source_account", "condition"),
    [(True, {"StringEquals": {"aws:SourceAccount": AWS.account}}), (False, None)],
)
def test_service_acts_for_this_account(source_account: bool, condition: object) -> None:
    """A service that acts for all accounts can be sent by somebody else's."""
    assert trusted(made(source_account=source_account)).get("Condition") == condition
