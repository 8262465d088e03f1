"""The rules that a catalog must satisfy. One that breaks a rule stops before anything is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

import networkx as nx

from catalog import Bucket, Catalog, Edge, Fallback, Flow, InputError, NodeKind, Order, Problem
from catalog.errors import did_you_mean, one_of
from catalog.names import RESOURCES
from catalog.run import Kind, Protocol
from graph.dependencies import (
    components,
    domain_graph,
    service_edges,
    shortest_cycle,
    startup_graph,
)
from graph.part_rules import part_names_are_free


def _problem_at(edge: Edge, message: str) -> Problem:
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
            hint = catalog.service_hint(edge.target, others) or (
                f"declare it as {what} in {catalog.platform_file}."
            )
            yield _problem_at(edge, f"unknown target '{edge.target}'; {hint}")


def calls_reach_a_port(catalog: Catalog) -> Iterator[Problem]:
    """Who is called listens, at the port that the caller names, if it names one."""
    for edge in catalog.edges:
        service = catalog.services.get(edge.target)
        if service is None:
            field = "port" if len(edge.ports) == 1 else "ports"
            if edge.ports and catalog.kind(edge.target) is not None:
                message = f"'{edge.target}' is no service, and has one port; remove '{field}'."
                yield _problem_at(edge, message)
        elif service.run.kind is not Kind.WEB:
            yield _problem_at(
                edge,
                f"'{edge.target}' is of kind '{service.run.kind}', which nobody can call; remove "
                f"it here, or write 'kind: web' in '{edge.target}'.",
            )
        else:
            known = [port.name for port in service.run.ports]
            for name in edge.ports:
                if name not in known:
                    hint = did_you_mean(name, known) or f"write {one_of(known)}."
                    yield _problem_at(edge, f"'{edge.target}' has no port '{name}'; {hint}")


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
        if catalog.position(edge.target) > catalog.position(edge.source)
    ):
        tiers = f"{services[edge.source].tier} → {services[edge.target].tier}"
        yield _problem_at(
            edge,
            f"startup edge to '{edge.target}' points to a later tier ({tiers}); write "
            "'order: runtime' and a reason, or move one of them.",
        )


def runtime_edges_have_a_reason(catalog: Catalog) -> Iterator[Problem]:
    """An edge that nobody waits for says why."""
    for edge in _one_per_need(
        edge for edge in catalog.edges if edge.order is Order.RUNTIME and edge.reason is None
    ):
        yield _problem_at(
            edge, f"runtime edge to '{edge.target}' has no reason; add 'reason: …' to it."
        )


def external_edges_are_runtime(catalog: Catalog) -> Iterator[Problem]:
    """Nothing in this program can become ready for an external API, so none is waited for."""
    for edge in catalog.edges:
        if catalog.kind(edge.target) is NodeKind.EXTERNAL and edge.order is Order.STARTUP:
            yield _problem_at(
                edge,
                f"'{edge.target}' is an external API, which nothing can wait for; write "
                f"'{{target: {edge.target}, order: runtime, reason: …}}'.",
            )


def fallbacks_fit(catalog: Catalog) -> Iterator[Problem]:
    """A fallback is something the service has: a database to read, an origin behind a CDN."""
    for edge in catalog.edges:
        advice = _unfit_fallback(catalog, edge)
        if advice:
            yield _problem_at(
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


MAX_SHOWN = 8
"""Edges listed in one message; more of them would bury the sentence."""


def startup_is_acyclic(catalog: Catalog) -> Iterator[Problem]:
    """Startup edges between services have no cycle. One problem per group of services."""
    graph = startup_graph(catalog)
    for component in components(graph):
        cycle = shortest_cycle(graph, component)
        first = next(edge for edge in catalog.needs(cycle[0]) if edge.target == cycle[1])
        way_out = _way_out(graph, component, cycle)
        yield _problem_at(first, f"startup cycle {' → '.join(cycle)}; {way_out}")


def _way_out(graph: nx.DiGraph[str], component: tuple[str, ...], cycle: tuple[str, ...]) -> str:
    """Which edges of the cycle to make runtime: those after which no cycle is left, if any."""
    inside: nx.DiGraph[str] = nx.DiGraph(graph.subgraph(component))
    pairs = list(pairwise(cycle))
    enough: list[tuple[str, str]] = []
    for pair in pairs:
        inside.remove_edge(*pair)
        if nx.is_directed_acyclic_graph(inside):
            enough.append(pair)
        inside.add_edge(*pair)
    advice = f"write 'order: runtime' and a reason on one of: {_listed(enough or pairs)}"
    if enough:
        return f"{advice}."
    return f"{advice} (other cycles remain among {_shortened(component)})."


def domains_are_acyclic(catalog: Catalog) -> Iterator[Problem]:
    """Startup edges between domains have no cycle, so that each domain can be rolled out alone.

    A cycle of services is not reported again as one of their domains.
    """
    graph = domain_graph(catalog, without=components(startup_graph(catalog)))
    for component in components(graph):
        cycle = shortest_cycle(graph, component)
        steps = [_edges_between(catalog, source, target) for source, target in pairwise(cycle)]
        listed = ", or ".join(
            _listed([(edge.source, edge.target) for edge in step]) for step in steps
        )
        yield _problem_at(
            steps[0][0],
            f"domains start after each other in a circle, {' → '.join(cycle)}; move a service to "
            f"another domain, or write 'order: runtime' and a reason on: {listed}.",
        )


def _edges_between(catalog: Catalog, source: str, target: str) -> list[Edge]:
    return [
        edge
        for edge in service_edges(catalog, Order.STARTUP)
        if catalog.services[edge.source].domain == source
        and catalog.services[edge.target].domain == target
    ]


def _listed(pairs: list[tuple[str, str]]) -> str:
    return _shortened([f"{source} → {target}" for source, target in pairs])


def _shortened(items: tuple[str, ...] | list[str]) -> str:
    more = len(items) - MAX_SHOWN
    return ", ".join(items[:MAX_SHOWN]) + (f" and {more} more" if more > 0 else "")


def flows_hold(catalog: Catalog) -> Iterator[Problem]:
    """Every step of a flow exists, and each after the first is needed by one before it."""
    for flow in catalog.flows:
        if not flow.steps:
            message = f"flow '{flow.name}' has no steps; list them or remove it."
            yield Problem(catalog.platform_file, message)
        for position in range(len(flow.steps)):
            message = _unfit_step(catalog, flow, position)
            if message:
                yield Problem(catalog.platform_file, f"flow '{flow.name}': {message}")


def _unfit_step(catalog: Catalog, flow: Flow, position: int) -> str | None:
    step, before = flow.steps[position], flow.steps[:position]
    if catalog.kind(step) is None:
        others = (*catalog.resources, *catalog.external)
        hint = catalog.service_hint(step, others) or "remove it, or declare it as a service."
        return f"unknown step '{step}'; {hint}"
    needed = any(edge.target == step for earlier in before for edge in catalog.needs(earlier))
    if before and not needed:
        return (
            f"step '{step}' is needed by none of {', '.join(before)}; add it to the needs of "
            "one of them, or correct the steps."
        )
    return None


RESERVED_BUCKETS = frozenset({"logs", "models"})
"""Buckets that the platform makes in AWS for itself: access logs, and the files of `ml-models`."""

_NO_BUCKET = re.compile(r".{1,2}|xn--.*|.*-s3alias|.*--ol-s3")
"""DNS labels that S3, and whatever speaks its language, refuses as a bucket. Source:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""


