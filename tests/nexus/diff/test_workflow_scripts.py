"""The scripts of the workflows, run against a stand-in for GitHub's command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from nexus.diff.render import LONGEST, MARKER
from tests.projects import ROOT

from .markdown_view import faults
from .plans import document, resource

SCRIPTS = ROOT / ".github" / "scripts"
BOT = {"login": "github-actions[bot]"}

GH = """#!/usr/bin/env bash
printf '%s\\n' "$*" >> "$CALLS"
for argument in "$@"; do [ "$argument" = --jq ] && filtered=1; done
case " $* " in
*PATCH* | *POST* | *" issue "*) ;;
*" repos/owner/nexus/actions/artifacts/5/zip "*) cat "$ARTIFACT" ;;
*) cat "$ANSWER" ;;
esac
"""

pytestmark = pytest.mark.skipif(
    shutil.which("jq") is None, reason="needs jq, which GitHub's runners have"
)


def run(
    script: str, folder: Path, answer: Any, *arguments: str, given: str = "", **env: str
) -> tuple[str, str]:
    """Standard output of a script that is given a text, and what it asked GitHub for."""
    (folder / "gh").write_text(GH)
    (folder / "gh").chmod(0o755)
    (folder / "answer").write_text(answer if isinstance(answer, str) else json.dumps(answer))
    calls = folder / "calls"
    calls.write_text("")
    environment: Mapping[str, str] = {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "ANSWER": str(folder / "answer"),
        "CALLS": str(calls),
        "GITHUB_REPOSITORY": "owner/nexus",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_RUN_ID": "7",
        "RUNNER_TEMP": str(folder),
        **env,
    }
    done = subprocess.run(
        [str(SCRIPTS / script), *arguments],
        env=environment,
        input=given,
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    return done.stdout, calls.read_text()


def pull(number: int, sha: str, repository: int) -> dict[str, Any]:
    return {"number": number, "head": {"sha": sha, "repo": {"id": repository}}}


def test_the_pull_request_is_the_one_whose_head_was_planned(tmp_path: Path) -> None:
    """A comment on another pull request tells its reviewers of changes that are not in it."""
    pulls = [pull(1, "old", 5), pull(2, "abc", 6), pull(3, "abc", 5)]
    event = {
        "HEAD_SHA": "abc",
        "HEAD_BRANCH": "x&state=all",
        "HEAD_OWNER": "f",
        "HEAD_REPOSITORY": "5",
    }
    found, calls = run("find-pull-request.sh", tmp_path, pulls, **event)
    assert found == "number=3\n"
    assert "-f head=f:x&state=all" in calls
    assert run("find-pull-request.sh", tmp_path, pulls[:2], **event)[0] == ""
    deleted = [{"number": 4, "head": {"sha": "abc", "repo": None}}]
    assert run("find-pull-request.sh", tmp_path, deleted, **event)[0] == ""


def test_one_comment_is_updated_in_place_and_only_our_own(tmp_path: Path) -> None:
    """A new comment with every push buries the discussion; another's cannot be taken over."""
    comment = tmp_path / "comment.md"
    comment.write_text(f"{MARKER}\n## Nexus plan\n")
    others = [
        {"id": 1, "user": {"login": "eve"}, "body": f"{MARKER}\n"},
        {"id": 2, "user": BOT, "body": "x"},
    ]
    _, calls = run("write-comment.sh", tmp_path, others, "12", str(comment))
    assert "POST repos/owner/nexus/issues/12/comments" in calls
    ours = [*others, {"id": 3, "user": BOT, "body": f"{MARKER}\nold"}]
    _, calls = run("write-comment.sh", tmp_path, ours, "12", str(comment))
    assert "PATCH repos/owner/nexus/issues/comments/3" in calls
    assert "POST" not in calls


