"""Reads one YAML file of the project, or says in one sentence why it cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from catalog.errors import CatalogError, Problem

try:  # the C parser is ten times faster; wheels of PyYAML have it, some builds do not
    from yaml import CSafeLoader as _Loader
except ImportError:  # pragma: no cover
    from yaml import SafeLoader as _Loader

MAX_BYTES = 4 * 1024 * 1024
"""Largest file read. The catalog's own files have a few KiB."""

MAX_DEPTH = 32
"""Deepest nesting read; deeper input would exhaust Python's stack."""

Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """A YAML file: `name` as shown to the user, its `data`, and the line of every value."""

    name: str
    data: Any
    lines: Mapping[Path_, int]

    def problem(self, message: str, at: Path_ = ()) -> Problem:
        """A problem at `at` (keys and indexes from the root), or at the nearest value above it."""
        while at and at not in self.lines:
            at = at[:-1]
        line = self.lines.get(at)
        return Problem(self.name if line is None else f"{self.name}:{line}", message)


def read_document(path: Path, name: str) -> Document:
    """Reads `path`; `name` is how errors call it.

    Plain YAML only: one document, no tags, anchors or aliases, no key twice.

    Raises:
        CatalogError: with one problem that says what to do about the file.
    """

    def refuse(message: str, line: int | None = None) -> CatalogError:
        return CatalogError([Problem(name if line is None else f"{name}:{line}", message)])

    try:
        if path.stat().st_size > MAX_BYTES:
            raise refuse(f"the file is larger than {MAX_BYTES // 1024**2} MiB; split it.")
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refuse(
            f"the file is not UTF-8 text (byte {error.start}); save it as UTF-8."
        ) from error
    except FileNotFoundError as error:
        raise refuse("the file does not exist; create it or correct the path.") from error
    except OSError as error:
        raise refuse(
            f"the file cannot be read ({error.strerror}); make it a readable file."
        ) from error
    try:
        for line, complaint in _forbidden(text):
            raise refuse(complaint, line)
        loader = _Loader(text)
        try:
            node: yaml.Node | None = loader.get_single_node()
            if node is None:
                raise refuse("the file is empty; write its content or delete it.")
            lines = dict(_lines(node))
            data = loader.construct_document(node)
        finally:
            loader.dispose()
    except _RepeatedKey as error:
        raise refuse(
            f"key '{error.key}' stands twice (first on line {error.first}); keep one of them.",
            error.second,
        ) from error
    except yaml.MarkedYAMLError as error:
        line = None if error.problem_mark is None else error.problem_mark.line + 1
        detail = error.problem or error.context or "it cannot be parsed"
        raise refuse(f"the file is not valid YAML: {detail}; correct it there.", line) from error
    except (yaml.YAMLError, ValueError) as error:
        detail = str(error).splitlines()[0]
        raise refuse(f"the file is not valid YAML: {detail}; correct it.") from error
    if data is None:
        raise refuse("the file is empty; write its content or delete it.")
    return Document(name, data, lines)


class _RepeatedKey(Exception):
    def __init__(self, key: str, first: int, second: int) -> None:
        super().__init__(key)
        self.key, self.first, self.second = key, first, second


def _forbidden(text: str) -> Iterator[tuple[int, str]]:
    """Lines of what plain data has no use for: tags, anchors, aliases, deep nesting."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
            if depth > MAX_DEPTH:
                yield line, f"values are nested deeper than {MAX_DEPTH}; write plain lists and maps."
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1
        if isinstance(event, yaml.AliasEvent):
            yield line, f"YAML alias '*{event.anchor}' is not allowed; write the value out."
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            yield line, f"YAML anchor '&{event.anchor}' is not allowed; write the value out."
        tag = getattr(event, "tag", None)
        if tag is not None and tag != "!":
            yield line, f"YAML tag '{tag}' is not allowed; write the plain value."


def _lines(node: yaml.Node, at: Path_ = ()) -> Iterator[tuple[Path_, int]]:
    """Line of every value below `node`, by path; refuses a key that stands twice."""
    yield at, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in seen:
                raise _RepeatedKey(name, seen[name], line)
            seen[name] = line
            yield from _lines(value, (*at, name))
            yield (*at, name), line
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _lines(item, (*at, index))
