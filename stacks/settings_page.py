"""The page that lists every setting, made from the settings themselves."""

from __future__ import annotations

from typing import Any

from stacks.requirements import BEHIND_CLOUDFLARE, IN_AWS
from stacks.settings import PROJECT, Settings, shown


def _listed(keys: tuple[str, ...]) -> str:
    return ", ".join(f"`{key}`" for key in keys)


_HEAD = f"""# Settings

Generated from `stacks/settings.py` by `make generate`. Settings stand in `Pulumi.<stack>.yaml`
below `config:`, each as `{PROJECT}:<name>`, however the Pulumi project is called; a name alone, to
which Pulumi gives the project's, will do. What stands below `config:` in `Pulumi.yaml` is for every
stack that says nothing itself, and `stackConfigDir` there is the folder of the stacks' files. A
wrong, missing or unknown setting stops the program with a sentence before anything is registered.

- Everywhere: what the table says must be given.
- In AWS (`environment` staging or prod) also {_listed(IN_AWS)}, `clusterAdmins` where the cluster
  is made here, and one of `externals` for every external API that a service needs.
- With Cloudflare in front also {_listed(BEHIND_CLOUDFLARE)} and the secret `cloudflareToken`.

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
    return value if isinstance(value, str) else shown(value)
