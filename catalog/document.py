"""Reads one YAML file of the project, or says in one sentence why it cannot be read."""

from __future__ import annotations

import math
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from catalog.errors import InputError, Problem, shortened

try:  # the C parser is ten times faster; wheels of PyYAML have it, some builds do not
    from yaml import CSafeLoader as _Loader
except ImportError:  # pragma: no cover
    from yaml import SafeLoader as _Loader

At = tuple[str | int, ...]
"""Place of a value: keys and list indexes from the root of the file."""

_NOUNS = {
    "services": "service",
    "resources": "resource",
    "external": "external API",
    "buckets": "bucket",
    "flows": "flow",
    "environments": "environment",
}


def place(at: At) -> str:
    """A place in a file in words: `service 'x', field 'needs[0].order'`, or `the file`."""
    words: list[str] = []
    if len(at) > 1 and at[0] in _NOUNS:
        words.append(f"{_NOUNS[str(at[0])]} '{at[1]}'")
        at = at[2:]
    if at:
        field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in at)
        words.append(f"field '{field.removeprefix('.')}'")
    return ", ".join(words) or "the file"


MAX_BYTES = 1024 * 1024
"""Largest file read, in bytes. The catalog's own files have a few KiB; a file
of this size still parses within some hundred MiB of memory."""

MAX_DEPTH = 32
"""Deepest nesting read; deeper input would exhaust Python's stack."""

_NOT_YAML = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that YAML forbids in a file."""

_HINTS = {
    "cannot start any token": "indent with spaces, not tabs, and quote text that starts with a "
    "special character",
    "tab character": "indent with spaces",
    "mapping values are not allowed": "check the indentation and quote text that holds ': '",
    "did not find expected": "check the indentation and close every bracket and quote",
}


_TAG = "tag:yaml.org,2002:"
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")
"""Whole numbers that every reader keeps to the last digit."""

_NUMBER_ELSEWHERE = re.compile(
    r"[-+]?(0[xob][0-9A-Fa-f_]+|(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?)"
)
"""What go-yaml takes for a number, and Python's reader partly for text: 1e3, 0o17."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?")


@dataclass(frozen=True, kw_only=True)
class Location:
    """Where something is said.

    Args:
        file: path of the file, relative to the project.
        line: its line, counted from 1; None where nobody knows.
        words: the field, as `service 'a', field 'size'`.
    """

    file: str
    line: int | None
    words: str

    def problem(self, message: str) -> Problem:
        """A problem with what is said there; `message` is the rest of the sentence."""
        return Problem(self.file, f"{self.words}: {message}", self.line)


@dataclass(frozen=True)
class Document:
    """A YAML file: `name` as shown to the user, its `data`, and the line of every value."""

    name: str
    data: Any
    lines: Mapping[At, int]

    def line(self, at: At) -> int | None:
        """Line of the value at `at`, or of the nearest value above it."""
        while at and at not in self.lines:
            at = at[:-1]
        return self.lines.get(at)

    def at(self, *at: str | int) -> Location:
        """Where the value at `at` stands."""
        return Location(file=self.name, line=self.line(at), words=place(at))

    def problem(self, message: str, at: At) -> Problem:
        """A problem with the value at `at`, whose place the message names; or the whole file."""
        return Problem(self.name, message, self.line(at) if at else None)


class _RefusedError(Exception):
    """Why a file is not taken, as a sentence, and the line if one is to blame."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message, self.line = message, line


def read_document(path: Path, name: str) -> Document:
    """Reads `path`; `name` is how errors call it.

    Plain YAML only: one document, no tags, anchors, aliases or merge keys, no
    key twice, and without quotes nothing that readers of YAML disagree on.

    Raises:
        InputError: with one problem that says what to do about the file.
    """
    return parse_document(read_text(path, name), name)


def parse_document(text: str, name: str) -> Document:
    """`text` as `read_document` would read it from a file; `name` is how errors call it.

    Raises:
        InputError: with one problem that says what to do about the text.
    """
    try:
        return _parsed(text, name)
    except _RefusedError as error:
        raise InputError([Problem(name, error.message, error.line)]) from error


def read_text(path: Path, name: str) -> str:
    """The text of a YAML file of any kind; `name` is how errors call it.

    Raises:
        InputError: with one problem that says why it cannot be read.
    """
    try:
        return _text(path)
    except _RefusedError as error:
        raise InputError([Problem(name, error.message, error.line)]) from error


def _text(path: Path) -> str:
    try:
        # Asked first: opening a pipe would wait for its writer for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            raise _RefusedError(
                "this is no regular file; put a text file in its place or rename it."
            )
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        if path.is_symlink():
            raise _RefusedError("the link points to no file; correct or delete it.") from error
        raise _RefusedError("the file does not exist; create it.") from error
    except OSError as error:
        raise _RefusedError(
            f"the file cannot be read ({error.strerror}); make it readable."
        ) from error
    if len(content) > MAX_BYTES:
        raise _RefusedError(f"the file is larger than {MAX_BYTES // 1024} KiB; split it.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _RefusedError("the file is not UTF-8 text; save it as UTF-8.", line) from error
    bad = _NOT_YAML.search(text)
    if bad:
        raise _RefusedError(
            f"the character U+{ord(bad.group()):04X} is not allowed in YAML; remove it.",
            text.count("\n", 0, bad.start()) + 1,
        )
    return text


def _parsed(text: str, name: str) -> Document:
    try:
        _refuse_what_is_not_plain(text)
        loader = _Loader(text)
        node = loader.get_single_node()
        lines = {} if node is None else dict(_lines(node))
        # The types of PyYAML's stubs end here.
        data = None if node is None else cast("Any", loader).construct_document(node)
    except yaml.MarkedYAMLError as error:
        line = None if error.problem_mark is None else error.problem_mark.line + 1
        detail = error.problem or error.context or "it cannot be parsed"
        hint = next((hint for part, hint in _HINTS.items() if part in detail), "correct it there")
        raise _RefusedError(f"the file is not valid YAML ({detail}); {hint}.", line) from error
    if data is None:
        raise _RefusedError("the file is empty; write its content or delete it.")
    return Document(name, data, lines)


def _refuse_what_is_not_plain(text: str) -> None:
    """Refuses what plain data has no use for, before anything is built from it."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=_Loader):
        complaint = None
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                complaint = "the file holds a second document; keep one, without '---'."
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.NodeEvent):
            depth += isinstance(event, yaml.CollectionStartEvent)
            complaint = _complaint(event, depth)
        if complaint:
            raise _RefusedError(complaint, cast("yaml.Mark", event.start_mark).line + 1)


