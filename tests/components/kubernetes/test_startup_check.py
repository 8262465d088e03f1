"""The check that runs before a service, against real sockets."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from components.servers.bootstrap import STARTUP_SCRIPT
from tests.patience import PATIENCE_SECONDS
from tests.projects import ROOT

SCRIPT = ROOT / "components" / "servers" / "bootstrap" / STARTUP_SCRIPT

Answer = Callable[[bytes], bytes]


@contextmanager
def server(
    answer: Answer, *, port: int = 0, after: threading.Event | None = None
) -> Generator[int]:
    """A server that answers what a client says first; it listens once `after` has happened."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.settimeout(PATIENCE_SECONDS)

    def serve() -> None:
        if after is not None:
            after.wait(PATIENCE_SECONDS)
        listener.listen()
        while True:
            try:
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(PATIENCE_SECONDS)
                    connection.sendall(answer(connection.recv(1024)))
            except OSError:
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


def postgres(said: bytes) -> bytes:
    return b"N" if said == bytes.fromhex("0000000804d2162f") else b"E"


def redis(said: bytes) -> bytes:
    return b"-NOAUTH Authentication required.\r\n" if said == b"PING\r\n" else b"-ERR\r\n"


def rabbitmq(said: bytes) -> bytes:
    return b"\x01\x00\x00\x00\x00" if said.startswith(b"AMQP\x00\x00\x09\x01") else b""


def storage(said: bytes) -> bytes:
    return b"HTTP/1.1 403 Forbidden\r\n\r\n" if said.startswith(b"HEAD / ") else b""


SERVERS = {"postgres": postgres, "redis": redis, "queue": rabbitmq, "storage": storage}


