"""A resource as a program registers it: in a plan, a snapshot, a preview, or made up by a test."""

from __future__ import annotations

import gc
import re
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import reduce
from typing import Annotated, Any, cast

from annotated_types import Len

KUBERNETES = "kubernetes:"

_SIMPLE_KEY = re.compile(r"^[A-Za-z_$][\w$-]*$")
_STEP = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.\[\]]+)')

HELM_RELEASE = "kubernetes:helm.sh/v3:Release"
"""Type of a Helm release: one resource that stands for a whole chart."""

AUTONAMED = "pulumi.com/autonamed"
"""Annotation of an object whose name the provider chose."""

POD_MAKERS = frozenset(
    {
        "CronJob",
        "DaemonSet",
        "Deployment",
        "Job",
        "Pod",
        "ReplicaSet",
        "ReplicationController",
        "StatefulSet",
    }
)
"""Kinds that make pods. A template of another kind, such as a pool of nodes, is none."""

Identity = Annotated[str, Len(1, 2_000)]
"""A URN, type or name. In a stranger's document anything longer is none, but an attack."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource. Its fields are those of a resource in a plan's document.

    Args:
        type: its type token, as `kubernetes:apps/v1:Deployment`.
        parent: URN of its parent; None for the stack itself.
        provider: URN of its provider; None for components and providers.
        inputs: its inputs as plain data, secrets replaced.
        dependencies: URNs it was told to wait for, sorted.
        aliases: other identities it is known by, as URNs or as what is different in them.
        options: options that differ from their defaults.
        secrets: property paths of the secrets in its inputs.
    """

    urn: Identity
    type: Identity
    name: Identity
    parent: Identity | None = None
    provider: Identity | None = None
    inputs: Mapping[str, Any]
    dependencies: tuple[Identity, ...] = ()
    aliases: tuple[str | Mapping[str, Any], ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    secrets: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The resource as the documented JSON has it."""
        return {
            "urn": self.urn,
            "type": self.type,
            "name": self.name,
            "parent": self.parent,
            "provider": self.provider,
            "inputs": self.inputs,
            "dependencies": list(self.dependencies),
            "aliases": list(self.aliases),
            "options": self.options,
            "secrets": list(self.secrets),
        }

    @property
    def kind(self) -> str:
        """Kind of a Kubernetes object, such as `Deployment`; the type's last part otherwise."""
        return self.type.rpartition(":")[2]

    @property
    def is_kubernetes(self) -> bool:
        """Whether it is an object of the Kubernetes API."""
        return self.type.startswith(KUBERNETES)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Metadata of a Kubernetes object."""
        return mapping(self.inputs.get("metadata"))

    @property
    def namespace(self) -> str:
        """Namespace of a Kubernetes object; "" for one of the whole cluster."""
        return str(self.metadata.get("namespace") or "")

    @property
    def spec(self) -> Mapping[str, Any]:
        """Spec of a Kubernetes object."""
        return mapping(self.inputs.get("spec"))

    @property
    def pod(self) -> Mapping[str, Any] | None:
        """Template of the pods that it makes, with `metadata` and `spec`; None if it makes none."""
        if not self.is_kubernetes or self.kind not in POD_MAKERS:
            return None
        if self.kind == "CronJob":
            template = mapping(mapping(self.spec.get("jobTemplate")).get("spec")).get("template")
        elif self.kind == "Pod":
            template = self.inputs
        else:
            template = self.spec.get("template")
        return None if template is None else mapping(template)


def mapping(value: object) -> Mapping[str, Any]:
    """`value` if it is a mapping, else an empty one."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def sequence(value: object) -> Sequence[Any]:
    """`value` if it is a list, else an empty one."""
    is_list = isinstance(value, Sequence) and not isinstance(value, (str, bytes))
    return cast("Sequence[Any]", value) if is_list else ()


@contextmanager
def rare_collection() -> Generator[None]:
    """Looks for garbage rarely while the block runs.

    A program keeps nearly all resources that it registers, and looking through them takes as long
    as registering them.
    """
    before = gc.get_threshold()
    gc.set_threshold(200_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def child_path(path: str, key: str | int) -> str:
    """The property path of a key or position below `path`, which is empty at the top.

    Such as `spec.template`, `items[0]` and `data["a.b"]`, as Pulumi writes them:
    https://www.pulumi.com/docs/iac/concepts/config/#structured-configuration.
    """
    if isinstance(key, int):
        return f"{path}[{key}]"
    if not _SIMPLE_KEY.match(key):
        escaped = key.replace("\\", "\\\\").replace('"', '\\"')
        return f'{path}["{escaped}"]'
    return f"{path}.{key}" if path else key


def property_path(steps: Iterable[str | int]) -> str:
    """The property path that keys and positions make up, from the top."""
    return reduce(child_path, steps, "")


def path_steps(path: str) -> tuple[str | int, ...]:
    """The keys and positions that a property path is made of."""
    found = _STEP.findall(path)
    return tuple(int(index) if index else quoted or plain for quoted, index, plain in found)
