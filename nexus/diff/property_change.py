"""One property that differs between two plans, and where it stands."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from nexus.pulumi.property_path import child_path
from nexus.pulumi.replacement import Immutable

Step: TypeAlias = str | int

_PLAIN_KEY = re.compile(r"^[A-Za-z_$][\w$/-]*$")


class _Absent:
    """The type of ABSENT."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()
"""Stands where one side has no value; null is a value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PropertyChange:
    """One property that differs.

    Args:
        path: where, for people: `spec.replicas`, `env[name=PORT].value`, `ports[]` for an item
            of a list whose order means nothing, and inside a text that is JSON itself
            `data["a.json"] > key`.
        steps: keys and positions as the engine counts them; those inside a text left out.
        leaf: all keys down to the value, those inside a text included.
        old, new: the values, secrets replaced; ABSENT where a side has none.
    """

    path: str
    steps: tuple[Step, ...]
    leaf: tuple[str, ...]
    old: Any
    new: Any

    @property
    def kind(self) -> str:
        """`added`, `removed` or `changed`."""
        if self.old is ABSENT:
            return "added"
        return "removed" if self.new is ABSENT else "changed"

    def replaces(self, fixed: Immutable) -> bool:
        """Whether the change makes a new object of one of which this is `fixed`."""
        old, new = (None if value is ABSENT else value for value in (self.old, self.new))
        return fixed.replaces(self.steps, old, new)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A place in two sets of inputs, while they are walked.

    Args:
        path, steps, leaf: as in `PropertyChange`.
        wire: Pulumi's own property path, as the plan's list of secrets has it.
        key: the nearest key above, which may tell that the value is secret.
        in_text: whether it is inside a text.
        hidden: whether values must not be shown here or below.
    """

    path: str = ""
    steps: tuple[Step, ...] = ()
    leaf: tuple[str, ...] = ()
    wire: str = ""
    key: str = ""
    in_text: bool = False
    hidden: bool = False

    def entry(self, key: str) -> Place:
        """The place of `key` in the mapping here."""
        label = key if _PLAIN_KEY.match(key) else f"[{json.dumps(key, ensure_ascii=False)}]"
        return replace(self._below(key, label), key=key, wire=child_path(self.wire, key))

    def item(self, index: int, identity: str | None = None) -> Place:
        """The place of an item of the list here, by position or what it is told by (`name=x`)."""
        label = f"[{index}]" if identity is None else f"[{identity}]"
        return replace(self._below(index, label), wire=child_path(self.wire, index))

    def inside(self) -> Place:
        """The place inside the text here."""
        return replace(self, path=f"{self.path} > ", in_text=True)

    def hide(self, hidden: bool) -> Place:
        """The same place, its values hidden if `hidden`."""
        return replace(self, hidden=True) if hidden and not self.hidden else self

    def _below(self, key: Step, label: str) -> Place:
        joined = "" if not self.path or self.path.endswith("> ") or label[0] == "[" else "."
        return replace(
            self,
            path=f"{self.path}{joined}{label}",
            steps=self.steps if self.in_text else (*self.steps, key),
            leaf=(*self.leaf, str(key)),
        )
