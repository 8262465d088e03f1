"""What a resource is called in the world outside of the state, as far as its inputs say it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from nexus.pulumi.clouds import TYPES
from nexus.pulumi.resource import AUTONAMED, HELM_RELEASE, mapping
from nexus.pulumi.urn import urn_of
from nexus.pulumi.wire import text

State = Mapping[str, Any]
"""A resource or an operation as a state lists it."""

_MANAGERS = re.compile(r"pulumi-kubernetes-[0-9a-f]{8}$")
_STATE_ONLY = ("pulumi", "random")


class Kind(Enum):
    """How a resource is found again."""

    NAMED = "has the id that follows from its inputs"
    REPEATABLE = "is made again without harm"
    DRAWN = "has an id that only the cloud knows"


@dataclass(frozen=True)
class Identity:
    """How a resource is found again, and its id if it has one that is known."""

    kind: Kind
    id: str = ""


def identity(resource: State) -> Identity:
    """Return how a resource of a state without an id is found again."""
    kind = str(resource["type"])
    inputs = mapping(resource.get("inputs"))
    package = kind.partition(":")[0]
    if not resource.get("custom") or package in _STATE_ONLY:
        return Identity(Kind.REPEATABLE)
    if package == "kubernetes":
        return _named(inputs if kind == HELM_RELEASE else mapping(inputs.get("metadata")))
    answer = TYPES.get(kind)
    if answer is not None and answer.repeatable:
        return Identity(Kind.REPEATABLE)
    own = None if answer is None else answer.id_from(inputs)
    if own is None:
        return Identity(Kind.DRAWN)
    # A resource of AWS in another region than its provider's (pulumi-aws 7).
    region = text(inputs.get("region")) if package == "aws" else ""
    return Identity(Kind.NAMED, f"{own}@{region}" if region else own)


def is_automatic(resource: State) -> bool:
    """Whether the name outside of the state is made anew for every resource of that URN."""
    inputs, name = mapping(resource.get("inputs")), urn_of(str(resource["urn"])).name
    if str(resource["type"]).startswith("kubernetes:"):
        return AUTONAMED in mapping(mapping(inputs.get("metadata")).get("annotations"))
    ends = re.compile(rf"{re.escape(name.lower())}-[0-9a-f]{{7}}$")
    return any(ends.search(value.lower()) for value in inputs.values() if isinstance(value, str))


def marks(resource: State, values: State) -> Mapping[str, Any]:
    """The labels or tags of a resource, from its `inputs` or `outputs`."""
    if str(resource["type"]).startswith("kubernetes:"):
        return mapping(mapping(values.get("metadata")).get("labels"))
    return mapping(values.get("tags"))


def field_manager(outputs: State) -> str:
    """Who last applied a Kubernetes object on the server for Pulumi; empty if nobody did."""
    applied = [
        each
        for each in mapping(outputs.get("metadata")).get("managedFields") or ()
        if each.get("operation") == "Apply" and _MANAGERS.match(text(each.get("manager")))
    ]
    applied.sort(key=lambda each: text(each.get("time")))
    return text(applied[-1]["manager"]) if applied else ""


def _named(metadata: Mapping[str, Any]) -> Identity:
    name, namespace = text(metadata.get("name")), text(metadata.get("namespace"))
    if not name:
        return Identity(Kind.DRAWN)
    return Identity(Kind.NAMED, f"{namespace}/{name}" if namespace else name)
