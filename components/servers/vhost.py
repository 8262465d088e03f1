"""A service's own part of the message queue."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.component import Component
from components.context import Context
from components.servers.bootstrap import PYTHON_IMAGE, script
from components.servers.bootstrap_job import BootstrapJob, BootstrapJobArgs
from components.servers.servers import Grant, QueueServer, password

QUEUE_TYPE = "quorum"
"""Type of queues that are declared without one. On Amazon MQ that is the server's own choice since
RabbitMQ 4.2; in dev the same declaration would make a classic queue, which takes arguments that a
quorum queue refuses. Source: docs/decisions/managed-servers.md"""

MAX_CONNECTIONS = 20
MAX_QUEUES = 200
"""What a service may hold: one that forgets to close cannot use up the broker."""


@dataclass(frozen=True, kw_only=True)
class VhostArgs:
    """What a virtual host is made from.

    Args:
        context: source of names and labels.
        namespace: the data namespace, from the resource that makes it.
        service: name of the vhost and user: the service's, or its former one.
        server: server it is on.
        script_map: ConfigMap with the bootstrap scripts.
        rotation: a higher number gives the service a new password.
    """

    context: Context
    namespace: pulumi.Input[str]
    service: str
    server: QueueServer
    script_map: pulumi.Input[str]
    rotation: int


class Vhost(Component[VhostArgs]):
    """A RabbitMQ virtual host with one user who may do everything in it, and nothing elsewhere.

    Makes:
        `{name}-password`: password of the user.
        `{name}`: BootstrapJob. Deleting it leaves the vhost and its messages.

    Outputs:
        handle: the Job; done means that the service can connect.
    """

    TOKEN = "nexus:data:Vhost"

    handle: pulumi.Resource

    def _make(self, name: str, args: VhostArgs) -> None:
        secret = password(f"{name}-password", rotation=args.rotation, opts=self.child).result
        server, service = args.server, args.service
        job = BootstrapJob(
            name,
            BootstrapJobArgs(
                context=args.context,
                namespace=args.namespace,
                image=PYTHON_IMAGE,
                interpreter="python3",
                script=("rabbitmq.py", script("rabbitmq.py")),
                script_map=args.script_map,
                env={
                    "MANAGEMENT_URL": server.management_url,
                    "VHOST": service,
                    "USERNAME": service,
                    "VHOST_QUEUE_TYPE": QUEUE_TYPE,
                    "VHOST_MAX_CONNECTIONS": str(MAX_CONNECTIONS),
                    "VHOST_MAX_QUEUES": str(MAX_QUEUES),
                },
                master=server.master,
                username=service,
                password=secret,
                rotation=args.rotation,
                server=server.handle,
            ),
            self.child,
        )
        self.handle = job.handle
        self.grant = Grant(
            resource="queue",
            service=service,
            handle=job.handle,
            endpoint={
                "host": server.host,
                "port": str(server.port),
                "vhost": service,
                **({"tls": "required"} if server.tls else {}),
            },
            credentials={"username": service, "password": secret},
        )
