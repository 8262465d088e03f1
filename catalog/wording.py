"""English for counts, in every message and picture."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun: `1 service`, `2 services`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
