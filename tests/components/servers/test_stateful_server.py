"""A server with a volume, made alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.kubernetes.pod import UID, mount, scratch_volume
from components.kubernetes.size import Size
from components.servers.stateful_server import (
    READY_SECONDS,
    ServerArgs,
    StatefulServer,
    StatefulServerArgs,
    probe,
    tcp,
)
from tests.components.recording import CONTEXT, Recording, assert_makes_what_it_says, record

SERVER = ServerArgs(
    context=CONTEXT,
    namespace="nexus-data",
    storage="1Gi",
    size=Size(cpu="100m", cpu_limit="1", memory="128Mi", scratch="32Mi"),
)
ARGS = StatefulServerArgs(
    server=SERVER,
    image="valkey:8",
    command=("valkey-server",),
    ports={"redis": 6379, "metrics": 9121},
    data_path="/data",
    startup=probe(tcp(6379), period=2, failures=60, timeout=None),
    readiness=probe(tcp(6379), period=5, failures=3),
    alive=9121,
    env={"MODE": "quiet"},
    volumes=(scratch_volume("run", "8Mi"),),
    mounts=(mount("run", "/run", writable=True),),
)


def made(**changes: Any) -> Recording:
    return record(lambda: StatefulServer("redis", replace(ARGS, **changes)))


def pod(server: Recording) -> dict[str, Any]:
    return server.one("StatefulSet").inputs["spec"]["template"]["spec"]


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(StatefulServer, made())


def test_service_is_there_first_and_not_awaited() -> None:
    """An awaited Service waits for pods that wait for the Service."""
    server = made()
    assert server.waits("StatefulSet") == {
        "Service redis-pods",
        "Service redis-service",
        "ServiceAccount redis-account",
    }
    for service in server.all("Service"):
        assert service.inputs["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}
    assert server.one("Service", "redis-service").inputs["metadata"]["name"] == "redis"
    assert "clusterIP" not in server.one("Service", "redis-service").inputs["spec"]
    assert server.outputs["handle"] == "StatefulSet redis"


@pytest.mark.parametrize("ports", [{"redis": 6379}, {"redis": 6379, "metrics": 9121}])
def test_every_port_leads_to_the_pod(ports: dict[str, int]) -> None:
    """A port that the Service lacks is an outage of whoever calls it."""
    server = made(ports=ports)
    service = server.one("Service", "redis-service").inputs["spec"]
    named = {f"{use}-{number}": number for use, number in ports.items()}
    assert {each["name"]: each["port"] for each in service["ports"]} == named
    [container] = pod(server)["containers"]
    assert {each["name"]: each["containerPort"] for each in container["ports"]} == named
    assert [each["targetPort"] for each in service["ports"]] == list(named)
    labels = server.one("StatefulSet").inputs["spec"]["template"]["metadata"]["labels"]
    assert service["selector"].items() <= labels.items()
    assert (
        server.one("StatefulSet").inputs["spec"]["selector"]["matchLabels"] == (service["selector"])
    )


def test_data_are_on_a_volume_that_goes_with_the_server() -> None:
    """A redeployment would meet old data with new passwords."""
    spec = made(server=replace(SERVER, storage="5Gi")).one("StatefulSet").inputs["spec"]
    assert spec["persistentVolumeClaimRetentionPolicy"] == {
        "whenDeleted": "Delete",
        "whenScaled": "Retain",
    }
    [claim] = spec["volumeClaimTemplates"]
    assert claim["spec"]["resources"]["requests"] == {"storage": "5Gi"}
    assert claim["spec"]["accessModes"] == ["ReadWriteOnce"]
    [container] = spec["template"]["spec"]["containers"]
    mounts = {each["name"]: each for each in container["volumeMounts"]}
    assert mounts[claim["metadata"]["name"]]["mountPath"] == "/data"
    assert mounts[claim["metadata"]["name"]]["readOnly"] is False
    # Two servers on the data of one would each destroy the other's.
    assert spec["replicas"] == 1


def test_pod_has_a_name_of_its_own() -> None:
    """Kubernetes asks for a headless Service: without, nobody can address the one pod."""
    server = made()
    headless = server.one("Service", "redis-pods").inputs
    assert headless["spec"]["clusterIP"] == "None"
    stateful = server.one("StatefulSet").inputs["spec"]
    assert stateful["serviceName"] == headless["metadata"]["name"] == "redis-pods"
    assert stateful["selector"]["matchLabels"] == headless["spec"]["selector"]


def test_volumes_are_mounted_where_they_were_asked_for() -> None:
    """A pod whose mount has no volume is refused."""
    server = made()
    [container] = pod(server)["containers"]
    mounts = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
    assert mounts == {"data": "/data", "tmp": "/tmp", "run": "/run"}
    volumes = {each["name"]: each for each in pod(server)["volumes"]}
    assert set(volumes) == {"tmp", "run"}
    assert volumes["tmp"]["emptyDir"]["sizeLimit"] == "32Mi"
    assert container["env"] == [{"name": "MODE", "value": "quiet"}]
    assert made(env={}, volumes=(), mounts=()).one("StatefulSet").inputs["spec"]["replicas"] == 1


def test_probes_are_the_servers_own() -> None:
    """A liveness probe in the place of readiness restarts a server that is only busy."""
    [container] = pod(made())["containers"]
    periods = [
        container[f"{kind}Probe"]["periodSeconds"]
        for kind in (
            "startup",
            "readiness",
            "liveness",
        )
    ]
    assert periods == [2, 5, 10]
    assert container["startupProbe"] == {
        "tcpSocket": {"port": 6379},
        "periodSeconds": 2,
        "failureThreshold": 60,
    }
    assert container["readinessProbe"]["timeoutSeconds"] == 5
    assert container["livenessProbe"]["tcpSocket"] == {"port": 9121}
    assert container["resources"]["limits"]["memory"] == "128Mi"
    assert container["command"] == ["valkey-server"]
    assert container["image"] == "valkey:8"


def test_pod_is_hardened_and_important() -> None:
    """The namespace refuses it otherwise; and without a class a front page may evict it."""
    server = made()
    spec = pod(server)
    assert spec["automountServiceAccountToken"] is False
    assert spec["serviceAccountName"] == "redis"
    assert spec["securityContext"]["runAsUser"] == UID
    [container] = spec["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert spec["priorityClassName"] == "nexus-infrastructure"
    assert server.one("ServiceAccount").inputs["automountServiceAccountToken"] is False
    for each in server.resources:
        assert each.inputs["metadata"]["namespace"] == "nexus-data"


def test_first_start_has_time_for_the_image() -> None:
    """A deployment that gives up during the first pull fails on every new cluster."""
    timeouts = made().one("StatefulSet").options["customTimeouts"]
    assert timeouts == {"create": f"{READY_SECONDS}s", "update": f"{READY_SECONDS}s"}
    assert READY_SECONDS >= 300
