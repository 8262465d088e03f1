"""Where in a Compose file everything stands, by the nodes of its YAML."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import yaml

from catalog.document import read_text
from catalog.errors import InputError, Problem

At = tuple[str, ...]
"""A service, a field of it, and what is below that."""


def refuse_circles(text: str, shown: str) -> None:
    """Refuses an alias inside of what it stands for, which readers follow until they fall over."""
    try:
        todo: list[tuple[Any, int | None]] = [
            (root, None) for root in yaml.compose_all(text, Loader=yaml.SafeLoader)
        ]
    except yaml.YAMLError:
        return
    above: dict[int, Any] = {}
    done: set[int] = set()
    while todo:
        node, leaves = todo.pop()
        if leaves is not None:
            del above[leaves]
            done.add(leaves)
        elif id(node) in above:
            line = node.start_mark.line + 1
            message = "what stands here holds itself by an alias; write it without the circle."
            raise InputError([Problem(shown, message, line)])
        elif isinstance(node, yaml.CollectionNode) and id(node) not in done:
            above[id(node)] = node
            todo.append((node, id(node)))
            held = cast("list[Any]", node.value)
            pairs = isinstance(node, yaml.MappingNode)
            todo += [(each, None) for item in held for each in (item if pairs else [item])]


def places(files: Sequence[Path]) -> tuple[dict[At, str], dict[str, list[str]]]:
    """Where services and their fields stand, and who uses which variable; the first file wins."""
    lines: dict[At, str] = {}
    uses: dict[str, list[str]] = {}
    for file in files:
        shown = shown_path(file)
        try:
            text = read_text(file, shown)
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except (InputError, yaml.YAMLError):
            # Of several documents or remote: what it means is known, where it stands is not.
            continue
        for at, line in _below(root, ()):
            if at[:1] == ("services",):
                lines.setdefault(at[1:], f"{shown}:{line}")
        for number, content in enumerate(text.splitlines(), start=1):
            for found in _VARIABLE.finditer(content.partition(" #")[0]):
                uses.setdefault(found[1] or found[2], []).append(f"{shown}:{number}")
    return lines, uses


_VARIABLE = re.compile(r"(?<!\$)\$\{?([A-Za-z_][A-Za-z0-9_]*)|^\s*-\s+([A-Za-z_]\w*)\s*$")


def _below(node: Any, at: At, merged: frozenset[int] = frozenset()) -> Iterator[tuple[At, int]]:
    """Places down to what a service's fields hold; keys that are merged in count as its own."""
    if len(at) > MOST_DEEP or id(node) in merged:
        return
    if isinstance(node, yaml.MappingNode):
        pairs = cast("list[tuple[Any, Any]]", node.value)
        for key, value in pairs:
            if key.value == "<<":
                for each in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    yield from _below(each, at, merged | {id(node)})
        for key, value in pairs:
            if isinstance(key.value, str) and key.value != "<<":
                yield (*at, key.value), key.start_mark.line + 1
                yield from _below(value, (*at, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(cast("list[Any]", node.value)):
            name = value.value if isinstance(value, yaml.ScalarNode) else str(index)
            # `NAME=value` of an environment, as the key it is.
            yield (
                (*at, name.partition("=")[0] if at[2:] == ("environment",) else name),
                (value.start_mark.line + 1),
            )


MOST_DEEP = 4


def shown_path(path: Path) -> str:
    """The path as a message calls it: from where the command was run, if it is below."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return os.path.relpath(path) if not path.is_absolute() else str(path)
