"""The Kubernetes API's own schemas: what an object may hold, and how its lists are merged.

As the package kubernetes-validate brings them; whose own `validate` reads 2 MB of definitions for
every object, and a stack has hundreds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from kubernetes_validate import utils
from referencing import Registry, Resource

from nexus.pulumi.resource import property_path

KUBERNETES_VERSION = "1.36"

Table = Mapping[str, Any]

_DEFAULTS: Table = {"protocol": "TCP"}
"""Of keys of lists; the package leaves defaults out of its schemas."""


@dataclass(frozen=True, kw_only=True)
class Fragment:
    """A table inside an object.

    Args:
        path: where, as the API server writes it: `spec.ports[1]`.
        definition: the schema's name for it, without package: `ServicePort`.
    """

    path: str
    definition: str
    fields: Mapping[str, Table]
    value: Table

    def at(self, field: str) -> str:
        """The path of a field in it."""
        return f"{self.path}.{field}" if self.path else field


def validate(manifest: Table) -> None:
    """Hold an object against the schema of its kind; unknown fields are refused too.

    Raises:
        jsonschema.ValidationError: it does not fit.
        FileNotFoundError: the API has no such kind.
    """
    _validator(manifest["apiVersion"], manifest["kind"]).validate(dict(manifest))


def misfit(manifest: Table) -> str | None:
    """What in an object does not fit the schema of its kind; of an unknown kind everything fits."""
    try:
        validate(manifest)
    except FileNotFoundError:
        return None
    except ValidationError as error:
        return f"{(property_path(error.absolute_path) or 'the object')}: {error.message}"
    return None


def parts(manifest: Table) -> Iterator[Fragment]:
    """The tables inside an object that the schema of its kind has a name for, itself the first."""
    definition = _kinds().get((manifest["apiVersion"], manifest["kind"]))
    if definition is not None:
        yield from _parts(manifest, {"$ref": f"#/$defs/{definition}"}, "")


def applied(live: Table, wanted: Table) -> dict[str, Any]:
    """What becomes of `live` when somebody else than its owner applies `wanted` on the server.

    What is only in `live` stays, since it belongs to another; items of lists are the same if the
    keys are that the schema names. Of an unknown kind nothing is kept.
    """
    definition = _kinds().get((wanted["apiVersion"], wanted["kind"]))
    if definition is None:
        return dict(wanted)
    return _applied(live, wanted, {"$ref": f"#/$defs/{definition}"})


def repeated(manifest: Table) -> str | None:
    """Which two items of a list have the same keys, so that it cannot be merged, or None."""
    for part in parts(manifest):
        for field, items in part.value.items():
            schema = part.fields.get(field, {})
            keys = schema.get("x-kubernetes-list-map-keys", ())
            identities = [_identity(item, keys) for item in items] if keys else []
            for index, identity in enumerate(identities):
                if identity in identities[:index]:
                    named = zip(keys, identity, strict=True)
                    words = ",".join(f"{key}={json.dumps(value)}" for key, value in named)
                    return f".{part.at(field)}: duplicate entries for key [{words}]"
    return None


def _parts(value: Any, schema: Table, path: str) -> Iterator[Fragment]:
    schema, name = _resolved(schema)
    if isinstance(value, Mapping):
        if name:
            fields = schema.get("properties", {})
            yield Fragment(path=path, definition=name, fields=fields, value=value)
        for key, below in value.items():
            yield from _parts(below, _property(schema, key), f"{path}.{key}" if path else key)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, item in enumerate(value):
            yield from _parts(item, schema.get("items", {}), f"{path}[{index}]")


def _applied(live: Any, wanted: Any, schema: Table) -> Any:
    resolved, _ = _resolved(schema)
    if isinstance(live, Mapping) and isinstance(wanted, Mapping):
        if "atomic" in (schema.get("x-kubernetes-map-type"), resolved.get("x-kubernetes-map-type")):
            return wanted
        return {
            key: _applied(live[key], wanted[key], _property(resolved, key))
            if key in live and key in wanted
            else {**live, **wanted}[key]
            for key in {**live, **wanted}
        }
    keys = schema.get("x-kubernetes-list-map-keys")
    if isinstance(live, list) and isinstance(wanted, list) and keys:
        items = {_identity(item, keys): item for item in live}
        for item in wanted:
            identity = _identity(item, keys)
            before = items.get(identity)
            items[identity] = item if before is None else _applied(before, item, schema["items"])
        return list(items.values())
    return wanted


def _identity(item: Table, keys: Sequence[str]) -> tuple[Any, ...]:
    return tuple(item.get(key, _DEFAULTS.get(key)) for key in keys)


def _property(schema: Table, key: str) -> Table:
    return schema.get("properties", {}).get(key) or schema.get("additionalProperties") or {}


def _resolved(schema: Table) -> tuple[Table, str]:
    """A schema without reference, and the name of what it refers to."""
    reference = schema.get("$ref", "")
    if not reference:
        return schema, ""
    full = reference.rpartition("/")[2]
    return _definitions()[full], full.rpartition(".")[2]


@cache
def _kinds() -> Mapping[tuple[str, str], str]:
    """Full names of definitions by API version and kind."""
    return {
        (f"{each['group']}/{each['version']}".removeprefix("/"), each["kind"]): name
        for name, definition in _definitions().items()
        for each in definition.get("x-kubernetes-group-version-kind", ())
    }


def _definitions() -> Mapping[str, Table]:
    return _contents("_definitions.json")["$defs"]


@cache
def _validator(api_version: str, kind: str) -> Draft202012Validator:
    # As the package names its files: rbac.authorization.k8s.io/v1 is rbac-v1.
    name = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api_version)
    schema = _contents(f"{kind.lower()}-{name}.json")
    definitions = _contents("_definitions.json")
    registry: Registry[Any] = Resource.from_contents(schema) @ Registry()
    return Draft202012Validator(schema, registry=Resource.from_contents(definitions) @ registry)


@cache
def _contents(file: str) -> Any:
    version = [each for each in utils.all_versions() if each.startswith(KUBERNETES_VERSION)][-1]
    return utils.schema_contents(
        f"kubernetes-json-schema/v{version}-local-strict/{file}", KUBERNETES_VERSION
    )
