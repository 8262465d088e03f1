"""What a service's container really is: frozen values, with what holds where nothing is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import Field

from catalog.metrics import Metrics
from catalog.names import CRON
from catalog.validation import Entry


class Kind(StrEnum):
    """How a service runs: called by others, on its own for ever, or now and then."""

    WEB = "web"
    WORKER = "worker"
    SCHEDULED = "scheduled"


class Protocol(StrEnum):
    """What is spoken at a port; `tcp` is anything that is neither of the others."""

    HTTP = "http"
    GRPC = "grpc"
    TCP = "tcp"


class Concurrency(StrEnum):
    """What happens to a run that is due while the one before still runs."""

    FORBID = "forbid"
    ALLOW = "allow"
    REPLACE = "replace"


DEFAULT_PORT = 8080
LEAST_PORT = 1024
"""The first port that a process without rights may listen on."""

METRICS = "metrics"
"""Name of the port that monitoring reads."""

GRACE_SECONDS = 30
DRAIN_SECONDS = 5
DEADLINE_SECONDS = 3600
LONGEST_RUN = 7 * 24 * 3600


@dataclass(frozen=True, kw_only=True)
class Port:
    """A TCP port that a container listens on."""

    name: str
    number: int
    protocol: Protocol = Protocol.HTTP


@dataclass(frozen=True, kw_only=True)
class HttpGet:
    """Healthy while a GET of `path` is answered with a status below 400."""

    path: str
    port: Port


@dataclass(frozen=True, kw_only=True)
class GrpcHealth:
    """Healthy while gRPC's health protocol says SERVING of `service`, or of the whole server."""

    port: Port
    service: str | None = None


@dataclass(frozen=True, kw_only=True)
class Connect:
    """Healthy while the port takes connections."""

    port: Port


@dataclass(frozen=True, kw_only=True)
class Command:
    """Healthy while a command in the container ends with 0."""

    command: tuple[str, ...]


Question = HttpGet | GrpcHealth | Connect | Command


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One question about a container's health.

    Args:
        timeout_seconds: longest time of an answer.
        failures: how many in a row are too many.
    """

    asks: Question
    period_seconds: int
    timeout_seconds: int
    failures: int


@dataclass(frozen=True, kw_only=True)
class Health:
    """How a container is asked whether it has started, may be called, and has to be restarted."""

    startup: Probe
    readiness: Probe
    liveness: Probe


class Schedule(Entry):
    """When a scheduled service runs, and for how long."""

    cron: str = Field(
        pattern=CRON,
        max_length=100,
        description="Minute, hour, day of the month, month and day of the week",
    )
    time_zone: str = Field(
        default="Etc/UTC",
        min_length=1,
        max_length=63,
        description="Time zone of the line, as in the IANA database",
    )
    concurrency: Concurrency = Field(
        default=Concurrency.FORBID,
        strict=False,
        description="While the run before is not over: forbid, allow or replace",
    )
    deadline_seconds: int = Field(
        default=DEADLINE_SECONDS,
        ge=1,
        le=LONGEST_RUN,
        description="Longest time of a run, in seconds, after which it is ended",
    )


@dataclass(frozen=True, kw_only=True)
class Writable:
    """A folder that the container may write to, empty at first, as long as its pod is there.

    Args:
        size: how much fits, as a Kubernetes quantity.
        memory: whether it is kept in memory; on the node's disk otherwise.
    """

    path: str
    size: str
    memory: bool


@dataclass(frozen=True, kw_only=True)
class ConfigurationFile:
    """A file of the repository that the container finds at `path`.

    Args:
        source: where it is, relative to the project.
    """

    path: str
    source: str
    content: str


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a service's container is, and how it is run.

    Args:
        kind: whether it is called, works on its own, or runs now and then.
        image_of: service whose image it runs; None for one of its own.
        command, arguments: instead of those of the image, if any.
        ports: what it listens on; others call the first one unless they name another.
        health: how it is asked; None for what runs now and then, and says it by how it ends.
        metrics: what its metrics of requests are called; None for OpenTelemetry's names.
        user: user and group ID it has to run as; None for that of every other container.
        writable: folders it may write to besides /tmp, sorted by path.
        grace_seconds: how long it may take to end before it is killed.
        drain_seconds: how long of that it still answers, until everybody knows that it ends.
    """

    kind: Kind = Kind.WEB
    image_of: str | None = None
    command: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    ports: tuple[Port, ...] = (Port(name="http", number=DEFAULT_PORT),)
    health: Health | None = None
    schedule: Schedule | None = None
    metrics: Metrics | None = None
    user: int | None = None
    writable: tuple[Writable, ...] = ()
    files: tuple[ConfigurationFile, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    grace_seconds: int = GRACE_SECONDS
    drain_seconds: int = DRAIN_SECONDS

    @property
    def called(self) -> Port | None:
        """The port that callers use who name none; None for what nobody may call."""
        return self.ports[0] if self.kind is Kind.WEB and self.ports else None

    @property
    def watched(self) -> Port | None:
        """The port that monitoring reads: the one for metrics, else what callers get by HTTP."""
        called = self.called
        http = called is not None and called.protocol is Protocol.HTTP
        return self.port(METRICS) or (called if http else None)

    def port(self, name: str) -> Port | None:
        """The port called `name`, None where there is none."""
        return next((port for port in self.ports if port.name == name), None)
