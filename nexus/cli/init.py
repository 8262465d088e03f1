"""`nexus init`: an empty project with one service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    folder: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="Folder for the project; made if need be.")
    ] = Path(),
    service: Annotated[
        str, typer.Option(metavar="NAME", help="Name of its one service.")
    ] = "hello",
) -> None:
    """Write a project with one service, from which a platform can grow."""
    from catalog.errors import InputError
    from nexus.cli.output import write
    from nexus.importing.draft import write_project
    from nexus.importing.names import catalog_names, domain_name
    from nexus.importing.project import new_project

    if catalog_names([service]) != {service: service} or domain_name(service) != service:
        raise InputError(
            f"A service cannot be called '{service}' here; write a DNS label of at most 30 "
            "characters, such as 'hello', that is no name of a platform resource."
        )
    draft = new_project(service)
    write_project(draft, folder)
    at = "" if folder == Path() else f" --project {folder}"
    write(
        f"Wrote a project with the service '{service}' to '{folder}'.\n"
        f"Then: nexus{at} check; nexus{at} plan --stack dev; nexus{at} rehearse\n"
    )
