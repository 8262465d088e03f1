"""Foundation on a cluster that is there already."""

from __future__ import annotations

import pulumi_kubernetes
import pulumi_random

from catalog import Catalog
from components.context import Context
from stacks.foundation import Foundation, make_namespaces
from stacks.settings import Settings


def build_foundation(settings: Settings, context: Context, catalog: Catalog) -> Foundation:
    """Makes the providers and the namespaces."""
    providers = (
        pulumi_kubernetes.Provider("kubernetes", context=settings.kube_context),
        pulumi_random.Provider("random"),
    )
    return Foundation(
        context=context,
        providers=providers,
        namespaces=make_namespaces(context, catalog, providers),
    )
