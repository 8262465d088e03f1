"""The way into a cluster without a CDN or DNS of its own."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.networking.v1 import (
    Ingress,
    IngressRuleArgsDict,
    IngressSpecArgsDict,
)

from components.component import Component
from components.context import Context


@dataclass(frozen=True, kw_only=True)
class GatewayIngressArgs:
    """What an ingress is made from.

    Args:
        after: handle of the gateway, and of what signs; the route waits for both.
        ingress_class: class of the ingress; None for the cluster's default one.
        issuer: name of the Issuer of its certificate; None to answer without TLS.
    """

    context: Context
    namespace: pulumi.Input[str]
    host: str
    service: str
    port: int
    after: tuple[pulumi.Resource, ...]
    ingress_class: str | None = None
    issuer: str | None = None


class GatewayIngress(Component[GatewayIngressArgs]):
    """An Ingress of the cluster's default class, or of another one.

    It is not awaited: a cluster without a controller would never give it an address. With an
    issuer, cert-manager sees its annotation and keeps a certificate in the Secret that it
    names; until the first one is signed, the controller shows one of its own.

    Makes:
        `{name}`: Ingress.

    Outputs:
        url: where people reach the platform when a controller is there.
    """

    TOKEN = "nexus:edge:GatewayIngress"

    url: str

    def _make(self, name: str, args: GatewayIngressArgs) -> None:
        annotations = {"pulumi.com/skipAwait": "true"}
        spec: IngressSpecArgsDict = {"rules": [_rule(args.host, args.service, args.port)]}
        if args.ingress_class is not None:
            spec["ingress_class_name"] = args.ingress_class
        if args.issuer is not None:
            # Source: https://cert-manager.io/docs/usage/ingress/
            annotations["cert-manager.io/issuer"] = args.issuer
            spec["tls"] = [{"hosts": [args.host], "secret_name": f"{args.service}-tls"}]
        Ingress(
            name,
            metadata={
                "name": args.service,
                "namespace": args.namespace,
                "labels": args.context.labels(args.service, "edge"),
                "annotations": annotations,
            },
            spec=spec,
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.after)),
        )
        self.url = f"{'http' if args.issuer is None else 'https'}://{args.host}/"


def _rule(host: str, service: str, port: int) -> IngressRuleArgsDict:
    """Everything under `host` goes to the port of the Service."""
    return {
        "host": host,
        "http": {
            "paths": [
                {
                    "path": "/",
                    "path_type": "Prefix",
                    "backend": {"service": {"name": service, "port": {"number": port}}},
                }
            ]
        },
    }
