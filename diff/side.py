"""One side of a comparison: the documents of a revision, as bytes that nobody has looked at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from diff.errors import UnreadableError
from diff.untrusted import LARGEST_FILE

PLAN_SUFFIX = ".plan.json"
GRAPH_FILE = "graph.json"
MOST_STACKS = 20

_STACK = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


@dataclass(frozen=True, kw_only=True)
class Side:
    """What one revision says of itself.

    Args:
        label: what the user calls it: a revision, folder or file.
        plans: each stack's plan document, by stack; a single file's stack is "".
        graph: its graph document; None if there is none.
        has_program: False for a revision from before there was anything to plan.
        notes: what the reader should know of it.
    """

    label: str
    plans: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
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
    """The side that a folder of documents makes up: `STACK.plan.json` and `graph.json`.

    Raises:
        UnreadableError: a file cannot be read or is too large, or there are too many.
    """
    files = sorted(folder.glob(f"*{PLAN_SUFFIX}"))
    if len(files) > MOST_STACKS:
        raise UnreadableError(
            f"{folder} holds {len(files)} plans, more than the {MOST_STACKS} that are read; "
            "name a folder with one per stack."
        )
    plans: dict[str, bytes] = {}
    for file in files:
        stack = file.name.removesuffix(PLAN_SUFFIX)
        if not _STACK.fullmatch(stack):
            raise UnreadableError(f"{folder} holds a plan whose file name is no stack; rename it.")
        plans[stack] = read_bounded(file)
    graph = folder / GRAPH_FILE
    # An absent side of a fork's artifact is an empty folder.
    return Side(
        label=folder.name or str(folder),
        plans=plans,
        graph=read_bounded(graph) if graph.is_file() else None,
        has_program=bool(plans),
    )


def write_documents(side: Side, folder: Path) -> None:
    """Writes the side's documents into `folder`, as `side_of_documents` reads them.

    Raises:
        OSError: the folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for stale in (*folder.glob(f"*{PLAN_SUFFIX}"), folder / GRAPH_FILE):
        stale.unlink(missing_ok=True)
    for stack, content in side.plans.items():
        (folder / f"{stack}{PLAN_SUFFIX}").write_bytes(content)
    if side.graph is not None:
        (folder / GRAPH_FILE).write_bytes(side.graph)


def read_bounded(file: Path) -> bytes:
    """The bytes of a regular file, one more than is allowed at most.

    Raises:
        UnreadableError: it is no regular file (an artifact may hold a link to anything),
            or cannot be read.
    """
    try:
        if file.is_symlink() or not file.is_file():
            raise UnreadableError(f"{file} is no regular file; name a plan or graph document.")
        with file.open("rb") as stream:
            return stream.read(LARGEST_FILE + 1)
    except OSError as error:
        raise UnreadableError(f"{file} cannot be read ({error.strerror}).") from error
