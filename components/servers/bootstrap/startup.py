#!/usr/bin/env python3
"""Waits, before a service starts, for the platform resources that it needs.

Checked in this order: database, Redis, queue, storage, other platform resources, external APIs,
required environment variables. A resource without which the service cannot start is waited for
and then fatal; one that it can do without, or calls later, and an API outside of the platform, is
tried once and warned about. Other services are never waited for: two that call each other would
never start. Nor is the load balancer, which routes here once the service is ready; and what has
no address, such as a key of KMS, is not checked.

Each check speaks the first words of the target's protocol, so that a port that is open while
the server behind it is not up does not pass. No credentials are sent; whether they are right is
for the service to find out.

Settings (environment): NEXUS_CONFIG, the file that lists what the service needs; NEXUS_REQUIRED,
names of variables that must be set, separated by spaces; WAIT_SECONDS (60), the longest wait for
all fatal checks together; TRY_SECONDS (3), the longest time of one attempt.
Exit code 0: the service may start. 1: it may not; the last line says what is missing.
Standard library only.
"""

from __future__ import annotations

import json
import os
import queue
import socket
import ssl
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

ORDER = ("postgres", "redis", "queue", "storage")
"""The document's order: database, Redis, then what it does not rank."""

ROUTERS = ("load-balancer",)
"""Resources that wait for the service, as their routes do."""

SSL_REQUEST = struct.pack("!ii", 8, 80877103)
"""PostgreSQL's question whether the server speaks TLS; it answers one letter."""

AMQP_HEADER = b"AMQP\x00\x00\x09\x01"

PORTS = {"http": 80, "https": 443}


class UnmetError(Exception):
    """Something is missing; the text says what, as the end of a sentence."""


def main() -> int:
    """Runs all checks and returns the exit code."""
    wait, attempt = _seconds("WAIT_SECONDS", 60), _seconds("TRY_SECONDS", 3)
    deadline = time.monotonic() + wait
    try:
        for name, entry in checks(_dependencies()):
            fatal = is_fatal(entry)
            problem = _problem(name, entry, deadline if fatal else 0.0, attempt)
            if problem is None:
                _say(f"{name} answers.")
            elif fatal:
                raise UnmetError(f"{problem} within {wait:g} s; the service cannot work without it")
            else:
                _say(f"WARNING: {problem}; the service starts without it.")
        _check_environment()
    except UnmetError as error:
        _say(f"FAILED: {error}.")
        return 1
    return 0


def is_fatal(entry: Mapping[str, Any]) -> bool:
    """Whether the service is down without it: a hard startup edge to a resource."""
    needed = entry["criticality"] == "hard" and entry["order"] == "startup"
    return needed and entry["kind"] == "resource"


