"""RabbitMQ as a managed service of AWS."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import mq
from pulumi_kubernetes.core.v1 import Secret

from components.aws.managed_server import ManagedServer, ManagedServerArgs
from components.aws.sizes import AmazonMqSize
from components.aws.versions import RABBITMQ
from components.kubernetes.pod import physical_name
from components.servers.servers import MASTER, password

PORT, MANAGEMENT_PORT = 5671, 443
"""AMQP with TLS, and the management API."""


@dataclass(frozen=True, kw_only=True)
class AmazonMqArgs(ManagedServerArgs):
    """What the broker is made from. One node is in the first of the subnets."""

    namespace: pulumi.Input[str]
    size: AmazonMqSize


class AmazonMq(ManagedServer[AmazonMqArgs]):
    """A broker with its management API; a `QueueServer`.

    Stateful: renaming it deletes every message, and so does a change of its user,
    which AWS answers with a new broker. AWS makes no vhosts: bootstrap Jobs do.

    Makes:
        `{name}-access`: DataAccess on AMQP's and the management API's ports.
        `{name}-master-password`, `{name}-master`: the administrator's password, and
            Secret with the user name and it for the bootstrap Jobs.
        `{name}`: the broker. AWS makes its log groups, named after the broker's id;
            docs/decisions/managed-servers.md says why they are not made here.

    Outputs:
        master: name of the Secret with the administrator's credentials.
    """

    TOKEN = "nexus:data:AmazonMq"

    port = PORT
    tls = True

    management_url: pulumi.Output[str]
    master: pulumi.Output[str]

    def _make(self, name: str, args: AmazonMqArgs) -> None:
        durable = args.aws.durable(self)
        aws = args.aws
        group = self._access(name, args, ("amqps", PORT), ("management", MANAGEMENT_PORT))
        secret = password(f"{name}-master-password", opts=durable).result
        master = Secret(
            f"{name}-master",
            metadata={
                "namespace": args.namespace,
                "labels": aws.context.labels(name, "server"),
            },
            string_data={"username": MASTER, "password": secret},
            opts=self.child,
        )
        single = args.size.deployment == "SINGLE_INSTANCE"
        self.handle = broker = mq.Broker(
            name,
            broker_name=aws.fixed(name, 50),
            engine_type="RabbitMQ",
            # RabbitMQ 4 runs on mq.m7g alone.
            engine_version=RABBITMQ.version,
            host_instance_type=args.size.instance_type,
            deployment_mode=args.size.deployment,
            subnet_ids=list(args.subnets[:1] if single else args.subnets),
            security_groups=[group],
            publicly_accessible=False,
            auto_minor_version_upgrade=True,
            apply_immediately=False,
            # Older pages of AWS say that RabbitMQ takes no key of ours; what to do if AWS refuses
            # it says docs/decisions/managed-servers.md. A later change is a new broker.
            encryption_options={"use_aws_owned_key": False, "kms_key_id": args.key},
            logs={"general": True},
            maintenance_window_start_time={
                "day_of_week": "SUNDAY",
                "time_of_day": "03:30",
                "time_zone": "UTC",
            },
            users=[{"username": MASTER, "password": secret}],
            tags=aws.tags(name, "data"),
            opts=args.aws.durable(
                self,
                pulumi.ResourceOptions(
                    # Any change of the user would replace the broker and its messages.
                    ignore_changes=["users"],
                    custom_timeouts=pulumi.CustomTimeouts(create="60m", delete="60m"),
                ),
            ),
        )
        self.management_url = broker.instances.apply(lambda nodes: str(nodes[0].console_url))
        self.host = self.management_url.apply(lambda url: url.removeprefix("https://"))
        self.master = physical_name(master)
