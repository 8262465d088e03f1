"""Migrations: what changes a service's database between the database's Job and the new pods."""

from __future__ import annotations

import pulumi

from catalog import Service
from catalog.migration import DATABASE, Migration, migration_name
from components.kubernetes.service_job import Lock, ServiceJob, ServiceJobArgs
from components.kubernetes.workload import WorkloadArgs
from components.servers.bootstrap import PYTHON_IMAGE
from components.servers.in_cluster_postgres import IMAGE
from stacks.data import Data
from stacks.foundation import Foundation
from stacks.inputs import Program
from stacks.network import Network


def migrate(
    program: Program,
    foundation: Foundation,
    of: WorkloadArgs,
    *,
    service: Service,
    data: Data,
    network: Network,
) -> pulumi.Resource | None:
    """Makes the migration of `service`; what its workload waits for, None where it has none.

    It waits for its database and for no tier: it calls no service. In a database that this
    program makes it acts as the owner; in one of others, it signs in as the service does.

    Args:
        program: what is to run.
        foundation: what it stands on.
        of: what the service itself is made from.
        service: whose migration it is.
        data: what it uses.
        network: whom it may call.
    """
    migration, edge = service.migration, program.catalog.migrates(service.name)
    grant = data.owners.get(service.data_name) or data.of(service.data_name).get(DATABASE)
    if migration is None or edge is None or grant is None:
        return None
    image, command, arguments = _runs(program, service, migration)
    server = data.servers.get(edge.target)
    after = [each for each in (server, grant.handle) if each is not None]
    return ServiceJob(
        migration_name(service.name),
        ServiceJobArgs(
            of=of,
            service=service.name,
            image=image,
            command=command,
            arguments=arguments,
            dependencies=tuple(each for each in of.dependencies if each.name == DATABASE),
            grants=(grant,),
            egress=network.migrations[service.name],
            after=tuple(after),
            timeout_seconds=migration.timeout_seconds,
            lock=Lock(grant=grant, image=IMAGE),
        ),
        foundation.options(),
    ).handle


def _runs(
    program: Program, service: Service, migration: Migration
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Image, command and arguments; of a service that a stand-in runs for, one that says so."""
    own = program.images[service.name]
    if migration.image is None and own.stand_in:
        says = f"print('migration of {service.name} (stand-in)')"
        return PYTHON_IMAGE, ("python3", "-I", "-c", says), ()
    return (
        migration.image or own.reference,
        tuple(migration.command),
        tuple(migration.arguments),
    )
