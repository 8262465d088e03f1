"""Reads `Pulumi.yaml` and `Pulumi.<stack>.yaml` for runs without the Pulumi command line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from catalog import CatalogError, Problem
from catalog.document import read_document
from catalog.place import At
from catalog.shape import shaped

PLACEHOLDER = "placeholder"
"""Value of every encrypted setting: only real runs decrypt."""


class _ProjectFile(BaseModel):
    """Further keys (runtime, description) are the Pulumi command line's own."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    name: str = Field(min_length=1)


class _StackFile(BaseModel):
    """Further keys (secrets provider, encryption salt) are the Pulumi command line's own."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    config: dict[str, Any] = {}


@dataclass(frozen=True, kw_only=True)
class StackFile:
    """Name and configuration of a stack.

    Args:
        project: name of the project.
        stack: name of the stack.
        config: every setting as text, objects as JSON, as Pulumi hands it to a program.
        secret_keys: keys whose values are encrypted in the file, sorted.
        encrypted: places of the encrypted values in the project's own settings, each
            from the setting's name on.
    """

    project: str
    stack: str
    config: Mapping[str, str]
    secret_keys: tuple[str, ...]
    encrypted: tuple[At, ...] = ()

    @property
    def plain(self) -> Mapping[str, str]:
        """Settings without the encrypted ones."""
        return {k: v for k, v in self.config.items() if k not in self.secret_keys}

    @property
    def secret(self) -> Mapping[str, str]:
        """Encrypted settings, with placeholders in place of their values."""
        return {key: self.config[key] for key in self.secret_keys}

    def setting(self, name: str) -> str | None:
        """Value of the project's own setting `name`; None if it is not set."""
        return self.config.get(f"{self.project}:{name}")

    def with_setting(self, name: str, value: str) -> StackFile:
        """The same stack with another value for one of the project's own settings."""
        return replace(self, config={**self.config, f"{self.project}:{name}": value})


def read_project_name(project: Path) -> str:
    """Name of the project in folder `project`.

    Raises:
        CatalogError: what is wrong with its file.
    """
    return shaped(read_document(project / "Pulumi.yaml", "Pulumi.yaml"), _ProjectFile).name


def read_stack_file(project: Path, stack: str) -> StackFile:
    """Configuration of `stack` in the project in folder `project`.

    Raises:
        CatalogError: what is wrong with either file; which stacks there are.
    """
    name = read_project_name(project)
    file = f"Pulumi.{stack}.yaml"
    if not (project / file).exists():
        stacks = sorted(p.name.split(".")[1] for p in project.glob("Pulumi.*.yaml"))
        listed = ", ".join(stacks) or "none yet"
        message = f"there is no stack '{stack}' (stacks here: {listed}); create the file."
        raise CatalogError([Problem(file, message)])
    document = read_document(project / file, file)
    content = shaped(document, _StackFile)
    empty = [key for key, value in content.config.items() if value is None]
    if empty:
        # The command line makes empty text of it, and says that it will be null one day.
        raise CatalogError(
            [
                document.problem(
                    f"setting '{key}' is empty; give it a value, or remove it.", ("config", key)
                )
                for key in empty
            ]
        )
    config: dict[str, str] = {}
    encrypted: dict[str, tuple[At, ...]] = {}
    for key, value in content.config.items():
        full = key if ":" in key else f"{name}:{key}"
        encrypted[full] = tuple(_encrypted(value, (full.partition(":")[2],)))
        plain = _without_secrets(value)
        config[full] = plain if isinstance(plain, str) else json.dumps(plain)
    return StackFile(
        project=name,
        stack=stack,
        config=config,
        secret_keys=tuple(sorted(key for key, places in encrypted.items() if places)),
        encrypted=tuple(
            at
            for key, places in encrypted.items()
            if key.partition(":")[0] == name
            for at in places
        ),
    )


def encrypted_settings(project: Path, stack: str) -> tuple[At, ...]:
    """Places of the encrypted values in the stack's file; none if the settings are elsewhere.

    The command line tells a program which settings hold a secret, not where in them it is.

    Raises:
        CatalogError: what is wrong with the file.
    """
    there = (project / f"Pulumi.{stack}.yaml").exists()
    return read_stack_file(project, stack).encrypted if there else ()


def _is_encrypted(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"secure"}


def _encrypted(value: Any, at: At) -> Iterator[At]:
    """Places of every `secure:` in the value at `at`."""
    if _is_encrypted(value):
        yield at
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _encrypted(part, (*at, str(key)))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _encrypted(part, (*at, index))


def _without_secrets(value: Any) -> Any:
    """`value` with a placeholder for every `secure:` in it."""
    if _is_encrypted(value):
        return PLACEHOLDER
    if isinstance(value, dict):
        return {key: _without_secrets(part) for key, part in value.items()}
    return [_without_secrets(part) for part in value] if isinstance(value, list) else value
