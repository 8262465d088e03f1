"""Grafana in the cluster, made alone."""

from __future__ import annotations

import json

from components.kubernetes.size import Size
from components.servers.in_cluster_grafana import (
    DASHBOARDS,
    PROVISIONING,
    SECRETS,
    InClusterGrafana,
    InClusterGrafanaArgs,
)
from tests.components.recording import CONTEXT, Recording, assert_makes_what_it_says, record

URL = "https://grafana.example.com"


def made(url: str | None = URL) -> Recording:
    args = InClusterGrafanaArgs(
        context=CONTEXT,
        namespace="nexus-data",
        storage="1Gi",
        size=Size(cpu="50m", cpu_limit="1", memory="512Mi"),
        dashboards={"map.json": "{}"},
        prometheus="http://monitoring.nexus-data.svc:9090",
        url=url,
    )
    return record(lambda: InClusterGrafana("dashboards", args))


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(InClusterGrafana, made())


def test_it_finds_its_files() -> None:
    """Grafana starts without any, and shows an empty page."""
    server = made()
    (container,) = server.one("StatefulSet").inputs["spec"]["template"]["spec"]["containers"]
    mounts = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
    assert mounts["sources"] == f"{PROVISIONING}/datasources"
    assert mounts["providers"] == f"{PROVISIONING}/dashboards"
    provider = json.loads(
        server.one("ConfigMap", "dashboards-providers").inputs["data"]["nexus.yaml"]
    )
    assert provider["providers"][0]["options"]["path"] == mounts["files"] == DASHBOARDS
    source = json.loads(server.one("ConfigMap", "dashboards-sources").inputs["data"]["nexus.yaml"])
    assert source["datasources"][0]["url"] == "http://monitoring.nexus-data.svc:9090"
    assert server.one("ConfigMap", "dashboards-files").inputs["data"] == {"map.json": "{}"}


def test_the_administrators_password_is_a_file() -> None:
    """An environment variable is in every dump, and admin/admin is everybody's."""
    server = made()
    (container,) = server.one("StatefulSet").inputs["spec"]["template"]["spec"]["containers"]
    env = {each["name"]: each["value"] for each in container["env"]}
    assert env["GF_SECURITY_ADMIN_PASSWORD__FILE"] == f"{SECRETS}/admin/password"
    assert env["GF_SERVER_ROOT_URL"] == URL
    assert server.secrets["dashboards-admin"]["username"] == env["GF_SECURITY_ADMIN_USER"]
    assert "stringData.password" in server.one("Secret").secrets
    (plain,) = made(None).one("StatefulSet").inputs["spec"]["template"]["spec"]["containers"]
    assert "GF_SERVER_ROOT_URL" not in {each["name"] for each in plain["env"]}
