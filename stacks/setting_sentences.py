"""What is said of a setting: its text in a file, and what to write where it is missing."""

from __future__ import annotations

import json

from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from catalog.validation import is_secret
from components.context import PROJECT
from stacks.settings import Settings


def fields() -> dict[str, FieldInfo]:
    """The settings' fields by their key in the file."""
    return {to_camel(name): field for name, field in Settings.model_fields.items()}


def demands(kind: type[Settings], base: type[Settings]) -> tuple[str, ...]:
    """Keys that `kind` demands and `base` does not, in the order of the fields."""

    def required(of: type[Settings]) -> set[str]:
        return {to_camel(name) for name, field in of.model_fields.items() if field.is_required()}

    return tuple(key for key in fields() if key in required(kind) - required(base))


def shown(value: object) -> str:
    """A value as it stands in a stack's file."""
    return json.dumps(value, ensure_ascii=False)


def written(key: str) -> str:
    """The YAML to write for the setting `key`: its first example, or its default."""
    field = fields()[key]
    value = field.examples[0] if field.examples else field.default
    return f"write:\nconfig:\n  {PROJECT}:{key}: {shown(value)}  # {field.description}"


def missing(key: str) -> str:
    """The sentence for the setting `key` where it is not there, with the YAML or the command."""
    way_out = written(key)
    if is_secret(Settings, (key,)):
        way_out = f"run: pulumi config set --secret {PROJECT}:{key}"
    return f"setting '{PROJECT}:{key}' is missing; {way_out}"
