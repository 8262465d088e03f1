"""Whether a change of properties may replace the object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nexus.diff.immutable import (
    ALWAYS,
    KUBERNETES,
    KUBERNETES_CONTENT,
    KUBERNETES_IDENTITY,
    KUBERNETES_REFUSED,
    MUTABLE_CONTENT,
    OTHERS,
)
from nexus.diff.plan_document import PlannedResource
from nexus.diff.property_change import ABSENT, PropertyChange


def replacing(
    resource: PlannedResource,
    changes: Iterable[PropertyChange],
    provider_settings: Mapping[str, Any],
) -> tuple[PropertyChange, ...]:
    """Those of `changes` that may replace the object.

    Args:
        resource: the object as it is wanted.
        changes: what differs in its inputs.
        provider_settings: inputs of its provider.
    """
    if resource.type.startswith(ALWAYS):
        return tuple(changes)
    asked = resource.options.get("replaceOnChanges", [])
    extra = tuple(path for path in asked if isinstance(path, str)) if type(asked) is list else ()
    fixed = [tuple(_split(path)) for path in (*_immutable(resource, provider_settings), *extra)]
    return tuple(change for change in changes if _replaces(change, fixed))


def refused(
    resource: PlannedResource, changes: Iterable[PropertyChange]
) -> tuple[PropertyChange, ...]:
    """Those of `changes` that the API server refuses in an update of the object."""
    fixed = [tuple(_split(path)) for path in KUBERNETES_REFUSED.get(_group_kind(resource), ())]
    return tuple(change for change in changes if _replaces(change, fixed))


def is_autonamed(resource: PlannedResource) -> bool:
    """Whether the provider makes up the object's name, so that a new one can come first."""
    metadata = resource.inputs.get("metadata")
    return resource.type.startswith("kubernetes:") and not (
        isinstance(metadata, dict) and metadata.get("name")
    )


def _immutable(resource: PlannedResource, settings: Mapping[str, Any]) -> tuple[str, ...]:
    if not resource.type.startswith("kubernetes:"):
        return OTHERS.get(resource.type, ())
    group, kind = _group_kind(resource)
    if group == "" and kind in KUBERNETES_CONTENT:
        setting, always = MUTABLE_CONTENT[kind]
        mutable = settings.get(setting) in (True, "true")
        mutable = mutable and resource.inputs.get("immutable") is not True
        return KUBERNETES_IDENTITY + (always if mutable else KUBERNETES_CONTENT[kind])
    return KUBERNETES_IDENTITY + KUBERNETES.get((group, kind), ())


def _group_kind(resource: PlannedResource) -> tuple[str, str]:
    """API group and kind of a Kubernetes object; of anything else what no table has."""
    package, _, kind = resource.type.rpartition(":")
    group = package.removeprefix("kubernetes:").rpartition("/")[0]
    return "" if group == "core" else group, kind


def _replaces(change: PropertyChange, fixed: Sequence[tuple[str, ...]]) -> bool:
    """A change at or below an immutable path replaces; so does one of a value that holds one."""
    steps = tuple("[]" if isinstance(step, int) else step for step in change.steps)
    values = [value for value in (change.old, change.new) if value is not ABSENT]
    return any(
        path[:1] == ("*",)
        or steps[: len(path)] == path
        or (
            path[: len(steps)] == steps
            and any(_holds(value, path[len(steps) :]) for value in values)
        )
        for path in fixed
    )


def _holds(value: Any, path: Sequence[str]) -> bool:
    if not path:
        return True
    if isinstance(value, list):
        return path[0] == "[]" and any(_holds(item, path[1:]) for item in value)
    return isinstance(value, dict) and path[0] in value and _holds(value[path[0]], path[1:])


def _split(path: str) -> list[str]:
    steps: list[str] = []
    for part in path.split("."):
        name, bracket, _ = part.partition("[")
        steps.append(name)
        if bracket:
            steps.append("[]")
    return steps
