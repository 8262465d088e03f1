"""The lock of a stack: who holds it, and whether that process still runs."""

from __future__ import annotations

import re
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path

from nexus.pulumi.command import Pulumi, PulumiError

# What the backends for files and buckets answer (pkg/backend/diy/lock.go of Pulumi 3.259).
_LOCKED = "the stack is currently locked by"
_HOLDER = re.compile(
    r"^\s*(?P<url>\S+): created by (?P<user>.*)@(?P<host>[^@\s]+) "
    r"\(pid (?P<pid>\d+)\) at (?P<since>\S+)$",
    re.MULTILINE,
)
_EXISTS = "already exists"
_TOLERANCE = timedelta(seconds=5)


class Holder(Enum):
    """What became of the process that took a lock."""

    ALIVE = "still runs"
    GONE = "has ended"
    ELSEWHERE = "ran on another machine, where its end cannot be seen"


@dataclass(frozen=True, kw_only=True)
class Lock:
    """A lock on a stack: where it lies in the backend, and the process that took it, and when."""

    url: str
    user: str
    host: str
    pid: int
    since: datetime

    def holder(self) -> Holder:
        """What became of the process that took it, as far as this machine can tell."""
        if self.host != socket.gethostname():
            return Holder.ELSEWHERE
        started = _started(self.pid)
        # A number is given again: a process that began after the lock did not take it.
        alive = started is not None and started <= self.since + _TOLERANCE
        return Holder.ALIVE if alive else Holder.GONE


def locks(pulumi: Pulumi) -> tuple[Lock, ...]:
    """Return the locks on a stack that exists; none for a service that keeps its own.

    No command shows a lock, so one that is refused anyway is tried: to give the stack the
    name that it has fails on the lock, or, without one, because the name is taken. (Making
    it once more fails likewise, but empties the stack where the backend errs.)

    Raises:
        PulumiError: the backend cannot be asked, or may not be written.
    """
    backend = pulumi.backend
    if backend is None:
        return ()
    with tempfile.TemporaryDirectory(prefix="nexus-repair-") as folder:
        probe = pulumi.elsewhere(Path(folder), backend).with_passphrase("none")
        try:
            probe.on_stack("stack", "rename", probe.stack)
        except PulumiError as error:
            if _LOCKED in str(error):
                return read_locks(str(error))
            if _EXISTS in str(error):
                return ()
            raise
    raise PulumiError(f"The stack '{pulumi.stack}' was changed while it was looked at.")


def read_locks(text: str) -> tuple[Lock, ...]:
    """Return the locks that a refusal of the CLI names."""
    return tuple(
        Lock(
            url=found["url"],
            user=found["user"],
            host=found["host"],
            pid=int(found["pid"]),
            since=datetime.fromisoformat(found["since"]),
        )
        for found in _HOLDER.finditer(text)
    )


def _started(pid: int) -> datetime | None:
    """When the process began; None if it is not there, or has ended and only waits to be seen."""
    answer = subprocess.run(
        ["ps", "-p", str(pid), "-o", "stat=,lstart="],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
        capture_output=True,
        text=True,
        check=False,
    )
    state, _, began = answer.stdout.strip().partition(" ")
    if not state or state.startswith("Z"):
        return None
    return datetime.strptime(began.strip(), "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
