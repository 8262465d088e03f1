"""Fits names into boxes. Names are drawn in a monospaced font, so their width is known."""

from __future__ import annotations

FONT_SIZE = 9.7
"""Size of the names, in units of the picture."""

ADVANCE = 0.61
"""Width of a character over the font size; the usual monospaced fonts have 0.55 to 0.602."""


def text_width(text: str, font_size: float = FONT_SIZE) -> float:
    """Width of `text` in the monospaced font, in units of the picture."""
    return len(text) * font_size * ADVANCE


def wrapped(name: str, columns: int) -> tuple[str, ...]:
    """`name` in lines of at most `columns` characters: one, or two broken at a hyphen if it can be.

    Names of up to twice `columns` characters never need a third line.
    """
    if len(name) <= columns:
        return (name,)
    breaks = [
        position + 1
        for position, character in enumerate(name)
        if character == "-" and position < columns and len(name) - position - 1 <= columns
    ]
    middle = len(name) / 2
    if breaks:
        first = min(breaks, key=lambda position: abs(position - middle))
        return name[:first], name[first:]
    return tuple(name[start : start + columns] for start in range(0, len(name), columns))
