"""The call of AWS' API that makes a resource, and what of the resource goes into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, cast

from botocore import xform_name
from botocore.model import ListShape, MapShape, Shape, StructureShape

from nexus.policy.aws.model import input_shape
from nexus.pulumi.resource import mapping, sequence

Inputs = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call, in botocore's names. Inputs go to the member of the same name, in any capitals.

    Args:
        renamed: the member that an input goes to, where it is called otherwise; with a dot, one
            of a structure in it.
        apart: inputs that this call does not take: other calls do, or the provider itself, as it
            does every `region`.
        kind: of the resource, where tags are given by it, as EC2 wants them.
        also: members that no single input is.
    """

    service: str = field(kw_only=False)
    operation: str = field(kw_only=False)
    renamed: Mapping[str, str] = field(default_factory=dict[str, str])
    apart: Set[str] = frozenset()
    kind: str = ""
    also: Callable[[Inputs], Mapping[str, Any]] = lambda _: {}

    @property
    def shape(self) -> StructureShape:
        """What the operation takes."""
        return input_shape(self.service, self.operation)

    @property
    def method(self) -> str:
        """Name of the operation in boto3."""
        return xform_name(self.operation)

    def arguments(self, inputs: Inputs) -> dict[str, Any]:
        """The call's arguments, from the inputs of a resource."""
        made: dict[str, Any] = {}
        for name, value in inputs.items():
            path = self.member(name)
            if value is not None and path is not None:
                _put(made, self.shape, path.split("."), value)
        if self.kind:
            tags = _tags(mapping(inputs.get("tags")))
            made["TagSpecifications"] = [{"ResourceType": self.kind, "Tags": tags}]
        return {**made, **self.also(inputs)}

    def member(self, name: str) -> str | None:
        """Path of the member that the input `name` goes to; None for one that has none."""
        if self._is_apart(name):
            return None
        return self.renamed.get(name) or _member(self.shape, name)

    def left_over(self, inputs: Inputs) -> Iterator[str]:
        """Inputs that no part of this call says anything of."""
        return (n for n in inputs if not self._is_apart(n) and self.member(n) is None)

    def _is_apart(self, name: str) -> bool:
        is_tag = bool(self.kind) and name == "tags"
        return is_tag or name in self.apart or name == "region" or name.startswith("__")


def inside(member: str, *names: str) -> Mapping[str, str]:
    """Inputs that go to the members of their names, with a capital, in the structure `member`."""
    return {name: f"{member}.{name[0].upper()}{name[1:]}" for name in names}


def _put(made: dict[str, Any], shape: Shape, path: Sequence[str], value: Any) -> None:
    """Write a value to its place, in a structure that is made where it is not there."""
    name, *rest = path
    below = cast("StructureShape", shape).members[name]
    if rest:
        _put(made.setdefault(name, {}), below, rest, value)
    else:
        made[name] = shaped(value, below)


def shaped(value: Any, shape: Shape) -> Any:
    """`value` with the names, lists and structures of a shape; scalars stay as they are."""
    if isinstance(shape, StructureShape):
        return _structure(value, shape)
    if isinstance(shape, ListShape):
        if isinstance(value, Mapping) and _is_tag(shape.member):
            return _tags(
                mapping(cast("object", value)), *cast("StructureShape", shape.member).members
            )
        items = sequence(value) if isinstance(value, list) else [value]
        return [shaped(each, shape.member) for each in items]
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        pairs = mapping(cast("object", value))
        return {key: shaped(each, shape.value) for key, each in pairs.items()}
    # Terraform writes a truth value that may be unset as text.
    return {"true": True, "false": False}.get(value, value) if _is_truth(value, shape) else value


def _is_truth(value: Any, shape: Shape) -> bool:
    return shape.type_name == "boolean" and isinstance(value, str)


def _structure(value: Any, shape: StructureShape) -> Any:
    if isinstance(value, list):
        items = cast("list[Any]", value)
        if {"Quantity", "Items"} <= set(shape.members):
            # CloudFront's way to write a list.
            return {"Quantity": len(items), "Items": shaped(items, shape.members["Items"])}
        if len(items) != 1:
            return items
        value = items[0]
    if not isinstance(value, Mapping):
        return value
    pairs = mapping(cast("object", value))
    made: dict[str, Any] = {}
    for name, each in pairs.items():
        member = _member(shape, name)
        if each is not None:
            made[member or name] = shaped(each, shape.members[member]) if member else each
    return made


def _member(shape: StructureShape, name: str) -> str | None:
    """The member with this name, whatever its capitals; Pulumi's plural stands for a singular."""
    names = {each.casefold(): each for each in shape.members}
    folded = name.casefold()
    return names.get(folded) or names.get(folded.removesuffix("s")) or names.get(f"{folded}s")


def _is_tag(shape: Shape) -> bool:
    return isinstance(shape, StructureShape) and set(shape.members) in (
        {"Key", "Value"},
        {"TagKey", "TagValue"},
    )


def _tags(tags: Mapping[str, Any], key: str = "Key", value: str = "Value") -> list[dict[str, Any]]:
    return [{key: name, value: each} for name, each in tags.items()]
