"""Which cluster a stack is in, so that it never takes another one for its own.

A context's name says nothing about what is behind it: a cluster that was deleted and made again has
the same, and everything in it would be reported as unchanged. A cluster is known by the UID of its
namespace kube-system, as OpenTelemetry's `k8s.cluster.uid` has it, which lives as long as it does.
"""

from __future__ import annotations

import pulumi
import pulumi_kubernetes
from pulumi_kubernetes.core.v1 import Namespace

from stacks.settings import PROJECT


def current_cluster(context: str | None) -> pulumi.Output[str | None]:
    """Id of the cluster that is reached now; None where none is, as in a preview without one.

    Args:
        context: context of the kubeconfig; None for the current one.
    """
    # Of its own, because it alone may go on without a cluster, with nothing read.
    reader = pulumi_kubernetes.Provider("cluster", context=context, skip_update_unreachable=True)
    found = Namespace.get("cluster", "kube-system", pulumi.ResourceOptions(provider=reader))

    async def uid() -> str | None:
        # What is unknown in a preview is nothing to it. What depends on the id must not be made to
        # depend on the namespace, which is not ours.
        metadata = await found.metadata.future()
        return None if metadata is None else metadata.uid

    return pulumi.Output.from_input(uid())


def same_cluster(
    current: pulumi.Output[str | None], kept: pulumi.Output[str | None]
) -> pulumi.Output[str | None]:
    """The id, for whatever must not be touched in another cluster.

    Args:
        current: the id of the cluster that is reached.
        kept: the one that the state keeps; None in a stack that does not know it.

    Raises:
        pulumi.RunError: when it resolves, if they are two clusters.
    """

    def compared(ids: list[str | None]) -> str | None:
        now, then = ids
        if now and then and now != then:
            raise pulumi.RunError(
                f"This stack is in the cluster {then}, but the one that is reached now is {now} "
                "(the UID of its namespace kube-system); if that is the wrong one, write its "
                f"context as '{PROJECT}:kubeContext', and if the stack's own is gone for good, "
                "run: pulumi up --refresh"
            )
        return now

    return pulumi.Output.all(current, kept).apply(compared)
