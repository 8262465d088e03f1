"""Grafana in the cluster, with its dashboards and where it finds what they show."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_kubernetes.core.v1 import ProbeArgsDict

from components.kubernetes.pod import config_volume, mount, secret_volume
from components.servers.stateful_server import (
    InClusterServer,
    ServerArgs,
    StatefulServer,
    StatefulServerArgs,
    probe,
)

IMAGE = "docker.io/grafana/grafana:12.4.0"
PORT = 3000
ADMIN = "admin"
PROVISIONING = "/etc/grafana/provisioning"
DASHBOARDS = "/etc/nexus/dashboards"
SECRETS = "/var/run/secrets/nexus"
DATA_PATH = "/var/lib/grafana"

HEALTH: ProbeArgsDict = {"http_get": {"path": "/api/health", "port": PORT}}


@dataclass(frozen=True, kw_only=True)
class InClusterGrafanaArgs(ServerArgs):
    """What the server is made from.

    Args:
        dashboards: the JSON of each dashboard, by the name of its file.
        prometheus: base URL of the Prometheus that they ask.
        url: address under which people reach Grafana; None where they forward its port.
    """

    dashboards: Mapping[str, str]
    prometheus: str
    url: str | None


class InClusterGrafana(InClusterServer[InClusterGrafanaArgs]):
    """One Grafana. Its dashboards are files: what people change there does not stay.

    Stateful: renaming it deletes its users and their own dashboards.

    Makes:
        `{name}-admin-password`: password of the administrator.
        `{name}-admin`: Secret with the administrator's user name and password.
        `{name}-sources`, `{name}-providers`, `{name}-files`: ConfigMaps: whom it asks, where its
            dashboards lie, and these.
        `{name}`: StatefulServer.
    """

    TOKEN = "nexus:monitoring:InClusterGrafana"

    def _make(self, name: str, args: InClusterGrafanaArgs) -> None:
        _, admin = self._login(name, args, "admin", ADMIN)
        files = {
            "sources": ("datasources", _sources(args.prometheus)),
            "providers": ("dashboards", _PROVIDERS),
        }
        maps = {
            role: self._config(name, args, role, {"nexus.yaml": json.dumps(content, indent=1)})
            for role, (_, content) in files.items()
        }
        dashboards = self._config(name, args, "files", args.dashboards)
        self.handle = StatefulServer(
            name,
            StatefulServerArgs(
                server=args,
                image=IMAGE,
                command=("/run.sh",),
                ports={"http": PORT},
                data_path=DATA_PATH,
                env={
                    "GF_SECURITY_ADMIN_USER": ADMIN,
                    "GF_SECURITY_ADMIN_PASSWORD__FILE": f"{SECRETS}/admin/password",
                    # Nothing leads out of the pod but the way to Prometheus.
                    "GF_ANALYTICS_REPORTING_ENABLED": "false",
                    "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
                    "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
                    "GF_PLUGINS_PREINSTALL_DISABLED": "true",
                    "GF_SECURITY_DISABLE_GRAVATAR": "true",
                    **({} if args.url is None else {"GF_SERVER_ROOT_URL": args.url}),
                },
                volumes=(
                    *(config_volume(role, each) for role, each in maps.items()),
                    config_volume("files", dashboards),
                    secret_volume("admin", admin),
                ),
                mounts=(
                    *(mount(role, f"{PROVISIONING}/{at}") for role, (at, _) in files.items()),
                    mount("files", DASHBOARDS),
                    mount("admin", f"{SECRETS}/admin"),
                ),
                # The first start makes its tables.
                startup=probe(HEALTH, period=2, failures=150),
                readiness=probe(HEALTH, period=5, failures=3),
                alive=PORT,
            ),
            self.child,
        ).handle


def _sources(prometheus: str) -> dict[str, Any]:
    source = {
        "name": "Prometheus",
        "uid": "prometheus",
        "type": "prometheus",
        "access": "proxy",
        "url": prometheus,
        "isDefault": True,
        "editable": False,
    }
    return {"apiVersion": 1, "datasources": [source]}


_PROVIDERS = {
    "apiVersion": 1,
    "providers": [
        {
            "name": "nexus",
            "type": "file",
            "disableDeletion": True,
            "allowUiUpdates": False,
            "options": {"path": DASHBOARDS},
        }
    ],
}
