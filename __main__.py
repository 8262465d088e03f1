"""Entry point of `pulumi up`."""

from pathlib import Path

from stacks.program import run

run(Path(__file__).parent)
