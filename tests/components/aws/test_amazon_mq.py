"""The managed broker, made alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.aws.amazon_mq import MANAGEMENT_PORT, PORT, AmazonMq, AmazonMqArgs
from components.aws.sizes import AmazonMqSize
from components.servers.servers import MASTER
from tests.components.recording import AWS, FREE, Recording, assert_makes_what_it_says, record

SIZE = AmazonMqSize(instance_type="mq.m7g.large", deployment="CLUSTER_MULTI_AZ")
ARGS = AmazonMqArgs(
    aws=AWS,
    vpc="vpc-1",
    subnets=("data-a", "data-b", "data-c"),
    cluster_group="sg-nodes",
    namespace="nexus-data",
    key="arn:key",
    size=SIZE,
)


def made(**changes: Any) -> Recording:
    return record(lambda: AmazonMq("queue", replace(ARGS, **changes)))


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(AmazonMq, made())


def test_jobs_get_the_brokers_own_addresses() -> None:
    """A Job that asks another address than the broker's waits until its deadline."""
    outputs = made().outputs
    assert outputs["handle"] == "Broker queue"
    assert outputs["management_url"] == f"https://{outputs['host']}"
    assert outputs["host"].endswith(".on.aws")
    assert outputs["master"].startswith("queue-master-")
    assert (AmazonMq.port, AmazonMq.tls) == (PORT, True)


@pytest.mark.parametrize(
    ("deployment", "subnets"),
    [("SINGLE_INSTANCE", ["data-a"]), ("CLUSTER_MULTI_AZ", ["data-a", "data-b", "data-c"])],
)
def test_nodes_are_where_the_deployment_has_them(deployment: str, subnets: list[str]) -> None:
    """AWS refuses a single instance in three subnets, after an hour of everything else."""
    broker = made(size=replace(SIZE, deployment=deployment)).one("Broker").inputs
    assert (broker["deploymentMode"], broker["subnetIds"]) == (deployment, subnets)


def test_master_is_the_brokers_user_and_secret() -> None:
    """A Job that logs in as somebody else makes no vhost, and no service starts."""
    queue = made()
    broker, secret = queue.one("Broker"), queue.secrets["queue-master"]
    assert broker.inputs["users"][0]["username"] == secret["username"] == MASTER
    assert secret["password"].endswith("RandomPassword::queue-master-password")
    assert broker.secrets == ("users[0].password",)
    assert "RandomPassword queue-master-password" in queue.waits("Broker")
    assert "stringData.password" in queue.one("Secret").secrets
    assert queue.one("Secret").inputs["metadata"]["namespace"] == "nexus-data"


def test_change_of_the_user_replaces_no_broker() -> None:
    """AWS answers a changed user with a new, empty broker."""
    options = made().one("Broker").options
    assert "users" in options["ignoreChanges"]
    assert options["customTimeouts"]["create"] == "60m"


def test_broker_is_encrypted_private_and_reached_by_the_cluster_alone() -> None:
    """A broker with a public address is a way past every network policy."""
    queue = made()
    broker = queue.one("Broker").inputs
    assert broker["encryptionOptions"] == {"useAwsOwnedKey": False, "kmsKeyId": "arn:key"}
    assert broker["publiclyAccessible"] is False
    assert broker["logs"]["general"] is True
    assert len(broker["securityGroups"]) == 1
    rules = {each.inputs["fromPort"] for each in queue.all("SecurityGroupIngressRule")}
    assert rules == {PORT, MANAGEMENT_PORT}
    assert "SecurityGroupIngressRule queue-access-management" in queue.waits("Broker")


def test_messages_outlive_a_destroy_where_data_is_retained() -> None:
    """The broker that is kept is of no use without its group and password."""
    assert made().kept() == {
        "Broker queue",
        "RandomPassword queue-master-password",
        "SecurityGroup queue-access",
    }
    assert made(aws=FREE).kept() == set()