def cdn_serves_one_bucket(catalog: Catalog) -> Iterator[Problem]:
    """The CDN serves one bucket, if anybody needs it and there are buckets."""
    served = [bucket.name for bucket in catalog.buckets.values() if bucket.served]
    for name in served[1:]:
        yield Problem(
            catalog.platform_file,
            f"bucket '{name}': it is served by the CDN, but so is '{served[0]}'; take "
            "'served: true' off one of them.",
        )
    users = [edge.source for edge in catalog.edges_to("cdn")]
    if users and catalog.buckets and not served:
        yield Problem(
            catalog.platform_file,
            f"'{users[0]}' needs 'cdn', but no bucket is served by it; write 'served: true' on "
            "the bucket that visitors' media are in.",
        )


def load_balancer_routes_to_one_service(catalog: Catalog) -> Iterator[Problem]:
    """One service is the way in: every other one behind the balancer would get no request."""
    behind = catalog.edges_to("load-balancer")
    for edge in behind[1:]:
        yield _problem_at(
            edge,
            f"the load balancer routes to one service alone, and '{behind[0].source}' needs it "
            "too; take 'load-balancer' off the needs of one of them, and let the other one call it "
            "('above_tier' stands for a call to every service above).",
        )


def bucket_names_are_free(catalog: Catalog) -> Iterator[Problem]:
    """No bucket has the name of one that the platform makes for itself, or one that S3 refuses."""
    for name in sorted(RESERVED_BUCKETS & set(catalog.buckets)):
        yield Problem(
            catalog.platform_file,
            f"bucket '{name}': the platform has a bucket of that name itself; choose another.",
        )
    for name in filter(_NO_BUCKET.fullmatch, catalog.buckets):
        yield Problem(
            catalog.platform_file,
            f"bucket '{name}': S3 refuses that name; write at least three characters, without "
            "'xn--' in front and '-s3alias' or '--ol-s3' at the end.",
        )


