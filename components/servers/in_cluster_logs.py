"""A store of logs in the cluster, for environments without a managed one."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_kubernetes.core.v1 import ProbeArgsDict

from components.context import DATA
from components.kubernetes.quantity import thousandths
from components.servers.stateful_server import (
    InClusterServer,
    ServerArgs,
    StatefulServer,
    StatefulServerArgs,
    probe,
)

IMAGE = "docker.io/victoriametrics/victoria-logs:v1.52.1"
PORT = 9428
DATA_PATH = "/data"

HEALTH: ProbeArgsDict = {"http_get": {"path": "/health", "port": PORT}}


@dataclass(frozen=True, kw_only=True)
class InClusterLogsArgs(ServerArgs):
    """What the store is made from.

    Args:
        days: how long a record is kept, if there is room for it.
    """

    days: int


class InClusterLogs(InClusterServer[InClusterLogsArgs]):
    """One VictoriaLogs. The day that is longest ago goes when the volume is full.

    Whoever reaches it reads and writes: who does is the network's to say.

    Stateful: renaming it deletes every record.

    Makes:
        `{name}`: StatefulServer.

    Outputs:
        url: base URL inside of the cluster.
    """

    TOKEN = "nexus:monitoring:InClusterLogs"

    url: str

    def _make(self, name: str, args: InClusterLogsArgs) -> None:
        self.handle = StatefulServer(
            name,
            StatefulServerArgs(
                server=args,
                image=IMAGE,
                command=(
                    "/victoria-logs-prod",
                    f"-storageDataPath={DATA_PATH}",
                    f"-httpListenAddr=:{PORT}",
                    f"-retentionPeriod={args.days}d",
                    f"-retention.maxDiskSpaceUsageBytes={_most(args.storage)}",
                    # What a line says without words stands in its fields.
                    "-defaultMsgValue=-",
                ),
                ports={"http": PORT},
                data_path=DATA_PATH,
                volumes=(),
                mounts=(),
                startup=probe(HEALTH, period=2, failures=150),
                readiness=probe(HEALTH, period=5, failures=3),
                alive=PORT,
            ),
            self.child,
        ).handle
        self.url = f"http://{args.context.host(name, DATA)}:{PORT}"


def _most(storage: str) -> str:
    """Four fifths of a volume, in MiB: what is put together anew lies there twice."""
    return f"{thousandths(storage) // 1000 * 4 // 5 // 2**20}MiB"
