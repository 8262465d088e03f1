"""Shape of `run`, with which a catalog entry says what its container really is."""

from __future__ import annotations

from typing import Annotated, Any, cast

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from catalog.metrics import Metrics
from catalog.names import (
    RESERVED_VARIABLES,
    ContainerPath,
    PlainVariableName,
    PortName,
    Quantity,
    Sentence,
    ServiceName,
    Text,
    UrlPath,
)
from catalog.run import Kind, Protocol, Schedule
from catalog.validation import Entry

LARGEST_UID = 2**31 - 1


def _port_from_number(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return {"port": value}
    if not isinstance(value, dict):
        raise PydanticCustomError("port_type", "no port")
    return cast("dict[object, object]", value)


def _user(uid: int) -> int:
    if uid == 0:
        raise ValueError(
            "is root, which no pod of this platform may be; write the UID that the image can run "
            "as, or remove the field."
        )
    if not 0 < uid <= LARGEST_UID:
        raise ValueError(f"is no user ID; write one from 1 to {LARGEST_UID}.")
    return uid


def _ports_schema(schema: dict[str, Any]) -> None:
    number = {"type": "integer", "minimum": 1, "maximum": 65535, "description": "The number"}
    patterns = schema["patternProperties"]
    for pattern in patterns:
        patterns[pattern] = {"anyOf": [number, patterns[pattern]]}


def _environment_schema(schema: dict[str, Any]) -> None:
    schema["propertyNames"] = {
        **schema["propertyNames"],
        "not": {"pattern": RESERVED_VARIABLES},
    }


class PortEntry(Entry, title="Port"):
    """A port of a container; a bare number is one that speaks HTTP."""

    port: int = Field(ge=1, le=65535, description="TCP port")
    protocol: Protocol = Field(
        default=Protocol.HTTP, strict=False, description="What is spoken there: http, grpc or tcp"
    )
    reason: Sentence | None = Field(
        default=None, description="Why it is below 1024, if the image cannot listen elsewhere"
    )


class TimedEntry(Entry):
    """How often something is asked, and how patiently."""

    period_seconds: int | None = Field(
        default=None, ge=1, le=3600, description="How often it is asked, in seconds"
    )
    timeout_seconds: int | None = Field(
        default=None, ge=1, le=600, description="Longest time of an answer, in seconds"
    )
    failures: int | None = Field(
        default=None, ge=1, le=100, description="Failures in a row that are too many"
    )


class ProbeEntry(TimedEntry, title="Probe"):
    """One question about a container's health: exactly one of http, grpc, tcp and command."""

    http: UrlPath | None = Field(
        default=None, description="Path that answers a GET with a status below 400"
    )
    grpc: PortName | None = Field(
        default=None, description="Port that answers gRPC's health protocol"
    )
    tcp: PortName | None = Field(default=None, description="Port that takes connections")
    command: list[Text] | None = Field(
        default=None, min_length=1, description="Command that ends with 0, in the container"
    )
    port: PortName | None = Field(
        default=None, description="Port of 'http'; the first that speaks HTTP if none is given"
    )
    service: Text | None = Field(
        default=None, description="Service of 'grpc'; the whole server if none is given"
    )


class HealthEntry(ProbeEntry, title="Health"):
    """One question for everything, or one for each of startup, readiness and liveness."""

    startup: ProbeEntry | None = Field(
        default=None, description="Whether its own start is over; asks as liveness if not given"
    )
    readiness: ProbeEntry | None = Field(default=None, description="Whether it may be called")
    liveness: ProbeEntry | None = Field(
        default=None, description="Whether it must not be restarted; never a dependency"
    )


class WritableEntry(Entry, title="Writable folder"):
    """A folder that the container may write to: exactly one of memory and disk."""

    memory: Quantity | None = Field(default=None, description="Size in memory, as 64Mi")
    disk: Quantity | None = Field(default=None, description="Size on the node's disk, as 1Gi")


class ShutdownEntry(Entry, title="Shutdown"):
    """How a container ends."""

    grace_seconds: int | None = Field(
        default=None,
        ge=1,
        le=3600,
        description="Time until it is killed, in seconds, draining included (30)",
    )
    drain_seconds: int | None = Field(
        default=None,
        ge=1,
        le=600,
        description="How long it still answers, until everybody knows that it ends (5)",
    )


class ImageEntry(Entry, title="Image"):
    """Whose image a container runs."""

    of: ServiceName = Field(description="Service whose image, in its version, it runs too")


class RunEntry(Entry, title="Run"):
    """What a service's container really is, and how it is run."""

    kind: Kind = Field(
        default=Kind.WEB,
        strict=False,
        description="web: others call it; worker: nobody does; scheduled: it runs now and then",
    )
    image: ImageEntry | None = Field(
        default=None, description="Another service's image instead of one of its own"
    )
    command: list[Text] = Field(default=[], description="Instead of the image's entry point")
    arguments: list[Text] = Field(default=[], description="Instead of the image's arguments")
    ports: dict[PortName, Annotated[PortEntry, BeforeValidator(_port_from_number)]] = Field(
        default={},
        description="Ports by name: a number, or a mapping; others call the first one",
        json_schema_extra=_ports_schema,
    )
    health: HealthEntry | None = Field(
        default=None, description="How it is asked whether it works, and for each probe by itself"
    )
    schedule: Schedule | None = Field(default=None, description="When it runs, for kind scheduled")
    metrics: Metrics | None = Field(
        default=None,
        description="Names of its metrics of requests, if not those of OpenTelemetry's conventions",
    )
    user: Annotated[int, AfterValidator(_user)] | None = Field(
        default=None,
        description="User and group ID it has to run as",
        json_schema_extra={"minimum": 1, "maximum": LARGEST_UID},
    )
    writable: dict[ContainerPath, WritableEntry] = Field(
        default={}, description="Folders it may write to, by path"
    )
    files: dict[ContainerPath, Text] = Field(
        default={}, description="Plain configuration: path in the container, file in the project"
    )
    environment: dict[PlainVariableName, str] = Field(
        default={},
        description="Environment variables with plain values",
        json_schema_extra=_environment_schema,
    )
    shutdown: ShutdownEntry = Field(default_factory=ShutdownEntry, description="How it ends")
