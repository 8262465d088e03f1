"""What the workflows say, held to what it must agree with."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.projects import ROOT, git

WORKFLOWS = ROOT / ".github" / "workflows"
STACKS = ("dev", "staging", "prod")
CLOUD = {"up", "preview", "drift"}
"""Workflows that log in to an account."""
STRANGERS = {"check", "plan"}
"""Workflows that run a fork's code."""


def workflow(name: str) -> dict[Any, Any]:
    return yaml.safe_load((WORKFLOWS / f"{name}.yml").read_text(encoding="utf-8"))


def steps(name: str) -> Iterator[dict[str, Any]]:
    for job in workflow(name)["jobs"].values():
        yield from job.get("steps", ())


def names() -> list[str]:
    return sorted(path.stem for path in WORKFLOWS.glob("*.yml"))


def test_every_stack_is_run_by_the_engine_that_was_tested() -> None:
    """A newer engine, seen first by prod, may plan replacements that no test has shown."""
    found = re.search(
        r"github\.com/pulumi/pulumi/pkg/v3 v(\S+)", Path(ROOT, "tools", "go.mod").read_text()
    )
    assert found is not None
    versions = {
        name: step.get("with", {}).get("pulumi-version")
        for name in names()
        for step in steps(name)
        if str(step.get("uses")).startswith("pulumi/actions@")
    }
    assert versions == dict.fromkeys(CLOUD | {"check"}, found[1])


def test_a_failure_stays_where_it_is_wherever_the_engine_is_called() -> None:
    """Without it the engine starts nothing more after the first failure, related or not."""
    option, variable = "--continue-on-error", "PULUMI_CONTINUE_ON_ERROR"
    assert workflow("up")["jobs"]["up"]["env"][variable] == "true"
    runbook = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    assert re.search(rf"^export .*\b{variable}=true$", runbook, re.MULTILINE)
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        if page.name != "runbook.md":
            text = page.read_text(encoding="utf-8")
            commands = re.findall(r"^ *pulumi up.*$", text, re.MULTILINE)
            assert all(option in command for command in commands), page


def test_a_session_is_not_longer_than_a_role_allows() -> None:
    """AWS refuses a longer one than MaxSessionDuration, 3,600 seconds unless raised.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-settings.html
    """
    for name in CLOUD:
        for step in steps(name):
            if str(step.get("uses")).startswith("aws-actions/configure-aws-credentials@"):
                assert step["with"].get("role-duration-seconds", 3600) <= 3600
        for job in workflow(name)["jobs"].values():
            assert job["timeout-minutes"] * 60 <= 3600, f"{name} outlives its session"


def deployed(stacks: str | None, **outcomes: str) -> set[str]:
    """The stacks that `deploy` brings up: a small reading of GitHub's expressions.

    Args:
        stacks: the variable NEXUS_STACKS; None if it is not set.
        outcomes: how each job ends that is run; a success if it is not named.
    """
    jobs = workflow("deploy")["jobs"]
    results: dict[str, str] = {}
    for name, job in jobs.items():
        needed = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
        seen = {other: results[other] for other in needed}
        results[name] = outcomes.get(name, "success") if runs(job, seen, stacks) else "skipped"
    return {name for name in STACKS if results[name] != "skipped"}


def runs(job: Mapping[str, Any], needs: Mapping[str, str], stacks: str | None) -> bool:
    condition = job.get("if", "")
    if "cancelled()" not in condition:
        # Without a function of the status, GitHub puts success() before it.
        if any(result != "success" for result in needs.values()):
            return False
        if not condition:
            return True
    python = condition.replace("needs.*.result", repr(list(needs.values())))
    python = re.sub(r"needs\.(\w+)\.result", lambda found: repr(needs[found[1]]), python)
    python = python.replace("vars.NEXUS_STACKS", repr(stacks)).replace("cancelled()", "False")
    python = python.replace("&&", " and ").replace("||", " or ").replace("!", " not ")
    known = {"contains": lambda where, what: what in where, "fromJSON": json.loads}
    return bool(eval(python.strip(), {"__builtins__": {}}, known))


ALL = '["dev", "staging", "prod"]'


