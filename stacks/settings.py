"""The settings of a stack. The only place that reads Pulumi's configuration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pulumi.runtime import config as runtime_config
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from catalog import CatalogError, Problem
from catalog.files import DNS_LABEL
from catalog.mismatch import sentence
from stacks.environment import EnvironmentName

PROJECT = "nexus-cos"

Ordering = Literal["tiers", "edges"]


def _inside_project(path: str) -> str:
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        raise ValueError("is not below the project; write a relative path without '..'.")
    return path


def _block(cidr: str) -> str:
    try:
        return str(IPv4Network(cidr) if "." in cidr else IPv6Network(cidr))
    except ValueError as error:
        raise ValueError("is no address block; write one such as '169.254.20.10/32'.") from error


class Settings(BaseModel):
    """Typed settings of one stack, each a key `nexus-cos:<name>` of `Pulumi.<stack>.yaml`."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, strict=True)

    environment: EnvironmentName = Field(
        description="column of the environment table", examples=["dev"]
    )
    release_file: Annotated[str, AfterValidator(_inside_project)] = Field(
        description="file with the version of every service, relative to the project",
        examples=["releases/dev.yaml"],
    )
    ordering: Ordering = Field(
        default="tiers",
        description="tiers: each tier waits for the one before; edges: dependencies alone decide",
    )
    kube_context: str | None = Field(
        default=None,
        description="context of the kubeconfig to deploy to; without it the current one is used",
        examples=["kind-nexus"],
    )
    namespace_prefix: Annotated[str, StringConstraints(pattern=DNS_LABEL, max_length=20)] = Field(
        default="nexus",
        description="start of every namespace; two stacks in one cluster need two prefixes",
    )
    registry: str | None = Field(
        default=None,
        description="registry and path in front of every service's own image",
        examples=["registry.example.com/nexus"],
    )
    host: str = Field(default="nexus.localhost", description="host name of the gateway's ingress")
    edge_namespace: Annotated[str, StringConstraints(pattern=DNS_LABEL, max_length=63)] = Field(
        default="ingress-nginx",
        description="namespace of the ingress controller; only it reaches the gateway from outside",
        examples=["kube-system"],
    )
    dns_resolvers: tuple[Annotated[str, AfterValidator(_block)], ...] = Field(
        default=(),
        strict=False,
        description="blocks of DNS resolvers that are no pods of the cluster's DNS: a node-local "
        "cache, or the cluster address of a resolver on the node itself",
        examples=[["169.254.20.10/32"]],
    )
    variables: Mapping[str, Mapping[str, str]] = Field(
        default={},
        description="per service, the values of the environment variables its catalog entry lists",
        examples=[{"user-auth": {"LOG_LEVEL": "info"}}],
    )
    rotations: Mapping[str, Annotated[int, Field(ge=0)]] = Field(
        default={},
        description="per service, a number; a higher one replaces the service's passwords",
        examples=[{"user-auth": 1}],
    )


_OBJECTS = frozenset({"rotations", "variables", "dnsResolvers"})
"""Settings with an object or list as value, which Pulumi hands over as JSON."""


def read_settings(stack: str) -> Settings:
    """Settings of the running stack.

    Raises:
        CatalogError: one problem per wrong, missing or unknown setting, each with
            the YAML to write into `Pulumi.<stack>.yaml`.
    """
    file = f"Pulumi.{stack}.yaml"
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    for key, text in sorted(_configuration().items()):
        values[key] = text
        if key in _OBJECTS:
            try:
                values[key] = json.loads(text)
            except ValueError:
                message = f"setting '{PROJECT}:{key}' is no mapping; {_write(key)}"
                problems.append(Problem(file, message))
                values.pop(key)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        details = error.errors(include_url=False)
        problems += [Problem(file, _sentence(detail)) for detail in details]
        raise CatalogError(problems) from error
    if problems:
        raise CatalogError(problems)
    return settings


def _configuration() -> dict[str, str]:
    """All settings of this project: the running program's, else those of its environment."""
    values = {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}
    prefix = f"{PROJECT}:"
    return {key[len(prefix) :]: text for key, text in values.items() if key.startswith(prefix)}


def _fields() -> dict[str, FieldInfo]:
    """The settings' fields by their key in the file."""
    return {to_camel(name): field for name, field in Settings.model_fields.items()}


def _sentence(detail: ErrorDetails) -> str:
    key = str(detail["loc"][0])
    place = f"setting '{PROJECT}:{'.'.join(str(part) for part in detail['loc'])}'"
    if detail["type"] == "missing":
        return f"{place} is missing; {_write(key)}"
    text = sentence(place, detail, tuple(_fields()))
    return f"{text} For example, {_write(key)}" if key in _fields() else text


def _write(key: str) -> str:
    """The YAML to write for a setting: its first example, or its default."""
    field = _fields()[key]
    value = field.examples[0] if field.examples else field.default
    return f"write:\nconfig:\n  {PROJECT}:{key}: {json.dumps(value)}  # {field.description}"
