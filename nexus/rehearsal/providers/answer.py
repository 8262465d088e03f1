"""What a simulated provider answers: changes, objects, and the two ways to fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from nexus.pulumi.wire import Properties


class Change(Enum):
    """What happened to one property."""

    ADD = "ADD"
    DELETE = "DELETE"
    UPDATE = "UPDATE"


@dataclass(frozen=True, kw_only=True)
class PropertyChange:
    """The change of one property, and whether it forces a new resource."""

    kind: Change
    replaces: bool = False


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What an update would do.

    Args:
        changes: by property path (`spec.template.spec.containers[0].image`).
        replaces: further paths that force a new resource without having changed.
        delete_first: the old resource must go before the new one is made.
    """

    changes: Mapping[str, PropertyChange] = field(default_factory=dict[str, PropertyChange])
    replaces: tuple[str, ...] = ()
    delete_first: bool = False

    @property
    def replacing(self) -> tuple[str, ...]:
        """Every path that forces a new resource, sorted."""
        changed = {path for path, change in self.changes.items() if change.replaces}
        return tuple(sorted(changed | set(self.replaces)))


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource as a request describes it.

    Args:
        urn, type, name: of the resource in the program.
        id: what the provider called it; empty before it exists.
        inputs: checked inputs, secrets and unknowns marked.
        timeout: real-world seconds the caller allows; 0 for the provider's default.
    """

    urn: str
    type: str
    name: str
    inputs: Properties
    id: str = ""
    timeout: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Made:
    """A resource that exists: its id and outputs."""

    id: str
    outputs: Properties


class RefusedError(Exception):
    """The request failed and changed nothing. The text is one full sentence."""


class NotReadyError(Exception):
    """The resource exists but did not get ready; the engine keeps it and reports the reasons."""

    def __init__(self, made: Made, *reasons: str) -> None:
        self.made = made
        self.reasons = reasons
        super().__init__("; ".join(reasons))
