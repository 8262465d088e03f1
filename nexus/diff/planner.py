"""Plans every stack of a project with that project's own code, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from catalog.project_file import stack_names
from nexus.diff.errors import PlanningError
from nexus.diff.failure import sentences
from nexus.diff.side import GRAPH_FILE, Side, side_of_documents

RUNNER = Path(__file__).with_name("runner.py")

LONGEST = 900
"""Seconds that planning one revision may take; three stacks take about ten, and more than a minute
on a machine that is busy with other things."""

Say = Callable[[str], object]
"""Is told, in one line, what is done of a command that takes a while."""


def say_nothing(_: str) -> None:
    """For whoever does not want to know."""


_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "SYSTEMROOT", "VIRTUAL_ENV")
"""Environment of the process: a plan must not depend on whoever makes it, nor see a secret."""


def has_program(project: Path) -> bool:
    """Whether there is a program of ours, of this revision's layout or an earlier one's."""
    return any((project / path).is_file() for path in ("nexus/plan/plan.py", "plan/plan.py"))


def plan_project(
    project: Path, label: str, stacks: tuple[str, ...] = (), say: Say = say_nothing
) -> Side:
    """Every stack of the project in folder `project`, planned by its own code.

    A stack that cannot be planned leaves what its program said (`Side.errors`); the others are
    planned all the same.

    Args:
        project: the folder with Pulumi.yaml; its code is run.
        label: what the user calls it.
        stacks: which stacks to plan; all there are if empty.
        say: is told what is done; it may be called from any thread.

    Raises:
        PlanningError: the program there ends before it comes to its stacks, or hangs.
    """
    found = stack_names(project)
    chosen = tuple(stack for stack in found if not stacks or stack in stacks)
    if not (project / "Pulumi.yaml").is_file() or not has_program(project):
        return Side(label=label, has_program=False)
    with tempfile.TemporaryDirectory(prefix="nexus-diff-") as folder:
        output = Path(folder)
        _run(project, output, label, chosen, say)
        side = side_of_documents(output)
    return Side(
        label=label,
        plans=side.plans,
        errors=side.errors,
        graph=side.graph,
        has_program=bool(found),
    )


def _run(project: Path, output: Path, label: str, stacks: tuple[str, ...], say: Say) -> None:
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
    with (
        tempfile.TemporaryFile() as complaints,
        subprocess.Popen(
            command, cwd=project, env=environment, stdout=subprocess.PIPE, stderr=complaints
        ) as process,
    ):
        stopped = threading.Event()
        timer = threading.Timer(LONGEST, _stop, (process, stopped))
        timer.start()
        try:
            _report(process, label, stacks, say)
        finally:
            timer.cancel()
            process.kill()
        complaints.seek(0)
        said = complaints.read()
    if stopped.is_set():
        raise PlanningError(
            f"Planning {label} took more than {LONGEST} seconds and was stopped; "
            "run `nexus plan` there to see where it hangs."
        )
    if process.returncode != 0:
        reason = "\n".join(sentences(said))
        raise PlanningError(f"{label} cannot be planned: {reason}")


def _stop(process: subprocess.Popen[bytes], stopped: threading.Event) -> None:
    stopped.set()
    process.kill()


def _report(
    process: subprocess.Popen[bytes], label: str, stacks: tuple[str, ...], say: Say
) -> None:
    """Tells of every stack that is done, until the process ends."""
    waiting = list(stacks)
    for line in process.stdout or ():
        # The revision's program may print what it likes.
        stack = line.decode("utf-8", errors="replace").strip()
        if stack in waiting:
            waiting.remove(stack)
            left = f", {len(waiting)} to go" if waiting else ""
            say(f"{label}: planned {stack}{left}")
    process.wait()


__all__ = ["GRAPH_FILE", "Say", "plan_project", "say_nothing"]
