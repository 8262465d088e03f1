"""Finds out what the user means by BASE and HEAD."""

from __future__ import annotations

from pathlib import Path

from catalog.errors import InputError
from nexus.diff.errors import UnreadableError
from nexus.diff.plan_document import read_plan
from nexus.diff.planner import Say, say_nothing
from nexus.diff.revisions import is_revision, plan_sides
from nexus.diff.side import (
    ERROR_SUFFIX,
    GRAPH_FILE,
    PLAN_SUFFIX,
    Side,
    side_of_documents,
    side_of_file,
)
from nexus.diff.text import visible
from nexus.diff.wanted import require_known


def read_sides(
    project: Path,
    base: str,
    head: str,
    *,
    stacks: tuple[str, ...] = (),
    base_graph: Path | None = None,
    head_graph: Path | None = None,
    say: Say = say_nothing,
) -> tuple[Side, Side]:
    """Both sides, each a plan file, a folder of documents, a project's folder or a git revision.

    Args:
        project: the project's folder, whose repository knows the revisions.
        base: what is compared with.
        head: what is compared.
        stacks: the stacks that count; all if empty.
        base_graph: graph document beside a plan file.
        head_graph: the same for the head.
        say: is told what is done where that takes a while.

    Raises:
        InputError: a side is none of these, the two do not fit together, neither has one of
            `stacks`, or one cannot be planned.
    """
    documents = [_documents(base, base_graph), _documents(head, head_graph)]
    before, after = documents
    if before is not None and after is not None:
        if ("" in before.plans) != ("" in after.plans):
            raise InputError(
                "One side is a plan file, the other a folder; name two files or two folders."
            )
        _require(stacks, before, after)
        return _only(before, stacks), _only(after, stacks)
    for name, found in zip((base, head), documents, strict=True):
        if found is None:
            _require_something(project, name)
    if before is not None or after is not None:
        raise InputError(
            f"'{base}' and '{head}' are not of one kind; name two plan files, two folders of "
            "documents, or two revisions or project folders."
        )
    if base_graph is not None or head_graph is not None:
        raise InputError(
            "--base-graph and --head-graph belong to plan files; revisions and folders bring "
            "their own graph, so leave the options out."
        )
    return plan_sides(project, _tree(base), _tree(head), stacks, say)


def _documents(name: str, graph: Path | None) -> Side | None:
    """The side if `name` is a file or folder of documents."""
    path = Path(name)
    if path.is_file():
        return side_of_file(path, graph)
    if path.is_dir() and not _is_project(path):
        documents = (f"*{PLAN_SUFFIX}", f"*{ERROR_SUFFIX}", GRAPH_FILE)
        holds = any(any(path.glob(pattern)) for pattern in documents)
        # An empty folder is a side from before there was a program.
        if holds or not any(path.iterdir()):
            return side_of_documents(path)
    return None


def _require_something(project: Path, name: str) -> None:
    """Refuses a name that is nothing: what to do differs from that of two unlike sides."""
    if isinstance(_tree(name), Path) or is_revision(project, name):
        return
    what = f"'{visible(name)}' is neither a file, a folder nor a git revision of {project}"
    if name and Path(name).is_dir():
        what = (
            f"Folder '{visible(name)}' holds neither a project (Pulumi.yaml) nor documents "
            f"(STACK{PLAN_SUFFIX}), and no git revision of {project} has that name"
        )
    raise InputError(f"{what}; name one of them (in a shallow clone, fetch the revision first).")


def _tree(name: str) -> str | Path:
    # An empty name would be the current folder.
    return Path(name) if name and _is_project(Path(name)) else name


def _is_project(path: Path) -> bool:
    return (path / "Pulumi.yaml").is_file()


def _require(stacks: tuple[str, ...], *sides: Side) -> None:
    """Refuses a stack that neither side has; a plan that cannot be read is left to the report."""
    if not stacks:
        return
    try:
        known = {
            stack or read_plan(plan, f"The plan in {side.label}").stack
            for side in sides
            for stack, plan in side.plans.items()
        }
    except UnreadableError:
        return
    require_known(stacks, known.union(*(side.errors for side in sides)))


def _only(side: Side, stacks: tuple[str, ...]) -> Side:
    if not stacks or "" in side.plans:
        return side
    return Side(
        label=side.label,
        plans={stack: plan for stack, plan in side.plans.items() if stack in stacks},
        errors={stack: said for stack, said in side.errors.items() if stack in stacks},
        graph=side.graph,
        has_program=side.has_program,
        notes=side.notes,
    )
