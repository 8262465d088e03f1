"""What differs: one property, and what happens to one resource."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeAlias

from nexus.diff.wording import Phrase
from nexus.pulumi.replacement import Immutable
from nexus.pulumi.resource import Resource, child_path

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


class Danger(StrEnum):
    """Why a change can cost data or service."""

    REMOVED = "removed"
    RENAMED = "renamed"
    REPLACED = "replaced"
    REPOINTED = "repointed"
    UPGRADED = "upgraded"
    UNPROTECTED = "unprotected"
    PROTECTED = "protected"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Warned:
    """A dangerous change: which resource, in which way, and what it costs."""

    urn: str
    danger: Danger
    reason: Phrase


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A resource of both sides whose inputs or options differ.

    Args:
        before, after: the resource on both sides.
        properties: what differs in its inputs.
        options: what differs in its options.
        replacing: paths of the properties that may replace it; empty if it is changed in place.
        harmless: whether a replacement costs nothing: the new object has another name and
            is there before the old one goes.
        because: names of ConfigMaps and Secrets whose new content is all that this resource's
            change is about; empty if there is more to it.
    """

    before: Resource
    after: Resource
    properties: tuple[PropertyChange, ...]
    options: tuple[PropertyChange, ...] = ()
    replacing: tuple[str, ...] = ()
    harmless: bool = False
    because: tuple[str, ...] = ()

    @property
    def is_routine(self) -> bool:
        """Whether it is new content of a ConfigMap or Secret, or what follows from that."""
        return bool(self.because) or (bool(self.replacing) and self.harmless)


@dataclass(frozen=True, kw_only=True)
class Renamed:
    """A resource with another URN.

    Args:
        old, new: its URNs.
        alias: whether Pulumi knows that it is the same.
        data_name: where that is a guess, what the data of the service that it seems to belong
            to is called; None for what belongs to none.
    """

    old: str
    new: str
    alias: bool
    data_name: str | None = None


@dataclass(frozen=True, kw_only=True)
class Reordered:
    """Dependencies that a resource of both sides gets or loses, by URN.

    Those on resources that come or go themselves are left out: they are no news.
    """

    urn: str
    gained: tuple[str, ...]
    lost: tuple[str, ...]
