"""The settings of a stack, copied for a rehearsal with a placeholder for every secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import yaml

PLACEHOLDER = "rehearsal-placeholder"
"""What a secret setting reads in a rehearsal; only real runs demand real ones."""


class SettingsError(Exception):
    """A settings file is missing or unreadable; the text says which and what to write."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What `rehearse` needs of the project's files.

    Args:
        project: the project's name.
        config: plain settings by full key (`project:name`), values as in YAML.
        secret_config: placeholders by full key; a dot leads into a structured setting.
    """

    project: str
    config: Mapping[str, object]
    secret_config: Mapping[str, str]


def read_settings(directory: Path, stack: str) -> Settings:
    """Read Pulumi.yaml and Pulumi.<stack>.yaml; nothing is written.

    Raises:
        SettingsError: one of them is missing, unreadable, not YAML or of the wrong shape.
    """
    project_file = _mapping(directory / "Pulumi.yaml")
    stack_file = _mapping(directory / f"Pulumi.{stack}.yaml")
    project = project_file.get("name")
    if not isinstance(project, str) or not project:
        raise SettingsError(
            f"{directory / 'Pulumi.yaml'}: there is no project name; write `name: nexus-cos`."
        )
    merged = {
        **{key: _default(value) for key, value in _config(project_file, directory / "Pulumi.yaml")},
        **dict(_config(stack_file, directory / f"Pulumi.{stack}.yaml")),
    }
    full = {key if ":" in key else f"{project}:{key}": value for key, value in merged.items()}
    return Settings(
        project=project,
        config={key: _without_secrets(value) for key, value in full.items() if not _secret(value)},
        secret_config={
            path: PLACEHOLDER for key, value in full.items() for path in _secret_paths(key, value)
        },
    )


def _mapping(path: Path) -> dict[str, object]:
    try:
        content: object = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(
            f"{path} does not exist; a rehearsal needs the settings of a stack, so create it or "
            "name another stack."
        ) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise SettingsError(f"{path} cannot be read as YAML: {reason}.") from error
    if not isinstance(content, dict):
        raise SettingsError(f"{path} must be a mapping with at least a `config:` key.")
    return cast("dict[str, object]", content)


def _config(content: Mapping[str, object], path: Path) -> Iterator[tuple[str, object]]:
    config: object = content.get("config") or {}
    if not isinstance(config, dict):
        raise SettingsError(f"{path}: `config` must be a mapping from setting to value.")
    yield from cast("dict[str, object]", config).items()


def _default(value: object) -> object:
    """A project's setting may be a value, or a mapping that declares its type and default."""
    if not isinstance(value, dict):
        return value
    declared = cast("dict[str, object]", value)
    return declared.get("value", declared.get("default"))


def _secret(value: object) -> bool:
    return isinstance(value, dict) and set(cast("dict[str, object]", value)) == {"secure"}


def _without_secrets(value: object) -> object:
    if isinstance(value, dict):
        items = cast("dict[str, object]", value).items()
        return {key: _without_secrets(item) for key, item in items if not _secret(item)}
    if isinstance(value, list):
        items_of_list = cast("list[object]", value)
        return [PLACEHOLDER if _secret(item) else _without_secrets(item) for item in items_of_list]
    return value


def _secret_paths(path: str, value: object) -> Iterator[str]:
    if _secret(value):
        yield path
    elif isinstance(value, dict):
        for key, item in cast("dict[str, object]", value).items():
            yield from _secret_paths(f"{path}.{key}", item)
