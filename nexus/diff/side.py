"""One side of a comparison: the documents of a revision, as bytes that nobody has looked at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nexus.diff.errors import UnreadableError
from nexus.diff.untrusted import LARGEST_FILE

PLAN_SUFFIX = ".plan.json"
ERROR_SUFFIX = ".error"
GRAPH_FILE = "graph.json"
MOST_STACKS = 20

_STACK = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


@dataclass(frozen=True, kw_only=True)
class Side:
    """What one revision says of itself.

    Args:
        label: what the user calls it: a revision, folder or file.
        plans: each stack's plan document, by stack; a single file's stack is "".
        errors: what the program said of each stack that it could not plan, by stack.
        graph: its graph document; None if there is none.
        has_program: False for a revision from before there was anything to plan.
        notes: what the reader should know of it.
    """

    label: str
    plans: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    errors: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    graph: bytes | None = None
    has_program: bool = True
    notes: tuple[str, ...] = ()


def side_of_file(plan: Path, graph: Path | None) -> Side:
    """The side that a single plan file, and a graph file if there is one, make up.

    Raises:
        UnreadableError: a file cannot be read, or is too large.
    """
    return Side(
        label=str(plan),
        plans={"": read_bounded(plan)},
        graph=None if graph is None else read_bounded(graph),
    )


def side_of_documents(folder: Path) -> Side:
    """The side that a folder of documents makes up.

    Each stack has a `STACK.plan.json`, or a `STACK.error` if it could not be planned; beside
    them is a `graph.json`.

    Raises:
        UnreadableError: a file cannot be read or is too large, or there are too many.
    """
    plans, errors = _by_stack(folder, PLAN_SUFFIX), _by_stack(folder, ERROR_SUFFIX)
    graph = folder / GRAPH_FILE
    # An absent side of a fork's artifact is an empty folder.
    return Side(
        label=folder.name or str(folder),
        plans=plans,
        errors=errors,
        graph=read_bounded(graph) if graph.is_file() else None,
        has_program=bool(plans or errors),
    )


def _by_stack(folder: Path, suffix: str) -> dict[str, bytes]:
    """The files of `folder` that end so, by what stands before: the stack."""
    files = sorted(folder.glob(f"*{suffix}"))
    if len(files) > MOST_STACKS:
        raise UnreadableError(
            f"{folder} holds {len(files)} files '*{suffix}', more than the {MOST_STACKS} that are "
            "read; name a folder with one per stack."
        )
    found: dict[str, bytes] = {}
    for file in files:
        stack = file.name.removesuffix(suffix)
        if not _STACK.fullmatch(stack):
            raise UnreadableError(
                f"{folder} holds a file '*{suffix}' whose name is no stack; rename it."
            )
        found[stack] = read_bounded(file)
    return found


def write_documents(side: Side, folder: Path) -> None:
    """Writes the side's documents into `folder`, as `side_of_documents` reads them.

    Raises:
        OSError: the folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for pattern in (f"*{PLAN_SUFFIX}", f"*{ERROR_SUFFIX}", GRAPH_FILE):
        for stale in folder.glob(pattern):
            stale.unlink()
    for stack, content in side.plans.items():
        (folder / f"{stack}{PLAN_SUFFIX}").write_bytes(content)
    for stack, content in side.errors.items():
        (folder / f"{stack}{ERROR_SUFFIX}").write_bytes(content)
    if side.graph is not None:
        (folder / GRAPH_FILE).write_bytes(side.graph)


def read_bounded(file: Path) -> bytes:
    """The bytes of a regular file, one more than is allowed at most.

    Raises:
        UnreadableError: it does not exist, is no regular file (an artifact may hold a link
            to anything), or cannot be read.
    """
    try:
        if not file.exists() and not file.is_symlink():
            raise UnreadableError(f"{file} does not exist; name a plan or graph document.")
        if file.is_symlink() or not file.is_file():
            raise UnreadableError(f"{file} is no regular file; name a plan or graph document.")
        with file.open("rb") as stream:
            return stream.read(LARGEST_FILE + 1)
    except OSError as error:
        raise UnreadableError(f"{file} cannot be read ({error.strerror}).") from error
