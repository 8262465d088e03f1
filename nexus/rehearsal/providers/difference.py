"""How two manifests differ, property path by property path."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TypeAlias

from nexus.pulumi.replacement import Immutable
from nexus.pulumi.wire import Properties, Property, Unknown
from nexus.rehearsal.providers.answer import Change, PropertyChange

Path: TypeAlias = tuple[str | int, ...]
_Found: TypeAlias = tuple[Path, Change, Property, Property]

_PLAIN_KEY = re.compile(r'^[^."\[\]]+$')


def changes(old: Properties, new: Properties, immutable: Immutable) -> dict[str, PropertyChange]:
    """Return what changed between two mappings, by Pulumi property path.

    Args:
        old: the state, cut down to what was once given.
        new: the new inputs; an unknown counts as changed.
        immutable: what makes a new object.
    """
    return {
        _join(path): PropertyChange(kind=kind, replaces=immutable.replaces(path, was, now))
        for path, kind, was, now in _compare((), old, new)
    }


def _compare(path: Path, old: Property, new: Property) -> Iterator[_Found]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _compare_part((*path, key), old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list):
        for index, (was, now) in enumerate(zip_longest(old, new)):
            yield from _compare_part((*path, index), was, now)
    elif isinstance(new, Unknown) or not _equal(old, new):
        yield path, Change.UPDATE, old, new


def _compare_part(path: Path, old: Property, new: Property) -> Iterator[_Found]:
    if old is None and new is not None:
        yield path, Change.ADD, None, new
    elif old is not None and new is None:
        yield path, Change.DELETE, old, None
    else:
        yield from _compare(path, old, new)


def _equal(old: Property, new: Property) -> bool:
    """True and 1 differ; 1 and 1.0 do not."""
    return old == new and isinstance(old, bool) == isinstance(new, bool)


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
