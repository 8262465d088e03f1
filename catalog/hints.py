"""Suggestions for a name that was probably mistyped."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A question that names the one or two known names nearest to `name`; None if none is near."""
    near = difflib.get_close_matches(name, sorted(known), n=2, cutoff=0.6)
    return "did you mean " + " or ".join(f"'{name}'" for name in near) + "?" if near else None


def one_of(known: Iterable[str]) -> str:
    """The known names in quotes, in the order given: `'a', 'b' or 'c'`."""
    *names, last = [f"'{name}'" for name in known]
    return f"{', '.join(names)} or {last}" if names else last