@pytest.mark.parametrize(
    ("stacks", "outcomes", "expected"),
    [
        (ALL, {}, {"dev", "staging", "prod"}),
        ('["staging", "prod"]', {}, {"staging", "prod"}),
        ('["prod"]', {}, {"prod"}),
        (None, {}, set[str]()),
        ("[]", {}, set[str]()),
        (ALL, {"check": "failure"}, set[str]()),
        ('["prod"]', {"check": "failure"}, set[str]()),
        ('["prod"]', {"check": "cancelled"}, set[str]()),
        (ALL, {"dev": "failure"}, {"dev"}),
        (ALL, {"staging": "failure"}, {"dev", "staging"}),
        ('["staging", "prod"]', {"staging": "cancelled"}, {"staging"}),
        ('["dev", "prod"]', {"dev": "failure"}, {"dev"}),
    ],
)
def test_a_stack_follows_the_checks_and_the_stacks_before_it(
    stacks: str | None, outcomes: dict[str, str], expected: set[str]
) -> None:
    """Prod gets what was checked and what stood in staging, or nothing."""
    assert deployed(stacks, **outcomes) == expected


def test_what_deploys_runs_the_checks() -> None:
    """A job named `check` that checks nothing lets everything through."""
    jobs = workflow("deploy")["jobs"]
    assert jobs["check"]["uses"] == "./.github/workflows/check.yml"
    assert "workflow_call" in workflow("check")[True]  # YAML reads `on` as a boolean
    assert {"run": "make check test"} in list(steps("check"))


def test_what_reaches_a_cluster_runs_where_the_variable_says() -> None:
    """Prod's API answers inside of its network only: a hosted runner never reaches it."""
    for name in CLOUD:
        for job in workflow(name)["jobs"].values():
            if "environment" in job:
                stack = "inputs.stack" if name == "up" else "matrix.stack"
                assert f"fromJSON(vars.NEXUS_RUNNERS || '{{}}')[{stack}]" in job["runs-on"]
                if name != "up":
                    variable = "NEXUS_PREVIEWS" if name == "preview" else "NEXUS_STACKS"
                    listed = f"fromJSON(vars.{variable} || '[]')"
                    assert job["strategy"]["matrix"]["stack"] == f"${{{{ {listed} }}}}"
                    # An empty matrix is an error; a variable that is not set is none.
                    assert job["if"].startswith(f"{listed}[0]")


def test_every_use_of_an_account_has_an_environment_of_its_own_kind() -> None:
    """One shared by previews and drift can be held neither to main nor to reviewers."""
    found = {
        name: [
            job["environment"] for job in workflow(name)["jobs"].values() if "environment" in job
        ]
        for name in names()
    }
    assert {name: environments for name, environments in found.items() if environments} == {
        "up": ["${{ inputs.stack }}"],
        "preview": ["preview-${{ matrix.stack }}"],
        "drift": ["drift-${{ matrix.stack }}"],
    }


def test_a_forks_code_meets_no_secret_and_no_runner_of_our_own() -> None:
    """Whoever opens a pull request decides what runs there."""
    for name in STRANGERS:
        document = workflow(name)
        text = (WORKFLOWS / f"{name}.yml").read_text(encoding="utf-8")
        assert "pull_request" in document[True]
        assert "secrets." not in text
        assert "vars." not in text
        assert document["permissions"] == {}
        for job in document["jobs"].values():
            assert job["permissions"] == {"contents": "read"}
            assert job["runs-on"] == "ubuntu-24.04"


def test_every_variable_is_on_the_page() -> None:
    """Who cannot find what to set cannot switch it on."""
    page = Path(ROOT, "docs", "pull-requests.md").read_text(encoding="utf-8")
    used = {
        variable
        for name in names()
        for variable in re.findall(
            r"\b(?:vars|secrets)\.(\w+)", (WORKFLOWS / f"{name}.yml").read_text(encoding="utf-8")
        )
    }
    assert used >= {"NEXUS_STACKS", "NEXUS_RUNNERS", "AWS_ROLE_ARN"}
    assert {variable for variable in used if f"`{variable}`" not in page} == set()
    for prefix in ("", "preview-", "drift-"):
        assert f"`{prefix}STACK`" in page


