"""Whether a change of properties replaces the object: one answer for plans and for rehearsals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nexus.pulumi.immutable import (
    ALWAYS,
    CONDITIONAL,
    EVERY_AWS_TYPE,
    KUBERNETES,
    KUBERNETES_CONTENT,
    KUBERNETES_IDENTITY,
    KUBERNETES_REFUSED,
    MUTABLE_CONTENT,
    PROVIDERS,
    RELEASE,
    cloud_paths,
)
from nexus.pulumi.resource import HELM_RELEASE

Inputs = Mapping[str, Any]

_KUBERNETES = "kubernetes:"


@dataclass(frozen=True, kw_only=True)
class Immutable:
    """What of one object cannot be changed in place.

    Args:
        paths: such as `spec.selector`; `[]` in them stands for any element of a list, and `*`
            alone for every property.
        gone_holds_all: whether the provider takes a value that goes for one that holds every
            path below it. That of Kubernetes looks for its paths in a merge patch, in which
            what goes is null; the others compare the old value.
    """

    paths: tuple[str, ...]
    gone_holds_all: bool = False

    def replaces(self, steps: Sequence[str | int], old: object, new: object) -> bool:
        """Whether a change makes a new object: at or below a path, or of a value that holds one.

        Args:
            steps: keys and positions down to what changed.
            old: what was there; None for nothing.
            new: what is wanted there; None for nothing, and what is neither text, number, list
                nor mapping for a value that nobody knows yet, which may hold every path.
        """
        place = tuple("[]" if isinstance(step, int) else step for step in steps)
        values = (new,) if self.gone_holds_all else (old, new)
        known = [each for each in values if each is not None or self.gone_holds_all]
        return any(
            path == ("*",)
            or place[: len(path)] == path
            or (
                path[: len(place)] == place
                and any(_holds(value, path[len(place) :]) for value in known)
            )
            for path in map(tuple, map(_split, self.paths))
        )


def immutable(type_: str, old: Inputs, new: Inputs, settings: Inputs) -> Immutable:
    """What of an object cannot be changed in place.

    Args:
        type_: Pulumi's type, such as `kubernetes:apps/v1:Deployment`.
        old: its inputs as they were.
        new: its inputs as they are wanted, secrets opened or hidden.
        settings: inputs of its provider.
    """
    if type_.startswith(ALWAYS):
        return Immutable(paths=("*",))
    if type_.startswith(_KUBERNETES):
        return Immutable(paths=tuple(_kubernetes(type_, new, settings)), gone_holds_all=True)
    return Immutable(
        paths=(
            *PROVIDERS.get(type_, ()),
            *cloud_paths().get(type_, ()),
            *(each.path for each in CONDITIONAL.get(type_, ()) if each.when(old, new)),
            *((EVERY_AWS_TYPE,) if type_.startswith("aws:") else ()),
        )
    )


def is_known(type_: str) -> bool:
    """Whether it is known what replaces a resource of this type; a component has no provider."""
    others = (_KUBERNETES, *ALWAYS, "nexus:", "pulumi:")
    return type_.startswith(others) or type_ in cloud_paths()


def refused(type_: str) -> Immutable:
    """What of a Kubernetes object the API server refuses to change, though nothing replaces it."""
    return Immutable(paths=KUBERNETES_REFUSED.get(_group_kind(type_), ()))


def _kubernetes(type_: str, new: Inputs, settings: Inputs) -> tuple[str, ...]:
    if type_ == HELM_RELEASE:
        return RELEASE
    group, kind = _group_kind(type_)
    if group == "" and kind in MUTABLE_CONTENT:
        setting, all_the_same = MUTABLE_CONTENT[kind]
        mutable = settings.get(setting) in (True, "true") and new.get("immutable") is not True
        return KUBERNETES_IDENTITY + (all_the_same if mutable else KUBERNETES_CONTENT[kind])
    return KUBERNETES_IDENTITY + KUBERNETES.get((group, kind), ())


def _group_kind(type_: str) -> tuple[str, str]:
    """API group and kind of a Kubernetes object; of anything else what no table has."""
    package, _, kind = type_.rpartition(":")
    group = package.removeprefix(_KUBERNETES).rpartition("/")[0]
    return "" if group == "core" else group, kind


def _holds(value: object, path: Sequence[str]) -> bool:
    if not path:
        return True
    if isinstance(value, list):
        return path[0] == "[]" and any(_holds(item, path[1:]) for item in value)
    if isinstance(value, dict):
        return path[0] in value and _holds(value[path[0]], path[1:])
    return not isinstance(value, str | int | float)


def _split(path: str) -> Iterator[str]:
    for part in path.split("."):
        name, bracket, _ = part.partition("[")
        yield name
        if bracket:
            yield "[]"
