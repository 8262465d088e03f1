"""What a container of a Compose file is, as the `run` of a catalog, and what is left open."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from catalog.names import PATH, PORT_NAME
from catalog.run import GRACE_SECONDS, LEAST_PORT
from catalog.run_rules import KERNEL_FOLDERS, OWN_FOLDERS
from nexus.importing.compose_file import UNSET, HealthCheck, Service
from nexus.importing.names import free_name

LONGEST_TEXT = 1000
LONGEST_START = 1800
DISK = "1Gi"
MEMORY = "64Mi"


@dataclass(kw_only=True)
class Container:
    """A service's container.

    Args:
        run: what the catalog says of it.
        sizing: `size` and `replicas` of the entry, where the file says something of them.
        start_seconds: longest time of its start; None for the usual.
        ports: numbers it listens on.
        notes: what was left out or has to be looked at: the Compose field and the sentence.
        open: places in the entry that are left empty, with what to write there.
    """

    run: dict[str, Any] = field(default_factory=dict[str, Any])
    sizing: dict[str, Any] = field(default_factory=dict[str, Any])
    start_seconds: int | None = None
    ports: list[int] = field(default_factory=list[int])
    notes: list[tuple[tuple[str, ...], str]] = field(
        default_factory=list[tuple[tuple[str, ...], str]]
    )
    open: list[tuple[tuple[str, ...], tuple[str, ...], str]] = field(
        default_factory=list[tuple[tuple[str, ...], tuple[str, ...], str]]
    )


def container(name: str, service: Service, *, called: str | None) -> Container:
    """The container of a service; `called` is how it is known that others call it, if it is."""
    found = Container()
    asks = _asks(name, service.healthcheck)
    _ports(service, found, asks, called=called)
    _health(service.healthcheck, asks, found)
    put_command(service, found)
    _user(service, found)
    _storage(service, found)
    _rights(service, found)
    _size(service, found)
    _replicas(service, found)
    grace = seconds(service.stop_grace_period)
    if grace and grace != GRACE_SECONDS:
        least = 6 if found.run.get("kind") != "worker" else 1
        found.run["shutdown"] = {"grace_seconds": min(max(ceil(grace), least), 3600)}
    return found


def blank(text: str) -> str:
    """`text` with nothing in the place of unset variables, as Compose runs it."""
    return UNSET.sub("", text)


def literal(text: str) -> str:
    """`text` that Kubernetes leaves as it is, where it would put a variable's value."""
    return blank(text).replace("$(", "$$(")


def seconds(duration: str) -> float:
    """A duration as Go writes it, as `1m30s`, in seconds."""
    units = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
    parts = re.findall(r"([0-9.]+)(ns|us|µs|ms|h|m|s)", duration)
    return sum(float(number) * units[unit] for number, unit in parts)


def _ports(
    service: Service, found: Container, asks: dict[str, Any] | None, *, called: str | None
) -> None:
    ports: dict[str, Any] = {}
    numbers = list(_numbers(service))
    if not numbers and asks is not None and "port" in asks:
        numbers = [(asks["port"], "http", "")]
        found.notes.append((("healthcheck",), "its port is the one that its health check asks"))
    for number, protocol, name in numbers:
        if isinstance(number, str):
            variables = ", ".join(UNSET.findall(number))
            key = _port_name(variables.lower().replace("_", "-").removesuffix("-port"), ports)
            ports[key] = {"port": None, "protocol": protocol or "tcp"}
            message = f"it is that of {variables}, which has no value; write the number"
            found.open.append((("run", "ports", key, "port"), ("ports",), message))
            continue
        if number in found.ports:
            continue
        http = asks is not None and asks.get("port") == number
        spoken = "http" if http else protocol or "tcp"
        key = _port_name(name or (spoken if spoken != "tcp" else f"tcp-{number}"), ports)
        found.ports.append(number)
        entry: dict[str, Any] = {"port": number}
        if spoken != "http":
            entry["protocol"] = spoken
        if number < LEAST_PORT:
            entry["reason"] = "The image listens there."
        ports[key] = number if entry == {"port": number} else entry
    if ports:
        found.run["ports"] = ports
        return
    health = service.healthcheck
    if called is None and asks is not None and "command" in asks:
        found.run["kind"] = "worker"
        found.notes.append(((), "it has no port and nobody calls it, so it is a worker"))
    elif called is not None:
        found.run["ports"] = None
        message = (
            f"{called}, but no port is known; write it, as '{{main: {{port: 8080, protocol: "
            "tcp}}'"
        )
        found.open.append((("run", "ports"), (), message))
    else:
        found.run["kind"] = None
        message = (
            "it has no port, and no health check that fits a worker; write 'worker', with 'health: "
            "{command: [...]}' below it, or 'web', with 'ports: {main: {port: …, protocol: tcp}}'; "
            "what runs once and ends goes below 'tasks' of a service"
        )
        found.open.append((("run", "kind"), ("healthcheck",) if health else (), message))


