"""How two manifests differ, property path by property path."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TypeAlias

from nexus.rehearsal.providers.answer import Change, PropertyChange
from nexus.rehearsal.providers.wire import Properties, Property, Unknown

Path: TypeAlias = tuple[str | int, ...]
_Found: TypeAlias = tuple[Path, Change, Property]

_PLAIN_KEY = re.compile(r'^[^."\[\]]+$')


def changes(
    old: Properties, new: Properties, immutable: Sequence[str]
) -> dict[str, PropertyChange]:
    """Return what changed between two mappings, by Pulumi property path.

    Args:
        old: the state, cut down to what was once given.
        new: the new inputs; an unknown counts as changed.
        immutable: paths whose change, or a change below them, makes a new object.
            `[]` in them stands for any element of a list.
    """
    fixed = tuple(tuple(_split(path)) for path in immutable)
    return {
        _join(path): PropertyChange(kind=kind, replaces=_replaces(path, value, fixed))
        for path, kind, value in _compare((), old, new)
    }


def _compare(old_path: Path, old: Property, new: Property) -> Iterator[_Found]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _compare_part((*old_path, key), old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list):
        for index, (was, now) in enumerate(zip_longest(old, new)):
            yield from _compare_part((*old_path, index), was, now)
    elif isinstance(new, Unknown) or not _equal(old, new):
        yield old_path, Change.UPDATE, new


def _compare_part(path: Path, old: Property, new: Property) -> Iterator[_Found]:
    if old is None and new is not None:
        yield path, Change.ADD, new
    elif old is not None and new is None:
        yield path, Change.DELETE, None
    else:
        yield from _compare(path, old, new)


def _equal(old: Property, new: Property) -> bool:
    """True and 1 differ; 1 and 1.0 do not."""
    return old == new and isinstance(old, bool) == isinstance(new, bool)


def _replaces(path: Path, value: Property, immutable: Sequence[tuple[str, ...]]) -> bool:
    """A change at or below an immutable path replaces; so does a new value that may hold one."""
    steps = tuple("[]" if isinstance(step, int) else step for step in path)
    return any(
        steps[: len(fixed)] == fixed
        or (fixed[: len(steps)] == steps and _holds(value, fixed[len(steps) :]))
        for fixed in immutable
    )


def _holds(value: Property, steps: Sequence[str]) -> bool:
    # The real provider looks for the path in a merge patch, in which an unknown and what is
    # gone are null, and takes null for a value that holds every path.
    if not steps or value is None or isinstance(value, Unknown):
        return True
    if isinstance(value, list):
        return steps[0] == "[]" and any(_holds(item, steps[1:]) for item in value)
    return isinstance(value, dict) and steps[0] in value and _holds(value[steps[0]], steps[1:])


def _split(path: str) -> Iterator[str]:
    for part in path.split("."):
        name, bracket, _ = part.partition("[")
        yield name
        if bracket:
            yield "[]"


def _join(path: Sequence[str | int]) -> str:
    joined = ""
    for step in path:
        if isinstance(step, int):
            joined += f"[{step}]"
        elif not _PLAIN_KEY.match(step):
            escaped = step.replace('"', '\\"')
            joined += f'["{escaped}"]'
        else:
            joined += f".{step}" if joined else step
    return joined
