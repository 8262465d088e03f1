"""A value held against a shape of a service model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, cast

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape

from nexus.pulumi import wire

HIDDEN = (wire.HIDDEN, wire.NOT_KNOWN)
"""What stands in a plan or preview for a value that is not to be seen, or not known yet."""

_CLASSES = {r"\p{L}": r"\w", r"\p{N}": r"\d", r"\p{Z}": "\u0020\u00a0\u2000-\u200a\u202f\u3000"}
"""Java's classes of characters, in Python's words: letters, numbers, spaces."""

_NUMBERS = ("integer", "long", "float", "double")
_LONGEST_SHOWN = 60


@cache
def input_shape(service: str, operation: str) -> StructureShape:
    """What an operation takes.

    Args:
        service: as botocore calls it, such as `elbv2`.
        operation: as the service does, such as `CreateLoadBalancer`.
    """
    shape = _service(service).operation_model(operation).input_shape
    if shape is None:
        raise ValueError(f"{operation} of {service} takes nothing; correct the table of calls.")
    return shape


@cache
def _service(name: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


def faults(value: object, shape: Shape, path: str) -> Iterator[str]:
    """What a service refuses in a value: the place and what is wrong with it, a phrase each.

    Parts that are hidden are taken for right.
    """
    if isinstance(value, str) and any(hidden in value for hidden in HIDDEN):
        return
    if isinstance(shape, StructureShape):
        yield from _structure(value, shape, path)
    elif isinstance(shape, ListShape):
        yield from _list(value, shape, path)
    elif isinstance(shape, MapShape):
        yield from _map(value, shape, path)
    elif isinstance(shape, StringShape):
        yield from _string(value, shape, path)
    elif shape.type_name == "boolean" and not isinstance(value, bool):
        yield f"{path} is {_shown(value)}, which is not true or false"
    elif shape.type_name in _NUMBERS:
        yield from _number(value, shape, path)


def _structure(value: object, shape: StructureShape, path: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{path} is {_shown(value)}, which is not a structure"
        return
    given = cast("Mapping[str, object]", value)
    for name in shape.required_members:
        if given.get(name) is None:
            yield f"{_below(path, name)} is missing"
    for name, each in given.items():
        if name not in shape.members:
            yield f"{_below(path, name)} is not known to the service"
        elif each is not None:
            yield from faults(each, shape.members[name], _below(path, name))


def _list(value: object, shape: ListShape, path: str) -> Iterator[str]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        yield f"{path} is {_shown(value)}, which is not a list"
        return
    items = cast("Sequence[object]", value)
    yield from _size(len(items), shape, path, "items")
    for number, each in enumerate(items):
        yield from faults(each, shape.member, f"{path}[{number}]")


def _map(value: object, shape: MapShape, path: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{path} is {_shown(value)}, which is not a mapping"
        return
    pairs = cast("Mapping[str, object]", value)
    yield from _size(len(pairs), shape, path, "entries")
    for key, each in pairs.items():
        yield from faults(key, shape.key, f"{path}: the name '{key}'")
        yield from faults(each, shape.value, _below(path, key))


def _string(value: object, shape: StringShape, path: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{path} is {_shown(value)}, which is not text"
        return
    yield from _size(len(value), shape, path, "characters")
    if shape.enum and value not in shape.enum:
        yield f"{path} is {_shown(value)}, which is not among {', '.join(sorted(shape.enum))}"
    pattern = shape.metadata.get("pattern")
    if pattern and not expression(pattern).fullmatch(value):
        yield f"{path} is {_shown(value)}, which does not match {pattern}"


def _number(value: object, shape: Shape, path: str) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        yield f"{path} is {_shown(value)}, which is not a number"
        return
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and value < least:
        yield f"{path} is {value}, at least {least} is allowed"
    if most is not None and value > most:
        yield f"{path} is {value}, at most {most} is allowed"


def _size(size: int, shape: Shape, path: str, what: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield f"{path} has {size} {what}, at least {least} are needed"
    if most is not None and size > most:
        yield f"{path} has {size} {what}, at most {most} are allowed"


@cache
def expression(pattern: str) -> re.Pattern[str]:
    """A pattern of a service model, which is written for Java, as one of Python."""
    for theirs, ours in _CLASSES.items():
        pattern = pattern.replace(theirs, ours)
    return re.compile(pattern.replace(r"\w-_", r"\w\-_"), re.DOTALL)


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _shown(value: object) -> str:
    text: Any = value if isinstance(value, str) else repr(value)
    return f"'{text}'" if len(text) <= _LONGEST_SHOWN else f"'{text[:_LONGEST_SHOWN]}…'"
