"""A Valkey (or Redis 7+) server that takes its users from an ACL file."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.patience import PATIENCE_SECONDS

from .found import found
from .running import free_port, running, scratch_folder

ADMIN_PASSWORD = "operator-secret"


@dataclass(frozen=True, kw_only=True)
class ValkeyServer:
    """A running server.

    Args:
        port: TCP port on loopback.
        acl_file: the file it read its users from.
    """

    port: int
    acl_file: Path

    def client(self, username: str, password: str) -> redis.Redis:
        """A client that logs in with its first command and never tries twice."""
        return redis.Redis(
            host="127.0.0.1",
            port=self.port,
            username=username,
            password=password,
            decode_responses=True,
            protocol=2,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=PATIENCE_SECONDS,
        )


@contextmanager
def valkey_server(acl: str) -> Generator[ValkeyServer]:
    """A new, empty server with the users of `acl`, ended and removed at the end."""
    programs = found()
    with scratch_folder("valkey") as folder:
        server = ValkeyServer(port=free_port(), acl_file=folder / "users.acl")
        server.acl_file.write_text(acl)
        settings = {
            "bind": "127.0.0.1",
            "port": str(server.port),
            "dir": str(folder),
            "aclfile": str(server.acl_file),
            "save": "",
            "notify-keyspace-events": "KEA",
        }
        command = [str(programs.redis)]
        for name, value in settings.items():
            command += [f"--{name}", value]
        with running(
            command,
            log=folder / "log",
            env=programs.environment(),
            ready=lambda: _answers(server),
        ):
            yield server


def _answers(server: ValkeyServer) -> bool:
    try:
        return bool(server.client("probe", "").ping())
    except redis.ConnectionError:
        return False
