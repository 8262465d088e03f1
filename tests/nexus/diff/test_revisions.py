"""`nexus diff` on git revisions: each is planned by its own code."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from catalog.errors import InputError
from catalog.project_file import stack_names
from nexus.diff import revisions
from nexus.diff.plan_diff import diff_plans
from nexus.diff.render import as_markdown
from nexus.diff.report import ExitCode, Status, make_report
from nexus.diff.snapshot import Snapshot
from tests.projects import git

from .copies import SIX, copy_whole, cut, replace_in
from .plans import read


def read_sides(
    project: Path, base: str, head: str, stacks: Sequence[str] = (), said: list[str] | None = None
) -> tuple[Snapshot, Snapshot]:
    say = [].append if said is None else said.append
    return revisions.read_sides(project, base, head, stacks, say)


ROLLOUT = "components/kubernetes/rollout.py"


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Commits: nothing, the project, another replica count in the code; then what is broken."""
    folder = tmp_path_factory.mktemp("repository") / "project"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "README").write_text("soon")
    _commit(folder, "empty")
    copy_whole(folder)
    cut(folder, SIX)
    _commit(folder, "first")
    replace_in(folder, ROLLOUT, "scaling.least", "scaling.least + 1")
    _commit(folder, "second")
    dev = (folder / "Pulumi.dev.yaml").read_text(encoding="utf-8")
    half = dev.replace("nexus-cos:environment: dev", "nexus-cos:environment: dve")
    (folder / "Pulumi.half.yaml").write_text(half, encoding="utf-8")
    _commit(folder, "half")
    replace_in(folder, ROLLOUT, "scaling.least + 1", "does_not_exist")
    _commit(folder, "broken")
    replace_in(folder, ROLLOUT, "does_not_exist", "scaling.least + 1")
    (folder / "Pulumi.half.yaml").write_text(dev, encoding="utf-8")
    replace_in(folder, "catalog/platform.yaml", "tiers:", "tears:")
    _commit(folder, "wrong-catalog")
    return folder


def _commit(folder: Path, tag: str) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", tag)
    git(folder, "tag", tag)


@pytest.fixture
def unplanned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every stack that would be planned has no resources: where only its name matters."""

    def run(
        tree: Path, label: str, stacks: Sequence[str], output: Path, say: revisions.Say
    ) -> None:
        chosen = [name for name in stack_names(tree) if not stacks or name in stacks]
        written = {"graph": None, "stacks": {name: {"resources": []} for name in chosen}}
        output.write_text(json.dumps(written), encoding="utf-8")

    monkeypatch.setattr(revisions, "_run", run)


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
    report = make_report(*read_sides(repository, "first", "broken", stacks=("dev",)))
    [stack] = report.stacks
    assert stack.errors["head"] == (
        "NameError: name 'does_not_exist' is not defined",
        "(`nexus plan` there shows the whole traceback)",
    )
    assert report.exit_code is ExitCode.UNREADABLE


def test_a_stack_that_cannot_be_planned_hides_no_other(repository: Path) -> None:
    """One missing version in prod's release file would hide what the change does to dev."""
    report = make_report(*read_sides(repository, "first", "half"))
    dev, half = report.stacks
    assert (dev.status, len(dev.diff.changed)) == (Status.COMPARED, len(SIX))
    assert (half.stack, half.status) == ("half", Status.UNREADABLE)
    assert "Pulumi.half.yaml" in half.errors["head"][0]
    assert report.exit_code is ExitCode.UNREADABLE


def test_a_wrong_catalog_is_said_once_for_all_stacks(repository: Path) -> None:
    """A pull request whose comment does not appear is one whose author is told nothing."""
    report = make_report(*read_sides(repository, "second", "wrong-catalog"))
    assert [stack.status for stack in report.stacks] == [Status.UNREADABLE] * 2
    assert "There is no graph of the head" in " ".join(report.notes)
    comment = as_markdown(report)
    assert comment.count("field 'tears': unknown key") == 1
    assert "- `dev`, `half`: Its plan cannot be made at the head" in comment


