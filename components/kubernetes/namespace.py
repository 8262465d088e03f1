"""A namespace that admits hardened pods only, and lets none of them talk to anybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

import pulumi
from pulumi_kubernetes.core.v1 import Namespace as CoreNamespace
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from components.component import Component
from components.context import Context
from components.kubernetes.pod import physical_name
from components.kubernetes.traffic import dns_only

Level: TypeAlias = Literal["restricted", "privileged"]
"""Pod Security level. Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/"""

CLUSTER = "nexus-cos/cluster"
"""Annotation that keeps the cluster's id."""


@dataclass(frozen=True, kw_only=True)
class NamespaceArgs:
    """What a namespace is made from.

    Args:
        name: name without the context's prefix, such as a domain.
        resolvers: CIDR blocks of DNS resolvers that are no pods of the cluster's DNS.
        cluster: id of the cluster, which the namespace keeps as it was when it was made.
        level: Pod Security level; `privileged` for pods that mount folders of their node.
    """

    context: Context
    name: str
    resolvers: tuple[str, ...] = ()
    cluster: pulumi.Input[str | None] | None = None
    level: Level = "restricted"


class Namespace(Component[NamespaceArgs]):
    """A Kubernetes namespace that enforces a Pod Security level, the `restricted` one as a rule.

    Makes:
        `{name}`: the Namespace. Deleting it deletes everything inside.
        `{name}-default`: NetworkPolicy that denies its pods everything but DNS; what they
            may do beyond it comes with what they belong to.

    Outputs:
        cluster: id of the cluster that it was made in; None where that is not kept.
    """

    TOKEN = "nexus:foundation:Namespace"

    name: pulumi.Output[str]
    cluster: pulumi.Output[str | None]

    def _make(self, name: str, args: NamespaceArgs) -> None:
        level = "pod-security.kubernetes.io"
        metadata: ObjectMetaArgsDict = {
            "name": args.context.namespace(args.name),
            "labels": args.context.labels(
                args.name,
                "namespace",
                {
                    f"{level}/enforce": args.level,
                    f"{level}/enforce-version": "latest",
                    f"{level}/audit": "restricted",
                    f"{level}/warn": "restricted",
                },
            ),
        }
        opts_of_own = self.child
        if args.cluster is not None:
            # The SDK leaves out an annotation without a value; its types do not say so.
            known = cast("pulumi.Input[str]", args.cluster)
            metadata["annotations"] = {CLUSTER: known}
            opts_of_own.ignore_changes = [f'metadata.annotations["{CLUSTER}"]']
        self.namespace = CoreNamespace(name, metadata=metadata, opts=opts_of_own)
        self.name = physical_name(self.namespace)
        self.cluster = self.namespace.metadata.apply(
            lambda made: (made.annotations or {}).get(CLUSTER)
        )
        NetworkPolicy(
            f"{name}-default",
            metadata={
                "name": "default",
                "namespace": self.name,
                "labels": args.context.labels(args.name, "isolation"),
            },
            spec=dns_only(args.resolvers),
            opts=self.child,
        )
