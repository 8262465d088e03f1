"""The whole program, as `pulumi up`, the plan and the rehearsal run it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import pulumi
from pulumi.runtime.proto import engine_pb2
from pulumi.runtime.settings import get_engine
from pydantic.alias_generators import to_snake

from catalog import InputError, load_catalog
from components.context import Context
from components.kubernetes.tier_gate import open_gates
from components.kubernetes.workload import Workload
from graph.rules import check
from stacks.attached import attaching
from stacks.capacity import check_capacity
from stacks.configuration import read_settings
from stacks.environment import ENVIRONMENTS, InAws, InCluster
from stacks.failures import isolate_failures
from stacks.in_cluster.stack import build_stack as build_in_cluster
from stacks.inputs import AwsProgram, ClusterProgram
from stacks.release import check_schemas, read_release
from stacks.requirements import check_settings
from stacks.settings import AwsSettings, ClusterSettings
from stacks.stack_file import encrypted_settings, stack_file
from stacks.variables import check_variables


def run(project: Path) -> None:
    """Builds the stack, as the entry point of `pulumi up`.

    Raises:
        pulumi.RunError: as `build` does; Pulumi prints its text without a traceback.
    """
    tell_no_details()
    try:
        build(project)
    except InputError as error:
        raise pulumi.RunError(str(error)) from None


def tell_no_details() -> None:
    """Keeps the SDK's messages for its own debuggers from the engine, which drops them.

    They are four of five calls that a program makes. Call it once, before the first resource. What
    `pulumi up --debug` shows of the engine and the providers stays.
    """
    engine = get_engine()
    if engine is None:
        return
    log = engine.Log

    def tell(request: engine_pb2.LogRequest) -> None:
        if request.severity != engine_pb2.DEBUG:
            log(request)

    # The stub is that of this run alone. Its class says that nothing but gRPC's own can be called.
    vars(engine)["Log"] = tell


def build(project: Path, newer: Collection[str] = ()) -> None:
    """Builds the stack from the project's files. Must run inside a Pulumi program.

    Args:
        project: its folder.
        newer: services that a rehearsal releases anew.

    Raises:
        InputError: what is wrong with a file or setting, in sentences. Nothing
            but the stack itself is registered then.
    """
    program = read_program(project, newer)
    isolate_failures()
    url, services = _build_stack(program)
    pulumi.export("url", url)
    pulumi.export("ordering", program.settings.ordering)
    urls = {name: workload.url for name, workload in sorted(services.items())}
    pulumi.export("services", {name: url for name, url in urls.items() if url is not None})


def read_program(project: Path, newer: Collection[str] = ()) -> ClusterProgram | AwsProgram:
    """What the stack is built from, read and checked. Must run inside a Pulumi program.

    Raises:
        InputError: as `build` does.
    """
    stack = pulumi.get_stack()
    file = stack_file(project, stack)
    read = read_settings(file, encrypted_settings(project, stack))
    catalog = load_catalog(project)
    check(catalog)
    catalog = attaching(read, catalog)
    environment = ENVIRONMENTS[read.environment].asked(
        lambda key: getattr(read, to_snake(key)) is not None
    )
    settings = check_settings(read, environment, catalog, stack, file)
    check_variables(settings, file, catalog)
    managed = (
        isinstance(settings, AwsSettings)
        and settings.nodes == "managed"
        and settings.existing_cluster is None
    )
    check_capacity(environment, catalog, managed=managed)
    release = check_schemas(read_release(project, settings.release_file, catalog).after(newer))
    context = Context(
        prefix=settings.namespace_prefix,
        stack=stack,
        environment=read.environment,
        first_tier=catalog.first_tier,
    )
    opened = open_gates() if settings.ordering == "tiers" else frozenset[str]()
    platform = environment.platform
    if isinstance(settings, ClusterSettings) and isinstance(platform, InCluster):
        return ClusterProgram(
            settings=settings,
            platform=platform,
            environment=environment,
            catalog=catalog,
            images=release.images(
                catalog, registry=settings.registry, stand_ins=environment.stand_ins
            ),
            context=context,
            opened=opened,
        )
    if isinstance(settings, AwsSettings) and isinstance(platform, InAws):
        return AwsProgram(
            settings=settings,
            platform=platform,
            environment=environment,
            catalog=catalog,
            images=release.images(
                catalog,
                registry=settings.images(stack),
                stand_ins=environment.stand_ins,
                digests=platform.digests,
            ),
            context=context,
            opened=opened,
        )
    raise TypeError(f"The environment {read.environment} and its settings are of two kinds.")


def _build_stack(
    program: ClusterProgram | AwsProgram,
) -> tuple[str | None, Mapping[str, Workload]]:
    """Makes every layer; returns where people reach the platform, and what runs."""
    if isinstance(program, ClusterProgram):
        return build_in_cluster(program)
    # Only here, because the SDKs of the clouds take seconds to load.
    from stacks.aws.stack import build_stack as build_in_aws

    return build_in_aws(program)
