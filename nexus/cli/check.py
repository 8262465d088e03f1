"""`nexus check`: is the catalog sound, and does a stack's plan keep the rules?"""

from __future__ import annotations

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
) -> None:
    """Check the catalog and print what was checked.

    With --plan, every resource that the program would register is held against
    the rules of isolation, health and security as well. Problems go to standard
    error, one sentence per line, and the exit code is 2.
    """
    found = session(context)
    catalog = found.catalog()
    if not quiet:
        _tell(catalog)
    if plan:
        kept = _judge(found.require_project(), stack)
        if not quiet:
            write(kept)


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
    for warning in warnings(_today()):
        write(f"Warning: {warning}\n")


def _today() -> date:
    return datetime.now(UTC).date()
