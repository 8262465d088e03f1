"""How large services are, and how many pods they have: what files say, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from catalog.document import Location
from catalog.names import BYTES, CPUS, EnvironmentName, Name, Sentence
from catalog.validation import Entry

MOST_PODS = 1000

_Kind = Literal["amount_type", "size_type", "scale_type", "replicas_type"]
"""Kinds of errors; catalog/validation.py has their words."""


def _as_text(value: Any) -> Any:
    """A number as it stands in a Kubernetes object; the pattern says what is wrong with it."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return str(value) if number else value


def _mapping(kind: _Kind, short: str | None = None) -> BeforeValidator:
    """Takes a mapping that is not empty, or a scalar as the value of its key `short`."""

    def read(value: Any) -> Any:
        if short is not None and isinstance(value, (str, int, float)):
            return {short: value}
        if not isinstance(value, dict) or not value:
            raise PydanticCustomError(kind, "no mapping")
        return cast("dict[object, object]", value)

    return BeforeValidator(read)


def _or(*short: Mapping[str, Any]) -> Callable[[dict[str, Any]], None]:
    """Adds to the schema of a mapping what may stand in its place."""

    def extend(schema: dict[str, Any]) -> None:
        options: list[Any] = schema.pop("anyOf", None) or [{"$ref": schema.pop("$ref")}]
        schema["anyOf"] = [*short, *options]

    return extend


_FILLED = ConfigDict(json_schema_extra={"minProperties": 1})

_CPUS = (
    {"type": "integer", "minimum": 1, "maximum": 999_999_999},
    {"type": "string", "pattern": CPUS},
)
_BYTES = {"type": "string", "pattern": BYTES}


def _cpus(schema: dict[str, Any]) -> None:
    optional = [option for option in schema.pop("anyOf", ()) if option.get("type") == "null"]
    for key in ("type", "pattern"):
        schema.pop(key, None)
    schema["anyOf"] = [*_CPUS, *optional]


Cpus = Annotated[str, BeforeValidator(_as_text), StringConstraints(pattern=CPUS)]
Bytes = Annotated[str, BeforeValidator(_as_text), StringConstraints(pattern=BYTES)]


class AmountEntry(Entry):
    """An amount that a container asks for and may use, as Kubernetes quantities."""

    request: str
    limit: str | None = None

    @property
    def most(self) -> str:
        """What it may use."""
        return self.limit or self.request


class CpuEntry(AmountEntry, title="CPU"):
    """CPU that a container asks for and may use."""

    request: Cpus = Field(description="What it asks for", json_schema_extra=_cpus)
    limit: Cpus | None = Field(
        default=None,
        description="What it may use at most; what it asks for, if not given",
        json_schema_extra=_cpus,
    )


class BytesEntry(AmountEntry, title="Bytes"):
    """Memory or storage that a container asks for and may use."""

    request: Bytes = Field(description="What it asks for")
    limit: Bytes | None = Field(
        default=None, description="What it may use at most; what it asks for, if not given"
    )


CpuAmount = Annotated[CpuEntry, _mapping("amount_type", "request")]
BytesAmount = Annotated[BytesEntry, _mapping("amount_type", "request")]

Connections = Annotated[int, Field(ge=1, le=1000)]


class SizeEntry(Entry, title="Size"):
    """A named size."""

    cpu: CpuAmount = Field(description="CPU of a pod", json_schema_extra=_or(*_CPUS))
    memory: BytesAmount = Field(description="Memory of a pod", json_schema_extra=_or(_BYTES))
    ephemeral_storage: BytesAmount = Field(
        description="Disk of a pod: request is the size of its writable /tmp, and logs count "
        "towards limit too",
        json_schema_extra=_or(_BYTES),
    )
    connections: Connections = Field(
        description="Connections that a pod may hold open to its database"
    )


class OwnSizeEntry(Entry, title="Size of one service"):
    """What differs from a named size."""

    model_config = _FILLED

    like: Name | None = Field(
        default=None, description="Named size that holds for the rest; the usual one if not given"
    )
    cpu: CpuAmount | None = Field(
        default=None, description="Instead of that one's", json_schema_extra=_or(*_CPUS)
    )
    memory: BytesAmount | None = Field(
        default=None, description="Instead of that one's", json_schema_extra=_or(_BYTES)
    )
    ephemeral_storage: BytesAmount | None = Field(
        default=None, description="Instead of that one's", json_schema_extra=_or(_BYTES)
    )
    connections: Connections | None = Field(default=None, description="Instead of that one's")


class QueueEntry(Entry, title="Queue to scale on"):
    """A queue of the service's own vhost."""

    name: Sentence = Field(description="Its name")
    length: int = Field(ge=1, description="Messages that may wait in it per pod")


