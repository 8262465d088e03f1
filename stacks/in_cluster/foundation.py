"""Foundation on a cluster that is there already."""

from __future__ import annotations

import pulumi_kubernetes
import pulumi_random

from catalog import Catalog
from components.context import Context
from stacks.foundation import Foundation, make_namespaces, make_priorities
from stacks.settings import Settings


def build_foundation(settings: Settings, context: Context, catalog: Catalog) -> Foundation:
    """Makes the providers, the namespaces and the priority classes."""
    providers = (
        pulumi_kubernetes.Provider("kubernetes", context=settings.kube_context),
        pulumi_random.Provider("random"),
    )
    return Foundation(
        context=context,
        providers=providers,
        priorities=make_priorities(context, providers),
        namespaces=make_namespaces(context, catalog, providers, settings.dns_resolvers),
    )
