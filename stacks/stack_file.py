"""Reads `Pulumi.yaml` and `Pulumi.<stack>.yaml` for runs without the Pulumi command line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from catalog import InputError, Problem
from catalog.document import At, Document, read_document
from catalog.project_file import (
    NAME,
    Declared,
    Items,
    Kind,
    declared,
    read_project_file,
    stack_names,
)
from catalog.validation import validated
from stacks.configuration import namespaces

PLACEHOLDER = "placeholder"
"""Value of every encrypted setting: only real runs decrypt."""


class _StackFile(BaseModel):
    """Further keys (secrets provider, encryption salt) are the Pulumi command line's own."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    config: dict[str, Any] = {}


@dataclass(frozen=True, kw_only=True)
class StackFile:
    """Name and configuration of a stack.

    Args:
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
        return self.config.get(self._key(name))

    def keys_of(self, name: str) -> tuple[str, ...]:
        """Keys of the project's own setting `name`, if that is a mapping."""
        try:
            value = json.loads(self.setting(name) or "{}")
        except ValueError:
            return ()
        return tuple(value) if isinstance(value, dict) else ()

    def with_setting(self, name: str, value: str) -> StackFile:
        """The same stack with another value for one of the project's own settings."""
        return replace(self, config={**self.config, self._key(name): value})

    def _key(self, name: str) -> str:
        keys = [f"{namespace}:{name}" for namespace in namespaces(self.project)]
        return next((key for key in keys if key in self.config), keys[0])


def stack_file(project: Path, stack: str) -> str:
    """Path of the file of `stack`, relative to the project in folder `project`.

    Raises:
        InputError: what is wrong with `Pulumi.yaml`.
    """
    return str(Path(read_project_file(project).content.folder, f"Pulumi.{stack}.yaml"))


def read_stack_file(project: Path, stack: str) -> StackFile:
    """Configuration of `stack` in the project in folder `project`.

    Raises:
        InputError: what is wrong with either file; which stacks there are.
    """
    shared = read_project_file(project)
    name = shared.content.name
    file = stack_file(project, stack)
    if not (project / file).exists():
        listed = ", ".join(stack_names(project)) or "none yet"
        message = f"there is no stack '{stack}' (stacks here: {listed}); create the file."
        raise InputError([Problem(file, message)])
    document = read_document(project / file, file)
    own = {
        key if ":" in key else f"{name}:{key}": value
        for key, value in _filled(document, validated(document, _StackFile).config).items()
    }
    of_all = declared(shared)
    problems = [*_misfits(of_all, own)]
    if problems:
        raise InputError([Problem(file, message) for message in problems])
    values = {**{key: each.given for key, each in of_all.items()}, **own}
    values = {key: value for key, value in values.items() if value is not None}
    encrypted = {
        key: tuple(_encrypted(value, (key.partition(":")[2],))) for key, value in own.items()
    }
    config = {key: _without_secrets(value) for key, value in values.items()}
    return StackFile(
        project=name,
        stack=stack,
        config={k: v if isinstance(v, str) else json.dumps(v) for k, v in config.items()},
        secret_keys=tuple(sorted(key for key, places in encrypted.items() if places)),
        encrypted=tuple(
            at
            for key, places in encrypted.items()
            if key.partition(":")[0] in namespaces(name)
            for at in places
        ),
    )


def _filled(document: Document, config: dict[str, Any]) -> dict[str, Any]:
    """`config` itself; refuses what is empty.

    The command line makes empty text of it, and says that it will be null one day.
    """
    empty = [key for key, value in config.items() if value is None]
    if empty:
        raise InputError(
            [
                document.problem(
                    f"setting '{key}' is empty; give it a value, or remove it.", ("config", key)
                )
                for key in empty
            ]
        )
    return config


def _misfits(of_all: Mapping[str, Declared], own: Mapping[str, Any]) -> Iterator[str]:
    """What the command line refuses: a stack's settings against the project's declarations."""
    for key, each in of_all.items():
        value = own.get(key, each.given)
        if value is None:
            yield (
                f"setting '{key}' is missing; {NAME} asks every stack for it: give it a value, or "
                "a default there."
            )
        elif each.type and each.secret and not _is_encrypted(value):
            yield (
                f"setting '{key}' is a secret of the project ({NAME}); run: "
                f"pulumi config set --secret {key}"
            )
        elif each.type and not _is_a(each.type, each.items, _handed_over(value)):
            yield f"setting '{key}' is of type {each.type} in {NAME}; write such a value."


def _handed_over(value: Any) -> Any:
    """A setting's value as the command line compares it: text, unless it has parts."""
    value = _without_secrets(value)
    return value if isinstance(value, (str, dict, list)) else json.dumps(value)


def _is_a(kind: Kind, items: Items | None, value: Any) -> bool:
    """Whether the command line takes the value for one of that type."""
    match kind:
        case "string":
            return isinstance(value, str)
        case "integer":
            whole = isinstance(value, float) and value.is_integer()
            number = isinstance(value, int) and not isinstance(value, bool)
            text = isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]+", value) is not None
            return whole or number or text
        case "boolean":
            return isinstance(value, bool) or value in {"true", "false"}
        case "object":
            return isinstance(value, dict)
        case "array":
            return (
                isinstance(value, list)
                and items is not None
                and all(_is_a(items.type, items.items, item) for item in value)
            )


def encrypted_settings(project: Path, stack: str) -> tuple[At, ...]:
    """Places of the encrypted values in the stack's file; none if the settings are elsewhere.

    The command line tells a program which settings hold a secret, not where in them it is.

    Raises:
        InputError: what is wrong with the file.
    """
    there = (project / stack_file(project, stack)).exists()
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
