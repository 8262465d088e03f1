"""JSON that anybody may have written: read piece by piece, and never beyond its bounds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any

import ijson
from ijson.common import ObjectBuilder

from catalog.errors import InputError

SOURCE = "nexus snapshot"
"""The command that writes the documents."""

LARGEST_FILE = 64 * 1024 * 1024
"""Bytes; three stacks of 43 services have 6 MB, of 500 services they would still fit."""

MOST_VALUES = 5_000_000
"""Values and keys. Millions of empty lists are a small file, and gigabytes once they are read;
three stacks of 43 services have 250,000."""

DEEPEST = 60
"""Levels of nesting; a Kubernetes object in a snapshot has about 16."""

LARGEST_NUMBER = 2**63
"""Larger ones are no quantities, and JavaScript readers of the report would round them."""

_DEEPEST_TEXT = 20
"""Levels of a configuration file that are looked into."""

_OPENING = frozenset({"start_map", "start_array"})
_CLOSING = frozenset({"end_map", "end_array"})


class UnreadableError(InputError):
    """A document does not have the documented shape. Its own words are never repeated."""


class BoundedJson:
    """The values of a document, each read when it is asked for.

    Every method raises an `UnreadableError` that says what is wrong, without repeating what
    stands there; `name` is what it calls the document.
    """

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream, self._name = stream, name
        self._left = LARGEST_FILE
        self._events = self._bounded()

    def read(self, size: int = -1) -> bytes:
        """The next bytes of the document, for the parser."""
        found = self._stream.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(found)
        if self._left < 0:
            raise self.refused(f"has more than the {LARGEST_FILE:,} bytes that are read")
        return found

    def entries(self) -> Iterator[str]:
        """The keys of the mapping that comes next; read each one's value before the next key."""
        event, _ = next(self._events)
        if event != "start_map":
            raise self.refused("has something else where a mapping belongs")
        seen: set[str] = set()
        for event, key in self._events:
            if event == "end_map":
                return
            if key in seen:
                # The first or the last of two would hide the other from the reader.
                raise self.refused("names something twice")
            seen.add(key)
            yield key

    def value(self) -> Any:
        """The whole value that comes next."""
        builder = ObjectBuilder()
        depth = 0
        for event, value in self._events:
            builder.event(event, value)
            depth += (event in _OPENING) - (event in _CLOSING)
            if depth == 0:
                break
        return builder.value

    def end(self) -> None:
        """Reads what is left: there must be nothing but blanks."""
        for _ in self._events:
            pass

    def refused(self, what: str) -> UnreadableError:
        """The error of this document: what is wrong with it."""
        return UnreadableError(f"{self._name} {what}; make it again with `{SOURCE}`.")

    def _bounded(self) -> Iterator[tuple[str, Any]]:
        """What the parser finds, as long as it stays within the bounds."""
        depth = 0
        try:
            for count, (event, value) in enumerate(ijson.basic_parse(self, use_float=True)):
                depth += (event in _OPENING) - (event in _CLOSING)
                if depth > DEEPEST:
                    raise self.refused(f"is nested more than {DEEPEST} levels deep")
                if count > MOST_VALUES:
                    raise self.refused(f"has more than {MOST_VALUES:,} values")
                if event == "number" and not abs(value) <= LARGEST_NUMBER:
                    raise self.refused("holds a number above 2^63")
                yield event, value
        except (ijson.JSONError, ValueError):
            # Half a document, no UTF-8, NaN, a number with thousands of digits.
            raise self.refused("is no JSON, or not the whole of it") from None


def json_inside(text: str) -> Any:
    """The mapping or list that `text` is as JSON, such as a configuration file.

    None if it is none, or one that is nested too deeply or holds a number beyond the limit.
    """
    if text[:1] not in ("{", "["):
        return None
    try:
        inside = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return inside if _is_bounded(inside) else None


def _is_bounded(data: Any) -> bool:
    level: list[Any] = [data]
    # Level by level, so that no depth can exhaust the stack.
    for _ in range(_DEEPEST_TEXT):
        following: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                following.extend(value.values())
            elif isinstance(value, list):
                following.extend(value)
            elif isinstance(value, (int, float)) and not abs(value) <= LARGEST_NUMBER:
                return False
        if not following:
            return True
        level = following
    return False
