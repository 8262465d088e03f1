"""Foundation layer: what every other layer stands on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from catalog import Catalog, Tier
from components.context import DATA, SYSTEM, Context
from components.kubernetes.namespace import Namespace, NamespaceArgs
from components.kubernetes.priorities import Priorities, PrioritiesArgs
from components.kubernetes.pull_secret import PullSecret, PullSecretArgs
from stacks.cluster_identity import same_cluster
from stacks.setting_types import RegistryLogin

DOCKER_HUB = "docker.io"
"""The registry of images whose name has none. Source: https://github.com/distribution/reference"""

PRIORITIES: Mapping[str, int] = {
    Tier.INFRASTRUCTURE: 500_000,
    Tier.CORE: 400_000,
    Tier.PLATFORM: 300_000,
    Tier.DOMAIN: 200_000,
    Tier.FRONTEND: 100_000,
}
"""Which tier's pods go first. A new tier takes a number between its neighbours': the others'
cannot change on a cluster where they are (docs/decisions/tiers.md)."""


@dataclass(frozen=True, kw_only=True)
class Foundation:
    """Providers, names and namespaces.

    Args:
        context: source of names and labels.
        providers: providers that every component inherits.
        namespaces: name of the namespace of each domain, of `DATA` and of
            `SYSTEM`, known once it exists.
        priorities: name of the priority class of each tier, known once it exists.
        pull_secrets: per domain, the Secret that images are pulled with; empty where
            the registry asks for no login.
    """

    context: Context
    providers: tuple[pulumi.ProviderResource, ...]
    namespaces: Mapping[str, pulumi.Output[str]]
    priorities: Mapping[str, pulumi.Output[str]]
    pull_secrets: Mapping[str, pulumi.Output[str]] = field(
        default_factory=dict[str, pulumi.Output[str]]
    )

    def options(self, *, former: str | None = None) -> pulumi.ResourceOptions:
        """Options of a component at the top of the stack.

        Args:
            former: logical name that the component had before, if it was renamed; its
                children, whose names begin with its own, are known by theirs as well.
        """
        aliases = [] if former is None else [pulumi.Alias(name=former)]
        return pulumi.ResourceOptions(providers=list(self.providers), aliases=aliases)


def make_namespaces(
    context: Context,
    catalog: Catalog,
    providers: tuple[pulumi.ProviderResource, ...],
    resolvers: tuple[str, ...],
    cluster: pulumi.Output[str | None] | None = None,
) -> Mapping[str, pulumi.Output[str]]:
    """Makes a namespace for each domain, for data and for the platform itself.

    Args:
        context: source of names and labels.
        catalog: the domains.
        providers: providers to make them with.
        resolvers: blocks of DNS resolvers that are no pods of the cluster's DNS.
        cluster: id of the cluster that is reached; None where the provider knows it. The namespace
            of the platform keeps it, and all others wait until it is the one that was kept.
    """
    options = pulumi.ResourceOptions(providers=list(providers))

    def made(name: str, cluster: pulumi.Output[str | None] | None) -> Namespace:
        args = NamespaceArgs(context=context, name=name, resolvers=resolvers, cluster=cluster)
        return Namespace(name, args, options)

    system = made(SYSTEM, cluster)
    checked = None if cluster is None else same_cluster(cluster, system.cluster)
    others = {name: made(name, checked).name for name in (*catalog.domains, DATA)}
    return {**others, SYSTEM: system.name}


def make_priorities(
    context: Context, providers: tuple[pulumi.ProviderResource, ...]
) -> Mapping[str, pulumi.Output[str]]:
    """Makes a priority class for each tier."""
    return Priorities(
        "priorities",
        PrioritiesArgs(context=context, values=PRIORITIES),
        pulumi.ResourceOptions(providers=list(providers)),
    ).names


def make_pull_secrets(
    context: Context,
    catalog: Catalog,
    providers: tuple[pulumi.ProviderResource, ...],
    namespaces: Mapping[str, pulumi.Output[str]],
    *,
    login: RegistryLogin | None,
    registry: str | None,
) -> Mapping[str, pulumi.Output[str]]:
    """Makes the login to the registry in the namespace of each domain.

    Args:
        context: source of names and labels.
        catalog: the domains.
        providers: providers to make them with.
        namespaces: namespaces of the domains.
        login: the login; None where the registry asks for none.
        registry: registry and path of the images; None for Docker Hub.

    Returns:
        Names of the Secrets by domain; none where the registry asks for no login.
    """
    if login is None:
        return {}
    return {
        domain: PullSecret(
            f"{domain}-pull",
            PullSecretArgs(
                context=context,
                namespace=namespaces[domain],
                registry=registry or DOCKER_HUB,
                username=login.username,
                password=pulumi.Output.secret(login.password.get_secret_value()),
            ),
            pulumi.ResourceOptions(providers=list(providers)),
        ).secret
        for domain in catalog.domains
    }
