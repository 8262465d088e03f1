"""A namespace that admits hardened pods only, and lets none of them talk to anybody."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1 import Namespace as CoreNamespace
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from components.context import Context
from components.physical_name import physical_name
from components.traffic import dns_only


@dataclass(frozen=True, kw_only=True)
class NamespaceArgs:
    """What a namespace is made from.

    Args:
        context: source of names and labels.
        name: name without the context's prefix, such as a domain.
        resolvers: CIDR blocks of DNS resolvers that are no pods of the cluster's DNS.
    """

    context: Context
    name: str
    resolvers: tuple[str, ...] = ()


class Namespace(pulumi.ComponentResource):
    """A Kubernetes namespace that enforces the `restricted` Pod Security level.

    Makes:
        `{name}`: the Namespace. Deleting it deletes everything inside.
        `{name}-default`: NetworkPolicy that denies its pods everything but DNS; what they
            may do beyond it comes with what they belong to.

    Outputs:
        name: name in the cluster, known once the namespace exists.
    """

    TOKEN = "nexus:foundation:Namespace"

    name: pulumi.Output[str]

    def __init__(
        self, name: str, args: NamespaceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(self.TOKEN, name, None, opts)
        level = "pod-security.kubernetes.io"
        self.namespace = CoreNamespace(
            name,
            metadata={
                "name": args.context.namespace(args.name),
                "labels": args.context.labels(
                    args.name,
                    "namespace",
                    {
                        f"{level}/enforce": "restricted",
                        f"{level}/enforce-version": "latest",
                        f"{level}/audit": "restricted",
                        f"{level}/warn": "restricted",
                    },
                ),
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.name = physical_name(self.namespace)
        NetworkPolicy(
            f"{name}-default",
            metadata={
                "name": "default",
                "namespace": self.name,
                "labels": args.context.labels(args.name, "isolation"),
            },
            spec=dns_only(args.resolvers),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"name": self.name})