@pytest.mark.parametrize("name", ["no-such-branch", "--upload-pack=x", "", "first..second"])
def test_what_is_no_revision_is_said(repository: Path, name: str) -> None:
    """A name that git takes for an option could run anything."""
    with pytest.raises(InputError, match="neither a file, a folder nor a git revision"):
        read_sides(repository, "empty", name)


def test_a_stack_of_neither_revision_is_refused(repository: Path) -> None:
    """'No changes' for a mistyped stack lets the change of the real one through."""
    with pytest.raises(InputError, match="There is no stack 'dve'; there is dev; name one"):
        read_sides(repository, "empty", "first", stacks=("dve",))
    with pytest.raises(InputError, match="there is none at all"):
        read_sides(repository, "empty", "empty", stacks=("dev",))


@pytest.mark.usefixtures("unplanned")
def test_a_stack_of_ones_own_is_no_part_of_a_change(repository: Path, tmp_path: Path) -> None:
    """Whoever has deployed as the README says would see every resource of it as new."""
    tree = tmp_path / "tree"
    git(repository, "worktree", "add", "--quiet", "--detach", str(tree), "first")
    try:
        (tree / "Pulumi.alice.yaml").write_bytes((tree / "Pulumi.dev.yaml").read_bytes())
        said: list[str] = []
        sides = read_sides(repository, "first", str(tree), said=said)
        assert [each.stack for each in make_report(*sides).stacks] == ["dev"]
        assert said[0] == (
            "The stack 'alice' is left out, since git does not track its file; "
            "--stack alice compares it."
        )
        asked = make_report(*read_sides(repository, "first", str(tree), stacks=("alice",)))
        assert [each.stack for each in asked.stacks] == ["alice"]
        # One that git will have is for everybody to see.
        git(tree, "add", "Pulumi.alice.yaml")
        both = make_report(*read_sides(repository, "first", str(tree)))
        assert [each.stack for each in both.stacks] == ["alice", "dev"]
    finally:
        git(repository, "worktree", "remove", "--force", str(tree))


@pytest.mark.usefixtures("unplanned")
def test_what_is_not_committed_is_not_silently_left_out(repository: Path) -> None:
    """'No changes' after an edit is taken for 'my edit changes nothing'."""
    note = "What is not committed is in neither of the two; '.' is this folder as it is."
    for edited, base, told in ((False, "first", False), (True, "first", True), (True, ".", False)):
        notes = repository / "notes"
        if edited:
            notes.write_text("soon")
        said: list[str] = []
        here = str(repository) if base == "." else base
        try:
            read_sides(repository, here, "HEAD", stacks=("dev",), said=said)
        finally:
            notes.unlink(missing_ok=True)
        assert (note in said) is told, (edited, base)


def test_a_link_is_no_snapshot(repository: Path, tmp_path: Path) -> None:
    """A link could show any file of the machine that renders the comment."""
    (tmp_path / "base.json").symlink_to("/etc/hostname")
    with pytest.raises(InputError, match="no regular file"):
        read_sides(repository, str(tmp_path / "base.json"), "first")


def test_two_full_plans_compare_within_a_second(base: Snapshot) -> None:
    """A reviewer waits for it; a job of the trusted workflow has a time limit."""
    before = base.stacks["dev"].resources
    text = json.dumps([each.document() for each in before])
    text = text.replace("nexus-", "other-").replace("17.5", "17.6")
    written = {"graph": None, "stacks": {"dev": {"resources": json.loads(text)}}}
    after = read(written).stacks["dev"].resources
    gone = [replace(each, urn=f"{each.urn}-x", name=f"{each.name}-x") for each in before]
    for head in (before, after, gone):
        start = time.process_time()
        diff_plans(before, head)
        assert time.process_time() - start < 1.0
