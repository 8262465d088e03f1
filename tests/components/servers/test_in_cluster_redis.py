"""Valkey in the cluster, made alone."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from components.kubernetes.size import Size
from components.servers.in_cluster_redis import (
    ACL,
    CONFIG,
    PORT,
    InClusterRedis,
    InClusterRedisArgs,
)
from tests.components.recording import CONTEXT, Recording, assert_makes_what_it_says, record

ARGS = InClusterRedisArgs(
    context=CONTEXT,
    namespace="nexus-data",
    services=("cart", "stock"),
    rotations={"stock": 3},
    storage="1Gi",
    size=Size(cpu="100m", cpu_limit="1", memory="128Mi"),
    max_memory="96mb",
)


def made(**changes: Any) -> Recording:
    return record(lambda: InClusterRedis("redis", replace(ARGS, **changes)))


def container(server: Recording) -> dict[str, Any]:
    [only] = server.one("StatefulSet").inputs["spec"]["template"]["spec"]["containers"]
    return only


def granted(service: str) -> Recording:
    def build() -> dict[str, Any]:
        [grant] = [each for each in InClusterRedis("redis", ARGS).grants if each.service == service]
        return {"grant": grant, "password": grant.credentials["password"]}

    return record(build)


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(InClusterRedis, made())


def test_acl_holds_the_hash_of_each_services_password() -> None:
    """A service whose password is not in the file is refused; one in plain text is readable."""
    password = granted("cart").outputs["password"]
    server = made()
    lines = {
        line.split()[1]: line for line in server.secrets["redis-acl"]["users.acl"].splitlines()
    }
    assert set(lines) == {"default", "probe", "cart", "stock"}
    assert f"#{hashlib.sha256(password.encode()).hexdigest()} " in lines["cart"]
    assert "~cart:* resetchannels &cart:*" in lines["cart"]
    assert "~stock:* resetchannels &stock:*" in lines["stock"]
    assert lines["default"].split()[2] == "off"
    assert password not in server.secrets["redis-acl"]["users.acl"]
    assert server.one("Secret").secrets == ('stringData["users.acl"]',)


@pytest.mark.parametrize("services", [(), ("cart",)])
def test_users_are_those_of_the_services(services: tuple[str, ...]) -> None:
    """A platform whose services need no Redis still has a server that nobody may use."""
    server = made(services=services)
    lines = server.secrets["redis-acl"]["users.acl"].splitlines()
    assert [line.split()[1] for line in lines] == ["default", "probe", *services]


def test_server_reads_the_files_it_is_given() -> None:
    """A server that does not find its ACL file lets everybody do everything."""
    server = made()
    mounts = {each["name"]: each["mountPath"] for each in container(server)["volumeMounts"]}
    settings = dict(
        line.split(" ", 1)
        for line in server.one("ConfigMap").inputs["data"]["valkey.conf"].splitlines()
    )
    assert settings["aclfile"] == f"{mounts['acl']}/users.acl" == f"{ACL}/users.acl"
    assert container(server)["command"] == ["valkey-server", f"{mounts['config']}/valkey.conf"]
    assert mounts["config"] == CONFIG
    assert settings["dir"] == mounts["data"]
    assert server.waits("StatefulSet") >= {"ConfigMap redis-config", "Secret redis-acl"}
    volumes = {
        each["name"]: each
        for each in server.one("StatefulSet").inputs["spec"]["template"]["spec"]["volumes"]
    }
    assert volumes["acl"]["secret"]["secretName"].startswith("redis-acl-")
    assert volumes["config"]["configMap"]["name"].startswith("redis-config-")


@pytest.mark.parametrize("memory", ["96mb", "1gb"])
def test_nothing_is_evicted_and_nothing_is_lost(memory: str) -> None:
    """An evicted session signs a user out, and so does one that a restart forgets."""
    config = made(max_memory=memory).one("ConfigMap").inputs["data"]["valkey.conf"].splitlines()
    assert "maxmemory-policy noeviction" in config
    assert f"maxmemory {memory}" in config
    assert "appendonly yes" in config


def test_grant_is_what_a_client_needs() -> None:
    """A client with another's password is refused, one without the server's host finds nobody."""
    redis = granted("cart")
    grant = redis.outputs["grant"]
    assert grant["resource"] == "redis"
    assert grant["handle"] == "StatefulSet redis"
    assert grant["endpoint"] == {
        "host": "redis.nexus-data.svc",
        "port": str(PORT),
        "prefix": "cart:",
    }
    assert grant["credentials"]["username"] == "cart"
    assert redis.after["password"] == {"RandomPassword redis-cart-password"}
    assert "password" in redis.hidden


def test_rotation_is_that_of_the_service() -> None:
    """A rotation that renews another service's password signs the wrong people out."""
    rotations = {
        each.name: each.inputs["keepers"]["rotation"] for each in made().all("RandomPassword")
    }
    assert rotations == {"redis-cart-password": "0", "redis-stock-password": "3"}


def test_probes_ask_as_the_user_that_may_do_nothing_else() -> None:
    """A probe as `default`, who is off, fails for ever; as a service it could read its keys."""
    only = container(made())
    for probe in ("startupProbe", "readinessProbe"):
        command = only[probe]["exec"]["command"]
        assert command[command.index("--user") + 1] == "probe"
        assert command[-1] == "ping"
        # Without -e an error reply counts as success.
        assert "-e" in command
    assert only["livenessProbe"]["tcpSocket"] == {"port": PORT}
    assert made().outputs["handle"] == "StatefulSet redis"


def test_everything_is_in_the_data_namespace() -> None:
    """A pod mounts what is in its own namespace, and waits for ever for anything else."""
    objects = [each for each in made().resources if each.type.startswith("kubernetes:")]
    assert {each.inputs["metadata"]["namespace"] for each in objects} == {"nexus-data"}
