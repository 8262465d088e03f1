"""What all commands share: the project they work on."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from catalog.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalog import Catalog
    from nexus.pulumi.command import Pulumi

ALL_NAMES = "run 'nexus graph' to see all names."
"""What to do about a name that resembles no other."""

PROJECT_FILES = ("Pulumi.yaml", "catalog")
"""Any of these makes a folder a project; both are there in a complete one."""


def stack_option(meaning: str) -> Any:
    """The option `--stack` of a command."""
    return typer.Option("--stack", "-s", metavar="NAME", help=meaning)


@dataclass(frozen=True)
class Session:
    """One run of `nexus` on the project in folder `project`."""

    project: Path

    def catalog(self) -> Catalog:
        """The project's catalog, read and checked.

        Raises:
            InputError: if the folder holds no project, or the catalog is wrong.
        """
        from catalog import load_catalog
        from graph.rules import check

        self.require_project()
        catalog = load_catalog(self.project)
        check(catalog)
        return catalog

    def require_project(self) -> Path:
        """The project's folder as an absolute path.

        Raises:
            InputError: it holds no project.
        """
        if not any((self.project / name).exists() for name in PROJECT_FILES):
            raise InputError(
                f"'{self.project.absolute()}' holds no project (no catalog folder); run nexus in "
                "the folder that holds Pulumi.yaml, or name it: nexus --project DIR."
            )
        return self.project.absolute()


def pulumi_of(project: Path, stack: str) -> Pulumi:
    """The CLI that the user has, on a stack; on the selected one if that has no name."""
    from catalog.project_file import read_project_file
    from nexus.pulumi.command import Pulumi
    from nexus.rehearsal.engine import find_cli

    return Pulumi(
        cli=find_cli(),
        directory=project,
        environment=os.environ,
        project=read_project_file(project).content.name,
        stack=stack,
    )


def session(context: typer.Context) -> Session:
    """The session of a command's context."""
    found = context.find_object(Session)
    if found is None:
        raise RuntimeError("Commands run under cli.main.main, which makes the session.")
    return found


def require_nodes(catalog: Catalog, names: Iterable[str]) -> None:
    """Refuses names that are nothing in the catalog, with an `InputError`."""
    others = (*catalog.resources, *catalog.external)
    unknown = [name for name in dict.fromkeys(names) if catalog.kind(name) is None]
    if unknown:
        raise InputError(
            "\n".join(
                f"There is no service, platform resource or API '{name}'; "
                f"{catalog.service_hint(name, others) or ALL_NAMES}"
                for name in unknown
            )
        )
