"""Foundation layer: what every other layer stands on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes
import pulumi_random

from catalog import Catalog, Tier
from components.context import DATA, SYSTEM, Context
from components.namespace import Namespace, NamespaceArgs
from components.priorities import Priorities, PrioritiesArgs
from stacks.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Foundation:
    """Providers, names and namespaces.

    Args:
        context: source of names and labels.
        providers: providers that every component inherits.
        namespaces: name of the namespace of each domain, of `DATA` and of
            `SYSTEM`, known once it exists.
        priorities: name of the priority class of each tier, known once it exists.
    """

    context: Context
    providers: tuple[pulumi.ProviderResource, ...]
    namespaces: Mapping[str, pulumi.Output[str]]
    priorities: Mapping[str, pulumi.Output[str]]

    def options(self) -> pulumi.ResourceOptions:
        """Options of a component at the top of the stack."""
        return pulumi.ResourceOptions(providers=list(self.providers))


def build_foundation(settings: Settings, stack: str, catalog: Catalog) -> Foundation:
    """Makes the providers and the namespaces."""
    context = Context(
        prefix=settings.namespace_prefix, stack=stack, environment=settings.environment
    )
    providers = (
        pulumi_kubernetes.Provider("kubernetes", context=settings.kube_context),
        pulumi_random.Provider("random"),
    )
    options = pulumi.ResourceOptions(providers=list(providers))
    namespaces = {
        name: Namespace(
            name,
            NamespaceArgs(context=context, name=name, resolvers=settings.dns_resolvers),
            options,
        ).name
        for name in (*catalog.domains, DATA, SYSTEM)
    }
    priorities = Priorities(
        "priorities", PrioritiesArgs(context=context, tiers=tuple(Tier)), options
    )
    return Foundation(
        context=context,
        providers=providers,
        namespaces=namespaces,
        priorities=priorities.names,
    )
