"""RabbitMQ in the cluster, for environments without a managed one."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1 import VolumeMountArgsDict

from components.context import DATA
from components.kubernetes.pod import mount, scratch_volume, secret_volume
from components.servers.servers import MASTER
from components.servers.stateful_server import (
    InClusterServer,
    ServerArgs,
    StatefulServer,
    StatefulServerArgs,
    probe,
    tcp,
)

IMAGE = "docker.io/library/rabbitmq:4.1.3-management"
PORT = 5672
MANAGEMENT_PORT = 15672
CONFIG_FILE = "90-nexus.conf"

AS_ON_AMAZON_MQ = ("max_message_size = 524288", "consumer_max_per_channel = 10")
"""Limits of Amazon MQ, for every instance type unless its configuration says otherwise. RabbitMQ's
own are 16 MiB and none, so what works in dev would be refused in prod. Source:
https://docs.aws.amazon.com/amazon-mq/latest/developer-guide/rabbitmq-resource-limits-configuration.html"""


@dataclass(frozen=True, kw_only=True)
class InClusterQueueArgs(ServerArgs):
    """What the server is made from."""


class InClusterQueue(InClusterServer[InClusterQueueArgs]):
    """One RabbitMQ server with its management API; a `QueueServer`.

    Stateful: renaming it deletes every message.

    Makes:
        `{name}-master-password`: password of the administrator.
        `{name}-master`: Secret with the administrator's user name and password.
        `{name}-config`: Secret with the configuration that makes the administrator.
        `{name}`: StatefulServer.

    Outputs:
        master: name of the Secret with the administrator's credentials.
    """

    TOKEN = "nexus:data:InClusterQueue"

    port = PORT
    tls = False

    host: str
    management_url: str
    master: pulumi.Output[str]

    def _make(self, name: str, args: InClusterQueueArgs) -> None:
        secret, self.master = self._login(name, args, "master", MASTER)
        config = self._secret(name, args, "config", {CONFIG_FILE: secret.apply(_configuration)})
        # A single file, since the folder holds the image's own defaults as well.
        file: VolumeMountArgsDict = {
            **mount("config", f"/etc/rabbitmq/conf.d/{CONFIG_FILE}"),
            "sub_path": CONFIG_FILE,
        }
        self.handle = StatefulServer(
            name,
            StatefulServerArgs(
                server=args,
                image=IMAGE,
                command=("docker-entrypoint.sh", "rabbitmq-server"),
                ports={"amqp": PORT, "http": MANAGEMENT_PORT},
                data_path="/var/lib/rabbitmq/mnesia",
                volumes=(
                    # Erlang's cookie lives in the home folder and must stay private
                    # to its owner, which a volume with a group cannot promise.
                    scratch_volume("home", "16Mi"),
                    scratch_volume("log", "16Mi"),
                    secret_volume("config", config),
                ),
                mounts=(
                    mount("home", "/var/lib/rabbitmq", writable=True),
                    mount("log", "/var/log/rabbitmq", writable=True),
                    file,
                ),
                startup=probe(tcp(MANAGEMENT_PORT), period=2, failures=150, timeout=None),
                readiness=probe(tcp(PORT), period=5, failures=3, timeout=None),
                # Another port than readiness asks: a broker that refuses clients while it is
                # short of memory or disk must not lose what it holds to a restart.
                alive=MANAGEMENT_PORT,
            ),
            self.child,
        ).handle
        self.host = args.context.host(name, DATA)
        self.management_url = f"http://{self.host}:{MANAGEMENT_PORT}"


def _configuration(secret: str) -> str:
    return "\n".join(
        (
            f"default_user = {MASTER}",
            f"default_pass = {secret}",
            "default_user_tags.administrator = true",
            "disk_free_limit.absolute = 100MB",
            *AS_ON_AMAZON_MQ,
            "",
        )
    )
