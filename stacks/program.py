"""The whole program, as `pulumi up`, the plan and the rehearsal run it."""

from __future__ import annotations

from pathlib import Path

import pulumi

from catalog import InputError, load_catalog
from components.context import Context
from graph.rules import check
from stacks.capacity import check_capacity
from stacks.environment import ENVIRONMENTS, InCluster
from stacks.failures import isolate_failures
from stacks.gates import open_gates
from stacks.in_cluster.stack import build_stack as build_in_cluster
from stacks.inputs import Built, Inputs
from stacks.release import read_release
from stacks.requirements import check_settings
from stacks.settings import read_settings
from stacks.stack_file import encrypted_settings
from stacks.variables import check_variables


def run(project: Path) -> None:
    """Builds the stack, as the entry point of `pulumi up`.

    Raises:
        pulumi.RunError: as `build` does; Pulumi prints its text without a traceback.
    """
    try:
        build(project)
    except InputError as error:
        raise pulumi.RunError(str(error)) from None


def build(project: Path) -> None:
    """Builds the stack from the project's files. Must run inside a Pulumi program.

    Args:
        project: folder with Pulumi.yaml, the catalog and the release files.

    Raises:
        InputError: what is wrong with a file or setting, in sentences. Nothing
            but the stack itself is registered then.
    """
    stack = pulumi.get_stack()
    settings = read_settings(stack, encrypted_settings(project, stack))
    catalog = load_catalog(project)
    check(catalog)
    environment = ENVIRONMENTS[settings.environment]
    check_settings(settings, environment, catalog, stack)
    check_variables(settings, stack, catalog)
    check_capacity(environment, catalog)
    inputs = Inputs(
        settings=settings,
        environment=environment,
        catalog=catalog,
        release=read_release(project, settings.release_file, catalog),
        context=Context(
            prefix=settings.namespace_prefix, stack=stack, environment=settings.environment
        ),
        opened=open_gates() if settings.ordering == "tiers" else frozenset(),
    )
    isolate_failures()
    built = _build_stack(inputs)
    pulumi.export("url", built.url)
    pulumi.export("ordering", settings.ordering)
    pulumi.export(
        "services",
        {name: workload.url for name, workload in sorted(built.services.workloads.items())},
    )


def _build_stack(inputs: Inputs) -> Built:
    platform = inputs.environment.platform
    if isinstance(platform, InCluster):
        return build_in_cluster(inputs, platform)
    # Only here, because the SDKs of the clouds take seconds to load.
    from stacks.aws.stack import build_stack as build_in_aws

    return build_in_aws(inputs, platform)
