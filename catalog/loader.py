"""Reads the catalog's files and resolves them into one `Catalog`: names, rules and tiers."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from catalog.access import Access, usual
from catalog.consistency import inconsistencies
from catalog.document import read_document
from catalog.edge import CallPolicy, Edge
from catalog.errors import InputError, Problem
from catalog.files import DeclaredService, NeedEntry, PlatformFile, ServicesFile, services_of
from catalog.flow import Flow
from catalog.model import Bucket, Catalog, External, Resource, Service, Tier
from catalog.names import dedicated_name
from catalog.part import Part
from catalog.run import ConfigurationFile
from catalog.run_loader import read_files, run_of
from catalog.size import SizesFile
from catalog.sizing import environment_sizes, own_sizings, unfit_sizes
from catalog.validation import Read, validated
from catalog.who import who_of

Content = TypeVar("Content", bound=BaseModel)

SERVICES_FOLDER = "catalog/services"
PLATFORM_FILE = "catalog/platform.yaml"
SIZES_FILE = "catalog/sizes.yaml"

PRIORITY_STEP = 100_000
"""How much the pods of a tier count more than those of the next, where the tiers do not say."""


def load_catalog(project: Path) -> Catalog:
    """The catalog of the project in folder `project`.

    Raises:
        InputError: every mistake in the shape of the files: what cannot be
            read, unknown keys, wrong types, a service declared twice. Mistakes
            in the graph are `graph.rules`'s.
    """
    problems: list[Problem] = []
    services = [
        file
        for name in _service_files(project, problems)
        if (file := _read(project, name, ServicesFile, problems)) is not None
    ]
    platform = _read(project, PLATFORM_FILE, PlatformFile, problems)
    # A project without sizes of its own has those of this one.
    own = project / SIZES_FILE
    where = project if own.exists() or own.is_symlink() else Path(__file__).parents[1]
    sizes = _read(where, SIZES_FILE, SizesFile, problems)
    if problems or platform is None or sizes is None:
        raise InputError(problems)
    return _resolved(project, services, platform, sizes)


def _service_files(project: Path, problems: list[Problem]) -> list[str]:
    names: list[str] = []
    # Hidden files are locks and backups of editors.
    for path in sorted((project / SERVICES_FOLDER).glob("[!.]*")):
        if path.suffix == ".yaml":
            names.append(f"{SERVICES_FOLDER}/{path.name}")
        elif path.suffix.lower() in (".yaml", ".yml"):
            message = "the file would not be read; rename it to end in '.yaml'."
            problems.append(Problem(f"{SERVICES_FOLDER}/{path.name}", message))
    if not names and not problems:
        message = (
            "there is no file with services in this folder; write one named after a domain, "
            "as 'billing.yaml'."
        )
        problems.append(Problem(SERVICES_FOLDER, message))
    return names


def _read(
    project: Path, name: str, model: type[Content], problems: list[Problem]
) -> Read[Content] | None:
    try:
        document = read_document(project / name, name)
        return Read(document, validated(document, model))
    except InputError as error:
        problems.extend(error.problems)
        return None


def _resolved(
    project: Path,
    files: Sequence[Read[ServicesFile]],
    platform: Read[PlatformFile],
    sizes: Read[SizesFile],
) -> Catalog:
    """The catalog that the files declare together.

    Raises:
        InputError: every name declared twice, dependency listed twice or on
            itself, container that contradicts itself, window out of order, and size that is
            not there.
    """
    declared = services_of(files)
    problems = [*inconsistencies(files, platform), *unfit_sizes(declared, sizes)]
    configuration = _configuration(project, declared, problems)
    if problems:
        raise InputError(problems)
    services = {each.name: _service(each, configuration[each.name], sizes) for each in declared}
    dedicated = [
        (services[each.name], need)
        for each in declared
        for need in each.entry.needs
        if need.dedicated and need.target in platform.content.resources
    ]
    apart = {(service.name, need.target or "") for service, need in dedicated}
    edges = [edge for each in declared for edge in _edges(each, services, platform.content, apart)]
    catalog = _catalog(platform, services, edges, dedicated)
    return replace(catalog, environments=environment_sizes(sizes))


def _configuration(
    project: Path, services: Iterable[DeclaredService], problems: list[Problem]
) -> Mapping[str, tuple[ConfigurationFile, ...]]:
    """The files of the repository that each service finds."""
    configuration: dict[str, list[ConfigurationFile]] = {}
    for each in services:
        configuration[each.name] = []
        for found in read_files(project, each.entry.run):
            if isinstance(found, ConfigurationFile):
                configuration[each.name].append(found)
            else:
                at, message = found
                problems.append(each.at(*at).problem(message))
    return {name: tuple(found) for name, found in configuration.items()}


def _service(
    declared: DeclaredService, files: tuple[ConfigurationFile, ...], sizes: Read[SizesFile]
) -> Service:
    entry, file = declared.entry, declared.file
    start = entry.start_seconds
    return Service(
        name=declared.name,
        domain=file.content.domain,
        tier=entry.tier,
        summary=entry.summary,
        start_seconds=start,
        file=file.document.name,
        environment=tuple(sorted(entry.environment)),
        renamed_from=entry.renamed_from,
        run=run_of(entry.run, port=entry.port, start_seconds=start, files=files),
        sizings=own_sizings(declared, sizes),
        who=who_of(file.content, entry),
        migration=entry.migrate,
        tasks=dict(sorted(entry.tasks.items())),
        apis=entry.apis,
    )


def _edges(
    service: DeclaredService,
    services: Mapping[str, Service],
    platform: PlatformFile,
    apart: Container[tuple[str, str]],
) -> Iterable[Edge]:
    """Edges of the service, rules expanded; a named target wins over a rule.

    Args:
        apart: services, each with a resource of which it has a dedicated server.
    """
    targets: dict[str, Edge] = {}
    needs = sorted(enumerate(service.entry.needs), key=lambda each: each[1].target is None)
    for index, need in needs:
        # What holds for a server is said by the first entry that names it.
        said = next(
            e for e in service.entry.needs if e is need or e.target == need.target is not None
        )
        call = _call_policy(said, platform)
        for target in _targets(need, service.name, services, platform, apart):
            edge = Edge(
                source=service.name,
                target=target,
                order=said.order,
                fallback=said.fallback,
                reason=said.reason,
                file=service.file.document.name,
                line=service.at("needs", index).line,
                field=f"needs[{index}]",
                call=call,
                ports=tuple(need.ports or ([] if need.port is None else [need.port])),
                parts=(_part(need),),
                versions=need.versions,
                api=need.api,
            )
            known = targets.setdefault(target, edge)
            if known is not edge and need.target is not None:
                targets[target] = replace(known, parts=_in_order((*known.parts, _part(need))))
    return targets.values()


def _part(need: NeedEntry) -> Part:
    """What is needed of the target, where that is a server."""
    if need.of is None:
        return Part(name=need.part)
    return Part(
        of=need.of,
        name=need.part,
        access=usual(need.target, need.access) or Access.READ,
        exchange=need.exchange,
        routing_keys=tuple(need.routing_keys or ()),
    )


def _in_order(parts: Iterable[Part]) -> tuple[Part, ...]:
    """The usual part of one's own, then others of one's own, then others', each as they stand."""
    return tuple(
        sorted(parts, key=lambda part: (part.of is not None, part.of is None and bool(part.name)))
    )


