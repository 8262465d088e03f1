"""`nexus import`: another tool's description of a platform, made into a project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from nexus.importing.draft import Draft


def command(
    kind: Annotated[
        Literal["compose"], typer.Argument(metavar="compose", help="What the file is.")
    ],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The Compose file.")],
    *,
    output: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for the project; made if need be.")
    ] = Path(),
    profile: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Profile to enable; may be repeated.")
    ] = None,
    env_file: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="File with variables, instead of '.env'; may be repeated."
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Write files anew that are there.")
    ] = False,
) -> None:
    """Write a project whose catalog says what a Compose file does.

    Known servers become platform resources, made here or attached, everything
    else services. What the file does not say is left empty and listed, with file and
    line: `nexus check` passes when that is written.
    """
    del kind
    from nexus.importing.compose import import_compose
    from nexus.importing.compose_file import read_compose_file
    from nexus.importing.draft import write_project

    draft = import_compose(read_compose_file(file, profile or (), env_file or ()))
    write_project(draft, output, replace=replace)
    tell(draft, output)


def tell(draft: Draft, folder: Path) -> None:
    """Prints what was written, what has to be decided and what is worth a look."""
    from catalog.errors import counted
    from nexus.cli.output import write
    from nexus.importing.draft import told

    shown = "" if folder == Path() else str(folder)
    to_decide = told(draft, folder, shown, open_=True)
    to_see = told(draft, folder, shown, open_=False)
    lines = [f"Wrote {counted(len(draft.files()), 'file')} to '{folder}'."]
    if to_see:
        lines += ["", f"To look at ({len(to_see)}), for it is not as in Compose:"]
        lines += [f"  {problem}" for problem in to_see]
    if to_decide:
        lines += ["", f"To decide ({len(to_decide)}), until `nexus check` passes:"]
        lines += [f"  {problem}" for problem in to_decide]
    at = f" --project {folder}" if shown else ""
    lines += ["", f"Then: nexus{at} check; nexus{at} graph; nexus{at} rehearse"]
    write("\n".join(lines) + "\n")
