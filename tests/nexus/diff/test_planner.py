"""Planning a revision: what whoever waits is told, and when it is given up."""

from __future__ import annotations

from pathlib import Path

import pytest

from nexus.diff import revisions
from nexus.diff.revisions import PlanningError, read_sides, snapshot_of

PROGRAM = """
import json, sys
from pathlib import Path

def snapshot(output, stacks):
    made = {{}}
    for stack in stacks:
        {body}
        made[stack] = {{"resources": []}}
        print("Planned " + stack, file=sys.stderr, flush=True)
    Path(output).write_text(json.dumps({{"graph": None, "stacks": made}}))

snapshot(sys.argv[sys.argv.index("--output") + 1], ["a", "b"])
"""


def project(folder: Path, body: str = "pass") -> Path:
    """A project whose program says what it does in a line; its stacks are a and b."""
    (folder / "nexus/cli").mkdir(parents=True)
    (folder / "nexus/__main__.py").write_text(PROGRAM.format(body=body), encoding="utf-8")
    for name in (
        "Pulumi.yaml",
        "Pulumi.a.yaml",
        "Pulumi.b.yaml",
        "nexus/__init__.py",
        "nexus/cli/snapshot.py",
    ):
        (folder / name).touch()
    return folder


def test_whoever_waits_is_told_what_is_done(tmp_path: Path) -> None:
    """A command that says nothing for minutes looks like one that hangs."""
    said: list[str] = []
    before, after = project(tmp_path / "old"), project(tmp_path / "new")
    sides = read_sides(tmp_path, str(before), str(after), (), said.append)
    assert [sorted(side.stacks) for side in sides] == [["a", "b"], ["a", "b"]]
    assert said[0] == f"Planning {before} and {after}, each with its own code ..."
    assert sorted(said[1:]) == sorted(
        f"{side}: planned {what}" for side in (before, after) for what in ("a, 1 to go", "b")
    )


def test_a_program_that_prints_is_not_quoted(tmp_path: Path) -> None:
    """A foreign program's words would stand between ours, escape codes and all."""
    said: list[str] = []
    shout = r"print('\x1b[31mhello\nPlanned c', file=sys.stderr); print('x' * 300_000)"
    noisy = str(project(tmp_path / "it", shout))
    assert '"a"' in snapshot_of(tmp_path, noisy, (), said.append)
    assert said == [f"{noisy}: planned a, 1 to go", f"{noisy}: planned b"]


def test_a_program_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A workflow would wait until its own end, and the comment would not say why."""
    monkeypatch.setattr(revisions, "LONGEST", 1)
    hanging = project(tmp_path / "it", "import threading; threading.Event().wait()")
    with pytest.raises(PlanningError, match="took more than 1 seconds and was stopped"):
        snapshot_of(tmp_path, str(hanging), (), print)


def test_what_a_program_ends_with_is_told(tmp_path: Path) -> None:
    """The reason stands on its standard error, which may be long."""
    broken = project(
        tmp_path / "it", "import os; os.write(2, b'x' * 300_000 + b'\\nno'); os._exit(3)"
    )
    with pytest.raises(PlanningError, match=r"it cannot be planned: (?s:.*)no$"):
        snapshot_of(tmp_path, str(broken), (), print)
