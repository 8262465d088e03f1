"""A stack inside of a cluster, from the foundation to the edge."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi_kubernetes
import pulumi_random

from components.kubernetes.workload import Workload
from stacks.attached import attached_destinations, attached_grants
from stacks.data import together
from stacks.foundation import Foundation, current_cluster, make_foundation
from stacks.in_cluster.data import build_data
from stacks.in_cluster.edge import build_edge
from stacks.in_cluster.network import destinations, entrance
from stacks.inputs import ClusterProgram
from stacks.limits import build_limits
from stacks.logged import build_logging
from stacks.monitored import build_monitoring
from stacks.network import build_network
from stacks.services import build_services


def build_stack(program: ClusterProgram) -> tuple[str | None, Mapping[str, Workload]]:
    """Makes every layer; returns where people reach the platform, and what runs."""
    settings, catalog = program.settings, program.catalog
    foundation = _foundation(program)
    servers = build_data(program, foundation)
    data = together(
        servers,
        build_monitoring(program, foundation, servers),
        build_logging(program, foundation),
    )
    build_limits(program, foundation, solvers=_solvers(program))
    network = build_network(
        program,
        foundation,
        {**destinations(program), **attached_destinations(settings, catalog)},
        entrance(settings),
    )
    services = build_services(
        program, foundation, together(data, attached_grants(settings, catalog)), network
    )
    return build_edge(program, foundation, services), services


def _foundation(program: ClusterProgram) -> Foundation:
    """The foundation on a cluster that is there already."""
    context = program.settings.kube_context
    providers = (
        pulumi_kubernetes.Provider("kubernetes", context=context),
        pulumi_random.Provider("random"),
    )
    return make_foundation(
        program, providers, program.settings.dns_resolvers, current_cluster(context)
    )


def _solvers(program: ClusterProgram) -> frozenset[str]:
    """Domains in whose namespaces cert-manager's pods answer challenges."""
    signer, gateway = program.settings.signer, program.catalog.gateway
    if signer is None or signer.challenge != "http01" or gateway is None:
        return frozenset()
    return frozenset({program.catalog.services[gateway].domain})
