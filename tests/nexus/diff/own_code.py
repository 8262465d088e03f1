"""Runs the code of a copy of the project inside this process, without the cost of a new one."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

from nexus.diff.snapshot import Snapshot, read_snapshot

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


def document_of(project: Path, stack: str = "dev") -> Any:
    """The snapshot of a copy's stack as it is written, made by the copy's own code."""
    with own_code(project) as load:
        return load("nexus.plan.snapshot").make_snapshot(project, (stack,), str)


def side_of(project: Path, label: str, stack: str = "dev") -> Snapshot:
    """The same as it is read."""
    document = document_of(project, stack)
    snapshot = read_snapshot(BytesIO(json.dumps(document).encode()), label, label)
    assert snapshot.graph is not None, snapshot
    assert snapshot.stacks[stack].resources, snapshot
    return snapshot
