"""Ctrl-C while Pulumi runs for `nexus up`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.patience import waited
from tests.projects import ROOT

PULUMI = """#!/bin/bash
trap 'sleep 1; touch ended; exit 3' INT
touch begun
while :; do sleep 0.05; done
"""

RUN = """
import sys
from pathlib import Path
from nexus.cli.update import passed_on

sys.exit(passed_on([sys.argv[1]], Path.cwd()))
"""


def test_pulumi_ends_what_is_under_way(tmp_path: Path) -> None:
    """Python kills a child a quarter of a second after Ctrl-C, and with it what Pulumi knows."""
    script = tmp_path / "pulumi"
    script.write_text(PULUMI, encoding="utf-8")
    script.chmod(0o755)
    with subprocess.Popen(
        [sys.executable, "-c", RUN, script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    ) as process:
        try:
            waited((tmp_path / "begun").exists)
            os.killpg(process.pid, signal.SIGINT)
            assert process.wait() == 3
        finally:
            process.kill()
    assert (tmp_path / "ended").exists()
