"""`nexus check`: is the catalog sound, and does a stack's plan keep the rules?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from catalog.errors import InputError, counted
from nexus.cli.output import write
from nexus.cli.session import session, stack_option

if TYPE_CHECKING:
    from catalog import Catalog


def command(
    context: typer.Context,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print problems only.")] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Plan a stack too, and hold it against the rules.")
    ] = False,
    stack: Annotated[str, stack_option("Stack for --plan.")] = "dev",
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="REVISION",
            help="Hold the versions of APIs against what callers were promised there.",
        ),
    ] = None,
) -> None:
    """Check the catalog and print what was checked.

    With --plan, every resource that the program would register is held against
    the rules of isolation, health and security as well. With --since, no version of an
    API may go that was not deprecated for 90 days. Problems go to standard error, one
    sentence per line, and the exit code is 2.
    """
    found = session(context)
    catalog = found.catalog()
    if not quiet:
        _tell(catalog)
    if since is not None:
        _keep_promises(found.require_project(), catalog, since)
    if plan:
        kept = _judge(found.require_project(), stack)
        if not quiet:
            write(kept)


def _keep_promises(project: Path, catalog: Catalog, since: str) -> None:
    """Refuses what callers of an API lose too soon.

    Raises:
        InputError: with one sentence per version; the revision or its catalog cannot be read.
    """
    from catalog import load_catalog
    from nexus.diff.catalog_diff import api_changes
    from nexus.diff.revisions import PlanningError, revision_tree

    try:
        with revision_tree(project, since) as tree:
            if tree is None:
                raise InputError(f"'{since}' is a file; name a revision or a project's folder.")
            base = load_catalog(tree)
    except PlanningError as error:
        raise InputError(str(error)) from error
    problems = [
        f"{catalog.services[each.service].file}: service '{each.service}', API version "
        f"'{each.version}' {each.broken}"
        for each in api_changes(base, catalog, _today())
        if each.broken
    ]
    if problems:
        raise InputError("\n".join(problems))


def _judge(project: Path, stack: str) -> str:
    """What to say about a plan that keeps the rules.

    Raises:
        InputError: with one sentence per broken rule.
    """
    from nexus.plan.plan import make_plan
    from nexus.policy.rules import RULES, violations

    resources = make_plan(project, stack).named()
    broken = violations(resources)
    if broken:
        raise InputError("\n".join(map(str, broken)))
    return f"The plan of stack {stack}: {len(resources)} resources keep all {len(RULES)} rules.\n"


def _tell(catalog: Catalog) -> None:
    from components.aws.versions import warnings
    from graph.order import longest_chain
    from graph.rules import RULES
    from nexus.pictures.text import edges_in_words, nodes_in_words

    tiers = ", ".join(f"{tier} {len([*catalog.in_tier(tier)])}" for tier in catalog.service_tiers)
    chain = longest_chain(catalog)
    write(
        f"The catalog is sound: {nodes_in_words(catalog)}; all {len(RULES)} rules hold.\n"
        f"{edges_in_words(catalog)}.\n"
        f"Services per tier: {tiers}.\n"
        f"Longest startup chain, {counted(len(chain), 'service')}: {' → '.join(chain)}.\n"
    )
    for warning in (*_ending(catalog, _today()), *warnings(_today())):
        write(f"Warning: {warning}\n")


def _ending(catalog: Catalog, today: date) -> Iterator[str]:
    """A sentence for each version of an API that somebody calls and that ends."""
    for edge in catalog.edges:
        if edge.api is None:
            continue
        api = catalog.services[edge.target].apis[edge.api]
        if api.sunset is not None:
            when = "ends" if today <= api.sunset else "ended"
            yield (
                f"'{edge.source}' calls API {edge.api} of '{edge.target}', which {when} on "
                f"{api.sunset}; move to another version, as {api.guide} says ({edge.file}:"
                f"{edge.line})."
            )


def _today() -> date:
    return datetime.now(UTC).date()
