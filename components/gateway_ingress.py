"""The way into a cluster without a CDN or DNS of its own."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.networking.v1 import Ingress

from components.context import Context


@dataclass(frozen=True, kw_only=True)
class GatewayIngressArgs:
    """What an ingress is made from.

    Args:
        context: source of names and labels.
        namespace: namespace of the gateway, from the resource that makes it.
        host: host name to answer for.
        service: name of the gateway's Service.
        after: handle of the gateway; the route waits for it.
    """

    context: Context
    namespace: pulumi.Input[str]
    host: str
    service: str
    after: pulumi.Resource


class GatewayIngress(pulumi.ComponentResource):
    """An Ingress of the cluster's default class.

    It is not awaited: a cluster without a controller would never give it an address.

    Makes:
        `{name}`: Ingress.

    Outputs:
        url: where people reach the platform when a controller is there.
    """

    TOKEN = "nexus:edge:GatewayIngress"

    url: str

    def __init__(
        self, name: str, args: GatewayIngressArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(self.TOKEN, name, None, opts)
        Ingress(
            name,
            metadata={
                "name": args.service,
                "namespace": args.namespace,
                "labels": args.context.labels(args.service, "edge"),
                "annotations": {"pulumi.com/skipAwait": "true"},
            },
            spec={
                "rules": [
                    {
                        "host": args.host,
                        "http": {
                            "paths": [
                                {
                                    "path": "/",
                                    "path_type": "Prefix",
                                    "backend": {
                                        "service": {
                                            "name": args.service,
                                            "port": {"name": "http"},
                                        }
                                    },
                                }
                            ]
                        },
                    }
                ]
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.after]),
        )
        self.url = f"http://{args.host}/"
        self.register_outputs({"url": self.url})
