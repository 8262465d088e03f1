"""`nexus task`, as far as it gets without a cluster; tests/cluster/test_task.py goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.nexus.cli.typed import nexus, run
from tests.projects import ROOT

SHAPES = ROOT / "examples/shapes"


def test_every_task_is_listed_with_who_runs_it() -> None:
    """Somebody waits for a task that nobody runs."""
    result = nexus("task", "list", project=SHAPES)
    assert result.stdout.splitlines() == [
        "orders-reindex  by hand       /app/reindex --all",
        "orders-seed     each release  /app/seed",
    ]
    assert "No service has a task" in nexus("task", "list").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run"], "Say which task: nexus task run NAME --stack NAME; run 'nexus task list'"),
        (["run", "orders-reindx"], "There is no task 'orders-reindx'; did you mean 'orders-rein"),
        (["follow", "orders-seed"], "'orders-seed' runs once for each release, by 'pulumi up'"),
        (
            ["run", "orders-reindex"],
            "Say in which stack: nexus task run orders-reindex --stack NAM",
        ),
        (
            ["run", "orders-reindex", "--stack", "prod"],
            "there is no stack 'prod' (stacks here: dev)",
        ),
    ],
)
def test_what_cannot_be_run_is_refused_in_a_sentence(arguments: list[str], said: str) -> None:
    """The wrong task runs, or one in the wrong stack."""
    result = nexus("task", *arguments, project=SHAPES)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_without_kubectl_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A traceback says nothing of what is missing."""
    monkeypatch.setenv("PATH", "")
    result = nexus("task", "run", "orders-reindex", "--stack", "dev", project=SHAPES)
    assert result.exit_code == 2
    assert "There is no 'kubectl' on the PATH" in result.stderr


def test_a_cluster_that_does_not_answer_is_told_in_its_words(tmp_path: Path) -> None:
    """Who may not sign in would look for the mistake in the task."""
    program = tmp_path / "kubectl"
    program.write_text(
        "#!/bin/sh\n"
        'echo "E1128 10:57:55.088320 25808 memcache.go:265] Unhandled Error" >&2\n'
        'echo "error: you must be logged in: $*" >&2\nexit 1\n',
        encoding="utf-8",
    )
    program.chmod(0o700)
    result = run(
        "--project", SHAPES, "task", "run", "orders-reindex", "--stack", "dev", PATH=str(tmp_path)
    )
    assert result.returncode == 2
    assert result.stderr == (
        "The cluster does not answer as it should: error: you must be logged in: --namespace "
        "nexus-shop get cronjob orders-reindex --ignore-not-found --output json\n"
    )
