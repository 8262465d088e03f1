"""Property values as they travel between the engine and a provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from google.protobuf.struct_pb2 import NULL_VALUE, Struct, Value

from nexus.pulumi.resource import child_path

# Pulumi marks special values by these keys and strings; they are part of the wire protocol. The
# SDK has them too (pulumi.runtime.rpc, which a test compares), but what compares strangers' plans
# and the policies do without it.
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"
REFERENCE_SIGNATURE = "5cf8f73096256a8f31e491e813e4eb8e"
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

HIDDEN = "[secret]"
"""What people read in place of every secret value."""

NOT_KNOWN = "[unknown]"
"""What they read in place of a value that only a real run will know."""


class Unknown(Enum):
    """A value that only a real run will know; its one member is `UNKNOWN`."""

    TOKEN = UNKNOWN_TEXT


UNKNOWN = Unknown.TOKEN


@dataclass(frozen=True)
class Secret:
    """A value that the engine must encrypt in its state and hide in its output."""

    value: Property

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"


Property: TypeAlias = (
    bool | int | float | str | Unknown | Secret | list["Property"] | dict[str, "Property"] | None
)
Properties: TypeAlias = dict[str, Property]


def read(struct: Struct) -> Properties:
    """Return the properties of a message; whole numbers become ints, nulls disappear."""
    return {key: _read(value) for key, value in struct.fields.items() if not _is_null(value)}


def write(properties: Mapping[str, Property]) -> Struct:
    """Return the message that stands for `properties`; nulls disappear."""
    struct = Struct()
    for key, value in properties.items():
        if value is not None:
            _write(value, struct.fields[key])
    return struct


def plain(value: Property) -> Property:
    """Return `value` with every secret opened; unknowns stay."""
    match value:
        case Secret():
            return plain(value.value)
        case list():
            return [plain(item) for item in value]
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case _:
            return value


def redacted(properties: Struct) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Properties as plain data with every secret replaced, and the sorted paths of those.

    Keys of a secret mapping stay: a pod names them to mount them. A resource is its URN.
    """
    secrets: list[str] = []
    whole = Value(struct_value=properties)
    return _redacted(whole, "", secrets, hidden=False), tuple(sorted(secrets))


def has_unknown(value: Property) -> bool:
    """Return whether any part of `value`, inside secrets too, is unknown."""
    match value:
        case Unknown():
            return True
        case Secret():
            return has_unknown(value.value)
        case list():
            return any(has_unknown(item) for item in value)
        case dict():
            return any(has_unknown(item) for item in value.values())
        case _:
            return False


def table(value: Property) -> Properties:
    """Return `value` if it is a mapping (a secret one is opened), else an empty mapping."""
    opened = value.value if isinstance(value, Secret) else value
    return opened if isinstance(opened, dict) else {}


def text(value: object) -> str:
    """Return `value` if it is a known string, else an empty one."""
    opened = value.value if isinstance(value, Secret) else value
    return opened if isinstance(opened, str) else ""


def _redacted(value: Value, path: str, secrets: list[str], *, hidden: bool) -> Any:
    match value.WhichOneof("kind"):
        case "struct_value":
            fields = value.struct_value.fields
            signature = fields[SIGNATURE].string_value if SIGNATURE in fields else ""
            if signature == SECRET_SIGNATURE or (signature and hidden):
                return _redacted(fields["value"], path, secrets, hidden=True)
            if signature == REFERENCE_SIGNATURE:
                return fields["urn"].string_value
            return {
                key: _redacted(fields[key], child_path(path, key), secrets, hidden=hidden)
                for key in sorted(fields)
            }
        case "list_value":
            return [
                _redacted(item, child_path(path, index), secrets, hidden=hidden)
                for index, item in enumerate(value.list_value.values)
            ]
        case _ if hidden:
            secrets.append(path)
            return HIDDEN
        case _:
            return _read(value)


def _is_null(value: Value) -> bool:
    return value.WhichOneof("kind") in (None, "null_value")


def _read(value: Value) -> Property:
    kind = value.WhichOneof("kind")
    return None if kind is None else _READERS[kind](value)


def _read_struct(value: Value) -> Property:
    fields = read(value.struct_value)
    return Secret(fields.get("value")) if fields.get(SIGNATURE) == SECRET_SIGNATURE else fields


def _read_text(value: Value) -> Property:
    return UNKNOWN if value.string_value == UNKNOWN_TEXT else value.string_value


def _read_number(value: Value) -> Property:
    number = value.number_value
    return int(number) if number.is_integer() else number


_READERS: Mapping[str, Callable[[Value], Property]] = {
    "null_value": lambda _: None,
    "bool_value": lambda value: value.bool_value,
    "number_value": _read_number,
    "string_value": _read_text,
    "list_value": lambda value: [_read(item) for item in value.list_value.values],
    "struct_value": _read_struct,
}


def _write(value: Property, into: Value) -> None:
    match value:
        case None:
            into.null_value = NULL_VALUE
        case bool():
            into.bool_value = value
        case int() | float():
            into.number_value = value
        case str():
            into.string_value = value
        case Unknown():
            into.string_value = UNKNOWN_TEXT
        case Secret():
            fields = into.struct_value.fields
            fields[SIGNATURE].string_value = SECRET_SIGNATURE
            _write(value.value, fields["value"])
        case list():
            into.list_value.SetInParent()
            for item in value:
                _write(item, into.list_value.values.add())
        case dict():
            into.struct_value.CopyFrom(write(value))
