"""`nexus graph`: who needs whom, and what starts when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nexus.cli.output import FORMAT, Output, write
from nexus.cli.session import require_nodes, session

if TYPE_CHECKING:
    from catalog import Catalog


def command(
    context: typer.Context,
    format_: Annotated[
        Literal["text", "json", "mermaid", "dot", "svg", "backstage"], FORMAT
    ] = "text",
    output: Output = None,
    service: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Only this node and its neighbours."),
    ] = None,
) -> None:
    """Show tiers, waves and dependencies.

    text is for people, json for scripts, mermaid and dot hold every edge, svg
    is a picture of the tiers with the reduced startup edges, backstage a
    catalog-info.yaml. --service takes the name of a service, platform resource
    or external API.
    """
    catalog = session(context).catalog()
    if service is not None:
        require_nodes(catalog, [service])
    write(_rendered(catalog, format_, service), output)


def _rendered(catalog: Catalog, format_: str, service: str | None) -> str:
    from graph.dependencies import neighbourhood
    from nexus.pictures import RENDERERS
    from nexus.pictures.text import neighbours_as_text

    if service is not None:
        if format_ == "text":
            return neighbours_as_text(catalog, service)
        catalog = neighbourhood(catalog, service)
    return RENDERERS[format_](catalog)
