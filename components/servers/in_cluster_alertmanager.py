"""Alertmanager in the cluster, which tells people what Prometheus finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1 import ProbeArgsDict

from components.context import DATA
from components.kubernetes.pod import config_volume, mount, secret_volume
from components.servers.stateful_server import (
    InClusterServer,
    ServerArgs,
    StatefulServer,
    StatefulServerArgs,
    probe,
)

IMAGE = "docker.io/prom/alertmanager:v0.31.0"
PORT = 9093
CONFIG = "/etc/nexus"
CONFIG_FILE = "alertmanager.yml"
DATA_PATH = "/alertmanager"

START_DELAY_SECONDS = 90
"""Longer than Prometheus waits until it sends an alert again, a minute: after a restart the causes
are known before anything is told."""

READY: ProbeArgsDict = {"http_get": {"path": "/-/ready", "port": PORT}}


@dataclass(frozen=True, kw_only=True)
class InClusterAlertmanagerArgs(ServerArgs):
    """What the server is made from.

    Args:
        config: Alertmanager's file of configuration.
        receivers: folder in which it reads the addresses.
        addresses: address of each receiver that has one, by name; secret.
    """

    config: str
    receivers: str
    addresses: Mapping[str, pulumi.Input[str]]


class InClusterAlertmanager(InClusterServer[InClusterAlertmanagerArgs]):
    """One Alertmanager. A changed configuration or address makes another pod.

    Stateful: renaming it forgets silences, and tells again what was told.

    Makes:
        `{name}-config`: ConfigMap.
        `{name}-receivers`: Secret with a file per receiver, if there is any.
        `{name}`: StatefulServer.
    """

    TOKEN = "nexus:monitoring:InClusterAlertmanager"

    def _make(self, name: str, args: InClusterAlertmanagerArgs) -> None:
        config = self._config(name, args, "config", {CONFIG_FILE: args.config})
        volumes = [config_volume("config", config)]
        mounts = [mount("config", CONFIG)]
        if args.addresses:
            # An empty one would be another one in every run.
            receivers = self._secret(name, args, "receivers", args.addresses)
            volumes.append(secret_volume("receivers", receivers))
            mounts.append(mount("receivers", args.receivers))
        self.handle = StatefulServer(
            name,
            StatefulServerArgs(
                server=args,
                image=IMAGE,
                command=(
                    "/bin/alertmanager",
                    f"--config.file={CONFIG}/{CONFIG_FILE}",
                    f"--storage.path={DATA_PATH}",
                    f"--dispatch.start-delay={START_DELAY_SECONDS}s",
                    # There is but one.
                    "--cluster.listen-address=",
                ),
                ports={"http": PORT},
                data_path=DATA_PATH,
                volumes=tuple(volumes),
                mounts=tuple(mounts),
                startup=probe(READY, period=2, failures=150),
                readiness=probe(READY, period=5, failures=3),
                alive=PORT,
            ),
            self.child,
        ).handle
        self.url = f"http://{args.context.host(name, DATA)}:{PORT}"
