"""A service's own virtual host of RabbitMQ, or its access to an exchange of another one's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pulumi

from components.servers.bootstrap import PYTHON_IMAGE
from components.servers.parts import Part, PartArgs
from components.servers.servers import QueueServer

QUEUE_TYPE = "quorum"
"""Type of queues that are declared without one. On Amazon MQ that is the server's own choice since
RabbitMQ 4.2; in dev the same declaration would make a classic queue, which takes arguments that a
quorum queue refuses. Source: docs/decisions/managed-servers.md"""

MAX_QUEUES = 200
"""What a service may declare: one per message would use up the broker."""


@dataclass(frozen=True, kw_only=True)
class VhostArgs(PartArgs):
    """What a virtual host is made from."""

    server: QueueServer


BusAccess = Literal["publish", "consume"]
"""What a user may do at an exchange in a vhost that is another one's."""


class Vhost(Part[VhostArgs]):
    """A RabbitMQ virtual host with one user who may do everything in it, and nothing elsewhere.

    Makes:
        `{name}-password`: password of the user.
        `{name}`: BootstrapJob. Deleting it leaves the vhost and its messages.

    Outputs:
        handle: the Job; done means that the service can connect.
    """

    TOKEN = "nexus:data:Vhost"

    def _make(self, name: str, args: VhostArgs) -> None:
        server, service = args.server, args.service
        self._give(
            name,
            args,
            server,
            resource="queue",
            image=PYTHON_IMAGE,
            script="rabbitmq.py",
            env={
                "MANAGEMENT_URL": server.management_url,
                "VHOST": service,
                "USERNAME": service,
                "VHOST_QUEUE_TYPE": QUEUE_TYPE,
                "VHOST_MAX_CONNECTIONS": str(args.connections),
                "VHOST_MAX_QUEUES": str(MAX_QUEUES),
            },
            endpoint=_vhost_endpoint(server, service),
        )


@dataclass(frozen=True, kw_only=True)
class VhostAccessArgs(PartArgs):
    """What access to a virtual host is made from.

    Args:
        server: where the vhost is.
        vhost: whose it is: the name of a `Vhost` there.
        access: whether messages are sent to the exchange or heard from it.
        exchange: the topic exchange, which the Job makes if nobody has.
        routing_keys: patterns of keys, as in a binding.
        after: handle of that vhost.
    """

    server: QueueServer
    vhost: str
    access: BusAccess
    exchange: str
    routing_keys: tuple[str, ...]
    after: pulumi.Resource


class VhostAccess(Part[VhostAccessArgs]):
    """The user of a service that publishes to an exchange of another one's vhost, or consumes.

    Makes:
        `{name}-password`: password of the user.
        `{name}`: BootstrapJob. Deleting it leaves the user and what it may do.

    Outputs:
        handle: the Job; done means that the service can connect.
    """

    TOKEN = "nexus:data:VhostAccess"

    def _make(self, name: str, args: VhostAccessArgs) -> None:
        prefix = f"{args.service}."
        own = {"queue_prefix": prefix} if args.access == "consume" else {}
        self._give(
            name,
            args,
            args.server,
            resource="queue",
            image=PYTHON_IMAGE,
            script="rabbitmq_access.py",
            env={
                "MANAGEMENT_URL": args.server.management_url,
                "VHOST": args.vhost,
                "USERNAME": args.service,
                "EXCHANGE": args.exchange,
                "ACCESS": args.access,
                "ROUTING_KEYS": " ".join(args.routing_keys),
                "QUEUE_PREFIX": prefix,
                "USER_MAX_CONNECTIONS": str(args.connections),
            },
            endpoint={
                **_vhost_endpoint(args.server, args.vhost),
                "exchange": args.exchange,
                **own,
            },
            after=args.after,
        )


def _vhost_endpoint(server: QueueServer, vhost: str) -> dict[str, str]:
    """What a service is told of a vhost, whosever it is."""
    return {"vhost": vhost, **({"tls": "required"} if server.tls else {})}
