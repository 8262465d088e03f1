"""Prometheus in the cluster, made alone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from components.kubernetes.size import Size
from components.servers.exporter import LOGINS, Exporter
from components.servers.in_cluster_prometheus import (
    CONFIG,
    OBJECTS_PORT,
    RULES,
    InClusterPrometheus,
    InClusterPrometheusArgs,
)
from tests.components.recording import CONTEXT, Recording, assert_makes_what_it_says, record

ARGS = InClusterPrometheusArgs(
    context=CONTEXT,
    namespace="nexus-data",
    storage="5Gi",
    size=Size(cpu="100m", cpu_limit="1", memory="512Mi"),
    config="global: {}\n",
    rules={"nexus.yml": "groups: []\n"},
    probes="modules: {}\n",
    exporters=(
        Exporter(
            server="postgres",
            kind="postgres",
            address="postgres.nexus-data.svc:5432",
            port=9200,
            password="first",
        ),
        Exporter(
            server="redis",
            kind="redis",
            address="redis.nexus-data.svc:6379",
            port=9201,
            password="second",
        ),
    ),
    days=7,
    namespaces={"shop": "nexus-shop", "data": "nexus-data"},
)


def made(**changes: Any) -> Recording:
    return record(lambda: InClusterPrometheus("monitoring", replace(ARGS, **changes)))


def pod(server: Recording) -> dict[str, Any]:
    return server.one("StatefulSet").inputs["spec"]["template"]["spec"]


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(InClusterPrometheus, made())


def test_it_reads_the_objects_of_the_rules_in_its_stacks_namespaces_alone() -> None:
    """A token that reads Secrets, or the pods of other stacks, is worth stealing."""
    server = made()
    roles = server.all("Role")
    assert {each.inputs["metadata"]["namespace"] for each in roles} == {"nexus-shop", "nexus-data"}
    rules = [rule for each in (*roles, server.one("ClusterRole")) for rule in each.inputs["rules"]]
    assert {verb for rule in rules for verb in rule["verbs"]} == {"get", "list", "watch"}
    kinds = {kind for rule in rules for kind in rule["resources"]}
    assert kinds == {
        *("pods", "deployments", "statefulsets", "horizontalpodautoscalers", "cronjobs", "jobs"),
        *("nodes", "nodes/metrics"),
    }
    for binding in (*server.all("RoleBinding"), server.one("ClusterRoleBinding")):
        (subject,) = binding.inputs["subjects"]
        assert (subject["name"], subject["namespace"]) == ("monitoring", "nexus-data")
        role = "ClusterRole" if "nodes" in binding.name else "Role"
        assert binding.inputs["roleRef"]["name"] in {
            each.inputs["metadata"]["name"] for each in server.all(role)
        }


def test_who_reads_the_cluster_has_the_token_that_the_pod_does_not_mount_by_itself() -> None:
    """Without a token nothing is found, and every service is down."""
    spec = pod(made())
    assert spec["automountServiceAccountToken"] is False
    assert spec["serviceAccountName"] == "monitoring"
    (volume,) = (each for each in spec["volumes"] if each["name"] == "token")
    sources = volume["projected"]["sources"]
    assert {key for each in sources for key in each} == {"serviceAccountToken", "configMap"}
    mounts = {
        container["name"]: {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
        for container in spec["containers"]
    }
    for name in ("monitoring", "objects"):
        assert mounts[name]["token"] == "/var/run/secrets/kubernetes.io/serviceaccount"
    assert "token" not in mounts["probes"]


def test_exporters_find_their_passwords() -> None:
    """An exporter that is not let in says that the server is down."""
    server = made()
    files = server.secrets["monitoring-logins"]
    assert files["postgres"] == "first"
    assert json.loads(files["redis.json"]) == {
        "redis://redis.nexus-data.svc:6379": "second",
        "redis://nexus_monitor@redis.nexus-data.svc:6379": "second",
    }
    postgres, redis = pod(server)["containers"][3:]
    for container in (postgres, redis):
        (mounted,) = container["volumeMounts"]
        assert mounted["mountPath"] == LOGINS
    env = {each["name"]: each["value"] for each in postgres["env"]}
    assert env["DATA_SOURCE_PASS_FILE"] == f"{LOGINS}/postgres"
    assert f"--redis.password-file={LOGINS}/redis.json" in redis["command"]
    ports = [each["ports"][0]["containerPort"] for each in (postgres, redis)]
    assert ports == [9200, 9201]
    assert not made(exporters=()).all("Secret")


def test_series_end_before_the_volume_is_full() -> None:
    """A full volume stops Prometheus, and whoever is told of that is told by Prometheus."""
    prometheus, objects, *_ = pod(made())["containers"]
    assert "--storage.tsdb.retention.time=7d" in prometheus["command"]
    assert "--storage.tsdb.retention.size=4096MB" in prometheus["command"]
    smaller = pod(made(storage="1Gi", days=30))["containers"][0]["command"]
    assert {"--storage.tsdb.retention.time=30d", "--storage.tsdb.retention.size=819MB"} <= {
        *smaller
    }
    assert "--namespaces=nexus-data,nexus-shop" in objects["command"]
    assert f"--port={OBJECTS_PORT}" in objects["command"]


def test_changed_rules_make_another_pod() -> None:
    """Rules that nobody reads are those of yesterday."""
    server = made()
    prometheus = pod(server)["containers"][0]
    mounts = {each["name"]: each["mountPath"] for each in prometheus["volumeMounts"]}
    assert (mounts["config"], mounts["rules"]) == (CONFIG, RULES)
    assert server.waits("StatefulSet") >= {
        "ConfigMap monitoring-config",
        "ConfigMap monitoring-rules",
    }
    volumes = {each["name"]: each for each in pod(server)["volumes"]}
    assert volumes["rules"]["configMap"]["name"].startswith("monitoring-rules-")
    assert "immutable" not in server.one("ConfigMap", "monitoring-rules").inputs
