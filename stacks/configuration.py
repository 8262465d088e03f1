"""Reads the settings of the running stack. The only place that reads Pulumi's configuration."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from functools import cache
from typing import Any

from pulumi import get_project
from pulumi.runtime import config as runtime_config
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from catalog import InputError, Problem
from catalog.document import At
from catalog.validation import fields_at, is_secret, secrets_below, sentence
from stacks.setting_sentences import fields, missing, written
from stacks.settings import PROJECT, Settings

PLAIN, SECRET = "variables", "secretVariables"
"""Settings with the values of environment variables: as such, and as files."""


@cache
def _texts() -> frozenset[str]:
    """Settings whose value is text; Pulumi hands every other one over as JSON."""
    properties = Settings.model_json_schema()["properties"]
    return frozenset(
        key
        for key, field in properties.items()
        if "string" in {option.get("type") for option in (field, *field.get("anyOf", ()))}
    )


def read_settings(file: str, encrypted: Collection[At] = ()) -> Settings:
    """Settings of the running stack.

    Args:
        file: path of its file, relative to the project.
        encrypted: places of the encrypted values in that.

    Raises:
        InputError: one problem per wrong, missing or unknown setting, each with
            the YAML to write into the file.
    """
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    configuration = _configuration(file)
    secret = [
        key
        for key in configuration
        for namespace in namespaces(get_project())
        if runtime_config.is_config_secret(f"{namespace}:{key}")
    ]
    unkept = [*_unkept_secrets(encrypted, secret)]
    if unkept:
        # Before anything is read, so that no other message repeats them.
        raise InputError([Problem(file, message) for message in unkept])
    for key, text in sorted(configuration.items()):
        values[key] = text
        if key in fields() and key not in _texts():
            try:
                values[key] = json.loads(text)
            except ValueError:
                message = f"setting '{PROJECT}:{key}' is no {_kind(key)}; {written(key)}"
                problems.append(Problem(file, message))
                values.pop(key)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        details = error.errors(include_url=False)
        problems += [Problem(file, _sentence(detail)) for detail in details]
        raise InputError(problems) from error
    if problems:
        raise InputError(problems)
    return settings


def namespaces(project: str) -> tuple[str, ...]:
    """What stands before the colon of a setting's key: our own, or the name of the project.

    Pulumi gives the project's name to a key without a namespace.
    """
    return tuple(dict.fromkeys((PROJECT, project)))


def _configuration(file: str) -> dict[str, str]:
    """All settings of this program: the running one's, else those of its environment."""
    values = {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for namespace in namespaces(get_project()):
        prefix = f"{namespace}:"
        for full, text in sorted(values.items()):
            key = full.removeprefix(prefix)
            if key != full and key in found:
                message = f"setting '{full}' stands there as '{PROJECT}:{key}' too; remove one."
                problems.append(Problem(file, message))
            elif key != full:
                found[key] = text
    if problems:
        raise InputError(problems)
    return found


def _kind(key: str) -> str:
    default = fields()[key].default
    kinds = {bool: "truth value", int: "number", tuple: "list"}
    return kinds.get(type(default), "mapping")


def _sentence(detail: ErrorDetails) -> str:
    key = str(detail["loc"][0])
    place = f"setting '{PROJECT}:{'.'.join(str(part) for part in detail['loc'])}'"
    if detail["type"] == "missing":
        return missing(key) if len(detail["loc"]) == 1 else f"{place} is missing; {written(key)}"
    if is_secret(Settings, detail["loc"]):
        path = place.removeprefix("setting ")
        return f"{place} is not text; run: pulumi config set --secret --path {path}"
    if any(secrets_below(Settings, detail["loc"])):
        return f"{place} is not a mapping; {written(key)}"
    given = detail["input"]
    if detail["type"] == "string_type" and isinstance(given, (bool, int, float)):
        path = place.removeprefix("setting ")
        return (
            f"{sentence(place, detail, ()).removesuffix('.')}, or run: pulumi config set --path "
            f"--type string {path} {json.dumps(given)}"
        )
    text = sentence(place, detail, fields_at(Settings, detail["loc"][:-1]))
    return f"{text} For example, {written(key)}" if key in fields() else text


def _unkept_secrets(encrypted: Collection[At], secret_keys: Collection[str]) -> Iterator[str]:
    """What would be deployed in the clear though it is encrypted, a sentence each."""
    known = fields_at(Settings, ())
    for at in encrypted:
        if at[0] in known and not is_secret(Settings, at):
            yield _unkept(at)
    for key in sorted(set(secret_keys) - {at[0] for at in encrypted}):
        if key in known and not any(secrets_below(Settings, (key,))):
            yield _unkept((key,))


def _unkept(at: At) -> str:
    place = _path(at)
    if at[0] == PLAIN:
        named = (*at[1:], *("<service>", "<VARIABLE>")[len(at) - 1 :])
        return (
            f"setting '{place}' is encrypted, but the values of variables stand in the clear in "
            f"the cluster and in the state; run: pulumi config rm --path '{place}', then: pulumi "
            f"config set --secret --path '{_path((SECRET, *named))}'"
        )
    below = [_path(each) for each in secrets_below(Settings, at)]
    if below:
        return (
            f"setting '{place}' is encrypted as a whole, but most of it stands in the clear in "
            "what is deployed; write it as plain text, and for the rest run: pulumi config set "
            f"--secret --path '{below[0]}'"
        )
    return (
        f"setting '{place}' is encrypted, but what it says stands in the clear in what is "
        "deployed and in the state; write it as plain text."
    )


def _path(at: At) -> str:
    """A place as the command line's option `--path` wants it."""
    return f"{PROJECT}:" + "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in at
    ).removeprefix(".")
