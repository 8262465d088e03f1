"""What a program said when it could not be planned."""

from __future__ import annotations

from nexus.diff.text import LONGEST_PART

MOST_LINES = 20
"""The last ones are kept: a program's sentences stand behind whatever it warned of before."""


_READ = 100_000
"""Bytes at the end of a text that are looked at; it may come from a stranger."""


def sentences(said: bytes) -> tuple[str, ...]:
    """The lines of an error, at most `MOST_LINES`; of a traceback the last one. Never empty.

    Args:
        said: what the program wrote to its standard error. Foreign words: whoever shows them
            marks them as such.
    """
    text = said[-_READ:].decode("utf-8", errors="replace")
    lines = [line.strip()[:LONGEST_PART] for line in text.splitlines() if line.strip()]
    if not lines:
        return ("its program ended without a word; run `nexus plan` there.",)
    if any(line.startswith("Traceback (most recent call last)") for line in lines):
        return (f"{lines[-1]} (run `nexus plan` there for the whole traceback)",)
    return tuple(lines[-MOST_LINES:])
