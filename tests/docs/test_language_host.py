"""What Pulumi's language host runs in `.venv` before and while it runs this program."""

from __future__ import annotations

import json
import subprocess
import sys

import yaml

from tests.projects import ROOT

OPTIONS = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))["runtime"]["options"]


def test_packages_of_the_environment_can_be_listed() -> None:
    """Without pip in it, `pulumi preview` and `up` end before the program is started."""
    assert OPTIONS == {"toolchain": "pip", "virtualenv": ".venv"}
    command = (sys.executable, "-m", "pip", "list", "--format", "json")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    named = {package["name"].replace("_", "-") for package in json.loads(done.stdout)}
    assert {"pulumi", "pulumi-aws", "pulumi-kubernetes", "pulumi-random"} <= named
