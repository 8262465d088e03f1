"""Words of a report: sentences with foreign parts, and foreign text made safe to look at."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from typing import Any, TypeAlias

Words: TypeAlias = str | tuple[str] | list[str]
"""Own words as text; a foreign name, such as one of a plan, as a tuple or list of one."""

Phrase: TypeAlias = tuple[str | tuple[str], ...]
"""A sentence in parts."""


def phrase(*parts: Words) -> Phrase:
    """The parts that are not empty, as one sentence."""
    return tuple(part if isinstance(part, str) else (part[0],) for part in parts if part)


def names(found: Iterable[str], most: int = 8, joint: str = ", ") -> list[Words]:
    """Names with `joint` between, those beyond `most` counted."""
    every = list(found)
    parts: list[Words] = []
    for name in every[:most]:
        parts += [joint if parts else "", (name,)]
    if len(every) > most:
        parts.append(f" and {len(every) - most} more")
    return parts


def plain(sentence: Phrase) -> str:
    """The sentence as one text, nothing marked."""
    return "".join(part if isinstance(part, str) else part[0] for part in sentence)


LONGEST_VALUE = 160
"""Characters of a value that are shown; the rest is counted."""

LONGEST_PART = 1_000
"""Characters of a foreign part of a sentence that are shown: a line of a program's error is one."""

MOST_LINES = 20
"""The last ones are kept: a program's sentences stand behind whatever it warned of before."""

_READ = 100_000
"""Characters at the end of a text that are looked at; it may come from a stranger."""

_HIDING = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories of control, format (bidi, zero width), surrogate, private, unassigned
and line-separating characters."""

_STACKING = frozenset({"Mn", "Me"})
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")
"""Letters and symbols that draw nothing."""


def visible(text: str, longest: int = LONGEST_VALUE) -> str:
    r"""`text` on one line, every character that cannot be seen written as `\u{…}`.

    How many characters were cut after the `longest` is said.
    """
    kept = text if len(text) <= longest else text[:longest]
    if not (kept.isascii() and kept.isprintable()):
        kept = _spelled(kept)
    cut = len(text) - longest
    return kept if cut <= 0 else f"{kept}… ({cut} more characters)"


def _spelled(text: str) -> str:
    parts: list[str] = []
    stacked = 0
    for character in text:
        category = unicodedata.category(character)
        stacked = stacked + 1 if category in _STACKING else 0
        # One accent is a language; a tower of them covers the lines above.
        if category in _HIDING or character in _BLANK or stacked > 1:
            parts.append(f"\\u{{{ord(character):x}}}")
        elif category == "Zs":
            parts.append(" ")
        else:
            parts.append(character)
    return "".join(parts)


def shown(value: Any) -> str:
    """A property value as compact JSON on one visible line, cut where it is long."""
    # A long text is cut before it is encoded: it may be megabytes.
    if isinstance(value, str) and len(value) > LONGEST_VALUE:
        head = json.dumps(value[:LONGEST_VALUE], ensure_ascii=False)[:-1]
        return f"{visible(head, LONGEST_VALUE * 2)}… ({len(value) - LONGEST_VALUE} more characters)"
    return visible(json.dumps(value, ensure_ascii=False, separators=(", ", ": ")))


def sentences(said: str) -> tuple[str, ...]:
    """The lines of what a failed program said, at most `MOST_LINES`; of a traceback the last one.

    Never empty. They are foreign words: whoever shows them marks them as such.
    """
    lines = [line.strip()[:LONGEST_PART] for line in said[-_READ:].splitlines() if line.strip()]
    if not lines:
        return ("its program ended without a word; run `nexus plan` there.",)
    if any(line.startswith("Traceback (most recent call last)") for line in lines):
        return (f"{lines[-1]} (run `nexus plan` there for the whole traceback)",)
    return tuple(lines[-MOST_LINES:])
