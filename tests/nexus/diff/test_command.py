"""`nexus diff` as it is called: exit codes, formats, files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from nexus.cli import commands
from nexus.cli.main import app
from nexus.diff.render.markdown import MARKER
from tests.projects import ROOT

from .plans import resource, side

STATEFUL = "kubernetes:apps/v1:StatefulSet"


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    modules = {**commands.MODULES, "diff": "nexus.cli.diff"}
    monkeypatch.setattr(commands, "MODULES", modules)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    plans: dict[str, list[dict[str, Any]]] = {
        "empty": [],
        "one": [resource()],
        "data": [resource("postgres", STATEFUL)],
    }
    for name, resources in plans.items():
        (tmp_path / f"{name}.json").write_bytes(side(*resources).plans["dev"])
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
        made = side(*resources, stack="production").plans["production"]
        (tmp_path / f"{name}.json").write_bytes(made)
    monkeypatch.setenv("COLUMNS", "80")
    shown = run(str(tmp_path / "base.json"), str(tmp_path / "head.json")).stdout.splitlines()
    assert ["reordered", "dangerous"] in [line.split()[-2:] for line in shown]


def test_sides_that_do_not_fit_are_said(files: dict[str, str], tmp_path: Path) -> None:
    """A file against a revision has no meaning, so the command says what has."""
    (tmp_path / "folder").mkdir()
    for head in (str(ROOT), str(tmp_path / "folder")):
        result = run(files["one"], head)
        assert result.exit_code == 2
        assert "name two" in result.output


def test_a_name_that_is_nothing_is_said(files: dict[str, str], tmp_path: Path) -> None:
    """'Not of one kind' for a mistyped file sends its user to look at the other one."""
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
    assert (result.exit_code, "holds neither a project" in result.output) == (2, True)
    result = run(files["one"], files["one"], "--head-graph", files["absent"])
    assert result.exit_code == 2
    assert result.output == f"{files['absent']} does not exist; name a plan or graph document.\n"


def test_what_to_make_again_is_the_broken_document(files: dict[str, str]) -> None:
    """A plan made again does not mend a graph."""
    graphs = ("--base-graph", files["bad"], "--head-graph", files["bad"])
    for plan, options, command in (
        ("one", graphs, "nexus graph --format json"),
        ("bad", (), "nexus plan --json"),
    ):
        result = run(files["one"], files[plan], *options)
        assert result.exit_code == 2
        assert f"make it again with `{command}`" in " ".join(result.output.split())


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
    for name in ("base", "head"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "dev.plan.json").write_bytes(side().plans["dev"])
    (tmp_path / "head" / "prod.error").write_text("releases/prod.yaml: no version for app\n")
    folders = (str(tmp_path / "base"), str(tmp_path / "head"))
    result = run(*folders)
    assert result.exit_code == 2
    assert "prod: Its plan cannot be made at the head" in result.output
    assert "releases/prod.yaml: no version for app" in result.output
    assert run(*folders, "--stack", "dev").exit_code == 0
    assert run(*folders, "--stack", "prod").exit_code == 2


def test_a_stack_that_neither_side_has_is_refused(files: dict[str, str], tmp_path: Path) -> None:
    """'No changes' for a mistyped stack lets the change of the real one through."""
    for name in ("base", "head"):
        (tmp_path / name).mkdir()
    (tmp_path / "head" / "dev.plan.json").write_bytes(Path(files["data"]).read_bytes())
    folders = (str(tmp_path / "base"), str(tmp_path / "head"))
    for sides in (folders, (files["empty"], files["data"])):
        result = run(*sides, "--stack", "dve", "--stack", "dev")
        assert result.exit_code == 2
        assert result.output == (
            "Neither side has a stack 'dve'; there is dev; name one of these.\n"
        )
        assert run(*sides, "--stack", "dev").exit_code == 10
    assert run(files["bad"], files["one"], "--stack", "dve").exit_code == 2
