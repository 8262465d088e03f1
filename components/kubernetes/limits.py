"""How much of the cluster each namespace may use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi_kubernetes.core.v1 import LimitRange, LimitRangeItemArgsDict, ResourceQuota
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

from components.component import Component
from components.context import Context
from components.kubernetes.quantity import largest, total
from components.kubernetes.size import Size


@dataclass(frozen=True, kw_only=True)
class Share:
    """What one namespace may use.

    Args:
        pods: number of pods by the size of each; none where nothing runs.
        volumes: sizes of the volumes, Kubernetes quantities.
        usual: size of a container that states none; the largest one by default.
    """

    namespace: pulumi.Input[str]
    pods: Mapping[Size, int]
    volumes: tuple[str, ...] = ()
    usual: Size | None = field(default=None)


@dataclass(frozen=True, kw_only=True)
class LimitsArgs:
    """What the limits are made from.

    Args:
        shares: share by namespace, without prefix.
    """

    context: Context
    shares: Mapping[str, Share]


class Limits(Component[LimitsArgs]):
    """A quota and limits per namespace, so that none starves the others.

    Makes:
        `{name}-{namespace}-quota`: ResourceQuota: what all its pods and volumes together may ask
            for; no load balancers and node ports, which would be ways in.
        `{name}-{namespace}-range`: LimitRange, where pods run: sizes for containers that state
            none, and the largest size.
    """

    TOKEN = "nexus:foundation:Limits"

    def _make(self, name: str, args: LimitsArgs) -> None:
        for short, share in sorted(args.shares.items()):
            metadata: ObjectMetaArgsDict = {
                "name": "default",
                "namespace": share.namespace,
                "labels": args.context.labels(short, "limits"),
            }
            ResourceQuota(
                f"{name}-{short}-quota",
                metadata=metadata,
                spec={"hard": quota(share)},
                opts=self.child,
            )
            if share.pods:
                LimitRange(
                    f"{name}-{short}-range",
                    metadata=metadata,
                    spec={"limits": _limits(share)},
                    opts=self.child,
                )


def quota(share: Share) -> dict[str, str]:
    """What all pods and volumes of the share may ask for together, as a ResourceQuota has it."""
    sizes = [size for size, number in share.pods.items() for _ in range(number)]
    hard = {
        "pods": str(len(sizes)),
        "persistentvolumeclaims": str(len(share.volumes)),
        "requests.storage": total(share.volumes),
        "services.loadbalancers": "0",
        "services.nodeports": "0",
    }
    if sizes:
        hard |= {
            "requests.cpu": total(size.cpu for size in sizes),
            "limits.cpu": total(size.cpu_limit for size in sizes),
            "requests.memory": total(size.memory for size in sizes),
            "limits.memory": total(size.most_memory for size in sizes),
            "requests.ephemeral-storage": total(size.scratch for size in sizes),
            "limits.ephemeral-storage": total(size.ephemeral for size in sizes),
        }
    return hard


def _limits(share: Share) -> list[LimitRangeItemArgsDict]:
    most = largest_size(share.pods)
    usual = share.usual or most
    items: list[LimitRangeItemArgsDict] = [
        {
            "type": "Container",
            "default_request": {
                "cpu": usual.cpu,
                "memory": usual.memory,
                "ephemeral-storage": usual.scratch,
            },
            "default": _limit(usual),
            "max": _limit(most),
        }
    ]
    if share.volumes:
        storage = {"storage": largest(share.volumes)}
        items.append({"type": "PersistentVolumeClaim", "max": storage})
    return items


def _limit(size: Size) -> dict[str, str]:
    return {"cpu": size.cpu_limit, "memory": size.most_memory, "ephemeral-storage": size.ephemeral}


def largest_size(sizes: Iterable[Size]) -> Size:
    """The largest of each quantity, whichever size it is of."""
    every = list(sizes)
    return Size(
        cpu=largest(size.cpu for size in every),
        cpu_limit=largest(size.cpu_limit for size in every),
        memory=largest(size.memory for size in every),
        scratch=largest(size.scratch for size in every),
        ephemeral=largest(size.ephemeral for size in every),
        memory_limit=largest(size.most_memory for size in every),
    )
