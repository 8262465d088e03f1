"""What services of a Compose file are called in a catalog."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from itertools import chain, count

from catalog.names import (
    MAX_DOMAIN_NAME,
    MAX_SERVICE_NAME,
    RESERVED_DOMAINS,
    RESERVED_ON,
    RESERVED_SERVICES,
    RESOURCES,
)

GENERIC = frozenset({"compose", "docker-compose"})
"""Names of files that say nothing about what is in them."""

_TAKEN = frozenset(
    {*RESOURCES, *RESERVED_SERVICES, *(n for names in RESERVED_ON.values() for n in names)}
)


def label(name: str, longest: int = 63) -> str:
    """The DNS label nearest to a name."""
    text = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if not text[:1].isalpha():
        text = f"s-{text}".rstrip("-")
    return text[:longest].rstrip("-")


def domain_name(project: str) -> str:
    """The domain that a project's services are in."""
    name = label(project, MAX_DOMAIN_NAME)
    return label(f"{name[:20]}-services") if name in RESERVED_DOMAINS else name


def catalog_names(names: Iterable[str]) -> Mapping[str, str]:
    """What each service is called in the catalog, by its name in the file."""
    taken: set[str] = set()
    found: dict[str, str] = {}
    # Those whose name fits keep it, whatever the others would like to be called.
    for name in sorted(names, key=lambda each: (label(each, MAX_SERVICE_NAME) != each, each)):
        wanted = label(name, MAX_SERVICE_NAME)
        if wanted in _TAKEN:
            wanted = f"{wanted}-service"
        found[name] = free_name(wanted, MAX_SERVICE_NAME, taken)
        taken.add(found[name])
    return dict(sorted(found.items()))


def free_name(wanted: str, longest: int, taken: Container[str]) -> str:
    """`wanted`, with a number behind it if it is taken, in at most `longest` characters."""
    further = (f"-{number}" for number in count(2))
    names = (f"{wanted[: longest - len(end)].rstrip('-')}{end}" for end in further)
    return next(name for name in chain((wanted,), names) if name not in taken)
