"""Words that messages and pictures share: counts, lists, and what was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catalog.model import Catalog

QUOTES = "'\""

LONGEST_SHOWN = 60
"""Characters of a wrong value that are shown; more would bury the sentence."""


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun: `1 service`, `2 services`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A question that names the one or two known names nearest to `name`; None if none is near."""
    near = difflib.get_close_matches(name, sorted(known), n=2, cutoff=0.6)
    return "did you mean " + " or ".join(f"'{name}'" for name in near) + "?" if near else None


def service_hint(name: str, catalog: Catalog, others: Iterable[str] = ()) -> str | None:
    """What to write for a service that is not there: what it is called now, or the nearest names.

    Args:
        name: the name that nothing has.
        catalog: the services.
        others: what else it may have been meant for.
    """
    for service in catalog.services.values():
        if service.renamed_from == name:
            return f"write '{service.name}', as it is called now."
    return did_you_mean(name, (*catalog.services, *others))


def one_of(known: Iterable[str]) -> str:
    """The known names in quotes, in the order given: `'a', 'b' or 'c'`."""
    *names, last = [f"'{name}'" for name in known]
    return f"{', '.join(names)} or {last}" if names else last


def shortened(text: str) -> str:
    """`text`, cut where it would bury the sentence."""
    if len(text) <= LONGEST_SHOWN:
        return text
    return f"{text[: LONGEST_SHOWN - 2]}…{text[-1] if text[-1] in QUOTES else ''}"
