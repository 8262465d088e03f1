"""Makes of a service's `run` what holds: defaults filled in, its files read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from catalog.document import At
from catalog.run import (
    DEFAULT_PORT,
    DRAIN_SECONDS,
    GRACE_SECONDS,
    Command,
    ConfigurationFile,
    Connect,
    GrpcHealth,
    Health,
    HttpGet,
    Kind,
    Port,
    Probe,
    Protocol,
    Question,
    Run,
    Writable,
)
from catalog.run_entry import HealthEntry, ProbeEntry, RunEntry
from catalog.run_rules import Unfit, named_probes

PROBE_PATHS = {
    "startup": "/health/startup",
    "readiness": "/health/ready",
    "liveness": "/health/live",
}
"""Where a service answers that says nothing else. Startup: its own start is over. Readiness: its
own state and the stores that it cannot work without. Liveness: never a dependency, or one outage
restarts everything."""

STARTUP_SECONDS = 2
READINESS_SECONDS = 5
TIMEOUT_SECONDS = 2
FAILURES = 3

MOST_BYTES = 512 * 1024
"""What the files of one service may have together: half of what a ConfigMap takes."""


def run_of(
    entry: RunEntry, *, port: int | None, start_seconds: int, files: tuple[ConfigurationFile, ...]
) -> Run:
    """What holds for a service whose `run` keeps to the rules.

    Args:
        port: the short form of its one port, if it is given.
        files: its files, as `read_files` found them.
    """
    ports = tuple(
        Port(name=name, number=each.port, protocol=each.protocol)
        for name, each in entry.ports.items()
    )
    if entry.kind is Kind.WEB and not ports:
        ports = (Port(name="http", number=port or DEFAULT_PORT),)
    shutdown = entry.shutdown
    return Run(
        kind=entry.kind,
        image_of=None if entry.image is None else entry.image.of,
        command=tuple(entry.command),
        arguments=tuple(entry.arguments),
        ports=ports,
        health=_health(entry, ports, start_seconds),
        schedule=entry.schedule,
        metrics=entry.metrics,
        user=entry.user,
        writable=tuple(
            Writable(path=path, size=each.memory or each.disk or "", memory=bool(each.memory))
            for path, each in sorted(entry.writable.items())
        ),
        files=files,
        environment=dict(sorted(entry.environment.items())),
        grace_seconds=shutdown.grace_seconds or GRACE_SECONDS,
        drain_seconds=(shutdown.drain_seconds or DRAIN_SECONDS) if entry.kind is Kind.WEB else 0,
    )


def _health(entry: RunEntry, ports: tuple[Port, ...], start_seconds: int) -> Health | None:
    if entry.kind is Kind.SCHEDULED:
        return None
    if entry.health is None:
        return usual_health(ports, start_seconds)
    startup, readiness, liveness = _given(entry.health)
    return Health(
        startup=_startup(_question(startup, ports), start_seconds, startup),
        readiness=_probe(_question(readiness, ports), READINESS_SECONDS, readiness),
        liveness=_probe(_question(liveness, ports), 2 * READINESS_SECONDS, liveness),
    )


def usual_health(ports: tuple[Port, ...], start_seconds: int) -> Health:
    """How a service is asked that does not say how.

    One that speaks HTTP by three paths. Of gRPC the start and the readiness are asked by its
    health protocol, and at other ports only whether they take connections; so is the liveness of
    both, because neither tells the process from what it depends on.
    """
    http = next((port for port in ports if port.protocol is Protocol.HTTP), None)
    if http is not None:
        questions: tuple[Question, ...] = tuple(
            HttpGet(path=path, port=http) for path in PROBE_PATHS.values()
        )
    else:
        connect, first = Connect(port=ports[0]), ports[0]
        asks = GrpcHealth(port=first) if first.protocol is Protocol.GRPC else connect
        questions = (asks, asks, connect)
    return Health(
        startup=_startup(questions[0], start_seconds),
        readiness=_probe(questions[1], READINESS_SECONDS),
        liveness=_probe(questions[2], 2 * READINESS_SECONDS),
    )


def _given(health: HealthEntry) -> tuple[ProbeEntry, ProbeEntry, ProbeEntry]:
    """Startup, readiness and liveness, whichever way they are written."""
    probes = named_probes(health)
    if not any(probes.values()):
        # Liveness is asked half as often: a pod leaves its Service before it is restarted.
        slower = None if health.period_seconds is None else 2 * health.period_seconds
        start = health.model_copy(update={"failures": None, "period_seconds": None})
        return start, health, health.model_copy(update={"period_seconds": slower})
    startup, readiness, liveness = probes.values()
    if readiness is None or liveness is None:
        raise ValueError("The rules of a service's run were not checked.")
    default = liveness.model_copy(update={"failures": None, "period_seconds": None})
    return startup or default, readiness, liveness


def _startup(question: Question, start_seconds: int, timed: ProbeEntry | None = None) -> Probe:
    """Asked until `start_seconds` are over; until then nothing restarts the container."""
    probe = _probe(question, STARTUP_SECONDS, timed)
    return replace(probe, failures=-(-start_seconds // probe.period_seconds))


def _probe(question: Question, period: int, timed: ProbeEntry | None = None) -> Probe:
    return Probe(
        asks=question,
        period_seconds=(timed and timed.period_seconds) or period,
        timeout_seconds=(timed and timed.timeout_seconds) or TIMEOUT_SECONDS,
        failures=(timed and timed.failures) or FAILURES,
    )


def _question(entry: ProbeEntry, ports: tuple[Port, ...]) -> Question:
    by_name = {port.name: port for port in ports}
    if entry.command is not None:
        return Command(command=tuple(entry.command))
    if entry.tcp is not None:
        return Connect(port=by_name[entry.tcp])
    if entry.grpc is not None:
        return GrpcHealth(port=by_name[entry.grpc], service=entry.service)
    first = next(port for port in ports if port.protocol is Protocol.HTTP or entry.port)
    return HttpGet(
        path=entry.http or "/", port=first if entry.port is None else by_name[entry.port]
    )


def read_files(project: Path, entry: RunEntry) -> Iterator[ConfigurationFile | Unfit]:
    """The files that a service finds, sorted by path; in place of one that is no good, why."""
    left = MOST_BYTES
    for path, source in sorted(entry.files.items()):
        at: At = ("run", "files", path)
        try:
            found = _bytes(project, source)
            left -= len(found)
            if left < 0:
                raise ValueError(
                    f"with '{source}' the files of this service have more than "
                    f"{MOST_BYTES // 1024} KiB together; put what is large into the image or a "
                    "bucket."
                )
            yield ConfigurationFile(path=path, source=source, content=found.decode("utf-8"))
        except UnicodeDecodeError:
            yield at, f"'{source}' is not UTF-8 text; put other files into the image."
        except ValueError as error:
            yield at, str(error)


def _bytes(project: Path, source: str) -> bytes:
    """What is in the file, as far as it could be taken.

    Raises:
        ValueError: there is no such file in the project, as a sentence.
    """
    path = (project / source).resolve()
    if not path.is_relative_to(project.resolve()):
        raise ValueError(
            f"'{source}' is outside of the project; name a file in it, from its folder."
        )
    if not path.is_file():
        raise ValueError(
            f"there is no file '{source}' in the project; create it, or correct the path, which "
            "goes from the project's folder."
        )
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)