def port_numbers(service: Service) -> list[int]:
    """The TCP ports that are known of a container, those that it publishes first."""
    return [number for number, _, _ in _numbers(service) if isinstance(number, int)]


def _numbers(service: Service) -> Iterator[tuple[int | str, str, str]]:
    """Number, protocol and name of each TCP port; protocol and name are empty if not given."""
    spoken = {"http": "http", "grpc": "grpc", "h2c": "grpc", "http2": "http", "ws": "http"}
    for port in service.ports:
        if port.protocol in ("", "tcp"):
            yield port.target, spoken.get(port.app_protocol, ""), port.name
    for text in map(str, service.expose):
        number, _, protocol = text.partition("/")
        first, _, last = number.partition("-")
        if protocol in ("", "tcp"):
            if UNSET.search(number):
                yield number, "", ""
            elif first.isdigit():
                for each in range(int(first), int(last or first) + 1):
                    yield each, "", ""


def _port_name(wanted: str, taken: Sequence[str] | dict[str, Any]) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", wanted.lower())[:15].strip("-")
    if not re.fullmatch(PORT_NAME, name):
        name = f"port-{name}"[:15].strip("-") if name else "port"
    return free_name(name, 15, taken)


_ASKED = (
    r"(?:\w+=\S*\s+)*(?:curl|wget)(?:\s+-{1,2}[\w-]+(?:[= ](?!https?:)[\w./-]+)?)*\s+"
    r"['\"]?http://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]|@NAME@)(?::(\d+))?(/[!-~]*?)?['\"]?"
    r"(?:\s+-{1,2}[\w-]+)*(?:\s*(?:\|\||>|2>).*)?"
)
"""A health check that asks a path of the container itself, and nothing else."""


def _asks(name: str, health: HealthCheck | None) -> dict[str, Any] | None:
    """How the container is asked: a path with a port's number, or a command; None if not at all."""
    if health is None or health.disable or not health.test or health.test[0] == "NONE":
        return None
    shell, words = health.test[0] == "CMD-SHELL", health.test[1:]
    text = " ".join(words) if shell else shlex.join(words)
    if not text.strip() or UNSET.search(text):
        return None
    asked = re.fullmatch(_ASKED.replace("@NAME@", re.escape(name)), text.strip())
    if asked is not None:
        return {"http": asked[2] or "/", "port": int(asked[1] or 80)}
    return {"command": _words(health)}


