"""`nexus check`: is the catalog sound?"""

from __future__ import annotations

from typing import Annotated

import typer

from cli.output import write
from cli.session import session


def command(
    context: typer.Context,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print problems only.")] = False,
) -> None:
    """Check the catalog and print what was checked.

    Problems go to standard error, one sentence per line, and the exit code is 2.
    """
    from graph.check import RULES
    from graph.figures import counted, edges_in_words, figures

    catalog = session(context).catalog()
    if quiet:
        return
    numbers = figures(catalog)
    tiers = ", ".join(f"{tier} {number}" for tier, number in numbers.in_tier.items())
    chain = " → ".join(numbers.chain)
    write(
        f"The catalog is sound: {counted(numbers.services, 'service')} in "
        f"{counted(numbers.domains, 'domain')}, "
        f"{counted(numbers.resources, 'platform resource')}, "
        f"{counted(numbers.external, 'external API')}; all {len(RULES)} rules hold.\n"
        f"{edges_in_words(numbers)}.\n"
        f"Services per tier: {tiers}.\n"
        f"Longest startup chain, {counted(len(numbers.chain), 'service')}: {chain}.\n"
    )
