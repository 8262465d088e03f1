"""A snapshot of the project as it is: its graph, and the plan of every stack, in one document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from catalog import load_catalog
from catalog.errors import InputError
from graph.rules import check
from nexus.pictures.json import graph_document


def make_snapshot(
    project: Path, stacks: Sequence[str], planned: Callable[[str], object]
) -> dict[str, Any]:
    """The documented snapshot of the project in folder `project`.

    A stack that cannot be planned has what its program said in the place of its resources, and
    the next one is planned; `planned` is told of each that is done. A wrong catalog, of which the
    stacks tell too, has no graph.

    Raises:
        InputError: the catalog is wrong, and there is no stack to tell so.
    """
    found: dict[str, dict[str, Any]] = {}
    for stack in stacks:
        found[stack] = _stack(project, stack)
        planned(stack)
    graph = None
    try:
        catalog = load_catalog(project)
        check(catalog)
        graph = graph_document(catalog)
    except InputError:
        if not any("error" in stack for stack in found.values()):
            raise
    return {"graph": graph, "stacks": found}


def _stack(project: Path, stack: str) -> dict[str, Any]:
    try:
        # Here, so that a program that cannot even be imported is told of like any other.
        from nexus.plan.plan import make_plan

        plan = make_plan(project, stack)
    except InputError as error:
        return {"error": str(error)}
    except (Exception, SystemExit) as error:
        # Whatever a program that is being written ends with.
        said = f"{type(error).__name__}: {error}"
        return {"error": f"{said}\n(`nexus plan` there shows the whole traceback)"}
    return {"resources": [resource.document() for resource in plan.resources]}
