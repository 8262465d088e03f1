"""Who may reach a server in the cluster, and what its bootstrap Jobs may reach."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from components.component import Component
from components.context import Context
from components.kubernetes.traffic import Pods, Traffic, pod_selector, policy_spec


@dataclass(frozen=True, kw_only=True)
class ServerIsolationArgs:
    """What the policies are made from.

    Args:
        namespace: namespace of server and Jobs, from the resource that makes it.
        server: name of the server; None where it runs outside the cluster.
        callers: who may call it and the port they call; empty for nobody.
        jobs: names of its bootstrap Jobs, sorted.
        bootstrap: where the Jobs go: first the server, or its addresses, and its port.
        egress: whom the server calls itself.
    """

    context: Context
    namespace: pulumi.Input[str]
    server: str | None
    callers: tuple[Traffic, ...]
    jobs: tuple[str, ...]
    bootstrap: tuple[Traffic, ...]
    egress: tuple[Traffic, ...] = ()


class ServerIsolation(Component[ServerIsolationArgs]):
    """The NetworkPolicies of one server and of the Jobs that set it up.

    They stand beside the server and not inside it: they change when a service comes or
    goes, which is no reason to touch the server.

    Makes:
        `{name}`: NetworkPolicy of the server, if it runs in the cluster: its callers and its
            Jobs come in, and it goes out to whom it calls, if anybody.
        `{name}-bootstrap`: NetworkPolicy of its Jobs, if it has any: out to the server.
    """

    TOKEN = "nexus:network:ServerIsolation"

    def _make(self, name: str, args: ServerIsolationArgs) -> None:
        labels = args.context.labels(name, "isolation")
        if args.server is not None:
            NetworkPolicy(
                name,
                metadata={"name": name, "namespace": args.namespace, "labels": labels},
                spec=policy_spec(
                    pod_selector("server", (args.server,)),
                    ingress=(*args.callers, *_jobs(args)),
                    egress=args.egress,
                ),
                opts=self.child,
            )
        if args.jobs:
            NetworkPolicy(
                f"{name}-bootstrap",
                metadata={
                    "name": f"{name}-bootstrap",
                    "namespace": args.namespace,
                    "labels": labels,
                },
                spec=policy_spec(pod_selector("bootstrap", args.jobs), egress=args.bootstrap),
                opts=self.child,
            )


def _jobs(args: ServerIsolationArgs) -> tuple[Traffic, ...]:
    """What the Jobs bring to the server."""
    if not args.jobs:
        return ()
    server = args.bootstrap[0]
    places = [peer.namespace for peer in server.peers if isinstance(peer, Pods)]
    jobs = tuple(Pods(namespace=each, component="bootstrap", names=args.jobs) for each in places)
    return (Traffic(peers=jobs, port=server.port),)
