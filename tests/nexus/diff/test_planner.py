"""Planning a revision: what whoever waits is told, and when it is given up."""

from __future__ import annotations

from pathlib import Path

import pytest

from nexus.diff import planner
from nexus.diff.errors import PlanningError
from nexus.diff.planner import plan_project
from nexus.diff.revisions import plan_sides

PROGRAM = """
import sys

class Plan:
    def __init__(self, stack):
        self.stack = stack

    def to_json(self):
        return '{{"stack": "%s", "resources": []}}' % self.stack

def make_plan(project, stack):
    {body}
    return Plan(stack)
"""


def project(folder: Path, body: str = "pass") -> Path:
    """A project whose program says what it does in a line; its stacks are a and b."""
    (folder / "plan").mkdir(parents=True)
    (folder / "plan/plan.py").write_text(PROGRAM.format(body=body), encoding="utf-8")
    for name in ("Pulumi.yaml", "Pulumi.a.yaml", "Pulumi.b.yaml"):
        (folder / name).touch()
    return folder


def test_whoever_waits_is_told_what_is_done(tmp_path: Path) -> None:
    """A command that says nothing for minutes looks like one that hangs."""
    said: list[str] = []
    before, after = project(tmp_path / "old"), project(tmp_path / "new")
    sides = plan_sides(tmp_path, before, after, say=said.append)
    assert [sorted(side.plans) for side in sides] == [["a", "b"], ["a", "b"]]
    assert said[0] == f"Planning {before} and {after}, each with its own code ..."
    assert sorted(said[1:]) == sorted(
        f"{side}: planned {what}" for side in (before, after) for what in ("a, 1 to go", "b")
    )


def test_a_program_that_prints_is_not_quoted(tmp_path: Path) -> None:
    """A foreign program's words would stand between ours, escape codes and all."""
    said: list[str] = []
    noisy = project(tmp_path / "it", r"print('\x1b[31mhello\na b'); print('x' * 300_000)")
    plan_project(noisy, "it", say=said.append)
    assert said == ["it: planned a, 1 to go", "it: planned b"]


def test_a_stack_that_cannot_be_planned_is_done_too(tmp_path: Path) -> None:
    """Who counts what is left would wait for it for ever."""
    said: list[str] = []
    side = plan_project(project(tmp_path / "it", "raise ValueError(stack)"), "it", say=said.append)
    assert sorted(side.errors) == ["a", "b"]
    assert said == ["it: planned a, 1 to go", "it: planned b"]


def test_a_program_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A workflow would wait until its own end, and the comment would not say why."""
    monkeypatch.setattr(planner, "LONGEST", 1)
    hanging = project(tmp_path / "it", "import threading; threading.Event().wait()")
    with pytest.raises(PlanningError, match="took more than 1 seconds and was stopped"):
        plan_project(hanging, "it")


def test_what_a_program_ends_with_is_told(tmp_path: Path) -> None:
    """The reason stands on its standard error, which may be long."""
    broken = project(
        tmp_path / "it", "import os; os.write(2, b'x' * 300_000 + b'\\nno'); os._exit(3)"
    )
    with pytest.raises(PlanningError, match=r"it cannot be planned: (?s:.*)no$"):
        plan_project(broken, "it")