def _complaint(event: yaml.NodeEvent, depth: int) -> str | None:
    """What is not plain about a value, if anything."""
    if isinstance(event, yaml.AliasEvent):
        return f"alias '*{event.anchor}' is not allowed; write the value out."
    if event.anchor is not None:
        return f"anchor '&{event.anchor}' is not allowed; remove it."
    if isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)) and event.tag is not None:
        tag = event.tag.replace("tag:yaml.org,2002:", "!!")
        return f"tag '{tag}' is not allowed; remove it."
    if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.implicit[0]:
        return "merge key '<<' is not allowed; write the keys out."
    if depth > MAX_DEPTH:
        return f"values are nested deeper than {MAX_DEPTH} levels; write plain lists and mappings."
    return None


def _lines(node: yaml.Node, at: At = ()) -> Iterator[tuple[At, int]]:
    """Line of every value below `node`, by place; refuses what readers of YAML do not agree on.

    That is a key that stands twice, and a date or an odd number without quotes.
    """
    yield at, node.start_mark.line + 1
    _refuse_ambiguous(node, at)
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            _refuse_ambiguous(key, (*at, name), is_key=True)
            if name in seen:
                raise _RefusedError(
                    f"{place((*at, name))} stands twice, first on line {seen[name]}; keep one "
                    "of them.",
                    line,
                )
            seen[name] = line
            yield from _lines(value, (*at, name))
            yield (*at, name), line
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _lines(item, (*at, index))


def _refuse_ambiguous(node: yaml.Node, at: At, *, is_key: bool = False) -> None:
    wrong = _ambiguity(node, is_key=is_key) if isinstance(node, yaml.ScalarNode) else None
    if wrong is not None:
        shown = shortened(str(node.value))
        raise _RefusedError(f"{place(at)}: {shown} {wrong}", node.start_mark.line + 1)


def _ambiguity(node: yaml.ScalarNode, *, is_key: bool = False) -> str | None:
    """What is wrong with a value without quotes, as the end of a sentence; None if all agree.

    The Pulumi command line reads settings with go-yaml 3, as YAML 1.2 with parts of 1.1, and
    Python reads YAML 1.1: a date or an odd number comes out as other text than was written. So a
    plain value is text to all of them, `true` or `false`, a number in plain digits, or refused.
    """
    text, kind = node.value, node.tag.removeprefix(_TAG)
    if node.style not in (None, ""):
        return None  # It is in quotes.
    if is_key and kind == "null":
        return "is not a key; write one, or put it in quotes."
    if kind == "timestamp" or _DATE.fullmatch(text):
        return "is a date in YAML; put it in quotes."
    if kind == "bool" and text.lower() not in ("true", "false"):
        return (
            "is text to some readers of YAML and a truth value to others; put it in quotes, or "
            "write true or false."
        )
    if kind == "value":
        return "has a meaning of its own in YAML; put it in quotes."
    odd = kind in ("int", "float") or _NUMBER_ELSEWHERE.fullmatch(text)
    return _number(text) if odd else None


def _number(text: str) -> str | None:
    if _WHOLE.fullmatch(text):
        return None
    try:
        value = float(text)
    except ValueError:
        return "is not a number to every reader of YAML; put it in quotes, or write plain digits."
    if not math.isfinite(value):
        return "is a number that nothing can hold; put it in quotes, or write plain digits."
    if repr(value) == text and not value.is_integer():
        return None
    return "is a number in YAML, which loses how it is written; put it in quotes."
