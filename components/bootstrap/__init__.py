"""The scripts that run next to the servers and give each service its own part of them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Script = Literal["postgres.sh", "rabbitmq.py", "bucket.sh"]
"""File name of a bootstrap script; each one's head says what it reads and what it makes."""


def script(name: Script) -> str:
    """The text of a bootstrap script, as it goes into a ConfigMap."""
    return (Path(__file__).parent / name).read_text(encoding="utf-8")