def _call_policy(need: NeedEntry, platform: PlatformFile) -> CallPolicy:
    """What holds for every call, and over it what the dependency says itself."""
    calls = platform.calls.model_dump()
    breaker = platform.circuit_breaker.model_dump()
    if need.calls is not None:
        calls |= need.calls.model_dump(exclude_none=True)
    if need.circuit_breaker is not None:
        breaker |= need.circuit_breaker.model_dump(exclude_none=True)
    return CallPolicy(**calls, **breaker)


def _targets(
    need: NeedEntry,
    source: str,
    services: Mapping[str, Service],
    platform: PlatformFile,
    apart: Container[tuple[str, str]],
) -> Iterator[str]:
    if need.target is not None:
        owner = need.of or source
        own = (owner, need.target) in apart
        yield dedicated_name(services[owner].data_name, need.target) if own else need.target
    if need.above_tier is not None:
        order = [tier.name for tier in platform.tiers]
        above = order[order.index(need.above_tier) + 1 :]
        for service in services.values():
            # A rule is about what can be called.
            called = service.run.called is not None and service.name != source
            if service.tier in above and called:
                yield service.name


def _catalog(
    platform: Read[PlatformFile],
    services: Mapping[str, Service],
    edges: Sequence[Edge],
    dedicated: Sequence[tuple[Service, NeedEntry]],
) -> Catalog:
    content = platform.content
    shared = {
        name: Resource(
            name=name, summary=entry.summary, providers=tuple(entry.providers), gate=entry.gate
        )
        for name, entry in content.resources.items()
    }
    resources = {**shared, **_dedicated_resources(shared, dedicated, edges)}
    return Catalog(
        services=services,
        resources=resources,
        external={
            name: External(name=name, summary=entry.summary, providers=tuple(entry.providers))
            for name, entry in content.external.items()
        },
        edges=tuple(edges),
        tiers=tuple(
            Tier(
                name=tier.name,
                starts_at=tier.starts_at,
                ends_at=tier.ends_at,
                priority=tier.priority or PRIORITY_STEP * (len(content.tiers) - position),
            )
            for position, tier in enumerate(content.tiers)
        ),
        buckets={
            name: Bucket(
                name=name,
                owner=entry.owner,
                granted=tuple(sorted(set(entry.granted))),
                readers=tuple(sorted(set(entry.readers))),
                served=entry.served,
            )
            for name, entry in content.buckets.items()
        },
        flows=tuple(
            Flow(
                name=name,
                steps=_flow_steps(entry.steps, resources, edges),
                objective=entry.objective,
            )
            for name, entry in content.flows.items()
        ),
        platform_file=platform.document.name,
    )


