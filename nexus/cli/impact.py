"""`nexus impact`: what an outage does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from catalog.errors import InputError
from nexus.cli.output import FORMAT, Output, write
from nexus.cli.session import require_nodes, session

if TYPE_CHECKING:
    from catalog import Catalog


def command(
    context: typer.Context,
    nodes: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NODE]...",
            help="Services, resources or APIs that are down, or migrations and tasks that fail.",
        ),
    ] = None,
    format_: Annotated[Literal["text", "json", "mermaid", "svg"], FORMAT] = "text",
    output: Output = None,
) -> None:
    """Show what is down, degraded and broken while some nodes are down.

    A migration or task of a release takes nothing down when it fails: what it holds
    back is told (text and json). Without a node: the single points of failure, the
    worst first (text and json). mermaid is a picture of how the outage spreads, svg
    one of the whole platform with what it reaches.
    """
    catalog = session(context).catalog()
    write(_rendered(catalog, nodes or [], format_), output)


def _rendered(catalog: Catalog, nodes: list[str], format_: str) -> str:
    from graph.impact import held_back, impact, weak_points
    from nexus.pictures import HELD_BACK_RENDERERS, IMPACT_RENDERERS
    from nexus.pictures.impact import weak_points_as_json, weak_points_as_text

    jobs = {node for node in nodes if node in catalog.jobs}
    if jobs:
        if jobs != {*nodes} or format_ not in HELD_BACK_RENDERERS:
            raise InputError(
                f"When '{min(jobs)}' fails, nothing is down, so it is told alone and in words; "
                "name migrations and tasks by themselves, with '--format text' or 'json'."
            )
        return HELD_BACK_RENDERERS[format_](held_back(catalog, jobs))
    if nodes:
        require_nodes(catalog, nodes)
        return IMPACT_RENDERERS[format_](catalog, impact(catalog, nodes))
    if format_ in ("mermaid", "svg"):
        raise InputError("There is nothing to draw; name the nodes that are down.")
    render = weak_points_as_json if format_ == "json" else weak_points_as_text
    return render(catalog, weak_points(catalog))
