"""The scripts that run next to the servers and give each service its own part of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

Script = Literal[
    "postgres.sh",
    "rabbitmq.py",
    "bucket.sh",
    "postgres-access.sh",
    "postgres-monitor.sh",
    "rabbitmq_access.py",
]
"""File name of a bootstrap script; each one's head says what it reads and what it makes."""

ALWAYS: tuple[Script, ...] = ("postgres.sh", "rabbitmq.py", "bucket.sh")
"""Those that stand in the ConfigMap of every stack; the others where something needs them."""

STARTUP_SCRIPT: Literal["startup.py"] = "startup.py"
"""File name of the script that runs before a service does; its head says what it checks."""

LOCK_SCRIPT: Literal["postgres-lock.sh"] = "postgres-lock.sh"
"""File name of the script that runs beside a migration; its head says what it holds."""

PYTHON_IMAGE = "docker.io/library/python:3.13.6-alpine3.21"
"""Official image; the scripts in Python need its standard library and nothing else."""

AWS_CLI_IMAGE = "docker.io/amazon/aws-cli:2.27.9"
"""Official image; it speaks to any S3-compatible store."""


READS: Mapping[Script, Script] = {
    "postgres-access.sh": "postgres.sh",
    "postgres-monitor.sh": "postgres.sh",
    "rabbitmq_access.py": "rabbitmq.py",
}
"""What a script reads of another one, which lies beside it."""


def script(name: Script | Literal["startup.py", "postgres-lock.sh"]) -> str:
    """The text of a script of this folder, as it goes into a ConfigMap."""
    return (Path(__file__).parent / name).read_text(encoding="utf-8")
