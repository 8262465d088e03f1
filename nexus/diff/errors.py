"""What can go wrong while two sides are compared, and what a program said when it failed."""

from __future__ import annotations

from catalog.errors import InputError
from nexus.diff.wording import LONGEST_PART

MOST_LINES = 20
"""The last ones are kept: a program's sentences stand behind whatever it warned of before."""

_READ = 100_000
"""Characters at the end of a text that are looked at; it may come from a stranger."""


class UnreadableError(InputError):
    """A document does not have the documented shape. Its own words are never repeated."""


class PlanningError(Exception):
    """A revision could not be planned, or git did not do what it was asked."""


def sentences(said: str) -> tuple[str, ...]:
    """The lines of an error, at most `MOST_LINES`; of a traceback the last one. Never empty.

    Args:
        said: what the program wrote to its standard error. Foreign words: whoever shows them
            marks them as such.
    """
    lines = [line.strip()[:LONGEST_PART] for line in said[-_READ:].splitlines() if line.strip()]
    if not lines:
        return ("its program ended without a word; run `nexus plan` there.",)
    if any(line.startswith("Traceback (most recent call last)") for line in lines):
        return (f"{lines[-1]} (run `nexus plan` there for the whole traceback)",)
    return tuple(lines[-MOST_LINES:])
