"""Foundation layer: what every other layer stands on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes
from pulumi_kubernetes.core.v1 import Namespace as KubernetesNamespace

from components.context import DATA, LOGGING, SYSTEM
from components.kubernetes.namespace import Level, Namespace, NamespaceArgs
from components.kubernetes.priorities import Priorities, PrioritiesArgs
from components.kubernetes.pull_secret import PullSecret, PullSecretArgs
from stacks.inputs import Program
from stacks.settings import PROJECT

DOCKER_HUB = "docker.io"
"""The registry of images whose name has none. Source: https://github.com/distribution/reference"""


@dataclass(frozen=True, kw_only=True)
class Foundation:
    """Providers and namespaces.

    Args:
        namespaces: name of the namespace of each domain, of `DATA` and of
            `SYSTEM`, known once it exists.
        priorities: name of the priority class of each tier, known once it exists.
        pull_secrets: per domain, the Secret that images are pulled with; empty where
            the registry asks for no login.
    """

    providers: tuple[pulumi.ProviderResource, ...]
    namespaces: Mapping[str, pulumi.Output[str]]
    priorities: Mapping[str, pulumi.Output[str]]
    pull_secrets: Mapping[str, pulumi.Output[str]]

    def options(self, *, former: str | None = None) -> pulumi.ResourceOptions:
        """Options of a component at the top of the stack.

        Args:
            former: logical name that the component had before, if it was renamed; its
                children, whose names begin with its own, are known by theirs as well.
        """
        aliases = [] if former is None else [pulumi.Alias(name=former)]
        return pulumi.ResourceOptions(providers=list(self.providers), aliases=aliases)


def make_foundation(
    program: Program,
    providers: tuple[pulumi.ProviderResource, ...],
    resolvers: tuple[str, ...],
    cluster: pulumi.Output[str | None] | None = None,
) -> Foundation:
    """Makes the namespaces, the priority classes and the login to the registry.

    Args:
        resolvers: blocks of DNS resolvers that are no pods of the cluster's DNS.
        cluster: id of the cluster that is reached; None where the provider knows it.
    """
    options = pulumi.ResourceOptions(providers=list(providers))
    namespaces = _namespaces(program, options, resolvers, cluster)
    return Foundation(
        providers=providers,
        namespaces=namespaces,
        priorities=Priorities(
            "priorities",
            PrioritiesArgs(
                context=program.context,
                values={tier.name: tier.priority for tier in program.catalog.tiers},
            ),
            options,
        ).names,
        pull_secrets=_pull_secrets(program, options, namespaces),
    )


def _namespaces(
    program: Program,
    options: pulumi.ResourceOptions,
    resolvers: tuple[str, ...],
    cluster: pulumi.Output[str | None] | None,
) -> Mapping[str, pulumi.Output[str]]:
    """Makes a namespace for each domain, for data and for the platform itself.

    The namespace of the platform keeps the id of the cluster, and all others wait until it is the
    one that was kept.
    """

    def made(
        name: str, cluster: pulumi.Output[str | None] | None, level: Level = "restricted"
    ) -> Namespace:
        args = NamespaceArgs(
            context=program.context, name=name, resolvers=resolvers, cluster=cluster, level=level
        )
        return Namespace(name, args, options)

    system = made(SYSTEM, cluster)
    checked = None if cluster is None else _same_cluster(cluster, system.cluster)
    others = {name: made(name, checked).name for name in (*program.catalog.domains, DATA)}
    if program.settings.logging is not None:
        others[LOGGING] = made(LOGGING, checked, "privileged").name
    return {**others, SYSTEM: system.name}


def _pull_secrets(
    program: Program,
    options: pulumi.ResourceOptions,
    namespaces: Mapping[str, pulumi.Output[str]],
) -> Mapping[str, pulumi.Output[str]]:
    """Makes the login to the registry in the namespace of each domain; none if it asks for none."""
    login = program.settings.registry_login
    if login is None:
        return {}
    return {
        domain: PullSecret(
            f"{domain}-pull",
            PullSecretArgs(
                context=program.context,
                namespace=namespaces[domain],
                registry=program.settings.other_registry or DOCKER_HUB,
                username=login.username,
                password=pulumi.Output.secret(login.password.get_secret_value()),
            ),
            options,
        ).secret
        for domain in program.catalog.domains
    }


def current_cluster(context: str | None) -> pulumi.Output[str | None]:
    """Id of the cluster that is reached now; None where none is, as in a preview without one.

    So that a stack never takes another cluster for its own: a context's name says nothing about
    what is behind it. A cluster that was deleted and made again has the same, and everything in it
    would be reported as unchanged. A cluster is known by the UID of its namespace kube-system, as
    OpenTelemetry's `k8s.cluster.uid` has it, which lives as long as it does.
    """
    # Of its own, because it alone may go on without a cluster, with nothing read.
    reader = pulumi_kubernetes.Provider("cluster", context=context, skip_update_unreachable=True)
    found = KubernetesNamespace.get(
        "cluster", "kube-system", pulumi.ResourceOptions(provider=reader)
    )

    async def uid() -> str | None:
        # What is unknown in a preview is nothing to it. What depends on the id must not be made to
        # depend on the namespace, which is not ours.
        metadata = await found.metadata.future()
        return None if metadata is None else metadata.uid

    return pulumi.Output.from_input(uid())


def _same_cluster(
    current: pulumi.Output[str | None], kept: pulumi.Output[str | None]
) -> pulumi.Output[str | None]:
    """The id, for whatever must not be touched in another cluster than the one the state keeps.

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
