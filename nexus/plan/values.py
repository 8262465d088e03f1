"""Property values as the engine passes them, turned into plain data without secrets."""

from __future__ import annotations

from typing import Any

from google.protobuf import struct_pb2

from nexus.pulumi.resource import child_path
from nexus.pulumi.wire import HIDDEN, REFERENCE_SIGNATURE, SECRET_SIGNATURE, SIGNATURE


def plain_values(properties: struct_pb2.Struct) -> tuple[dict[str, Any], tuple[str, ...]]:
    """`properties` as plain data, and the sorted paths of the secrets that were replaced.

    Paths are Pulumi's property paths: `spec.template`, `items[0]`, `data["a.b"]`.
    """
    secrets: list[str] = []
    values = {
        key: _plain(value, child_path("", key), secrets)
        for key, value in sorted(properties.fields.items())
    }
    return values, tuple(sorted(secrets))


def _plain(value: struct_pb2.Value, path: str, secrets: list[str]) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        fields = value.struct_value.fields
        signature = fields[SIGNATURE].string_value if SIGNATURE in fields else ""
        if signature == SECRET_SIGNATURE:
            return _hidden(fields["value"], path, secrets)
        if signature == REFERENCE_SIGNATURE:
            return fields["urn"].string_value
        return {key: _plain(fields[key], child_path(path, key), secrets) for key in sorted(fields)}
    if kind == "list_value":
        items = value.list_value.values
        return [_plain(item, child_path(path, i), secrets) for i, item in enumerate(items)]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    return {"string_value": value.string_value, "bool_value": value.bool_value}.get(kind or "")


def _hidden(value: struct_pb2.Value, path: str, secrets: list[str]) -> Any:
    """`value` with every leaf replaced. Keys stay: a pod names them to mount them."""
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        fields = value.struct_value.fields
        if SIGNATURE in fields:
            return _hidden(fields["value"], path, secrets)
        return {key: _hidden(fields[key], child_path(path, key), secrets) for key in sorted(fields)}
    if kind == "list_value":
        items = value.list_value.values
        return [_hidden(item, child_path(path, i), secrets) for i, item in enumerate(items)]
    secrets.append(path)
    return HIDDEN
