"""What a service's `run` must keep to before its container can be one: sentences with their fix."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath
from zoneinfo import available_timezones

from cronsim import CronSim, CronSimError
from cronsim.cronsim import SYMBOLIC_DAYS, SYMBOLIC_MONTHS

from catalog.document import At
from catalog.errors import did_you_mean, one_of
from catalog.names import RESERVED_VARIABLES
from catalog.run import DRAIN_SECONDS, GRACE_SECONDS, LEAST_PORT, METRICS, Kind, Protocol, Schedule
from catalog.run_entry import HealthEntry, ProbeEntry, RunEntry

Unfit = tuple[At, str]
"""A place below the service, and what is wrong there."""

QUESTIONS = ("http", "grpc", "tcp", "command")

OWN_FOLDERS = ("/etc/nexus", "/var/run/secrets", "/run/secrets")
"""Where every service finds its configuration and credentials."""

KERNEL_FOLDERS = ("/dev", "/proc", "/sys")
SHARED_MEMORY = PurePosixPath("/dev/shm")
"""The one folder of those that images expect to write to, and have too little of."""

_WORDS = frozenset((*SYMBOLIC_DAYS, *SYMBOLIC_MONTHS))


def unfit_run(
    run: RunEntry, *, port: int | None, own_start: bool, required: list[str]
) -> Iterator[Unfit]:
    """Everything that contradicts itself, or that no pod of this platform may be.

    Args:
        port: the short form of its one port, if it is given.
        own_start: whether the service says how long its start takes.
        required: environment variables that the stack's settings give values of.
    """
    yield from _unfit_kind(run, port=port, own_start=own_start)
    yield from _unfit_ports(run, port)
    yield from _unfit_health(run)
    if run.schedule is not None:
        yield from _unfit_schedule(run.schedule)
    yield from _unfit_paths(run)
    yield from _unfit_environment(run.environment, required)
    yield from _unfit_shutdown(run)


def _unfit_kind(run: RunEntry, *, port: int | None, own_start: bool) -> Iterator[Unfit]:
    if run.kind is Kind.SCHEDULED:
        if run.schedule is None:
            yield (
                ("run", "schedule"),
                "it is missing; say when the service runs, as 'schedule: {cron: \"15 3 * * *\"}'.",
            )
        if run.ports:
            yield ("run", "ports"), "what runs now and then is called by nobody; remove it."
        if run.health is not None:
            yield (
                ("run", "health"),
                "what runs now and then says how it is by how it ends; remove it, and limit its "
                "time by 'schedule.deadline_seconds'.",
            )
        if own_start:
            yield ("start_seconds",), "nobody waits for what runs now and then; remove it."
    elif run.schedule is not None:
        yield (
            ("run", "schedule"),
            f"what is of kind '{run.kind}' runs all the time; remove it, or write "
            "'kind: scheduled'.",
        )
    http = run.kind is Kind.WEB and all(
        each.protocol is Protocol.HTTP for each in [*run.ports.values()][:1]
    )
    if run.metrics is not None and METRICS not in run.ports and not http:
        yield (
            ("run", "metrics"),
            f"nobody reads them: it has no port called '{METRICS}', nor is its first one HTTP; "
            "add that port, or remove the names.",
        )
    if run.kind is Kind.WORKER and run.health is None:
        yield (
            ("run", "health"),
            "nobody calls a worker, so that nothing shows whether it works; write how it is asked, "
            "as 'health: {command: [...]}', or by a path of one of its 'ports'.",
        )
    if run.kind is not Kind.WEB and port is not None:
        yield ("port",), f"a {run.kind} is called by nobody; remove it, or write 'kind: web'."


def _unfit_ports(run: RunEntry, port: int | None) -> Iterator[Unfit]:
    if run.ports and port is not None and run.kind is Kind.WEB:
        yield ("port",), "'run.ports' says where it listens; remove one of them."
    numbers: dict[int, str] = {}
    for name, entry in run.ports.items():
        at = ("run", "ports", name)
        if entry.port in numbers:
            yield (
                at,
                f"{entry.port} is the number of '{numbers[entry.port]}' too; give each port a "
                "number of its own.",
            )
        numbers.setdefault(entry.port, name)
        if entry.port < LEAST_PORT and entry.reason is None:
            yield (
                at,
                f"{entry.port} is a port for processes with rights, which no pod of this platform "
                f"has; write {LEAST_PORT} or more, or, if the image cannot listen elsewhere, "
                f"'{{port: {entry.port}, reason: …}}'.",
            )


def _unfit_health(run: RunEntry) -> Iterator[Unfit]:
    health = run.health
    if health is None or run.kind is Kind.SCHEDULED:
        return
    named = {name: probe for name, probe in named_probes(health).items() if probe is not None}
    at = ("run", "health")
    if not named:
        yield from _unfit_probe(run, health, at)
        return
    own = sorted(health.model_fields_set - set(named_probes(health)))
    if own:
        yield (
            (*at, own[0]),
            "it asks one question for everything, but beside it are others by name; keep one of "
            "the two ways.",
        )
    for name, probe in named_probes(health).items():
        if probe is not None:
            yield from _unfit_probe(run, probe, (*at, name))
        elif name != "startup":
            yield (
                (*at, name),
                "it is missing; add it, or write one question for everything, as "
                "'health: {http: /healthz}'.",
            )
    if health.startup is not None and health.startup.failures is not None:
        yield (
            (*at, "startup", "failures"),
            "'start_seconds' of the service says how long its start may take; remove it.",
        )
    if health.readiness is not None and health.readiness == health.liveness:
        yield (
            (*at, "liveness"),
            "it asks what 'readiness' asks, equally often, so that a pod that is not ready is "
            "restarted at once; ask something else, or less often.",
        )


def named_probes(health: HealthEntry) -> Mapping[str, ProbeEntry | None]:
    """The probes that are given by name."""
    return {
        "startup": health.startup,
        "readiness": health.readiness,
        "liveness": health.liveness,
    }


def _unfit_probe(run: RunEntry, probe: ProbeEntry, at: At) -> Iterator[Unfit]:
    asked = [question for question in QUESTIONS if getattr(probe, question) is not None]
    if len(asked) != 1:
        asks = f"{len(asked)} things, {' and '.join(asked)}" if asked else "nothing"
        yield at, f"it asks {asks}; write exactly one of {one_of(QUESTIONS)}."
        return
    for field, of in (("port", "http"), ("service", "grpc")):
        if getattr(probe, field) is not None and asked != [of]:
            yield (*at, field), f"only '{of}' has one; remove it."
    if asked != ["command"]:
        named = asked == ["http"] and probe.port is not None
        complaint = _unfit_port(run, probe, asked[0])
        if complaint is not None:
            yield (*at, "port" if named else asked[0]), complaint


def _unfit_port(run: RunEntry, probe: ProbeEntry, question: str) -> str | None:
    """What keeps a question from being asked at its port."""
    name = {"http": probe.port, "grpc": probe.grpc, "tcp": probe.tcp}[question]
    ports = {port: entry.protocol for port, entry in run.ports.items()}
    if not ports and run.kind is Kind.WEB:
        ports = {"http": Protocol.HTTP}
    if not ports:
        return "there is no port to ask at; add it below 'run.ports', or ask by 'command'."
    if name is None:
        if Protocol.HTTP in ports.values():
            return None
        return "no port speaks HTTP; name one as 'port', or ask by 'grpc', 'tcp' or 'command'."
    if name not in ports:
        near = did_you_mean(name, ports) or f"write {one_of(ports)}, or add it below 'run.ports'."
        return f"unknown port '{name}'; {near}"
    if {question, ports[name]} == {"http", "grpc"}:
        return (
            f"port '{name}' speaks {ports[name]}; ask there by '{ports[name]}', or correct the "
            "port's protocol."
        )
    return None


def _unfit_schedule(schedule: Schedule) -> Iterator[Unfit]:
    complaint = _unfit_cron(schedule.cron)
    if complaint is not None:
        yield ("run", "schedule", "cron"), f"'{schedule.cron}' {complaint}"
    if schedule.time_zone not in available_timezones():
        near = did_you_mean(schedule.time_zone, available_timezones()) or (
            "write a name of the IANA database, as 'Europe/Berlin'."
        )
        yield (
            ("run", "schedule", "time_zone"),
            f"there is no time zone '{schedule.time_zone}'; {near}",
        )


def _unfit_cron(line: str) -> str | None:
    """What Kubernetes does not take, or takes and never runs.

    Its parser (robfig/cron) knows no last days and no 7 for Sunday, which others do. Source:
    https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax
    """
    strange = [word for word in re.findall("[A-Za-z]+", line) if word.upper() not in _WORDS]
    if strange:
        return (
            f"has '{strange[0]}', which Kubernetes does not know; write numbers, or names as MON."
        )
    if "7" in re.findall(r"(?<!/)\b[0-9]+", line.rsplit(maxsplit=1)[-1]):
        return "has day of the week 7, which Kubernetes does not know; write 0 for Sunday."
    try:
        next(CronSim(line, datetime(2024, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        field = str(error).removeprefix("Bad ").replace("-", " ")
        return f"has no {field} that exists; write minute, hour, day, month and day of the week."
    except StopIteration:
        return "is never due; write a day that its months have."
    return None


def _unfit_paths(run: RunEntry) -> Iterator[Unfit]:
    for path, entry in run.writable.items():
        at = ("run", "writable", path)
        if (entry.memory is None) == (entry.disk is None):
            yield at, "write either 'memory' or 'disk' with a size, exactly one of them."
        complaint = _unfit_path(path)
        if complaint is not None:
            yield at, complaint
    for path in run.files:
        at = ("run", "files", path)
        complaint = _unfit_path(path)
        if complaint is not None:
            yield at, complaint
        below = [
            other
            for other in (*run.files, *run.writable)
            if PurePosixPath(path) in PurePosixPath(other).parents
        ]
        if path in run.writable or below:
            other = below[0] if below else path
            yield at, f"a file is no folder, but '{other}' needs one there; move one of them."


def _unfit_path(path: str) -> str | None:
    place = PurePosixPath(path)
    if ".." in place.parts or "." in path.split("/"):
        return "the path goes by '.' or '..'; write it without them."
    for folder in map(PurePosixPath, KERNEL_FOLDERS):
        if place == SHARED_MEMORY:
            break
        if place == folder or folder in place.parents:
            return f"'{folder}' is the kernel's; choose another path."
    for folder in map(PurePosixPath, OWN_FOLDERS):
        if place == folder or folder in place.parents or place in folder.parents:
            return (
                f"every service finds what this program tells it in '{folder}', which this would "
                "hide or change; choose another path."
            )
    return None


def _unfit_environment(plain: Mapping[str, str], required: list[str]) -> Iterator[Unfit]:
    for name in plain:
        at = ("run", "environment", name)
        if re.match(RESERVED_VARIABLES, name):
            yield at, "every service has it from this program; remove it."
        elif name in required:
            yield (
                at,
                "'environment' of the service lists it too, as one that the stack's settings give "
                "a value of; remove one of them.",
            )


def _unfit_shutdown(run: RunEntry) -> Iterator[Unfit]:
    given = run.shutdown
    at = ("run", "shutdown", "drain_seconds")
    if run.kind is not Kind.WEB:
        if given.drain_seconds is not None:
            yield at, f"a {run.kind} is called by nobody, so there is nothing to drain; remove it."
        return
    grace = given.grace_seconds or GRACE_SECONDS
    drain = given.drain_seconds or DRAIN_SECONDS
    if drain >= grace:
        yield (
            at if given.drain_seconds is not None else ("run", "shutdown", "grace_seconds"),
            f"it is killed after {grace} s, and answers for the first {drain} s of them, so that "
            "no time is left to end; write 'grace_seconds' above 'drain_seconds'.",
        )
