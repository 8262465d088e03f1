"""`nexus diff` on git revisions: each is planned by its own code."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

from diff.errors import DiffError, PlanningError
from diff.plan_diff import diff_plans
from diff.plan_document import PlanDocument, read_plan
from diff.report import ExitCode, make_report
from diff.side import Side, side_of_documents, write_documents
from diff.sources import read_sides

from .copies import SIX, copy_whole, cut, replace_in


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four commits: nothing, the project, another replica count in the code, a broken program."""
    folder = tmp_path_factory.mktemp("repository") / "project"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "README").write_text("soon")
    _commit(folder, "empty")
    copy_whole(folder)
    cut(folder, SIX)
    _commit(folder, "first")
    replace_in(folder, "stacks/environment.py", "replicas=1", "replicas=2")
    _commit(folder, "second")
    replace_in(folder, "stacks/environment.py", "replicas=2", "replicas=does_not_exist")
    _commit(folder, "broken")
    return folder


def _commit(folder: Path, tag: str) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", tag)
    git(folder, "tag", tag)


SCALER = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"


def test_each_revision_runs_its_own_code(repository: Path) -> None:
    """Two revisions planned by one code would never differ where the code does."""
    report = make_report(*read_sides(repository, "first", "second"))
    [stack] = report.stacks
    assert report.exit_code is ExitCode.CHANGES
    assert {each.after.type for each in stack.diff.changed} == {SCALER}
    assert {p.path for each in stack.diff.changed for p in each.properties} == {"spec.minReplicas"}
    assert len(stack.diff.changed) == len(SIX)
    listed = subprocess.run(
        ["git", "worktree", "list"], cwd=repository, check=True, capture_output=True, text=True
    )
    assert len(listed.stdout.splitlines()) == 1


def test_a_base_without_a_program_is_said_in_words(repository: Path) -> None:
    """The first pull request of a project must get a report too."""
    report = make_report(*read_sides(repository, "empty", "first"))
    assert "The base has nothing to plan yet, so everything is new." in report.notes
    assert report.stacks[0].diff.added
    assert report.exit_code is ExitCode.CHANGES


def test_a_broken_revision_ends_in_a_sentence(repository: Path) -> None:
    """A traceback of another revision's code helps nobody."""
    with pytest.raises(PlanningError, match=r"broken cannot be planned: .*does_not_exist") as found:
        read_sides(repository, "first", "broken")
    assert "Traceback" not in str(found.value)


@pytest.mark.parametrize("name", ["no-such-branch", "--upload-pack=x", "", "first..second"])
def test_what_is_no_revision_is_said(repository: Path, name: str) -> None:
    """A name that git takes for an option could run anything."""
    with pytest.raises(DiffError, match="neither a file, a folder nor a git revision"):
        read_sides(repository, "empty", name)


def test_a_stack_of_neither_revision_is_refused(repository: Path) -> None:
    """'No changes' for a mistyped stack lets the change of the real one through."""
    with pytest.raises(DiffError, match="Neither side has a stack 'dve'; there is dev; name one"):
        read_sides(repository, "empty", "first", stacks=("dve",))
    with pytest.raises(DiffError, match="there is none at all"):
        read_sides(repository, "empty", "empty", stacks=("dev",))


def test_saved_documents_read_back_as_the_same_sides(base: Side, tmp_path: Path) -> None:
    """The comment on a fork is made from what was saved."""
    write_documents(base, tmp_path / "base")
    again = side_of_documents(tmp_path / "base")
    assert (again.plans, again.graph) == (base.plans, base.graph)
    report = make_report(*read_sides(tmp_path, str(tmp_path / "base"), str(tmp_path / "base")))
    assert report.exit_code is ExitCode.NONE


def test_a_link_in_a_folder_of_documents_is_refused(tmp_path: Path) -> None:
    """A link could show any file of the machine that renders the comment."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "dev.plan.json").symlink_to("/etc/hostname")
    with pytest.raises(DiffError, match="no regular file"):
        side_of_documents(tmp_path / "docs")


def test_two_full_plans_compare_within_a_second(base: Side) -> None:
    """A reviewer waits for it; a job of the trusted workflow has a time limit."""
    before = read_plan(base.plans["dev"], "base")
    text = base.plans["dev"].decode().replace("nexus-", "other-").replace("17.5", "17.6")
    after = read_plan(text.encode(), "head")
    renamed = json.loads(base.plans["dev"])
    for resource in renamed["resources"]:
        for key in ("urn", "name"):
            resource[key] = resource[key] + "-x"
    gone = PlanDocument.model_validate(renamed)
    for head in (before, after, gone):
        start = time.process_time()
        diff_plans(before, head)
        assert time.process_time() - start < 1.0
