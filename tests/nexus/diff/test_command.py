"""`nexus diff` as it is called: exit codes, formats, files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from nexus.cli.main import app
from nexus.diff.render import MARKER
from tests.projects import ROOT

from .copies import SIX, copy_whole, cut
from .plans import document, resource

STATEFUL = "kubernetes:apps/v1:StatefulSet"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    plans: dict[str, list[dict[str, Any]]] = {
        "empty": [],
        "one": [resource()],
        "data": [resource("postgres", STATEFUL)],
    }
    for name, resources in plans.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(document(*resources)))
    (tmp_path / "bad.json").write_text("{")
    return {name: str(tmp_path / f"{name}.json") for name in (*plans, "bad", "absent")}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["diff", *arguments])


@pytest.mark.parametrize(
    ("base", "head", "code"),
    [
        ("one", "one", 0),
        ("empty", "one", 10),
        ("one", "empty", 10),
        ("data", "empty", 11),
        ("one", "bad", 2),
        ("one", "absent", 2),
    ],
)
def test_exit_codes(base: str, head: str, code: int, files: dict[str, str]) -> None:
    """A pipeline stops on 11; a wrong code lets the deletion of a database through."""
    result = run(files[base], files[head])
    assert result.exit_code == code
    assert "Traceback" not in result.output


def test_formats_and_files(files: dict[str, str], tmp_path: Path) -> None:
    """What a workflow writes into a file is what it then posts."""
    assert json.loads(run(files["empty"], files["one"], "-f", "json").stdout)["exit_code"] == 10
    output = tmp_path / "comment.md"
    run(files["empty"], files["one"], "--format", "markdown", "--output", str(output))
    assert output.read_text().startswith(MARKER)
    run(files["empty"], files["one"], "--output", str(output))
    assert output.read_text().startswith("Changes: ")
    terminal = run(files["data"], files["empty"]).stdout
    assert "removed: StatefulSet postgres: its volume is deleted with it" in terminal


def test_the_table_fits_into_a_narrow_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A heading that is cut says nothing, and 80 columns are what a new window has."""
    for name, resources in (("base", []), ("head", [resource()])):
        made = document(*resources, stack="production")
        (tmp_path / f"{name}.json").write_text(json.dumps(made))
    monkeypatch.setenv("COLUMNS", "80")
    shown = run(str(tmp_path / "base.json"), str(tmp_path / "head.json")).stdout.splitlines()
    assert ["reordered", "dangerous"] in [line.split()[-2:] for line in shown]


def test_a_name_that_is_nothing_is_said(files: dict[str, str], tmp_path: Path) -> None:
    """A wrong sentence for a mistyped file sends its user to look at the other one."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "notes.txt").touch()
    for sides in (
        ("nosuchrev", str(ROOT)),
        (files["one"], "nosuchrev"),
        ("nosuchrev", files["one"]),
    ):
        result = run(*sides)
        assert result.exit_code == 2
        assert result.output.startswith("'nosuchrev' is neither a file, a folder nor a git")
    result = run(files["one"], str(tmp_path / "folder"))
    assert (result.exit_code, "holds no project" in result.output) == (2, True)


def test_a_document_of_another_kind_is_said(files: dict[str, str], tmp_path: Path) -> None:
    """Who gives a plan, or a graph, is told what to make instead."""
    for key, content in (
        ("graph", {"stack": "dev", "resources": []}),
        ("graph", {"stacks": {}}),
        ("stacks", {"graph": None}),
    ):
        (tmp_path / "other.json").write_text(json.dumps(content))
        result = run(files["one"], str(tmp_path / "other.json"))
        assert result.exit_code == 2
        said = " ".join(result.output.split())
        assert f"has no `{key}`, so it is no snapshot; make it again with `nexus snapshot`" in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux only")
@pytest.mark.parametrize("form", ["terminal", "markdown", "json"])
def test_a_full_disk_is_said(form: str, files: dict[str, str]) -> None:
    """Half a report must not pass for a whole one, nor end in a traceback."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "nexus", "diff", files["empty"], files["one"], "--format", form],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == "Cannot write the output (No space left on device); make room for it.\n"


def test_a_stack_that_could_not_be_planned_is_told(tmp_path: Path) -> None:
    """'No changes' for a stack whose plan failed gets a broken release approved."""
    base, head = document(), document()
    head["stacks"]["prod"] = {"error": "releases/prod.yaml: no version for app\n"}
    for name, content in (("base", base), ("head", head)):
        (tmp_path / name).write_text(json.dumps(content))
    sides = (str(tmp_path / "base"), str(tmp_path / "head"))
    result = run(*sides)
    assert result.exit_code == 2
    assert "prod: Its plan cannot be made at the head" in result.output
    assert "releases/prod.yaml: no version for app" in result.output
    assert run(*sides, "--stack", "dev").exit_code == 0
    assert run(*sides, "--stack", "prod").exit_code == 2


def test_a_stack_that_no_side_has_is_refused(files: dict[str, str]) -> None:
    """'No changes' for a mistyped stack lets the change of the real one through."""
    sides = (files["empty"], files["data"])
    result = run(*sides, "--stack", "dve", "--stack", "dev")
    assert result.exit_code == 2
    assert result.output == "There is no stack 'dve'; there is dev; name one of these.\n"
    assert run(*sides, "--stack", "dev").exit_code == 10
    assert run(files["bad"], files["one"], "--stack", "dve").exit_code == 2


def test_a_snapshot_is_compared_with_a_folder(small: Path, tmp_path: Path) -> None:
    """What was deployed is kept as a snapshot, and compared with what is in the folder now."""
    kept = str(tmp_path / "kept.json")
    options = ("--project", str(small))
    made = CliRunner().invoke(app, [*options, "snapshot", "--stack", "dev", "--output", kept])
    assert made.exit_code == 0, made.output
    assert made.stderr.splitlines()[0] == "Planned dev"
    assert run(*options, kept, str(small), "--stack", "dev").exit_code == 0
    again = CliRunner().invoke(app, [*options, "snapshot", "--stack", "dev"])
    assert again.stdout == Path(kept).read_text()
    wrong = CliRunner().invoke(app, [*options, "snapshot", "--stack", "dve"])
    assert (wrong.exit_code, "There is no stack 'dve'" in wrong.stderr) == (2, True)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A project of few services, with its code."""
    project = copy_whole(tmp_path / "small")
    cut(project, SIX)
    return project
