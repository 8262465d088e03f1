"""A rehearsal that is interrupted leaves nothing: no process, no directory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

SCRIPT = """
from rehearsal.run import rehearse
from tests.integration.rehearsal.toy import PROJECT, Toy

def hear(operation):
    if operation.name == "sessions" and "Deployment" in operation.type:
        print("started", flush=True)

with rehearse(Toy(), PROJECT, "dev", time_scale=0.1, durations={"postgres": 0.01, "schema": 0.01},
              on_event=hear) as session:
    session.up()
"""
"""At this scale the first service would take fifty seconds, so it is always cut short."""


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, 128 + signal.SIGTERM)]
)
def test_nothing_is_left(tmp_path: Path, number: signal.Signals, code: int) -> None:
    """A forgotten engine goes on for hours and holds the state's lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        children = _children(process.pid)
        assert children, "the engine runs"
        assert list(tmp_path.iterdir()), "its directory is there"
        process.send_signal(number)
        process.wait(20)
        errors = process.communicate()[1]
    finally:
        process.kill()
    assert process.returncode == code, errors
    assert not any(map(_alive, children))
    assert list(tmp_path.iterdir()) == []


def _children(parent: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    )
    pairs = (map(int, line.split()) for line in listed.stdout.splitlines())
    return [pid for pid, its_parent in pairs if its_parent == parent]


def _alive(pid: int) -> bool:
    for _ in range(20):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        state = Path(f"/proc/{pid}/stat")
        if state.exists() and ") Z" in state.read_text(encoding="utf-8"):
            return False
        time.sleep(0.05)
    return True
