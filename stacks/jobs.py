"""Jobs of services, before their pods: the migration of the database, then the tasks of a release.

Tasks that are run by hand are made beside them.
"""

from __future__ import annotations

from dataclasses import replace

import pulumi

from catalog import Service
from catalog.job import DATABASE, Job, migration_name, task_name
from components.kubernetes.service_job import (
    MIGRATION,
    TASK,
    Lock,
    Runs,
    ServiceJob,
    ServiceJobArgs,
)
from components.kubernetes.workload import WorkloadArgs
from components.servers.bootstrap import PYTHON_IMAGE
from components.servers.in_cluster_postgres import IMAGE
from stacks.data import Data, told_parts
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
    grant = data.owned_by(service.data_name).get(DATABASE)
    if migration is None or edge is None or grant is None:
        return None
    server = data.servers.get(edge.target)
    handles = (server, *(part.handle for part in (grant, *grant.others)))
    after = [each for each in handles if each is not None]
    return ServiceJob(
        migration_name(service.name),
        ServiceJobArgs(
            of=of,
            service=service.name,
            role=MIGRATION,
            called=f"{service.name}-migrate",
            runs=_runs(program, service, migration, "migration"),
            dependencies=tuple(
                replace(each, parts=told_parts(grant))
                for each in of.dependencies
                if each.name == DATABASE
            ),
            grants=(grant,),
            egress=network.migrations[service.name],
            after=tuple(after),
            timeout_seconds=migration.timeout_seconds,
            lock=Lock(grant=grant, image=IMAGE),
        ),
        foundation.options(),
    ).handle


def make_tasks(
    program: Program, foundation: Foundation, of: WorkloadArgs, *, service: Service
) -> list[pulumi.Resource]:
    """Makes the tasks of `service`; those of each release, for which its workload waits.

    They have what the service has: its login, its settings, and whom it may call.

    Args:
        program: what is to run.
        foundation: what it stands on.
        of: what the service itself is made from, with its migration among what it waits for.
        service: whose tasks they are.
    """
    made = {
        name: ServiceJob(
            task_name(service.name, name),
            ServiceJobArgs(
                of=of,
                service=service.name,
                role=TASK,
                called=task_name(service.name, name),
                runs=_runs(program, service, task, f"task '{name}'"),
                dependencies=of.dependencies,
                grants=of.grants,
                egress=of.egress,
                after=of.after,
                timeout_seconds=task.timeout_seconds,
                account=service.name,
                by_hand=not task.each_release,
            ),
            foundation.options(),
        ).handle
        for name, task in service.tasks.items()
    }
    return [made[name] for name, task in service.tasks.items() if task.each_release]


def _runs(program: Program, service: Service, job: Job, what: str) -> Runs:
    """What a Job runs; of a service that a stand-in runs for, what says so and ends."""
    own = program.images[service.name]
    if job.image is None and own.stand_in:
        says = f"print({f'{what} of {service.name} (stand-in)'!r})"
        return Runs(image=PYTHON_IMAGE, command=("python3", "-I", "-c", says))
    return Runs(
        image=job.image or own.reference,
        command=tuple(job.command),
        arguments=tuple(job.arguments),
    )
