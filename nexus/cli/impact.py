"""`nexus impact`: what an outage does."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from catalog.errors import InputError
from nexus.cli.output import write
from nexus.cli.session import require_nodes, session

if TYPE_CHECKING:
    from catalog import Catalog


class Format(StrEnum):
    """How the outage is written."""

    TEXT = "text"
    JSON = "json"
    MERMAID = "mermaid"
    SVG = "svg"


def command(
    context: typer.Context,
    nodes: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NODE]...", help="Services, resources or APIs that are down."),
    ] = None,
    format_: Annotated[Format, typer.Option("--format", "-f", help="Format.")] = Format.TEXT,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file.")
    ] = None,
) -> None:
    """Show what is down, degraded and broken while some nodes are down.

    Without a node: the single points of failure, the worst first (text and
    json). mermaid is a picture of how the outage spreads, svg one of the whole
    platform with what it reaches.
    """
    catalog = session(context).catalog()
    write(_rendered(catalog, nodes or [], format_), output)


def _rendered(catalog: Catalog, nodes: list[str], format_: Format) -> str:
    from graph.impact import impact, weak_points
    from nexus.pictures import IMPACT_RENDERERS
    from nexus.pictures.impact import weak_points_as_json, weak_points_as_text

    if nodes:
        require_nodes(catalog, nodes)
        return IMPACT_RENDERERS[format_](catalog, impact(catalog, nodes))
    if format_ in (Format.MERMAID, Format.SVG):
        raise InputError("There is nothing to draw; name the nodes that are down.")
    render = weak_points_as_json if format_ is Format.JSON else weak_points_as_text
    return render(catalog, weak_points(catalog))