def _health(health: HealthCheck | None, asks: dict[str, Any] | None, found: Container) -> None:
    named = found.run.get("ports") or {}
    by_number = {
        each if isinstance(each, int) else each["port"]: name for name, each in named.items()
    }
    if asks is None:
        if any(isinstance(e, int) or e.get("protocol") != "tcp" for e in named.values()):
            # Without a question, one that speaks HTTP or gRPC is asked as this platform's are.
            found.run["health"] = {"tcp": next(iter(named))}
        if health is not None and any(map(UNSET.search, health.test)):
            found.notes.append((("healthcheck",), UNKNOWN_HEALTH))
        elif not found.open:
            found.notes.append(((), NO_HEALTH))
        return
    if health is None:
        return
    question: dict[str, Any] = dict(asks)
    if "http" in question:
        if question["port"] in by_number:
            question["port"] = by_number[question["port"]]
        else:
            question = {"command": _words(health)}
    if any(not 0 < len(word) <= LONGEST_TEXT for word in question.get("command", ())):
        found.notes.append((("healthcheck",), "its health check is too long to keep; write a path"))
        return
    interval, timeout = seconds(health.interval) or 30, seconds(health.timeout) or 30
    retries = health.retries or 3
    question["period_seconds"] = min(max(round(interval), 1), 3600)
    question["timeout_seconds"] = min(max(ceil(timeout), 1), 600)
    question["failures"] = min(retries, 100)
    found.run["health"] = question
    start = ceil(seconds(health.start_period) + interval * retries)
    found.start_seconds = min(max(start, 1), LONGEST_START)


NO_HEALTH = "these have no health check"
UNKNOWN_HEALTH = "the health checks of these hold variables without a value"


def _words(health: HealthCheck) -> list[str]:
    if health.test[0] == "CMD-SHELL":
        return ["/bin/sh", "-c", " ".join(health.test[1:])]
    return list(health.test[1:])


def put_command(service: Service, found: Container) -> None:
    """Puts command and arguments into what the catalog says of a container."""
    for field_, words in (("command", service.entrypoint), ("arguments", service.command)):
        kept = [literal(word) for word in words or ()]
        compose = "entrypoint" if field_ == "command" else "command"
        if any(not 0 < len(word) <= LONGEST_TEXT for word in kept):
            note = (
                f"'{compose}' has an empty word or one of more than {LONGEST_TEXT} characters, so "
                "it is left out; put it into a script of the image"
            )
            found.notes.append(((compose,), note))
        elif kept:
            found.run[field_] = kept


def _user(service: Service, found: Container) -> None:
    user = blank(service.user).partition(":")[0]
    if user.isdigit() and int(user) > 0:
        found.run["user"] = int(user)
    elif user in ("0", "root"):
        note = (
            "it runs as root, which no pod of this platform may; write the UID that the image can "
            "run as, as 'user: 1000' below 'run', or use another image"
        )
        found.notes.append((("user",), note))
    elif user:
        note = (
            f"it runs as '{user}', a name that only the image knows; write that user's UID, as "
            "'user: 1000' below 'run'"
        )
        found.notes.append((("user",), note))


def _storage(service: Service, found: Container) -> None:
    writable: dict[str, Any] = {}
    for text in service.tmpfs:
        _writable(text.partition(":")[0], {"memory": MEMORY}, writable)
    for mount in service.volumes:
        if mount.type == "tmpfs":
            _writable(mount.target, {"memory": MEMORY}, writable)
        elif mount.type == "volume":
            if _writable(mount.target, {"disk": DISK}, writable) and mount.source:
                note = (
                    f"volume '{mount.source}' at {mount.target} is kept no longer than the pod; "
                    "what must stay belongs into a database or bucket"
                )
                found.notes.append((("volumes",), note))
        elif mount.target.endswith("docker.sock"):
            note = "it reaches into the machine's Docker, which no pod may; it has to do without"
            found.notes.append((("volumes",), note))
        else:
            source = mount.source.rpartition("/")[2] or "/"
            note = (
                f"'{source}' is mounted at {mount.target} from the machine, which no pod may; put "
                f"its text into this project and write 'files: {{{mount.target}: {source}}}' below "
                "'run', or build it into the image"
            )
            found.notes.append((("volumes",), note))
    if writable:
        found.run["writable"] = writable
    for kind, used in (("secrets", service.secrets), ("configs", service.configs)):
        for each in used:
            path = each.target or each.source
            path = (
                path if path.startswith("/") else f"/run/{kind}/{path}".replace("/run/configs", "")
            )
            what = (
                "write it as a variable in 'environment' and its value as a secret variable of the "
                "stack; its file is in /var/run/secrets/nexus then"
                if kind == "secrets"
                else "put its text into this project and write it below 'files' of 'run'"
            )
            found.notes.append(((kind,), f"it reads '{each.source}' at {path}; {what}"))


