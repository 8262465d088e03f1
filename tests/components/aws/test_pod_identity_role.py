"""The AWS role of a service account, made alone."""

from __future__ import annotations

import pytest

from components.aws.iam import PodIdentityRole, PodIdentityRoleArgs, Statement
from tests.components.recording import (
    AWS,
    Recording,
    assert_makes_what_it_says,
    record,
    statements,
)

READ = Statement(sid="Read", actions=("s3:GetObject",), resources=("arn:aws:s3:::b/*",))


def made(service: str | None = "cart") -> Recording:
    return record(
        lambda: PodIdentityRole(
            "cart-role",
            PodIdentityRoleArgs(
                aws=AWS,
                layer="services",
                cluster="nexus",
                namespace="nexus-shop",
                service_account="cart",
                service=service,
                statements=(READ,),
            ),
        )
    )


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(PodIdentityRole, made())


def test_handle_is_done_when_the_role_has_its_rights() -> None:
    """A pod that starts between association and rights is denied, and does not ask again."""
    role = made()
    assert role.outputs["handle"] == "PodIdentityAssociation cart-role-association"
    assert "RolePolicy cart-role-policy" in role.waits("PodIdentityAssociation")


def test_role_is_bound_to_the_one_account() -> None:
    """A role bound to the wrong account gives one service the rights of another."""
    role = made()
    bound = role.one("PodIdentityAssociation").inputs
    wanted = {
        "clusterName": "nexus",
        "namespace": "nexus-shop",
        "serviceAccount": "cart",
        "roleArn": role.one("Role").made["arn"],
    }
    assert {key: bound[key] for key in wanted} == wanted


def test_pods_may_do_what_is_stated_and_no_more() -> None:
    """Rights on another role are nobody's, and the service is denied."""
    role = made()
    rights = role.one("RolePolicy").inputs
    assert statements(rights["policy"]) == {"Read": READ.document()}
    assert rights["role"] == role.one("Role").made["name"]
    trusted = statements(role.one("Role").inputs["assumeRolePolicy"])["Assume"]
    assert trusted["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    # Without tags the agent's sessions are refused.
    assert set(trusted["Action"]) == {"sts:AssumeRole", "sts:TagSession"}


@pytest.mark.parametrize("service", [None, "cart"])
def test_role_of_a_service_says_whose_it_is(service: str | None) -> None:
    """A role that nobody owns is deleted by nobody."""
    assert made(service).one("Role").inputs["tags"].get("service") == service
