"""What changed since a revision, in a project whose program is the installed one."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from nexus.cli.main import app
from nexus.diff.revisions import read_sides
from nexus.update.changes import affected
from tests.nexus.diff.copies import edit_yaml
from tests.projects import git


def test_a_project_without_code_is_planned_by_the_installed_program(tmp_path: Path) -> None:
    """Else nothing in it would ever differ from anything."""
    assert CliRunner().invoke(app, ["init", str(tmp_path)]).exit_code == 0
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    edit_yaml(
        tmp_path / "releases" / "dev.yaml",
        lambda file: file.update(services={"hello": "docker.io/a/b:2"}),
    )
    sides = read_sides(tmp_path, "HEAD", str(tmp_path), ["dev"], lambda _: None)
    before, after = (side.stacks["dev"].resources for side in sides)
    assert affected(before, after) == {"hello"}
