"""A sentence whose foreign parts are marked, so that each format can make them safe."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

Part: TypeAlias = str | tuple[str] | list[str]
"""Own words as text; a foreign name, such as one of a plan, as a tuple or list of one."""

Phrase: TypeAlias = tuple[str | tuple[str], ...]
"""A sentence in parts."""


def phrase(*parts: Part) -> Phrase:
    """The parts that are not empty, as one sentence."""
    return tuple(part if isinstance(part, str) else (part[0],) for part in parts if part)


def names(found: Iterable[str], most: int = 8, joint: str = ", ") -> list[Part]:
    """Names with `joint` between, those beyond `most` counted."""
    every = list(found)
    parts: list[Part] = []
    for name in every[:most]:
        parts += [joint if parts else "", (name,)]
    if len(every) > most:
        parts.append(f" and {len(every) - most} more")
    return parts


def plain(sentence: Phrase) -> str:
    """The sentence as one text, nothing marked."""
    return "".join(part if isinstance(part, str) else part[0] for part in sentence)
