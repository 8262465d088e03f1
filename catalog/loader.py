"""Reads the catalog's files into one `Catalog`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel

from catalog.document import Document, read_document
from catalog.errors import CatalogError, Problem
from catalog.files import NeedEntry, PlatformFile, ServicesFile
from catalog.model import (
    Bucket,
    Catalog,
    Edge,
    External,
    Flow,
    NodeKind,
    Resource,
    Service,
    Tier,
    TierWindow,
)
from catalog.shape import shaped

Content = TypeVar("Content", bound=BaseModel)


@dataclass(frozen=True)
class _Read(Generic[Content]):
    document: Document
    content: Content


SERVICES_FOLDER = "catalog/services"
PLATFORM_FILE = "catalog/platform.yaml"


def load_catalog(project: Path) -> Catalog:
    """The catalog of the project in folder `project`.

    Raises:
        CatalogError: every mistake in the shape of the files: what cannot be
            read, unknown keys, wrong types, a service declared twice. Mistakes
            in the graph are `graph.check`'s.
    """
    problems: list[Problem] = []
    files = _service_files(project, problems)
    platform = _read(project, PLATFORM_FILE, PlatformFile, problems)
    if problems or platform is None:
        raise CatalogError(problems)
    services = _services(files, platform, problems)
    edges = [edge for file in files for edge in _edges(file, services, problems)]
    problems.extend(_tiers_out_of_order(platform))
    if problems:
        raise CatalogError(problems)
    return _catalog(platform.content, services, edges)


def _read(
    project: Path, name: str, model: type[Content], problems: list[Problem]
) -> _Read[Content] | None:
    try:
        document = read_document(project / name, name)
        return _Read(document, shaped(document, model))
    except CatalogError as error:
        problems.extend(error.problems)
        return None


def _service_files(project: Path, problems: list[Problem]) -> list[_Read[ServicesFile]]:
    folder = project / SERVICES_FOLDER
    paths = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
    if not paths:
        problems.append(
            Problem(
                SERVICES_FOLDER,
                "there is no *.yaml file with services here; run in the project's folder "
                "or name it with --project.",
            )
        )
    for stray in sorted(folder.glob("*.yml")):
        name = f"{SERVICES_FOLDER}/{stray.name}"
        problems.append(Problem(name, "the file would not be read; rename it to end in .yaml."))
    read = (_read(project, f"{SERVICES_FOLDER}/{p.name}", ServicesFile, problems) for p in paths)
    return [file for file in read if file is not None]


def _services(
    files: Iterable[_Read[ServicesFile]], platform: _Read[PlatformFile], problems: list[Problem]
) -> dict[str, Service]:
    services: dict[str, Service] = {}
    domains: dict[str, str] = {}
    for file in files:
        document, content = file.document, file.content
        first = domains.setdefault(content.domain, document.name)
        if first != document.name:
            message = (
                f"field 'domain': '{content.domain}' is declared in {first} too; "
                "put a domain's services into one file."
            )
            problems.append(document.problem(message, ("domain",)))
        for name, entry in content.services.items():
            at = ("services", name)
            taken = _taken(name, services, platform)
            if taken:
                message = f"service '{name}' is declared {taken}; give it another name."
                problems.append(document.problem(message, at))
                continue
            if entry.tier is Tier.INFRASTRUCTURE:
                message = (
                    f"service '{name}', field 'tier': 'infrastructure' holds platform "
                    "resources only; write core, platform, domain or frontend."
                )
                problems.append(document.problem(message, (*at, "tier")))
            services[name] = Service(
                name=name,
                domain=content.domain,
                tier=entry.tier,
                summary=entry.summary,
                port=entry.port,
                start_seconds=entry.start_seconds,
                file=document.name,
            )
    problems.extend(_taken_in_platform(platform))
    return services


def _taken(
    name: str, services: Mapping[str, Service], platform: _Read[PlatformFile]
) -> str | None:
    if name in services:
        return f"in {services[name].file} too"
    if name in platform.content.resources:
        return f"as a platform resource in {PLATFORM_FILE} too"
    return f"as an external API in {PLATFORM_FILE} too" if name in platform.content.external else None


def _taken_in_platform(platform: _Read[PlatformFile]) -> Iterable[Problem]:
    for name in sorted(set(platform.content.resources) & set(platform.content.external)):
        message = f"'{name}' is a resource and an external API; give one of them another name."
        yield platform.document.problem(message, ("external", name))


def _edges(
    file: _Read[ServicesFile], services: Mapping[str, Service], problems: list[Problem]
) -> Iterable[Edge]:
    for name, entry in file.content.services.items():
        targets: dict[str, Edge] = {}
        rules: list[NeedEntry] = []
        for index, need in enumerate(entry.needs):
            at = ("services", name, "needs", index)
            if (need.target is None) == (need.above_tier is None):
                message = (
                    f"service '{name}', field 'needs[{index}]': needs either a target or "
                    "above_tier; write exactly one of them."
                )
                problems.append(file.document.problem(message, at))
            elif need.target is None:
                rules.append(need)
            elif need.target in targets:
                message = (
                    f"service '{name}', field 'needs[{index}]': '{need.target}' is listed "
                    "twice; keep one entry."
                )
                problems.append(file.document.problem(message, at))
            else:
                targets[need.target] = _edge(name, need.target, need, file.document)
        for rule in rules:
            for target in _above(rule.above_tier, name, services):
                targets.setdefault(target, _edge(name, target, rule, file.document))
        yield from targets.values()


def _above(tier: Tier | None, source: str, services: Mapping[str, Service]) -> Iterable[str]:
    if tier is not None:
        for service in services.values():
            if service.tier.position > tier.position and service.name != source:
                yield service.name


def _edge(source: str, target: str, need: NeedEntry, document: Document) -> Edge:
    return Edge(
        source=source,
        target=target,
        order=need.order,
        fallback=need.fallback,
        reason=need.reason,
        file=document.name,
    )


def _tiers_out_of_order(platform: _Read[PlatformFile]) -> Iterable[Problem]:
    given = [tier.name for tier in platform.content.tiers]
    if given != list(Tier):
        names = ", ".join(Tier)
        message = f"field 'tiers': list each tier once and in this order: {names}."
        yield platform.document.problem(message, ("tiers",))
    for index, tier in enumerate(platform.content.tiers):
        if tier.ends_at <= tier.starts_at:
            message = (
                f"field 'tiers[{index}].ends_at': the window of '{tier.name}' ends before it "
                f"starts; write more than {tier.starts_at}."
            )
            yield platform.document.problem(message, ("tiers", index, "ends_at"))


def _catalog(
    platform: PlatformFile, services: Mapping[str, Service], edges: Iterable[Edge]
) -> Catalog:
    return Catalog(
        services=dict(sorted(services.items())),
        resources={
            name: Resource(
                name=name,
                summary=entry.summary,
                providers=tuple(entry.providers),
                gate=entry.gate,
            )
            for name, entry in sorted(platform.resources.items())
        },
        external={
            name: External(name=name, summary=entry.summary, providers=tuple(entry.providers))
            for name, entry in sorted(platform.external.items())
        },
        edges=tuple(sorted(edges, key=lambda edge: (edge.source, edge.target))),
        windows=tuple(
            TierWindow(tier=tier.name, starts_at=tier.starts_at, ends_at=tier.ends_at)
            for tier in platform.tiers
        ),
        buckets={
            name: Bucket(name=name, owner=entry.owner, granted=tuple(sorted(entry.granted)))
            for name, entry in sorted(platform.buckets.items())
        },
        flows=tuple(
            Flow(name=name, steps=tuple(steps)) for name, steps in sorted(platform.flows.items())
        ),
        platform_file=PLATFORM_FILE,
    )
