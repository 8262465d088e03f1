"""A stack in AWS, from the foundation to the edge."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from components.aws.auto_mode import BlockStorage, BlockStorageArgs
from components.kubernetes.workload import Workload
from stacks.attached import attached_destinations, attached_grants
from stacks.aws.data import build_data
from stacks.aws.edge import build_edge, build_entry
from stacks.aws.foundation import AwsFoundation, build_foundation
from stacks.aws.logged import build_logging, log_accesses, logging_destinations
from stacks.aws.network import destinations, subnets
from stacks.data import together
from stacks.inputs import AwsProgram
from stacks.limits import build_limits
from stacks.monitored import build_monitoring
from stacks.network import build_network
from stacks.services import build_services


def build_stack(program: AwsProgram) -> tuple[str | None, Mapping[str, Workload]]:
    """Makes every layer; returns where people reach the platform, and what runs."""
    settings, catalog = program.settings, program.catalog
    foundation = build_foundation(program)
    data = build_data(program, foundation, log_accesses(program, foundation))
    build_logging(program, foundation)
    watching = build_monitoring(program, foundation, data.data, _volumes(program, foundation))
    entry = build_entry(program, foundation, data)
    build_limits(program, foundation)
    network = build_network(
        program,
        foundation,
        {
            **destinations(program),
            **logging_destinations(program),
            **attached_destinations(settings, catalog),
        },
        (subnets(settings, "public"),),
    )
    given = [data.data, watching, attached_grants(settings, catalog)]
    if entry is not None:
        given.append(entry.data)
    services = build_services(program, foundation, together(*given), network)
    return build_edge(program, foundation, services, entry), services


def _volumes(program: AwsProgram, foundation: AwsFoundation) -> pulumi.Output[str] | None:
    """Makes a class of volumes where servers in the cluster need one; None if there is another."""
    setting = program.settings.monitoring
    if setting is None or setting.storage_class is not None:
        return None
    args = BlockStorageArgs(context=program.context)
    return BlockStorage("volumes", args, foundation.options()).storage_class
