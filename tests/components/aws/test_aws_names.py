"""Names, tags and policies in AWS, from which everything else is made."""

from __future__ import annotations

import dataclasses
import json
import re

import pulumi
import pytest

from components.aws.aws_context import AwsContext
from components.aws.eks_cluster import kubeconfig
from components.aws.iam import Statement, policy, trust
from components.context import Context
from nexus.plan.recorder import record

AWS = AwsContext(
    context=Context(
        prefix="nexus", stack="staging", environment="staging", first_tier="infrastructure"
    ),
    account="123456789012",
    region="eu-central-1",
    zones=("eu-central-1a",),
    owner="platform",
    retained=True,
    log_days=365,
)


def test_a_name_that_fits_is_readable() -> None:
    """A name of digits alone tells nobody at night what is down."""
    assert AWS.fixed("redis", 40) == "nexus-cos-staging-redis"


@pytest.mark.parametrize("longest", [32, 40, 63])
def test_a_name_that_is_too_long_is_cut_and_stays_unique(longest: int) -> None:
    """Two services whose names are cut alike would share one user, and its keys."""
    names = {AWS.fixed(f"puabo-nexus-a-very-long-service-name-{n}", longest) for n in range(50)}
    assert len(names) == 50
    for name in names:
        assert len(name) <= longest
        assert re.fullmatch(r"[a-z][a-z0-9-]*[a-z0-9]", name)
        assert "--" not in name


def test_tags_name_project_environment_owner_and_layer() -> None:
    """What cannot be told apart in the bill is never switched off."""
    assert AWS.tags("x", "data", "glitch") == {
        "Name": "nexus-cos-staging-x",
        "project": "nexus-cos",
        "environment": "staging",
        "stack": "staging",
        "owner": "platform",
        "layer": "data",
        "service": "glitch",
    }
    assert "service" not in AWS.tags("x", "data")


def test_what_is_not_retained_is_not_protected_either() -> None:
    """Staging has to go without a hand."""
    free = dataclasses.replace(AWS, retained=False)
    parent = pulumi.Resource.__new__(pulumi.Resource)
    options = free.durable(parent)
    assert (options.protect, options.retain_on_delete) == (None, None)
    kept = AWS.durable(parent)
    assert (kept.protect, kept.retain_on_delete) == (True, True)


def test_policies_are_what_iam_reads() -> None:
    """A policy with a misspelt key allows nothing, or everything."""
    texts: list[str] = []

    def program() -> None:
        made = policy(
            Statement(
                sid="Read",
                actions=("s3:GetObject",),
                resources=(pulumi.Output.from_input("arn:aws:s3:::b/*"),),
                conditions={"StringEquals": {"a": "b"}},
            ),
            Statement(sid="No", allow=False, actions=("s3:*",), principals={"*": "*"}),
        )
        trusted = trust("eks.amazonaws.com", source_account="1")
        pulumi.export("seen", pulumi.Output.all(made, trusted).apply(texts.extend))

    record(program, project="nexus-cos", stack="test", config={})
    document, trusted = map(json.loads, texts)
    assert document == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Read",
                "Effect": "Allow",
                "Action": ["s3:GetObject"],
                "Resource": ["arn:aws:s3:::b/*"],
                "Condition": {"StringEquals": {"a": "b"}},
            },
            {"Sid": "No", "Effect": "Deny", "Action": ["s3:*"], "Principal": "*"},
        ],
    }
    [statement] = trusted["Statement"]
    assert statement["Principal"] == {"Service": "eks.amazonaws.com"}
    assert statement["Action"] == ["sts:AssumeRole"]
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "1"}}


def test_kubeconfig_asks_for_a_token_and_holds_none() -> None:
    """A token in the state is a key to the cluster for whoever reads the state."""
    config = json.loads(kubeconfig("c", "https://c", "Y2E=", "eu-central-1"))
    assert config["current-context"] == "c"
    assert config["users"][0]["user"]["exec"]["args"] == [
        "--region",
        "eu-central-1",
        "eks",
        "get-token",
        "--cluster-name",
        "c",
    ]
    assert "token" not in config["users"][0]["user"]
