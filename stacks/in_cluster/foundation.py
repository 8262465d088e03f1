"""Foundation on a cluster that is there already."""

from __future__ import annotations

import pulumi_kubernetes
import pulumi_random

from catalog import Catalog
from components.context import Context
from stacks.cluster_identity import current_cluster
from stacks.foundation import (
    Foundation,
    make_namespaces,
    make_priorities,
    make_pull_secrets,
)
from stacks.settings import Settings


def build_foundation(settings: Settings, context: Context, catalog: Catalog) -> Foundation:
    """Makes the providers, the namespaces, the priority classes and the login to the registry."""
    providers = (
        pulumi_kubernetes.Provider("kubernetes", context=settings.kube_context),
        pulumi_random.Provider("random"),
    )
    namespaces = make_namespaces(
        context,
        catalog,
        providers,
        settings.dns_resolvers,
        current_cluster(settings.kube_context),
    )
    return Foundation(
        context=context,
        providers=providers,
        priorities=make_priorities(context, providers),
        namespaces=namespaces,
        pull_secrets=make_pull_secrets(
            context,
            catalog,
            providers,
            namespaces,
            login=settings.registry_login,
            registry=settings.registry,
        ),
    )
