"""A rehearsal that is interrupted leaves nothing: no process, no directory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE_SECONDS

from .processes import alive, children

ROOT = Path(__file__).resolve().parents[3]

SCRIPT = """
import signal

from nexus.rehearsal.run import rehearse
from tests.nexus.rehearsal.toy import PROJECT, Toy

# A job in the background of a script is born deaf to Ctrl-C; this test is about one that hears it.
signal.signal(signal.SIGINT, signal.default_int_handler)

def hear(operation):
    if operation.name == "sessions" and "Deployment" in operation.type:
        print("started", flush=True)

with rehearse(Toy(), PROJECT, "dev", time_scale=0.1, on_event=hear) as session:
    session.kubernetes.durations = {"postgres": 0.01, "schema": 0.01}
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
        engines = children(process.pid)
        assert engines, "the engine runs"
        assert list(tmp_path.iterdir()), "its directory is there"
        process.send_signal(number)
        errors = process.communicate(timeout=PATIENCE_SECONDS)[1]
    finally:
        process.kill()
    assert process.returncode == code, errors
    assert not any(map(alive, engines))
    assert list(tmp_path.iterdir()) == []
