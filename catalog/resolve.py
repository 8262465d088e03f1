"""Resolves the contents of all files into one `Catalog`: names, rules and tiers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel

from catalog.document import Document
from catalog.errors import CatalogError, Problem
from catalog.files import (
    RESERVED_DOMAINS,
    RESERVED_SERVICES,
    NeedEntry,
    PlatformFile,
    ServicesFile,
)
from catalog.model import (
    Bucket,
    Catalog,
    Edge,
    External,
    Flow,
    Resource,
    Service,
    Tier,
    TierWindow,
)

Content = TypeVar("Content", bound=BaseModel)


@dataclass(frozen=True)
class Read(Generic[Content]):
    """A file: where its values stand, and what they say."""

    document: Document
    content: Content


def resolved(files: Sequence[Read[ServicesFile]], platform: Read[PlatformFile]) -> Catalog:
    """The catalog that the files declare together.

    Raises:
        CatalogError: every name declared twice, dependency listed twice or on
            itself, and window out of order.
    """
    services = _services(files)
    problems = [
        *_unfit_domains(files),
        *_names_twice(files, platform),
        *_unfit_needs(files),
        *_unfit_windows(platform),
    ]
    if problems:
        raise CatalogError(problems)
    edges = [edge for file in files for edge in _edges(file, services)]
    return _catalog(platform, services, edges)


def _services(files: Sequence[Read[ServicesFile]]) -> Mapping[str, Service]:
    return {
        name: Service(
            name=name,
            domain=file.content.domain,
            tier=entry.tier,
            summary=entry.summary,
            port=entry.port,
            start_seconds=entry.start_seconds,
            file=file.document.name,
        )
        for file in files
        for name, entry in file.content.services.items()
    }


def _unfit_domains(files: Sequence[Read[ServicesFile]]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for file in files:
        domain = file.content.domain
        if domain in first:
            message = (
                f"field 'domain': '{domain}' is declared in {first[domain]} too; put all "
                "services of a domain into one file, or write another domain."
            )
            yield file.document.problem(message, ("domain",))
        first.setdefault(domain, file.document.name)
        if domain in RESERVED_DOMAINS:
            message = (
                f"field 'domain': '{domain}' is the name of a namespace of the platform itself; "
                "write another domain."
            )
            yield file.document.problem(message, ("domain",))


def _names_twice(
    files: Sequence[Read[ServicesFile]], platform: Read[PlatformFile]
) -> Iterator[Problem]:
    taken = dict.fromkeys(platform.content.resources, "a platform resource")
    for name in platform.content.external:
        if name in taken:
            message = f"external API '{name}' is {taken[name]} too; give one of them another name."
            yield platform.document.problem(message, ("external", name))
        taken[name] = "an external API"
    taken = {name: f"{what} in {platform.document.name}" for name, what in taken.items()}
    for file in files:
        for name in file.content.services:
            if name in taken:
                message = f"service '{name}' is {taken[name]} too; give one of them another name."
                yield file.document.problem(message, ("services", name))
            taken.setdefault(name, f"a service in {file.document.name}")
            if name in RESERVED_SERVICES:
                message = (
                    f"service '{name}' is the name of a user, role or database that a server has "
                    "itself; give the service another name."
                )
                yield file.document.problem(message, ("services", name))


def _unfit_needs(files: Sequence[Read[ServicesFile]]) -> Iterator[Problem]:
    for file in files:
        for name, entry in file.content.services.items():
            seen: set[str] = set()
            for index, need in enumerate(entry.needs):
                message = _unfit(need, name, seen)
                if message:
                    at = ("services", name, "needs", index)
                    field = f"service '{name}', field 'needs[{index}]': "
                    yield file.document.problem(field + message, at)
                if need.target is not None:
                    seen.add(need.target)


def _unfit(need: NeedEntry, service: str, seen: set[str]) -> str | None:
    if (need.target is None) == (need.above_tier is None):
        return "write either 'target' or 'above_tier', exactly one of them."
    if need.target == service:
        return "a service cannot need itself; remove it."
    if need.target in seen:
        return f"'{need.target}' is listed twice; keep one entry."
    return None


def _unfit_windows(platform: Read[PlatformFile]) -> Iterator[Problem]:
    tiers = platform.content.tiers
    if [tier.name for tier in tiers] != list(Tier):
        message = f"field 'tiers': list each tier once, in this order: {', '.join(Tier)}."
        yield platform.document.problem(message, ("tiers",))
    earliest = 0
    for index, tier in enumerate(tiers):
        at = ("tiers", index)
        if tier.starts_at < earliest:
            message = (
                f"field 'tiers[{index}].starts_at': the window of '{tier.name}' starts before "
                f"the one above it ends; write at least {earliest}."
            )
            yield platform.document.problem(message, (*at, "starts_at"))
        if tier.ends_at <= tier.starts_at:
            message = (
                f"field 'tiers[{index}].ends_at': the window of '{tier.name}' ends before it "
                f"starts; write more than {tier.starts_at}."
            )
            yield platform.document.problem(message, (*at, "ends_at"))
        earliest = max(earliest, tier.ends_at)


def _edges(file: Read[ServicesFile], services: Mapping[str, Service]) -> Iterator[Edge]:
    """Edges of the file's services, rules expanded; a named target wins over a rule."""
    for name, entry in file.content.services.items():
        targets: dict[str, Edge] = {}
        for by_rule in (False, True):
            for index, need in enumerate(entry.needs):
                if (need.target is None) is by_rule:
                    line = file.document.line(("services", name, "needs", index))
                    for target in _targets(need, name, services):
                        edge = Edge(
                            source=name,
                            target=target,
                            order=need.order,
                            fallback=need.fallback,
                            reason=need.reason,
                            file=file.document.name,
                            line=line,
                            field=f"needs[{index}]",
                        )
                        targets.setdefault(target, edge)
        yield from targets.values()


def _targets(need: NeedEntry, source: str, services: Mapping[str, Service]) -> Iterator[str]:
    if need.target is not None:
        yield need.target
    for service in services.values():
        above = need.above_tier is not None and service.tier.position > need.above_tier.position
        if above and service.name != source:
            yield service.name


def _catalog(
    platform: Read[PlatformFile], services: Mapping[str, Service], edges: Sequence[Edge]
) -> Catalog:
    content = platform.content
    return Catalog(
        services=services,
        resources={
            name: Resource(
                name=name,
                summary=entry.summary,
                providers=tuple(entry.providers),
                gate=entry.gate,
            )
            for name, entry in content.resources.items()
        },
        external={
            name: External(name=name, summary=entry.summary, providers=tuple(entry.providers))
            for name, entry in content.external.items()
        },
        edges=tuple(edges),
        windows=tuple(
            TierWindow(tier=tier.name, starts_at=tier.starts_at, ends_at=tier.ends_at)
            for tier in content.tiers
        ),
        buckets={
            name: Bucket(name=name, owner=entry.owner, granted=tuple(sorted(set(entry.granted))))
            for name, entry in content.buckets.items()
        },
        flows=tuple(Flow(name=name, steps=tuple(steps)) for name, steps in content.flows.items()),
        platform_file=platform.document.name,
    )
