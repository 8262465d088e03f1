"""Whether processes that a test started are still there."""

from __future__ import annotations

import subprocess
import time

from tests.patience import PATIENCE_SECONDS


def children(parent: int) -> list[int]:
    """Return the pids of the direct children of a process."""
    return [pid for pid, its_parent, _ in _table() if its_parent == parent]


def alive(pid: int) -> bool:
    """Return whether the process goes on running; a zombie does not. Its end is waited for."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        states = {each: state for each, _, state in _table()}
        if states.get(pid, "Z").startswith("Z"):
            return False
        time.sleep(0.05)
    return True


def _table() -> list[tuple[int, int, str]]:
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=True
    )
    rows = (line.split() for line in listed.stdout.splitlines())
    return [(int(pid), int(parent), state) for pid, parent, state in rows]
