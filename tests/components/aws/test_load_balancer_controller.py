"""The AWS Load Balancer Controller, made alone."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from components.aws.controllers import (
    LoadBalancerController,
    LoadBalancerControllerArgs,
)
from tests.components.recording import (
    AWS,
    Recording,
    assert_makes_what_it_says,
    names,
    record,
    statements,
)

ACCOUNT = "aws-load-balancer-controller"
TARGETS = "arn:aws:elasticloadbalancing:eu-central-1:000000000000:targetgroup/balancer/0"


def made(*, region: str = "eu-central-1", targets: str = TARGETS) -> Recording:
    return record(
        lambda: LoadBalancerController(
            "balancing",
            LoadBalancerControllerArgs(
                aws=dataclasses.replace(AWS, region=region),
                cluster="nexus",
                vpc="vpc-1",
                targets=targets,
            ),
        )
    )


def values(controller: Recording) -> dict[str, Any]:
    return controller.one("Release").inputs["values"]


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(LoadBalancerController, made())


def test_chart_is_the_makers_own_and_pinned() -> None:
    """A chart without a version, or of somebody else, is another one in every run."""
    release = made().one("Release").inputs
    assert (release["name"], release["chart"]) == (ACCOUNT, ACCOUNT)
    assert release["repositoryOpts"] == {"repo": "https://aws.github.io/eks-charts"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", release["version"])
    assert not release.get("skipCrds"), "without its CRD a TargetGroupBinding is of no known kind"


def test_it_runs_where_pods_may_talk_to_the_cluster() -> None:
    """The platform's namespaces refuse its token, and its webhook would be called by nobody."""
    release = made().one("Release").inputs
    assert release["namespace"] == "kube-system"
    assert not release["createNamespace"]


def test_release_is_awaited_and_taken_away_where_it_fails() -> None:
    """A binding behind half a release is refused, and what is left of it refuses the next."""
    controller = made()
    release = controller.one("Release").inputs
    assert release["atomic"] is True
    assert not release.get("skipAwait")
    assert release["timeout"] == 600
    assert controller.outputs["handle"] == "Release balancing"


@pytest.mark.parametrize("region", ["eu-central-1", "us-west-2"])
def test_it_is_told_where_it_is(region: str) -> None:
    """Nodes answer no pod, so a controller that asks them for its network never starts."""
    told = values(made(region=region))
    assert (told["clusterName"], told["vpcId"], told["region"]) == ("nexus", "vpc-1", region)


def test_its_pods_have_the_role_when_they_start() -> None:
    """A pod gets its role when it starts, or never; under another account, somebody else does."""
    controller = made()
    bound = controller.one("PodIdentityAssociation")
    assert controller.waits("Release") == {"PodIdentityAssociation balancing-role-association"}
    assert bound.inputs["clusterName"] == "nexus"
    assert bound.inputs["namespace"] == controller.one("Release").inputs["namespace"]
    account = values(controller)["serviceAccount"]
    assert account == {"create": True, "name": bound.inputs["serviceAccount"]}
    assert bound.inputs["roleArn"] == controller.one("Role").made["arn"]
    assert names(controller.all("Role")) == {"balancing-role"}


@pytest.mark.parametrize("targets", [TARGETS, f"{TARGETS}1"])
def test_it_may_fill_the_one_target_group(targets: str) -> None:
    """Its usual rights delete any balancer and open any security group of the account."""
    rights = statements(made(targets=targets).one("RolePolicy").inputs["policy"])
    assert set(rights) == {"TargetGroupRead", "TargetGroupFill"}
    assert {each["Effect"] for each in rights.values()} == {"Allow"}
    fill, read = rights["TargetGroupFill"], rights["TargetGroupRead"]
    assert fill["Resource"] == [targets]
    assert set(fill["Action"]) == {
        "elasticloadbalancing:DeregisterTargets",
        "elasticloadbalancing:ModifyTargetGroup",
        "elasticloadbalancing:ModifyTargetGroupAttributes",
        "elasticloadbalancing:RegisterTargets",
    }
    assert read["Resource"] == ["*"]
    assert set(read["Action"]) == {
        "ec2:DescribeInstances",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeVpcs",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
    }


def test_role_is_no_services() -> None:
    """A bill or an alarm of the platform's edge would be laid at a service's door."""
    tags = made().one("Role").inputs["tags"]
    assert tags["layer"] == "edge"
    assert "service" not in tags


@pytest.mark.parametrize("kind", ["enableServiceMutatorWebhook", "webhookConfig"])
def test_it_has_no_say_in_services_and_ingresses(kind: str) -> None:
    """A webhook that is down refuses all of them in the cluster, whoever's they are."""
    off = {
        "enableServiceMutatorWebhook": False,
        "webhookConfig": {"disableIngressValidation": True},
    }
    assert values(made())[kind] == off[kind]


def test_it_makes_nothing_that_it_has_no_rights_for() -> None:
    """A part that is on calls AWS, is refused, and says so in its log for ever."""
    told = values(made())
    assert told["createIngressClassResource"] is False
    assert told["ingressClassParams"] == {"create": False}
    for part in ("enableBackendSecurityGroup", "enableShield", "enableWaf", "enableWafv2"):
        assert told[part] is False


def test_one_pod_is_always_left() -> None:
    """While no pod runs, the balancer sends visitors to pods that are gone."""
    told = values(made())
    assert told["replicaCount"] == 2
    assert told["podDisruptionBudget"] == {"maxUnavailable": 1}
    assert told["priorityClassName"] == "system-cluster-critical"
    assert told["resources"]["requests"] == {"cpu": "100m", "memory": "128Mi"}
    assert told["resources"]["limits"] == {"cpu": "200m", "memory": "256Mi"}
