"""The commands of docs/runbook.md, and how a rehearsal follows them."""

from __future__ import annotations

import argparse
import re
import shlex

from nexus.rehearsal.outcome import Outcome
from nexus.rehearsal.run import Rehearsal
from tests.projects import ROOT

Command = tuple[str, ...]


def pulumi_commands(heading: str, stack: str) -> tuple[tuple[Command, ...], ...]:
    """The section's blocks of `pulumi` commands, in the order of the page.

    Args:
        heading: of the section.
        stack: put in place of `prod`, with which the page writes its examples.
    """
    page = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    section = page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found: list[tuple[Command, ...]] = []
    for block in re.findall(r"```sh\n\s*(.*?)\s*```", section, re.DOTALL):
        if block.startswith("pulumi "):
            lines = [shlex.split(line.replace("prod", stack)) for line in block.splitlines()]
            assert all(line[0] == "pulumi" for line in lines), block
            found.append(tuple(tuple(line[1:]) for line in lines))
    assert found, f"docs/runbook.md has no commands below '{heading}'"
    return tuple(found)


def follow(rehearsal: Rehearsal, *commands: Command) -> Outcome | None:
    """Runs the commands, and returns the outcome of the last one that has one.

    Raises:
        CommandError: a command that is no run failed.
        SystemExit: a run has an option that is not known here.
    """
    outcome: Outcome | None = None
    for verb, *arguments in commands:
        if verb == "up":
            outcome = rehearsal.up(**vars(_options(arguments)))
        elif verb == "preview":
            assert not arguments
            outcome = rehearsal.preview()
        else:
            rehearsal.pulumi(verb, *arguments)
    return outcome


def _options(arguments: list[str]) -> argparse.Namespace:
    """Options of `pulumi up` that a page of this project uses."""
    parser = argparse.ArgumentParser("pulumi up", add_help=False)
    parser.add_argument("--target", action="append", default=[])
    parser.add_argument("--exclude", action="append", default=[])
    parser.add_argument("--exclude-dependents", action="store_true")
    return parser.parse_args(arguments)