def cache() -> dict[str, Any]:
    action = yaml.safe_load((ROOT / ".github" / "actions" / "setup" / "action.yml").read_text())
    (found,) = [
        step["with"]
        for step in action["runs"]["steps"]
        if str(step.get("uses")).startswith("actions/cache@")
    ]
    return found


def test_the_cache_is_keyed_by_every_lock() -> None:
    """A key that leaves a lock out is never written again: its tools are built on every run."""
    (patterns,) = re.findall(r"hashFiles\(([^)]*)\)", cache()["key"])
    keyed = {file for pattern in re.findall(r"'([^']+)'", patterns) for file in ROOT.glob(pattern)}
    tools = ROOT / "tools"
    locks = {
        *ROOT.glob("*.lock"),
        *(
            file
            for ending in ("*.lock", "go.mod", "go.sum", "*.go")
            for file in tools.rglob(ending)
        ),
        # Its own hash stands in the name of the folder that it fills.
        tools / "servers.sh",
    }
    assert len(locks) > 10
    assert keyed == locks


def test_the_checks_have_a_cache_of_their_own() -> None:
    """The entry is written once: a run that built next to nothing would keep all others out."""
    names_of_caches = {
        name: {
            step.get("with", {}).get("cache")
            for step in steps(name)
            if step.get("uses") == "./.github/actions/setup"
        }
        for name in names()
    }
    for name in ("check", "advisories"):
        assert names_of_caches.pop(name) == {name}
    assert set[Any]().union(*names_of_caches.values()) == {None}
    prefix = "nexus-cos-${{ inputs.cache }}-"
    assert cache()["key"].startswith(prefix)
    # What restores less than a whole key is a key's beginning, of the same cache.
    for line in cache()["restore-keys"].split("\n"):
        assert line.startswith(prefix) or not line
        assert cache()["key"].startswith(line)


def test_a_pull_request_answers_for_its_own_changes(tmp_path: Path) -> None:
    """Once main has moved on, the event's base.sha blames authors for what others merged."""
    checkout, *_ = (step["with"] for step in steps("plan") if "checkout@" in str(step.get("uses")))
    (script,) = (step["run"] for step in steps("plan") if "nexus snapshot" in step.get("run", ""))
    compared = re.findall(r"nexus snapshot (\S+) ", script)

    origin, clone = tmp_path / "origin", tmp_path / "clone"
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(origin))
    change(origin, "base")
    git(origin, "checkout", "--quiet", "-b", "topic")
    change(origin, "mine")
    git(origin, "checkout", "--quiet", "main")
    change(origin, "of-another")
    # What GitHub makes of a pull request, and checks out.
    git(origin, "checkout", "--quiet", "-b", "merge")
    git(origin, "merge", "--quiet", "--no-edit", "topic")
    git(origin, "checkout", "--quiet", "main")
    depth = f"--depth={checkout['fetch-depth']}"
    git(tmp_path, "clone", "--quiet", depth, "--branch=merge", f"file://{origin}", str(clone))
    assert git(clone, "diff", "--name-only", *compared).split() == ["mine"]


@pytest.mark.parametrize("failing", ["", "HEAD^1", "HEAD"])
def test_a_side_without_a_snapshot_is_no_success(failing: str, tmp_path: Path) -> None:
    """One side alone would be told as if everything were new, or gone."""
    (script,) = (step["run"] for step in steps("plan") if "nexus snapshot" in step.get("run", ""))
    nexus = tmp_path / ".venv/bin/nexus"
    nexus.parent.mkdir(parents=True)
    nexus.write_text(f'#!/bin/sh\n[ "$2" != "{failing}" ] && touch "$4"\n', encoding="utf-8")
    nexus.chmod(0o755)
    shell = ["bash", "-eo", "pipefail", "-c", script]
    done = subprocess.run(shell, cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode == 0) is (failing == "")
    uploaded = next(
        step["with"]["path"].split()
        for step in steps("plan")
        if "upload-artifact@" in str(step.get("uses"))
    )
    if not failing:
        assert all((tmp_path / name).exists() for name in uploaded)


def change(repository: Path, name: str) -> None:
    (repository / name).write_text(name, encoding="utf-8")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", name)
