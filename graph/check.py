"""Checks a catalog against all rules. One that breaks a rule stops before anything is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from catalog import Catalog, InputError, Problem
from graph.rules.cycles import domains_are_acyclic, startup_is_acyclic
from graph.rules.edges import (
    external_edges_are_runtime,
    fallbacks_fit,
    no_startup_edge_to_a_later_tier,
    runtime_edges_have_a_reason,
    targets_exist,
)
from graph.rules.platform import (
    bucket_names_are_free,
    buckets_fit,
    cdn_serves_one_bucket,
    flows_hold,
    load_balancer_routes_to_one_service,
)

RULES: tuple[Callable[[Catalog], Iterator[Problem]], ...] = (
    targets_exist,
    startup_is_acyclic,
    no_startup_edge_to_a_later_tier,
    domains_are_acyclic,
    runtime_edges_have_a_reason,
    external_edges_are_runtime,
    fallbacks_fit,
    flows_hold,
    buckets_fit,
    bucket_names_are_free,
    cdn_serves_one_bucket,
    load_balancer_routes_to_one_service,
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