def _writable(path: str, size: dict[str, str], writable: dict[str, Any]) -> bool:
    path = path.rstrip("/")
    unfit = [
        folder
        for folder in (*KERNEL_FOLDERS, *OWN_FOLDERS)
        if f"{path}/".startswith(f"{folder}/") or folder.startswith(f"{path}/")
    ]
    fits = re.fullmatch(PATH, path) and len(path) <= 255 and ".." not in path.split("/")
    if fits and path != "/tmp" and (path == "/dev/shm" or not unfit):
        writable[path] = size
    return bool(fits)


def _size(service: Service, found: Container) -> None:
    """Limits and reservations; a limit alone is asked for in full, as in Kubernetes."""
    given = service.deploy.resources
    cpus = (given.reservations.cpus, given.limits.cpus or service.cpus)
    memory = (
        given.reservations.memory or service.mem_reservation,
        given.limits.memory or service.mem_limit,
    )
    size = {
        what: _amount(*(written(each) if each else None for each in amounts))
        for what, amounts, written in (("cpu", cpus, _cpus), ("memory", memory, _bytes))
        if any(amounts)
    }
    if size:
        found.sizing["size"] = size
    for what, (reserved, limit) in (("CPU", cpus), ("memory", memory)):
        if reserved and not limit:
            note = f"it reserves {what} and has no limit of it; here that is its limit as well"
            found.notes.append((("deploy", "resources"), note))
    if (given.reservations.model_extra or {}).get("devices"):
        note = (
            "it reserves devices; for a GPU, declare the resource 'gpu' in catalog/platform.yaml "
            "and write it in its needs"
        )
        found.notes.append((("deploy", "resources"), note))


def _amount(reserved: str | None, limit: str | None) -> Any:
    if reserved is None or limit is None or reserved == limit:
        return reserved or limit
    return {"request": reserved, "limit": limit}


def _cpus(cpus: float) -> str:
    thousandths = max(ceil(cpus * 1000), 1)
    return f"{thousandths}m" if thousandths % 1000 else f"{thousandths // 1000}"


def _bytes(amount: float) -> str:
    mebibytes = max(ceil(amount / 2**20), 1)
    return f"{mebibytes}Mi" if mebibytes % 1024 else f"{mebibytes // 1024}Gi"


def _replicas(service: Service, found: Container) -> None:
    deploy = service.deploy
    number = service.scale if deploy.replicas is None else deploy.replicas
    if deploy.mode == "global":
        note = "it runs once on every machine, which no service does; it has the usual replicas"
        found.notes.append((("deploy", "mode"), note))
    elif number == 0:
        note = "it has no replicas, and the usual ones here; remove it if it is not to run"
        found.notes.append((("deploy", "replicas"), note))
    elif number is not None and number > 1:
        found.sizing["replicas"] = {"least": number, "most": number}
    if (deploy.model_extra or {}).get("placement"):
        note = "on which machines it runs is left out; the cluster decides"
        found.notes.append((("deploy", "placement"), note))


def _rights(service: Service, found: Container) -> None:
    for field_, given, what in (
        ("privileged", service.privileged, "it is privileged"),
        ("cap_add", service.cap_add, f"it asks for {', '.join(service.cap_add)}"),
        ("devices", service.devices, "it uses devices of the machine"),
        ("network_mode", service.network_mode == "host", "it uses the machine's network"),
        ("pid", service.pid == "host", "it sees the machine's processes"),
        ("ipc", service.ipc == "host", "it shares the machine's memory"),
    ):
        if given:
            note = f"{what}, which no pod of this platform may; it has to do without"
            found.notes.append(((field_,), note))
    if any(port.protocol == "udp" for port in service.ports):
        found.notes.append((("ports",), "its UDP ports are left out; only TCP is let through"))