def _dependencies() -> Mapping[str, Mapping[str, Any]]:
    path = os.environ.get("NEXUS_CONFIG", "")
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123
            return json.load(file)["dependencies"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnmetError(
            f"the list of dependencies in '{path}' cannot be read ({error})"
        ) from error


def checks(
    dependencies: Mapping[str, Mapping[str, Any]],
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What has an address and is no service, in the order of the checks."""

    def rank(name: str) -> tuple[bool, int, str]:
        place = ORDER.index(name) if name in ORDER else len(ORDER)
        return dependencies[name]["kind"] == "external", place, name

    for name in sorted(dependencies, key=rank):
        entry = dependencies[name]
        endpoint = entry["endpoint"] or {}
        addressed = "url" in endpoint or "host" in endpoint
        if entry["kind"] != "service" and addressed and name not in ROUTERS:
            yield name, entry


def _problem(name: str, entry: Mapping[str, Any], deadline: float, attempt: float) -> str | None:
    """Why `name` does not answer, None when it does; tries until `deadline`, at least once."""
    host, port, tls = address(entry["endpoint"])
    where = f"{name} at {host}:{port}"
    waiting = False
    while True:
        try:
            _within(attempt, lambda: _greet(name, entry["endpoint"], (host, port), tls, attempt))
        except (OSError, UnmetError) as error:
            reason = str(error) or type(error).__name__
        else:
            return None
        if time.monotonic() + 0.5 >= deadline:
            return f"{where} did not answer ({reason})"
        if not waiting:
            _say(f"waiting for {where} ({reason}) …")
            waiting = True
        time.sleep(0.5)


def address(endpoint: Mapping[str, str]) -> tuple[str, int, bool]:
    """Host, port, and whether the server speaks TLS from the first byte."""
    if "url" in endpoint:
        url = urlsplit(endpoint["url"])
        port = url.port or PORTS.get(url.scheme, 443)
        return url.hostname or "", port, url.scheme not in ("http", "amqp", "redis")
    # PostgreSQL turns to TLS after the first question.
    tls = endpoint.get("tls", "") in ("true", "required")
    return endpoint["host"], int(endpoint["port"]), tls


def _within(seconds: float, attempt: Callable[[], None]) -> None:
    """Runs `attempt`, but not longer than `seconds`: a name look-up has no limit of its own."""
    ended: queue.Queue[Exception | None] = queue.Queue()

    def run() -> None:
        try:
            attempt()
        except Exception as error:
            ended.put(error)
        else:
            ended.put(None)

    threading.Thread(target=run, daemon=True).start()
    try:
        error = ended.get(timeout=seconds)
    except queue.Empty:
        raise UnmetError(f"no answer in {seconds:g} s") from None
    if error is not None:
        raise error


def _greet(
    name: str,
    endpoint: Mapping[str, str],
    address: tuple[str, int],
    tls: bool,
    seconds: float,
) -> None:
    """Opens a connection and exchanges the first words of the protocol."""
    with socket.create_connection(address, timeout=seconds) as plain:
        connection = _encrypted(plain, address[0]) if tls else plain
        greeting = GREETINGS.get(name)
        if greeting is not None:
            greeting(connection, endpoint)
        elif "url" in endpoint and name == "storage":
            _greet_http(connection, endpoint)


def _encrypted(plain: socket.socket, host: str) -> ssl.SSLSocket:
    """TLS to whoever answers: nothing secret is said here, and the service checks who it is."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(plain, server_hostname=host)


def _greet_postgres(connection: socket.socket, endpoint: Mapping[str, str]) -> None:
    connection.sendall(SSL_REQUEST)
    answer = connection.recv(1)
    if answer not in (b"S", b"N"):
        raise UnmetError("what answers is not PostgreSQL")
    if answer == b"N" and endpoint.get("sslmode", "disable") not in ("disable", "allow", "prefer"):
        raise UnmetError("the server offers no TLS")


def _greet_redis(connection: socket.socket, _: Mapping[str, str]) -> None:
    connection.sendall(b"PING\r\n")
    answer = connection.recv(64)
    # Without a user the server says so, which is answer enough.
    if not answer.startswith((b"+PONG", b"-NOAUTH", b"-NOPERM")):
        raise UnmetError(f"it says '{answer.decode('utf-8', 'replace').strip()}'")


def _greet_amqp(connection: socket.socket, _: Mapping[str, str]) -> None:
    connection.sendall(AMQP_HEADER)
    # The first frame is a method on channel 0: Connection.Start.
    if connection.recv(3) != b"\x01\x00\x00":
        raise UnmetError("what answers is not AMQP 0-9-1")


def _greet_http(connection: socket.socket, endpoint: Mapping[str, str]) -> None:
    host = urlsplit(endpoint["url"]).netloc
    connection.sendall(f"HEAD / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    answer = connection.recv(64)
    # Without credentials an object store refuses, but it is there; 5xx says it is not ready.
    if not answer.startswith(b"HTTP/1.") or answer[9:10] == b"5":
        raise UnmetError(
            f"it says '{answer.splitlines()[0].decode('ascii', 'replace')}'"
            if answer
            else "it closes the connection"
        )


GREETINGS: Mapping[str, Callable[[socket.socket, Mapping[str, str]], None]] = {
    "postgres": _greet_postgres,
    "redis": _greet_redis,
    "queue": _greet_amqp,
}


def _check_environment() -> None:
    missing = [
        name for name in os.environ.get("NEXUS_REQUIRED", "").split() if not os.environ.get(name)
    ]
    if missing:
        raise UnmetError(f"required environment variables are not set: {', '.join(missing)}")


def _seconds(variable: str, default: float) -> float:
    return float(os.environ.get(variable) or default)


def _say(text: str) -> None:
    print(f"startup check: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
