"""`nexus reach`: may one node open connections to another?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nexus.cli.output import FORMAT, Output, write
from nexus.cli.session import require_nodes, session, stack_option

if TYPE_CHECKING:
    from nexus.plan.reach import Reach

REFUSED = 1
"""Exit code when it may not."""


def command(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="A", help="Who calls.")],
    target: Annotated[str, typer.Argument(metavar="B", help="Who is called.")],
    *,
    stack: Annotated[str, stack_option("Stack whose plan is asked.")] = "dev",
    format_: Annotated[Literal["text", "json"], FORMAT] = "text",
    output: Output = None,
) -> None:
    """Say whether A may open connections to B, by which network policies and edges.

    A and B are services, platform resources or external APIs. If A may not, the
    line of the catalog is named that would allow it. Exit codes: 0 it may, 1 it
    may not, 2 something you gave is wrong.
    """
    from nexus.plan.reach import reach

    current = session(context)
    catalog = current.catalog()
    require_nodes(catalog, (source, target))
    found = reach(current.project.absolute(), stack, catalog, (source, target))
    write(_as_json(stack, found) if format_ == "json" else _as_text(stack, found), output)
    if not found.allowed:
        raise typer.Exit(REFUSED)


def _as_text(stack: str, found: Reach) -> str:
    pair = f"'{found.source}' reaches '{found.target}'"
    if not found.allowed:
        lines = [f"No: in stack '{stack}' no policy lets '{found.source}' call '{found.target}'."]
        if found.line is not None:
            file, need = found.line
            lines.append(f"To allow it, add to the needs of '{found.source}' in {file}: - {need}")
        return "\n".join((*lines, ""))
    numbers = [str(first) for _, first, _ in found.ports]
    ports = f"port{'' if len(numbers) == 1 else 's'} {' and '.join(numbers)}"
    lines = [f"Yes: in stack '{stack}' {pair} at TCP {ports}."]
    lines += [f"  let out by {name}" for name in found.egress]
    lines += [f"  let in by {name}" for name in found.ingress]
    for edge in found.edges:
        where = f"{edge.file}:{edge.line}"
        lines.append(f"  made from {edge.source} → {edge.target} ({edge.order}), {where}")
    if all(edge.target != found.target for edge in found.edges):
        lines.append("  no edge leads there: a policy knows addresses and ports alone")
    return "\n".join((*lines, ""))


def _as_json(stack: str, found: Reach) -> str:
    file, need = found.line or (None, None)
    document = {
        "stack": stack,
        "source": found.source,
        "target": found.target,
        "allowed": found.allowed,
        "port": found.port,
        "egress_policies": found.egress,
        "ingress_policies": found.ingress,
        "edges": [
            {name: getattr(edge, name) for name in ("source", "target", "order", "file", "line")}
            for edge in found.edges
        ],
        "to_allow": None if found.line is None else {"file": file, "need": need},
    }
    return json.dumps(document, indent=2) + "\n"