def test_a_failed_plan_is_said(tmp_path: Path) -> None:
    """Silence would look like 'no changes'."""
    file = tmp_path / "comment.md"
    run("render-comment.sh", tmp_path, 0, str(file), RUN="9", CONCLUSION="failure")
    text = file.read_text()
    assert text.startswith(f"{MARKER}\n")
    assert "could not be made" in text
    assert "https://github.com/owner/nexus/actions/runs/9" in text


def test_a_comment_says_whose_word_it_is(tmp_path: Path) -> None:
    """A fork may upload any snapshots, and a bot's comment looks like the project's own word."""
    artifact = tmp_path / "given.zip"
    with zipfile.ZipFile(artifact, "w") as opened:
        for name, resources in (("base", []), ("head", [resource("app")])):
            opened.writestr(f"{name}.json", json.dumps(document(*resources)))
    file = tmp_path / "comment.md"
    told = {"RUN": "9", "CONCLUSION": "success", "ARTIFACT": str(artifact)}
    run("render-comment.sh", tmp_path, f"5 {artifact.stat().st_size}\n", str(file), **told)
    text = file.read_text()
    assert text.startswith(f"{MARKER}\n## Nexus plan: changes\n")
    last = text.rstrip("\n").splitlines()[-1]
    assert "made by the workflow and the code of this pull request" in last
    assert "https://github.com/owner/nexus/actions/runs/9" in last
    # GitHub refuses 65,536 characters and more, so what comes after the report must be short.
    assert LONGEST + len(last) + 2 < 65_536
    # The one link is to the run.
    assert [fault.split(":")[0] for fault in faults(text)] == ["link_open"]


def test_no_snapshots_are_said(tmp_path: Path) -> None:
    """What are no snapshots must not be rendered, and not be passed over in silence."""
    artifact = tmp_path / "given.zip"
    artifact.write_bytes(b"no archive")
    file = tmp_path / "comment.md"
    told = {"RUN": "9", "CONCLUSION": "success", "ARTIFACT": str(artifact)}
    run("render-comment.sh", tmp_path, "5 10\n", str(file), **told)
    assert "are no snapshots" in file.read_text()
    run("render-comment.sh", tmp_path, "0 0\n", str(file), **told)
    assert "left no snapshots" in file.read_text()


@pytest.mark.parametrize("issues", [[], [{"number": 5, "title": "Drift", "user": BOT}]])
def test_one_issue_is_kept(tmp_path: Path, issues: list[dict[str, Any]]) -> None:
    """A new issue every morning is one that nobody reads."""
    told = {"TITLE": "Drift", "WELL": "No drift any more"}
    failed = run("keep-issue.sh", tmp_path, issues, RESULT="failure", **told)[1]
    well = run("keep-issue.sh", tmp_path, issues, RESULT="success", **told)[1]
    if issues:
        assert "issue edit 5" in failed
        assert "issue close 5" in well
        assert "No drift any more: https://github.com/owner/nexus/actions/runs/7" in well
    else:
        assert "issue create" in failed
        assert "--title Drift" in failed
        assert "issue" not in well.replace("/issues", "")


def test_what_a_run_found_is_in_the_issue(tmp_path: Path) -> None:
    """GitHub refuses what is too long, and then nothing is said at all."""
    kept = tmp_path / "kept"
    (tmp_path / "mktemp").write_text(f"#!/bin/sh\necho {kept}\n")
    (tmp_path / "mktemp").chmod(0o755)
    told = {"TITLE": "Advisories", "WELL": "None", "RESULT": "failure"}
    run("keep-issue.sh", tmp_path, [], given="- PYSEC-1: a\n" + "x" * 100_000, **told)
    text = kept.read_text()
    assert "in [this run](https://github.com/owner/nexus/actions/runs/7):\n\n- PYSEC-1: a" in text
    assert len(text) < 65_536


def test_drifted_stacks_are_listed(tmp_path: Path) -> None:
    said = run("drift-report.sh", tmp_path, "- prod: failure\n")[0]
    assert said.startswith("- prod: failure\n\nA failed stack has drifted")
