"""`nexus state`: how a stack is, and what to do, for whoever is called at night."""

from __future__ import annotations

import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nexus.cli.main import app
from nexus.repair.lock import Lock
from tests.nexus.update.states import Answers, deployment, entry, state_of
from tests.projects import git, set_config, small_project

LOCK = Lock(
    url="file:///x", user="ann", host="far", pid=7, since=datetime(2026, 11, 28, tzinfo=UTC)
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose release file is committed, with one version."""
    made = small_project(tmp_path / "project")
    set_config(made, "dev", registry="r.example.com")
    (made / "releases/dev.yaml").write_text("services: {cart: 1.0.0}\n", encoding="utf-8")
    git(made, "init", "--quiet")
    git(made, "add", ".")
    git(made, "commit", "--quiet", "--message", "one")
    return made


def told(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    state: dict[str, Any],
    *options: str,
    locks: tuple[Lock, ...] = (),
    **update: Any,
) -> tuple[int, str]:
    """The exit code, and what is said, of a stack that was updated once."""
    commit = git(project, "rev-parse", "HEAD").strip()
    answers = Answers(state, [entry(commit, **update)])
    monkeypatch.setattr("nexus.cli.state.pulumi_of", lambda *_: answers)
    monkeypatch.setattr("nexus.repair.lock.locks", lambda _: locks)
    found = CliRunner().invoke(app, ["--project", str(project), "state", *options])
    return found.exit_code, found.output


CART = deployment("cart", "r.example.com/cart:1.0.0")


def test_all_is_well(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = told(project, monkeypatch, state_of(CART))
    assert code == 0
    first, second, third = said.splitlines()
    assert first == "Stack 'dev': 1 resource."
    assert second.startswith("- last update, 1: succeeded 2026-11-28 12:00 from ")
    assert second.endswith(", by Ann")
    assert third == "- runs just what update 1 brought up"


def test_what_nobody_brought_up_together_is_told(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = state_of(deployment("cart", "r.example.com/cart:0.9.0"))
    code, said = told(project, monkeypatch, state)
    assert code == 0
    assert "- runs what no single known update brought up ('nexus release show')" in said


def test_a_failed_update_and_what_is_not_ready(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = state_of({**CART, "initErrors": ["2 of 2 pods crash"], "protect": True})
    code, said = told(project, monkeypatch, state, result="failed")
    assert code == 1
    assert "- last update, 1: failed 2026-11-28 12:00" in said
    assert "- is not ready: Deployment cart: 2 of 2 pods crash" in said
    assert "- is protected: Deployment cart" in said
    assert said.endswith("or go back: nexus release back --stack dev\n")


@pytest.mark.parametrize(
    ("host", "pid", "holder", "advice"),
    [
        (socket.gethostname(), os.getpid(), "still runs", "An update is under way: wait for"),
        (socket.gethostname(), 2**22 + 1, "has ended", "nexus repair --stack dev"),
        ("far", 7, "ran on another machine", "nexus repair --stack dev"),
    ],
    # Not by the number, which is another one in each process of the tests.
    ids=["alive", "gone", "elsewhere"],
)
def test_who_holds_it_is_told(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    pid: int,
    holder: str,
    advice: str,
) -> None:
    """Unlocking what somebody works on would lose what they made."""
    since = datetime.now(UTC)
    lock = Lock(url="file:///x", user="ann", host=host, pid=pid, since=since)
    state = state_of(CART, pending=["cart"])
    code, said = told(project, monkeypatch, state, locks=(lock,), result="in-progress")
    assert code == 1
    assert f"by ann on {host}, process {pid}, which {holder}" in said
    assert "- was under way: updating Deployment cart" in said
    assert advice in said.splitlines()[-1]


def test_the_document_has_all_of_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = [deployment(f"x{n}", "docker.io/a/x:1", protect=True) for n in range(12)]
    code, said = told(project, monkeypatch, state_of(CART, *many), locks=(LOCK,))
    assert (code, "- is protected: 2 more" in said) == (1, True)
    _, said = told(project, monkeypatch, state_of(CART, *many), "--format", "json", locks=(LOCK,))
    found = json.loads(said)
    assert len(found["protected"]) == 12
    assert found["locks"][0] | {"since": ""} == {
        "url": "file:///x",
        "user": "ann",
        "host": "far",
        "pid": 7,
        "since": "",
        "holder": "elsewhere",
    }
    assert (found["release"], found["drifted"]) == (1, None)
    assert found["todo"] == ["Say what became of it, and mend it: nexus repair --stack dev"]
