"""The stacks that somebody asks for by name."""

from __future__ import annotations

from collections.abc import Iterable

from catalog.errors import InputError
from nexus.diff.text import listed, visible


def require_known(wanted: tuple[str, ...], known: Iterable[str]) -> None:
    """Refuses a stack that neither side has: nothing to compare would look like no change.

    Args:
        wanted: the stacks asked for; none stands for all there are.
        known: the stacks of both sides.

    Raises:
        InputError: which of `wanted` there is not, and what there is.
    """
    there = sorted(set(known))
    unknown = [f"'{visible(name)}'" for name in sorted(set(wanted) - set(there))]
    if not unknown:
        return
    what = "; name one of these" if there else ""
    raise InputError(
        f"Neither side has a stack {listed(unknown)}; "
        f"there is {listed(there, most=20) or 'none at all'}{what}."
    )
