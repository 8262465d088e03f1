"""Rules that each edge satisfies on its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from catalog import Catalog, Edge, Fallback, NodeKind, Order, Problem
from catalog.hints import service_hint
from catalog.names import RESOURCES
from graph.dependencies import service_edges


def problem_at(edge: Edge, message: str) -> Problem:
    """A problem with `edge`, at the line that declares it."""
    return Problem(
        edge.file, f"service '{edge.source}', field '{edge.field}': {message}", edge.line
    )


def targets_exist(catalog: Catalog) -> Iterator[Problem]:
    """Every target is a service, platform resource or external API."""
    others = (*catalog.resources, *catalog.external)
    for edge in catalog.edges:
        if catalog.kind(edge.target) is None:
            what = "a resource" if edge.target in RESOURCES else "a service, or an external API"
            hint = service_hint(edge.target, catalog, others) or (
                f"declare it as {what} in {catalog.platform_file}."
            )
            yield problem_at(edge, f"unknown target '{edge.target}'; {hint}")


def _one_per_need(edges: Iterable[Edge]) -> Iterator[Edge]:
    """The first edge of every need: a rule for many targets is one mistake, not many."""
    seen: set[tuple[str, str, str]] = set()
    for edge in edges:
        need = edge.file, edge.source, edge.field if edge.line else edge.target
        if need not in seen:
            seen.add(need)
            yield edge


def no_startup_edge_to_a_later_tier(catalog: Catalog) -> Iterator[Problem]:
    """What a service starts after is in its own tier or an earlier one."""
    services = catalog.services
    for edge in _one_per_need(
        edge
        for edge in service_edges(catalog, Order.STARTUP)
        if services[edge.target].tier.position > services[edge.source].tier.position
    ):
        tiers = f"{services[edge.source].tier} → {services[edge.target].tier}"
        yield problem_at(
            edge,
            f"startup edge to '{edge.target}' points to a later tier ({tiers}); write "
            "'order: runtime' and a reason, or move one of them.",
        )


def runtime_edges_have_a_reason(catalog: Catalog) -> Iterator[Problem]:
    """An edge that nobody waits for says why."""
    for edge in _one_per_need(
        edge for edge in catalog.edges if edge.order is Order.RUNTIME and edge.reason is None
    ):
        yield problem_at(
            edge, f"runtime edge to '{edge.target}' has no reason; add 'reason: …' to it."
        )


def external_edges_are_runtime(catalog: Catalog) -> Iterator[Problem]:
    """Nothing in this program can become ready for an external API, so none is waited for."""
    for edge in catalog.edges:
        if catalog.kind(edge.target) is NodeKind.EXTERNAL and edge.order is Order.STARTUP:
            yield problem_at(
                edge,
                f"'{edge.target}' is an external API, which nothing can wait for; write "
                f"'{{target: {edge.target}, order: runtime, reason: …}}'.",
            )


def fallbacks_fit(catalog: Catalog) -> Iterator[Problem]:
    """A fallback is something the service has: a database to read, an origin behind a CDN."""
    for edge in catalog.edges:
        advice = _unfit_fallback(catalog, edge)
        if advice:
            yield problem_at(
                edge, f"fallback '{edge.fallback}' does not fit '{edge.target}'; {advice}"
            )


def _unfit_fallback(catalog: Catalog, edge: Edge) -> str | None:
    """Where the fallback of `edge` belongs, if it does not belong there."""
    if edge.fallback is Fallback.DATABASE:
        bases = {catalog.base(need.target) for need in catalog.needs(edge.source)}
        if catalog.base(edge.target) != "redis" or "postgres" not in bases:
            return "write it on 'redis' in a service that needs 'postgres' too, or remove it."
    if edge.fallback is Fallback.ORIGIN and edge.target != "cdn":
        return "write it on 'cdn', or remove it."
    if edge.fallback is Fallback.RULES and catalog.kind(edge.target) in (
        NodeKind.RESOURCE,
        NodeKind.EXTERNAL,
    ):
        return "write it on a service, or remove it."
    return None
