"""The servers of these tests: found or fetched by a script, and gone when the tests are."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from tests.patience import PATIENCE_SECONDS
from tests.servers.found import PROJECT, found

DIES = """
import os, signal, sys
from pathlib import Path
from tests.servers.running import running

log = Path(sys.argv[1])
with running(["sleep", "300"], log=log, ready=lambda: True) as server:
    print(server.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_servers_end_with_tests_that_are_killed(tmp_path: Path) -> None:
    """Outage: every interrupted run leaves a broker behind, until the machine is full."""
    died = subprocess.run(
        [sys.executable, "-c", DIES, str(tmp_path / "log")],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    server = int(died.stdout)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while _runs(server) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(server)


def _runs(pid: int) -> bool:
    """Whether the process is there, and no corpse that nobody has looked after yet."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
    except FileNotFoundError:
        return False
    return state.split()[0] != "Z"


def test_servers_that_are_there_are_found_at_once() -> None:
    """Outage: every run downloads the servers again."""
    programs = found()
    made = programs.redis.stat().st_ctime_ns, programs.rabbitmq.stat().st_ctime_ns
    found.cache_clear()
    assert found() == programs
    assert (programs.redis.stat().st_ctime_ns, programs.rabbitmq.stat().st_ctime_ns) == made
    assert programs.redis.exists()
    assert programs.rabbitmq.exists()


def test_a_machine_without_servers_is_told_what_to_install(tmp_path: Path) -> None:
    """Outage: on a machine without apt the tests fail with a shell's 'not found'."""
    result = subprocess.run(
        ["/bin/sh", str(PROJECT / "tools" / "servers.sh")],
        env={"PATH": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "install valkey-server, rabbitmq-server, prometheus and prometheus-" in result.stderr
    assert not (tmp_path / ".cache").exists()
