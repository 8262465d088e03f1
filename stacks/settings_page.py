"""The page that lists every setting, made from the settings themselves."""

from __future__ import annotations

import json
from typing import Any

from stacks.settings import PROJECT, Settings

_HEAD = f"""# Settings

Generated from `stacks/settings.py` by `make generate`. Settings stand in `Pulumi.<stack>.yaml`
below `config:`, each as `{PROJECT}:<name>`. Without a default a setting must be given; a wrong,
missing or unknown one stops the program with a sentence before anything is registered.

| setting | values | default | what it decides |
| --- | --- | --- | --- |
"""


def settings_page() -> str:
    """The page as Markdown."""
    schema = Settings.model_json_schema()
    required = set(schema.get("required", ()))
    rows = [
        f"| `{name}` | {_values(field)} | {_default(field, name in required)} | "
        f"{field['description']} |"
        for name, field in schema["properties"].items()
    ]
    return _HEAD + "\n".join(rows) + "\n"


def _values(field: dict[str, Any]) -> str:
    if "enum" in field or "const" in field:
        choices = field.get("enum", [field.get("const")])
        return ", ".join(f"`{choice}`" for choice in choices)
    for option in field.get("anyOf", ()):
        if "enum" in option:
            return ", ".join(f"`{choice}`" for choice in option["enum"])
    if "examples" in field:
        return f"such as `{_text(field['examples'][0])}`"
    kinds = [option.get("type") for option in field.get("anyOf", [field])]
    return " or ".join(str(kind) for kind in kinds if kind != "null")


def _default(field: dict[str, Any], required: bool) -> str:
    if required:
        return "must be given"
    return "none" if field.get("default") in (None, {}) else f"`{_text(field['default'])}`"


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
