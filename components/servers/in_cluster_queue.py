"""RabbitMQ in the cluster, for environments without a managed one."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1 import Secret, VolumeMountArgsDict

from components.component import Component
from components.context import DATA, Context
from components.kubernetes.pod import Size, mount, physical_name, scratch_volume, secret_volume
from components.servers.servers import password
from components.servers.stateful_server import StatefulServer, StatefulServerArgs

IMAGE = "docker.io/library/rabbitmq:4.1.3-management"
PORT = 5672
MANAGEMENT_PORT = 15672
MASTER = "nexus_master"
CONFIG_FILE = "90-nexus.conf"

AS_ON_AMAZON_MQ = ("max_message_size = 524288", "consumer_max_per_channel = 10")
"""Limits of Amazon MQ, for every instance type unless its configuration says otherwise. RabbitMQ's
own are 16 MiB and none, so what works in dev would be refused in prod. Source:
https://docs.aws.amazon.com/amazon-mq/latest/developer-guide/rabbitmq-resource-limits-configuration.html"""


@dataclass(frozen=True, kw_only=True)
class InClusterQueueArgs:
    """What the server is made from.

    Args:
        context: source of names and labels.
        namespace: the data namespace, from the resource that makes it.
        storage: size of the volume, a Kubernetes quantity.
        size: requests and limits.
    """

    context: Context
    namespace: pulumi.Input[str]
    storage: str
    size: Size


class InClusterQueue(Component[InClusterQueueArgs]):
    """One RabbitMQ server with its management API; a `QueueServer`.

    Stateful: renaming it deletes every message.

    Makes:
        `{name}-master-password`: password of the administrator.
        `{name}-master`: Secret with the administrator's user name and password.
        `{name}-config`: Secret with the configuration that makes the administrator.
        `{name}`: StatefulServer.

    Outputs:
        handle: the StatefulSet.
        host: DNS name inside the cluster.
        management_url: base URL of the management API.
        master: name of the Secret with the administrator's credentials.
    """

    TOKEN = "nexus:data:InClusterQueue"

    port = PORT
    tls = False

    handle: pulumi.Resource
    host: str
    management_url: str
    master: pulumi.Output[str]

    def _make(self, name: str, args: InClusterQueueArgs) -> None:
        labels = args.context.labels(name, "server")
        secret = password(f"{name}-master-password", opts=self.child).result
        master = Secret(
            f"{name}-master",
            metadata={"namespace": args.namespace, "labels": labels},
            string_data={"username": MASTER, "password": secret},
            opts=self.child,
        )
        config = Secret(
            f"{name}-config",
            metadata={"namespace": args.namespace, "labels": labels},
            string_data={CONFIG_FILE: secret.apply(_configuration)},
            opts=self.child,
        )
        # A single file, since the folder holds the image's own defaults as well.
        file: VolumeMountArgsDict = {
            **mount("config", f"/etc/rabbitmq/conf.d/{CONFIG_FILE}"),
            "sub_path": CONFIG_FILE,
        }
        server = StatefulServer(
            name,
            StatefulServerArgs(
                context=args.context,
                namespace=args.namespace,
                image=IMAGE,
                command=("docker-entrypoint.sh", "rabbitmq-server"),
                ports={"amqp": PORT, "http": MANAGEMENT_PORT},
                data_path="/var/lib/rabbitmq/mnesia",
                storage=args.storage,
                size=args.size,
                env={},
                volumes=(
                    # Erlang's cookie lives in the home folder and must stay private
                    # to its owner, which a volume with a group cannot promise.
                    scratch_volume("home", "16Mi"),
                    scratch_volume("log", "16Mi"),
                    secret_volume("config", physical_name(config)),
                ),
                mounts=(
                    mount("home", "/var/lib/rabbitmq", writable=True),
                    mount("log", "/var/log/rabbitmq", writable=True),
                    file,
                ),
                startup={
                    "tcp_socket": {"port": MANAGEMENT_PORT},
                    "period_seconds": 2,
                    "failure_threshold": 150,
                },
                readiness={
                    "tcp_socket": {"port": PORT},
                    "period_seconds": 5,
                    "failure_threshold": 3,
                },
                # Another port than readiness asks: a broker that refuses clients while it is
                # short of memory or disk must not lose what it holds to a restart.
                liveness={
                    "tcp_socket": {"port": MANAGEMENT_PORT},
                    "period_seconds": 10,
                    "failure_threshold": 6,
                    "timeout_seconds": 5,
                },
            ),
            self.child,
        )
        self.handle = server.handle
        self.host = args.context.host(name, DATA)
        self.management_url = f"http://{self.host}:{MANAGEMENT_PORT}"
        self.master = physical_name(master)


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
