"""The whole program, as `pulumi up`, the plan and the rehearsal run it."""

from __future__ import annotations

from pathlib import Path

import pulumi

from catalog import Catalog, CatalogError, Problem, load_catalog
from catalog.hints import did_you_mean
from graph.check import check
from stacks.data import build_data
from stacks.edge import build_edge
from stacks.environment import ENVIRONMENTS
from stacks.foundation import build_foundation
from stacks.limits import build_limits
from stacks.network import build_network
from stacks.release import read_release
from stacks.services import build_services
from stacks.settings import Settings, read_settings
from stacks.variables import check_variables


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
    _check_rotations(settings, stack, catalog)
    check_variables(settings, stack, catalog)
    environment = ENVIRONMENTS[settings.environment]
    release = read_release(project, settings.release_file, catalog)
    images = release.images(catalog, registry=settings.registry, stand_ins=environment.stand_ins)
    foundation = build_foundation(settings, stack, catalog)
    build_limits(environment, catalog, foundation)
    network = build_network(settings, environment, catalog, foundation)
    data = build_data(settings, environment, catalog, foundation)
    services = build_services(
        settings=settings,
        environment=environment,
        catalog=catalog,
        images=images,
        foundation=foundation,
        data=data,
        network=network,
    )
    pulumi.export("url", build_edge(settings, catalog, foundation, services))
    pulumi.export("ordering", settings.ordering)
    pulumi.export(
        "services", {name: workload.url for name, workload in sorted(services.workloads.items())}
    )


def _check_rotations(settings: Settings, stack: str, catalog: Catalog) -> None:
    problems = [
        Problem(
            f"Pulumi.{stack}.yaml",
            f"setting 'nexus-cos:rotations.{name}': there is no such service; "
            f"{did_you_mean(name, catalog.services) or 'remove it.'}",
        )
        for name in sorted(set(settings.rotations) - set(catalog.services))
    ]
    if problems:
        raise CatalogError(problems)
