"""What changes a service's database before its pods of a release start."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from catalog.document import At
from catalog.job import Job, unfit_job

DATABASE = "postgres"
"""The platform resource that migrations change, and whose lock they hold."""


class Migration(Job):
    """A Job that changes the service's database, before the new pods and as its owner."""


def migration_name(service: str) -> str:
    """What the migration of a service is called in plans, runs and pictures."""
    return f"{service}-migration"


def unfit_migration(
    service: str,
    entry: Migration | None,
    targets: Iterable[str | None],
    services: Container[str],
) -> Iterator[tuple[At, str]]:
    """What is wrong about the migration of a service that needs `targets`, beside `services`."""
    if entry is None:
        return
    yield from unfit_job(entry, "migrate")
    if migration_name(service) in services:
        yield (
            ("migrate",),
            f"the migration would be called '{migration_name(service)}', as a service is; give "
            "that another name.",
        )
    if DATABASE not in targets:
        yield (
            ("migrate",),
            f"the service needs no database, so there is nothing to migrate; add '{DATABASE}' to "
            "its 'needs', or remove the field.",
        )
