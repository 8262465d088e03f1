"""Entry point of the policy pack; the engine runs this folder."""

from __future__ import annotations

import sys
from pathlib import Path

import pulumi_policy

# The engine runs the folder itself, in which `policy` is no package that can be found.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from nexus.policy.pack import NAME, policies

pulumi_policy.PolicyPack(NAME, policies())