def _dedicated_resources(
    shared: Mapping[str, Resource],
    dedicated: Iterable[tuple[Service, NeedEntry]],
    edges: Sequence[Edge],
) -> Mapping[str, Resource]:
    """The dedicated servers of all services that want one, by name.

    No tier waits for one: only its own service does, or it would hold up everybody else.
    """
    found: dict[str, Resource] = {}
    for service, need in dedicated:
        resource = need.target or ""
        name = dedicated_name(service.data_name, resource)
        others = [e.source for e in edges if e.target == name and any(p.of for p in e.parts)]
        users = f"only {service.name} uses"
        if others:
            users = f"{service.name} has, and lets {', '.join(sorted(others))} use"
        found[name] = Resource(
            name=name,
            summary=f"Server of '{resource}' that {users}",
            providers=shared[resource].providers,
            gate=False,
            stands_for=resource,
            dedicated_to=service.name,
            any_key=need.any_key,
        )
    return found


def _flow_steps(
    steps: Sequence[str], resources: Mapping[str, Resource], edges: Iterable[Edge]
) -> tuple[str, ...]:
    """The steps, with the servers in the place of `postgres` that the steps before really use."""
    used: list[str] = []
    for position, step in enumerate(steps):
        before = set(steps[:position])
        own = {
            edge.target
            for edge in edges
            if edge.source in before
            and edge.target in resources
            and step in (edge.target, resources[edge.target].stands_for)
        }
        used.extend(sorted(own) or [step])
    return tuple(used)
