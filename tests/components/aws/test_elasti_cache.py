"""The managed Redis, made alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.aws.elasti_cache import LONGEST_ID, NOBODY, PORT, ElastiCache, ElastiCacheArgs
from components.aws.sizes import ElastiCacheSize
from tests.components.recording import AWS, FREE, Recording, assert_makes_what_it_says, record

SIZE = ElastiCacheSize(node_type="cache.t4g.small", nodes=2, snapshot_days=7)
ARGS = ElastiCacheArgs(
    aws=AWS,
    vpc="vpc-1",
    subnets=("data-a", "data-b"),
    cluster_group="sg-nodes",
    key="arn:key",
    logs_key="arn:logs-key",
    services=("cart", "stock"),
    rotations={"stock": 3},
    size=SIZE,
)


def made(**changes: Any) -> Recording:
    return record(lambda: ElastiCache("redis", replace(ARGS, **changes)))


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(ElastiCache, made())


def test_handle_is_there_when_all_users_are() -> None:
    """A service that starts before its user is refused at its first command."""
    redis = made()
    assert redis.outputs["handle"] == "ReplicationGroup redis"
    assert redis.waits("ReplicationGroup") >= {"UserGroup redis-users"}
    users = {"User redis-default", "User redis-cart", "User redis-stock"}
    assert redis.waits("UserGroup") >= users
    group = redis.one("UserGroup").inputs
    assert len(group["userIds"]) == 3
    assert redis.one("ReplicationGroup").inputs["userGroupIds"] == [group["userGroupId"]]


@pytest.mark.parametrize("services", [(), ("cart",), ("cart", "stock")])
def test_nobody_without_a_name_may_do_anything(services: tuple[str, ...]) -> None:
    """The user `default` is who a client without a name becomes; it once could do everything."""
    redis = made(services=services)
    default = redis.one("User", "redis-default").inputs
    assert (default["userName"], default["accessString"]) == ("default", NOBODY)
    assert redis.one("UserGroup").inputs["userIds"][0] == default["userId"]
    assert len(redis.all("User")) == 1 + len(services)


def test_each_service_reaches_its_own_keys_with_its_own_password() -> None:
    """A shared password or prefix is one service reading another's sessions."""
    redis = made()
    for service in ("cart", "stock"):
        user = redis.one("User", f"redis-{service}")
        assert user.inputs["userName"] == service
        assert f"on ~{service}:* resetchannels &{service}:* -@all " in user.inputs["accessString"]
        # ElastiCache refuses the word.
        assert "resetkeys" not in user.inputs["accessString"]
        assert user.secrets == ("authenticationMode.passwords[0]",)
        assert user.inputs["authenticationMode"]["type"] == "password"
        assert f"RandomPassword redis-{service}-password" in redis.waits("User", f"redis-{service}")
        assert user.inputs["tags"]["service"] == service


def test_rotation_is_that_of_the_service() -> None:
    """A rotation that renews another service's password signs the wrong people out."""
    redis = made()
    rotations = {
        each.name: each.inputs["keepers"]["rotation"] for each in redis.all("RandomPassword")
    }
    assert rotations == {
        "redis-default-password": "0",
        "redis-cart-password": "0",
        "redis-stock-password": "3",
    }


def test_grant_is_what_a_client_needs() -> None:
    """A client without the word of TLS, or with another's password, is refused."""

    def build() -> dict[str, Any]:
        [grant, _] = ElastiCache("redis", ARGS).grants
        return {
            "endpoint": grant.endpoint,
            "password": grant.credentials["password"],
            "username": grant.credentials["username"],
            "handle": grant.handle,
        }

    redis = record(build)
    endpoint = redis.outputs["endpoint"]
    assert endpoint.pop("host").endswith(".amazonaws.com")
    assert endpoint == {"port": str(PORT), "prefix": "cart:", "tls": "required"}
    assert redis.outputs["username"] == "cart"
    assert redis.after["password"] == {"RandomPassword redis-cart-password"}
    assert "password" in redis.hidden
    assert redis.outputs["handle"] == "ReplicationGroup redis"


def test_nothing_is_evicted() -> None:
    """An evicted session signs a user out."""
    redis = made()
    parameters = redis.one("ParameterGroup")
    assert parameters.inputs["parameters"] == [{"name": "maxmemory-policy", "value": "noeviction"}]
    assert "ParameterGroup redis-parameters" in redis.waits("ReplicationGroup")


def test_server_is_encrypted_and_fails_over() -> None:
    """A cache without a second zone takes every session with its first."""
    redis = made(size=replace(SIZE, nodes=3))
    server = redis.one("ReplicationGroup")
    assert server.inputs["securityGroupIds"] == [redis.one("SecurityGroup").made["id"]]
    assert "SecurityGroupIngressRule redis-access-redis" in redis.waits("ReplicationGroup")
    assert server.inputs["replicationGroupId"] == "nexus-cos-staging-redis"
    wanted = {
        "atRestEncryptionEnabled": True,
        "kmsKeyId": "arn:key",
        "transitEncryptionEnabled": True,
        "transitEncryptionMode": "required",
        "automaticFailoverEnabled": True,
        "multiAzEnabled": True,
        "numCacheClusters": 3,
        "snapshotRetentionLimit": 7,
        "port": PORT,
    }
    assert {key: server.inputs[key] for key in wanted} == wanted
    assert server.options["ignoreChanges"] == ["engineVersion"]
    assert server.options["customTimeouts"]["create"] == "60m"


def test_logs_are_encrypted_and_end() -> None:
    """A slow log holds keys, and with them the names of sessions."""
    redis = made()
    logs = {each.inputs["name"]: each.inputs for each in redis.all("LogGroup")}
    delivered = redis.one("ReplicationGroup").inputs["logDeliveryConfigurations"]
    assert {each["destination"] for each in delivered} == set(logs)
    assert {each["logType"] for each in delivered} == {"slow-log", "engine-log"}
    for each in logs.values():
        assert (each["kmsKeyId"], each["retentionInDays"]) == ("arn:logs-key", 365)


def test_keys_outlive_a_destroy_where_data_is_retained() -> None:
    """A server that is kept without its users' group answers nobody."""
    redis = made()
    assert redis.kept() >= {
        "ParameterGroup redis-parameters",
        "ReplicationGroup redis",
        "SubnetGroup redis-subnets",
        "UserGroup redis-users",
    }
    final = redis.one("ReplicationGroup").inputs["finalSnapshotIdentifier"]
    assert final == "nexus-cos-staging-redis-final"
    free = made(aws=FREE)
    assert free.kept() == set()
    assert "finalSnapshotIdentifier" not in free.one("ReplicationGroup").inputs


def test_long_names_fit() -> None:
    """ElastiCache refuses an id of more than 40 characters, in the middle of a deployment."""
    service = "a-service-with-a-name-that-is-rather-long"
    redis = made(services=(service,), rotations={})
    assert len(redis.one("User", f"redis-{service}").inputs["userId"]) <= LONGEST_ID
