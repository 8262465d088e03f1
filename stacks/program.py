"""The whole program, as `pulumi up`, the plan and the rehearsal run it."""

from __future__ import annotations

from pathlib import Path

import pulumi

from catalog import CatalogError, load_catalog
from graph.check import check
from stacks.data import build_data
from stacks.edge import build_edge
from stacks.environment import ENVIRONMENTS
from stacks.foundation import build_foundation
from stacks.release import read_release
from stacks.requirements import check_settings
from stacks.services import build_services
from stacks.settings import read_settings


def run(project: Path) -> None:
    """Builds the stack, as the entry point of `pulumi up`.

    Raises:
        pulumi.RunError: as `build` does; Pulumi prints its text without a traceback.
    """
    try:
        build(project)
    except CatalogError as error:
        raise pulumi.RunError(str(error)) from None


def build(project: Path) -> None:
    """Builds the stack from the project's files. Must run inside a Pulumi program.

    Args:
        project: folder with Pulumi.yaml, the catalog and the release files.

    Raises:
        CatalogError: what is wrong with a file or setting, in sentences. Nothing
            but the stack itself is registered then.
    """
    stack = pulumi.get_stack()
    settings = read_settings(stack)
    catalog = load_catalog(project)
    check(catalog)
    environment = ENVIRONMENTS[settings.environment]
    check_settings(settings, environment, catalog, stack)
    release = read_release(project, settings.release_file, catalog)
    images = release.images(catalog, registry=settings.registry, stand_ins=environment.stand_ins)
    foundation = build_foundation(settings, stack, catalog)
    data = build_data(settings, environment, catalog, foundation)
    services = build_services(
        settings=settings,
        environment=environment,
        catalog=catalog,
        images=images,
        foundation=foundation,
        data=data,
    )
    pulumi.export("url", build_edge(settings, catalog, foundation, services))
    pulumi.export("ordering", settings.ordering)
    pulumi.export(
        "services", {name: workload.url for name, workload in sorted(services.workloads.items())}
    )
