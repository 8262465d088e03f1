"""Runs the code of a copy of the project inside this process, without the cost of a new one."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from nexus.diff.side import Side

from .copies import CODE


@contextmanager
def own_code(project: Path) -> Generator[Callable[[str], ModuleType]]:
    """Imports of the project's packages find the copy in `project` while the block runs."""
    kept = {name: sys.modules.pop(name) for name in list(sys.modules) if _is_ours(name)}
    sys.path.insert(0, str(project))
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    importlib.invalidate_caches()
    try:
        yield importlib.import_module
    finally:
        sys.dont_write_bytecode = writes
        sys.path.remove(str(project))
        for name in [name for name in sys.modules if _is_ours(name)]:
            del sys.modules[name]
        sys.modules.update(kept)


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in CODE


def side_of(project: Path, label: str, stack: str = "dev") -> Side:
    """The stack's plan and the graph of a copy, made by the copy's own code."""
    with own_code(project) as load:
        plan: str = load("nexus.plan.plan").make_plan(project, stack).to_json()
        catalog = load("catalog").load_catalog(project)
        graph: dict[str, Any] = json.loads(load("nexus.pictures.json").as_json(catalog))
    graph["flows"] = [{"name": each.name, "steps": list(each.steps)} for each in catalog.flows]
    return Side(label=label, plans={stack: plan.encode()}, graph=json.dumps(graph).encode())