def buckets_fit(catalog: Catalog) -> Iterator[Problem]:
    """Buckets belong to services that need storage, and every such service has one or more."""
    users = {edge.source: edge for edge in catalog.edges_to("storage")}
    for bucket in catalog.buckets.values():
        for service in (*bucket.writers, *bucket.readers):
            if service not in users:
                yield _not_a_user(catalog, bucket, service)
    for bucket in catalog.buckets.values():
        for service in sorted({*bucket.writers} & {*bucket.readers}):
            yield Problem(
                catalog.platform_file,
                f"bucket '{bucket.name}': '{service}' is in 'readers', but may write as well; take "
                "it off 'readers', or off 'granted'.",
            )
    for service, edge in users.items():
        if not catalog.buckets_of(service):
            yield _problem_at(
                edge,
                f"it needs 'storage' but has no bucket; add it to a bucket in "
                f"{catalog.platform_file}, as owner, granted or reader.",
            )


def _not_a_user(catalog: Catalog, bucket: Bucket, service: str) -> Problem:
    if service in catalog.services:
        message = "does not need 'storage'; add that to its needs, or take it off the bucket."
    else:
        hint = catalog.service_hint(service) or "take it off the bucket."
        message = f"is no service; {hint}"
    return Problem(catalog.platform_file, f"bucket '{bucket.name}': '{service}' {message}")


def load_balancer_speaks_http(catalog: Catalog) -> Iterator[Problem]:
    """The load balancer's requests arrive at a port that takes them."""
    for edge in catalog.edges_to("load-balancer"):
        called = catalog.services[edge.source].run.called
        if called is None or called.protocol is not Protocol.HTTP:
            what = "nothing" if called is None else called.protocol
            yield _problem_at(
                edge,
                f"the load balancer routes HTTP to the first port of '{edge.source}', where that "
                f"speaks {what}; list its HTTP port first, or remove the need.",
            )


RULES: tuple[Callable[[Catalog], Iterator[Problem]], ...] = (
    targets_exist,
    calls_reach_a_port,
    startup_is_acyclic,
    no_startup_edge_to_a_later_tier,
    domains_are_acyclic,
    runtime_edges_have_a_reason,
    external_edges_are_runtime,
    fallbacks_fit,
    flows_hold,
    buckets_fit,
    bucket_names_are_free,
    part_names_are_free,
    cdn_serves_one_bucket,
    load_balancer_routes_to_one_service,
    load_balancer_speaks_http,
)
"""All rules. Names and shapes of the files are checked when they are read."""


def check(catalog: Catalog) -> None:
    """Refuses a catalog that breaks a rule.

    Raises:
        InputError: with every problem found.
    """
    problems = find_problems(catalog)
    if problems:
        raise InputError(problems)


def find_problems(catalog: Catalog) -> tuple[Problem, ...]:
    """Every broken rule, by file and line; empty when the catalog is sound."""
    found = {problem for rule in RULES for problem in rule(catalog)}
    return tuple(sorted(found, key=lambda problem: problem.position))
