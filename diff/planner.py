"""Plans every stack of a project with that project's own code, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from diff.errors import PlanningError
from diff.failure import sentences
from diff.side import GRAPH_FILE, Side, side_of_documents

RUNNER = Path(__file__).with_name("runner.py")

LONGEST = 300
"""Seconds that planning one revision may take; three stacks take about ten."""

_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "SYSTEMROOT", "VIRTUAL_ENV")
"""Environment of the process: a plan must not depend on whoever makes it, nor see a secret."""


def plan_project(project: Path, label: str, stacks: tuple[str, ...] = ()) -> Side:
    """Every stack of the project in folder `project`, planned by its own code.

    A stack that cannot be planned leaves what its program said (`Side.errors`); the others are
    planned all the same.

    Args:
        project: the folder with Pulumi.yaml; its code is run.
        label: what the user calls it.
        stacks: which stacks to plan; all there are if empty.

    Raises:
        PlanningError: the program there ends before it comes to its stacks, or hangs.
    """
    found = stacks_of(project)
    chosen = tuple(stack for stack in found if not stacks or stack in stacks)
    if not (project / "Pulumi.yaml").is_file() or not (project / "plan" / "plan.py").is_file():
        return Side(label=label, has_program=False)
    with tempfile.TemporaryDirectory(prefix="nexus-diff-") as folder:
        output = Path(folder)
        _run(project, output, label, chosen)
        side = side_of_documents(output)
    return Side(
        label=label,
        plans=side.plans,
        errors=side.errors,
        graph=side.graph,
        has_program=bool(found),
    )


def stacks_of(project: Path) -> tuple[str, ...]:
    """The stacks with a file in the project's folder, sorted."""
    return tuple(
        sorted(
            path.name.removeprefix("Pulumi.").removesuffix(".yaml")
            for path in project.glob("Pulumi.*.yaml")
        )
    )


def _run(project: Path, output: Path, label: str, stacks: tuple[str, ...]) -> None:
    environment = {key: os.environ[key] for key in _KEPT if key in os.environ}
    environment |= {
        "PYTHONPATH": str(project),
        # Nothing but the project and what is installed: not the folder of the runner.
        "PYTHONSAFEPATH": "1",
        # A worktree is thrown away, so its compiled files are of no use.
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    command = [sys.executable, str(RUNNER), str(project), str(output), *stacks]
    try:
        done = subprocess.run(
            command,
            cwd=project,
            env=environment,
            capture_output=True,
            timeout=LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PlanningError(
            f"Planning {label} took more than {LONGEST} seconds and was stopped; "
            "run `nexus plan` there to see where it hangs."
        ) from None
    if done.returncode != 0:
        reason = "\n".join(sentences(done.stderr))
        raise PlanningError(f"{label} cannot be planned: {reason}")


__all__ = ["GRAPH_FILE", "plan_project", "stacks_of"]
