"""The graph, or one node with its neighbours, as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from catalog import Catalog, Edge, NodeKind, Order
from catalog.errors import counted
from catalog.job import migration_name, task_name
from catalog.part import OWN, in_words
from catalog.run import Kind
from graph.dependencies import components, dependency_graph, service_edges
from graph.order import longest_chain, starts_after, waves_by_tier

MAX_LISTED = 6
"""Targets of runtime calls listed by name; more are counted."""


def as_text(catalog: Catalog) -> str:
    """Tiers with their waves, run-time calls, circles and the longest chain.

    Lines that start a section are not indented.
    """
    return "\n".join(_lines(catalog)) + "\n"


def _lines(catalog: Catalog) -> Iterator[str]:
    yield nodes_in_words(catalog)
    yield edges_in_words(catalog)
    yield ""
    yield _heading(catalog, catalog.first_tier, counted(len(catalog.resources), "resource"))
    yield from _resources(catalog)
    after = starts_after(catalog)
    width = max(map(len, catalog.services), default=0)
    for tier, waves in waves_by_tier(catalog).items():
        services = counted(sum(map(len, waves)), "service")
        yield ""
        yield _heading(catalog, tier, f"{services} in {counted(len(waves), 'wave')}")
        for number, wave in enumerate(waves, start=1):
            yield f"  wave {number}"
            for name in wave:
                yield _service(catalog, name, after[name], width)
    yield from _runtime(catalog)
    yield from _circles(catalog)
    chain = longest_chain(catalog)
    yield ""
    yield f"longest startup chain: {counted(len(chain), 'service')}"
    yield f"  {' → '.join(chain)}"
    yield ""
    yield "legend"
    yield "  after a    rolled out after a; what follows from the others listed is left out"
    yield "  on b       waits for the platform resource b"
    yield "  a (or c)   falls back to c while a is down"


def nodes_in_words(catalog: Catalog) -> str:
    """How many nodes of each kind there are, in one line."""
    return (
        f"{counted(len(catalog.services), 'service')} in "
        f"{counted(len(catalog.domains), 'domain')}, "
        f"{counted(len(catalog.resources), 'platform resource')}, "
        f"{counted(len(catalog.external), 'external API')}"
    )


def edges_in_words(catalog: Catalog) -> str:
    """How many edges of each sort a checked catalog has, in one line."""
    startup = sum(edge.order is Order.STARTUP for edge in catalog.edges)
    reduced = sum(map(len, starts_after(catalog).values()))
    return (
        f"{counted(len(catalog.edges), 'edge')}: {startup} startup "
        f"({len(service_edges(catalog, Order.STARTUP))} between services, {reduced} after "
        f"reduction), {len(catalog.edges) - startup} runtime; "
        f"{sum(edge.fallback is not None for edge in catalog.edges)} degradable"
    )


def _heading(catalog: Catalog, name: str, content: str) -> str:
    tier = next(tier for tier in catalog.tiers if tier.name == name)
    return f"{name}  {tier.starts_at}–{tier.ends_at} s  {content}"


def _resources(catalog: Catalog) -> Iterator[str]:
    for gate, title in ((True, "waited for"), (False, "others")):
        used = [
            f"{name} ({sum(edge.target == name for edge in catalog.edges)})"
            for name, resource in catalog.resources.items()
            if resource.gate is gate
        ]
        if used:
            yield f"  {title}, with users: {', '.join(used)}"


def _service(catalog: Catalog, name: str, after: tuple[str, ...], width: int) -> str:
    edges = {edge.target: edge for edge in catalog.needs(name)}
    stands_on = [
        _with_fallback(edge)
        for edge in edges.values()
        if edge.target in catalog.resources and edge.order is Order.STARTUP
    ]
    parts: list[str] = []
    if after:
        parts.append(f"after {', '.join(_with_fallback(edges[target]) for target in after)}")
    if stands_on:
        parts.append(f"on {', '.join(stands_on)}")
    jobs = catalog.services[name].jobs
    if jobs:
        parts.append(f"after its {' and '.join(jobs)}")
    return f"    {name:<{width}}  {'; '.join(parts)}".rstrip()


def _with_fallback(edge: Edge) -> str:
    return edge.target if edge.fallback is None else f"{edge.target} (or {edge.fallback})"


def _runtime(catalog: Catalog) -> Iterator[str]:
    """Who calls whom without waiting; fan-outs are counted per kind of target."""
    calls: dict[str, list[Edge]] = {}
    for edge in catalog.edges:
        if edge.order is Order.RUNTIME:
            calls.setdefault(edge.source, []).append(edge)
    yield ""
    yield "called at run time, never waited for"
    for source, edges in sorted(calls.items()):
        services = [edge for edge in edges if edge.target in catalog.services]
        listed = [edge for edge in edges if edge not in services]
        if len(services) > MAX_LISTED:
            domains = {catalog.services[edge.target].domain for edge in services}
            summary = f"{len(services)} services in {counted(len(domains), 'domain')}"
        else:
            listed, summary = edges, ""
        targets = ", ".join(filter(None, (summary, *map(_with_fallback, listed))))
        yield f"  {source} → {targets}"
    if not calls:
        yield "  nothing"


def _circles(catalog: Catalog) -> Iterator[str]:
    circles = components(dependency_graph(catalog))
    yield ""
    yield "circles at run time: services that call each other, directly or not"
    for circle in circles:
        yield f"  {', '.join(circle)}"
    if not circles:
        yield "  none"


def neighbours_as_text(catalog: Catalog, name: str) -> str:
    """A service, platform resource or external API, what it needs and what needs it."""
    return "\n".join(_neighbours(catalog, name)) + "\n"


def _neighbours(catalog: Catalog, name: str) -> Iterator[str]:
    yield f"{name}: {_description(catalog, name)}"
    if name in catalog.services:
        who = catalog.services[name].who.words
        if who:
            yield f"answered for by {who}"
        yield ""
        yield f"rolled out after {', '.join(starts_after(catalog)[name]) or 'no other service'}"
        yield from _jobs(catalog, name)
        yield from _section("needs", {edge.target: edge for edge in catalog.needs(name)})
    users = {edge.source: edge for edge in catalog.edges if edge.target == name}
    yield from _section("needed by", users)


def _jobs(catalog: Catalog, name: str) -> Iterator[str]:
    service, edge = catalog.services[name], catalog.migrates(name)
    if service.migration is not None and edge is not None:
        yield (
            f"and after its migration {migration_name(name)}, which waits for {edge.target} and "
            f"runs: {service.migration.runs}"
        )
    for called, task in service.tasks.items():
        own = task_name(name, called)
        when = f"and after its task {own}" if task.each_release else f"has the task {own}, by hand"
        yield f"{when}, which runs: {task.runs}"


def _section(title: str, edges: Mapping[str, Edge]) -> Iterator[str]:
    """The edges to or from the other nodes, under a title."""
    yield ""
    yield f"{title} {counted(len(edges), 'node')}"
    width = max(map(len, edges), default=0)
    for other, edge in edges.items():
        fallback = "" if edge.fallback is None else f", or {edge.fallback}"
        port = f", at port {', '.join(edge.ports)}" if edge.ports else ""
        part = "" if edge.parts == OWN else f", {in_words(edge.parts)}"
        yield f"  {other:<{width}}  {edge.order}, {edge.criticality}{fallback}{port}{part}"
        if edge.reason is not None:
            yield f"  {'':<{width}}  {edge.reason}"


def _description(catalog: Catalog, name: str) -> str:
    kind = catalog.kind(name)
    if kind is NodeKind.SERVICE:
        service = catalog.services[name]
        kinds = "" if service.run.kind is Kind.WEB else f"{service.run.kind}, "
        return f"{service.summary} ({kinds}domain {service.domain}, tier {service.tier})"
    node = catalog.resources[name] if kind is NodeKind.RESOURCE else catalog.external[name]
    providers = f"; provided by {', '.join(node.providers)}" if node.providers else ""
    what = "platform resource" if kind is NodeKind.RESOURCE else "external API"
    return f"{node.summary} ({what}{providers})"
