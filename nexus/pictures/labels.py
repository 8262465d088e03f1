"""Fits names into boxes. Names are drawn in a monospaced font, so their width is known."""

from __future__ import annotations

FONT_SIZE = 9.7
"""Size of the names, in units of the picture."""

ADVANCE = 0.61
"""Width of a character over the font size; the usual monospaced fonts have 0.55 to 0.602."""


LEADING = 1.14
"""Height of a line over the font size."""

SMALLEST = 4.9
"""Smallest size of a name; one of 40 characters without a hyphen fits into a box with it."""


def text_width(text: str, font_size: float = FONT_SIZE) -> float:
    """Width of `text` in the monospaced font, in units of the picture."""
    return len(text) * font_size * ADVANCE


def fitted(name: str, width: float, height: float) -> tuple[tuple[str, ...], float]:
    """`name` in lines that fit into `width` and `height`, and the font size that lets them.

    Lines break behind hyphens alone: half a word is another word. What does not fit is
    written smaller.
    """
    size = FONT_SIZE
    while True:
        lines = wrapped(name, int(width / (size * ADVANCE)))
        fits = max(text_width(line, size) for line in lines) <= width
        if (fits and len(lines) * size * LEADING <= height) or size <= SMALLEST:
            return lines, size
        size = round(size - 0.3, 1)


def wrapped(name: str, columns: int) -> tuple[str, ...]:
    """`name` in as few lines of at most `columns` characters as can be, and of like lengths.

    It is broken behind hyphens; a longer word keeps its length.
    """
    words = [f"{word}-" for word in name.split("-")]
    words[-1] = words[-1][:-1]
    fewest = len(_filled(words, columns))
    longest = max(map(len, words))
    # The narrowest column that needs no more lines: then they are about as long.
    narrowest = next(
        narrow
        for narrow in range(min(longest, columns), columns + 1)
        if len(_filled(words, narrow)) == fewest
    )
    return tuple(_filled(words, narrowest))


def _filled(words: list[str], columns: int) -> list[str]:
    """The words in lines, each filled before the next one begins."""
    lines = [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + len(word) > columns:
            lines.append("")
        lines[-1] += word
    return lines
