"""The scripts that run next to the servers and give each service its own part of them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Script = Literal["postgres.sh", "rabbitmq.py", "bucket.sh"]
"""File name of a bootstrap script; each one's head says what it reads and what it makes."""

STARTUP_SCRIPT: Literal["startup.py"] = "startup.py"
"""File name of the script that runs before a service does; its head says what it checks."""


PYTHON_IMAGE = "docker.io/library/python:3.13.6-alpine3.21"
"""Official image; the scripts in Python need its standard library and nothing else."""

AWS_CLI_IMAGE = "docker.io/amazon/aws-cli:2.27.9"
"""Official image; it speaks to any S3-compatible store."""


def script(name: Script | Literal["startup.py"]) -> str:
    """The text of a script of this folder, as it goes into a ConfigMap."""
    return (Path(__file__).parent / name).read_text(encoding="utf-8")