class MetricEntry(Entry, title="Metric to scale on"):
    """An external metric, which something in the cluster has to serve."""

    name: Sentence = Field(description="Its name")
    value: int = Field(ge=1, description="What it may be per pod")
    labels: dict[str, str] = Field(default={}, description="Which of its series")


class ScaleOnEntry(Entry, title="What to scale on"):
    """Beyond what pods are added; of several, the one that asks for the most pods decides."""

    model_config = _FILLED

    cpu: int | None = Field(
        default=None, ge=1, le=1000, description="CPU use, in percent of what was asked for"
    )
    memory: int | None = Field(
        default=None, ge=1, le=1000, description="Memory use, in percent of what was asked for"
    )
    queue: QueueEntry | None = Field(default=None, description="Length of a queue")
    metric: MetricEntry | None = Field(default=None, description="Any other external metric")


ScaleOn = Annotated[ScaleOnEntry, _mapping("scale_type")]


class ReplicasEntry(Entry, title="Number of pods"):
    """How many pods the autoscaler keeps, between which numbers and by what."""

    model_config = _FILLED

    least: int | None = Field(default=None, ge=1, le=MOST_PODS, description="Pods at least")
    most: int | None = Field(default=None, ge=1, le=MOST_PODS, description="Pods at most")
    scale_on: ScaleOn | None = Field(
        default=None,
        description="What their number follows",
        json_schema_extra={"minProperties": 1},
    )


Replicas = Annotated[ReplicasEntry, _mapping("replicas_type")]


class SizingEntry(Entry, title="Sizes"):
    """How large a service is, and how many pods it has."""

    size: Annotated[OwnSizeEntry, _mapping("size_type", "like")] | None = Field(
        default=None,
        description="A named size of catalog/sizes.yaml, or what differs from one",
        json_schema_extra=_or({"type": "string", "maxLength": 63}),
    )
    replicas: Replicas | None = Field(
        default=None, description="Number of pods, where the environment's is not right"
    )


Sizings = Annotated[
    dict[EnvironmentName, SizingEntry],
    Field(description="What differs in an environment, by its name"),
]


class UsualReplicasEntry(Entry, title="Usual number of pods"):
    """Pods of a service that says nothing itself."""

    least: int = Field(ge=1, le=MOST_PODS, description="Pods at least")
    most: int = Field(ge=1, le=MOST_PODS, description="Pods at most")
    scale_on: ScaleOn = Field(description="What their number follows")


class NodeEntry(Entry, title="Node"):
    """What the largest node has for the pods of services."""

    cpu: Cpus = Field(description="CPUs", json_schema_extra=_cpus)
    memory: Bytes = Field(description="Memory")


class EnvironmentEntry(Entry, title="Sizes of an environment"):
    """What holds in one environment for every service that says nothing itself."""

    size: Name = Field(description="Named size of a service that says nothing")
    replicas: UsualReplicasEntry = Field(description="Pods of a service that says nothing")
    sizes: dict[Name, SizeEntry] = Field(
        min_length=1, description="The named sizes", json_schema_extra={"minProperties": 1}
    )
    node: NodeEntry | None = Field(
        default=None,
        description="Its largest node, which a larger pod would wait for in vain; not for nodes "
        "that are made as large as pods ask",
    )
    queue_metric: Sentence | None = Field(
        default=None,
        description="External metric with the length of a queue, by the labels vhost and queue, "
        "if something in the cluster serves it",
    )
    metrics: list[Sentence] = Field(
        default=[], description="Other external metrics that something in the cluster serves"
    )


class SizesFile(Entry, title="Sizes"):
    """catalog/sizes.yaml: how large services are in each environment."""

    environments: dict[EnvironmentName, EnvironmentEntry] = Field(
        description="Every environment by name"
    )


@dataclass(frozen=True, kw_only=True)
class Sizing:
    """A service in one environment.

    Args:
        least, most: number of pods.
        scale_on: what the number between them follows.
        size_at, replicas_at, scale_at: where that is said.
    """

    size: SizeEntry
    least: int
    most: int
    scale_on: ScaleOnEntry
    size_at: Location
    replicas_at: Location
    scale_at: Location


@dataclass(frozen=True, kw_only=True)
class EnvironmentSizes:
    """What an environment says of services that say nothing themselves, and what it has.

    Args:
        usual: a service that says nothing.
        node: its largest node; None where nodes are made as large as pods ask.
        queue_metric: external metric with the length of a queue; None where nothing serves it.
        metrics: other external metrics that something in the cluster serves.
    """

    usual: Sizing
    node: NodeEntry | None
    queue_metric: str | None
    metrics: tuple[str, ...]