def dependency(
    name: str,
    port: int,
    *,
    criticality: str = "hard",
    kind: str = "resource",
    order: str = "startup",
) -> dict[str, Any]:
    endpoint = {"host": "127.0.0.1", "port": str(port)}
    if name == "storage" or kind != "resource":
        endpoint = {"url": f"http://127.0.0.1:{port}"}
    return {"kind": kind, "order": order, "criticality": criticality, "endpoint": endpoint}


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture
def check(tmp_path: Path) -> Callable[..., tuple[int, list[str]]]:
    """Runs the script as its container does; returns the exit code and what it said."""

    def run(
        dependencies: dict[str, Any],
        *,
        wait: float = PATIENCE_SECONDS,
        env: dict[str, str] | None = None,
        heard: Callable[[str], object] = len,
    ) -> tuple[int, list[str]]:
        config = tmp_path / "dependencies.json"
        config.write_text(json.dumps({"version": 1, "dependencies": dependencies}))
        with subprocess.Popen(
            [sys.executable, "-I", str(SCRIPT)],
            env={
                "PATH": os.environ["PATH"],
                "NEXUS_CONFIG": str(config),
                "WAIT_SECONDS": str(wait),
                "TRY_SECONDS": "30",
                **(env or {}),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            guard = threading.Timer(PATIENCE_SECONDS, process.kill)
            guard.start()
            said: list[str] = []
            for line in process.stdout:
                said += re.findall(r"startup check: (.*)", line)
                heard(line)
            errors = process.stderr.read()
            guard.cancel()
        assert errors == ""
        return process.returncode, said

    return run


Check = Callable[..., tuple[int, list[str]]]


def test_checks_in_the_documents_order(check: Check) -> None:
    """Who reads the log of a failed start expects the document's order."""
    with (
        server(postgres) as first,
        server(redis) as second,
        server(rabbitmq) as third,
        server(storage) as fourth,
        server(storage) as fifth,
    ):
        code, said = check(
            {
                "maps": dependency("maps", fifth, kind="external"),
                "storage": dependency("storage", fourth),
                "queue": dependency("queue", third),
                "redis": dependency("redis", second),
                "postgres": dependency("postgres", first),
            }
        )
    assert code == 0
    assert said == [f"{n} answers." for n in ("postgres", "redis", "queue", "storage", "maps")]


def test_waits_for_what_comes_late(check: Check) -> None:
    """After a node's restart the database needs longer than the service."""
    waited_for = threading.Event()
    with server(postgres, after=waited_for) as port:
        code, said = check(
            {"postgres": dependency("postgres", port)}, heard=lambda _: waited_for.set()
        )
    assert code == 0
    assert said[0].startswith(f"waiting for postgres at 127.0.0.1:{port} (")
    assert said[1:] == ["postgres answers."]


def test_gives_up_and_says_on_what(check: Check) -> None:
    """A start that hangs for ever, or fails without a name, is searched in the wrong place."""
    port = closed_port()
    code, said = check({"redis": dependency("redis", port)}, wait=1)
    assert code == 1
    assert re.fullmatch(
        rf"FAILED: redis at 127\.0\.0\.1:{port} did not answer \(.*refused.*\) within 1 s; "
        r"the service cannot work without it\.",
        said[-1],
    )


def test_one_wait_for_all(check: Check) -> None:
    """Four dead servers must not take four times the bound."""
    code, said = check({n: dependency(n, closed_port()) for n in SERVERS}, wait=1)
    assert code == 1
    assert said[-1].startswith("FAILED: postgres ")
    assert all(" postgres " in line for line in said), "the others' waits would come on top"


def test_degradable_and_external_only_warn(check: Check) -> None:
    """A cache or a provider that is down must not keep a service from starting."""
    code, said = check(
        {
            "redis": dependency("redis", closed_port(), criticality="degradable"),
            "payments": dependency("payments", closed_port(), kind="external"),
        }
    )
    assert code == 0
    assert [line.split()[:2] for line in said] == [["WARNING:", "redis"], ["WARNING:", "payments"]]
    assert all(line.endswith("the service starts without it.") for line in said)


def test_never_waits_for_a_service(check: Check) -> None:
    """Two services that call each other would wait for each other."""
    peer = {"kind": "service", "criticality": "hard", "endpoint": {"url": "http://127.0.0.1:1"}}
    assert check({"auth-service": peer}) == (0, [])


def test_skips_what_this_environment_does_not_provide(check: Check) -> None:
    """In dev there is no CDN to wait for."""
    absent = {"kind": "resource", "criticality": "hard", "endpoint": None}
    assert check({"cdn": absent}) == (0, [])


@pytest.mark.parametrize("name", sorted(SERVERS))
def test_an_open_port_is_not_enough(check: Check, name: str) -> None:
    """A proxy accepts connections long before the server behind it is up."""
    with server(lambda _: b"") as port:
        code, said = check({name: dependency(name, port)}, wait=0.5)
    assert code == 1
    assert said[-1].startswith(f"FAILED: {name} at ")


def test_a_server_that_says_nothing_is_bounded(check: Check) -> None:
    """A hung server accepts and never answers."""
    with socket.socket() as hung:
        hung.bind(("127.0.0.1", 0))
        hung.listen()
        silent = dependency("postgres", hung.getsockname()[1])
        code, _ = check({"postgres": silent}, wait=1, env={"TRY_SECONDS": "1"})
    assert code == 1


def test_loading_redis_is_not_ready(check: Check) -> None:
    """Valkey answers while it still reads its data back, and refuses everything."""
    with server(lambda _: b"-LOADING Redis is loading the dataset in memory\r\n") as port:
        code, said = check({"redis": dependency("redis", port)}, wait=0.5)
    assert code == 1
    assert "LOADING" in said[-1]


def test_tls_is_demanded_where_the_endpoint_says_so(check: Check) -> None:
    """A server without TLS in prod is the wrong server."""
    with server(postgres) as port:
        entry = dependency("postgres", port)
        entry["endpoint"]["sslmode"] = "verify-full"
        code, said = check({"postgres": entry}, wait=0.5)
    assert code == 1
    assert "offers no TLS" in said[-1]


def test_names_every_missing_variable(check: Check) -> None:
    """Variables told one at a time cost a restart each."""
    env = {"NEXUS_REQUIRED": "CURRENCY LOG_LEVEL REGION", "LOG_LEVEL": "info", "REGION": ""}
    assert check({}, env=env) == (
        1,
        ["FAILED: required environment variables are not set: CURRENCY, REGION."],
    )


def test_unreadable_configuration_is_said(check: Check) -> None:
    """A missing mount must not pass for a service without dependencies."""
    code, said = check({}, env={"NEXUS_CONFIG": "/nowhere/dependencies.json"})
    assert code == 1
    assert said[-1].startswith("FAILED: the list of dependencies in '/nowhere/dependencies.json'")


def test_what_is_called_later_is_not_waited_for(check: Check) -> None:
    """A runtime edge is one that the service starts without, however hard it needs it then."""
    code, said = check({"redis": dependency("redis", closed_port(), order="runtime")})
    assert code == 0
    assert said[-1].startswith("WARNING: redis at 127.0.0.1:")


def test_what_routes_here_is_not_asked(check: Check) -> None:
    """The balancer answers once the service does: who waits for it waits for ever."""
    assert check({"load-balancer": dependency("load-balancer", closed_port())}) == (0, [])


@pytest.mark.parametrize(
    "endpoint", [{"kind": "kms", "key": "arn:k", "region": "r"}, {"kind": "cloudhsm"}, {}, None]
)
def test_what_has_no_address_is_not_asked(check: Check, endpoint: dict[str, str] | None) -> None:
    """A key of KMS answers over AWS' API; a traceback in its place keeps the service down."""
    assert check({"hsm": {**dependency("hsm", 1), "endpoint": endpoint}}) == (0, [])
