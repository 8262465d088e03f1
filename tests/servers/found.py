"""Where the servers lie that this machine has or that `tools/servers.sh` fetched for it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class Found:
    """Programs and the environment that they start in.

    Args:
        redis: a Redis 7+ or Valkey server.
        rabbitmq: RabbitMQ's start script.
        prometheus, promtool: Prometheus 2.42+ and its tool.
        blackbox: Prometheus' blackbox exporter.
        exporters: those of servers, by kind.
        path: folder to put in front of PATH, or empty.
        library_path: folders to put in front of LD_LIBRARY_PATH, or empty.
    """

    redis: Path
    rabbitmq: Path
    prometheus: Path
    promtool: Path
    blackbox: Path
    exporters: Mapping[str, Path]
    path: str
    library_path: str

    def environment(self) -> dict[str, str]:
        """This process's environment, extended so that the servers find what they need."""
        env = dict(os.environ)
        for name, front in (("PATH", self.path), ("LD_LIBRARY_PATH", self.library_path)):
            parts = [part for part in (front, env.get(name, "")) if part]
            if parts:
                env[name] = os.pathsep.join(parts)
        return env


@cache
def found() -> Found:
    """The servers of this machine; the first call on a new machine downloads them.

    Raises:
        RuntimeError: with the script's own sentence, if there are none to be had.
    """
    result = subprocess.run(
        [PROJECT / "tools" / "servers.sh"], capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise RuntimeError(result.stderr.strip())
    values = dict(line.split("=", 1) for line in result.stdout.splitlines())
    return Found(
        redis=Path(values["REDIS_SERVER"]),
        rabbitmq=Path(values["RABBITMQ_SBIN"]) / "rabbitmq-server",
        prometheus=Path(values["PROMETHEUS"]),
        promtool=Path(values["PROMTOOL"]),
        blackbox=Path(values["BLACKBOX"]),
        exporters={
            "postgres": Path(values["POSTGRES_EXPORTER"]),
            "redis": Path(values["REDIS_EXPORTER"]),
        },
        path=values["SERVERS_PATH"],
        library_path=values["SERVERS_LIBRARY_PATH"],
    )
