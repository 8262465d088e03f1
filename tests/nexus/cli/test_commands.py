"""`nexus plan` and `nexus rehearse` as a user runs them, on a project of three services."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from nexus.cli.main import app
from tests.patience import PATIENCE_SECONDS
from tests.projects import ROOT, set_config, small_project

NEXUS = Path(sys.executable).with_name("nexus")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return small_project(tmp_path / "project")


@pytest.fixture
def typed(project: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command in the project's folder, inside this process: what it writes is the same."""
    monkeypatch.chdir(project)
    return lambda *words: CliRunner().invoke(app, words, env={"COLUMNS": "100"})


def nexus(project: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own."""
    return subprocess.run(
        [NEXUS, *arguments],
        cwd=project,
        env={**os.environ, "COLUMNS": "100", **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


def test_rehearsal_of_a_small_project(project: Path, typed: Callable[..., Result]) -> None:
    """The one command of the README must say what it did, and end with 0 when all is well."""
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    run = nexus(project, "rehearse", "--format", "json", "--output", "account.json")
    assert run.returncode == 0, run.stderr
    assert run.stdout == ""
    assert re.search(r"\nWrote account\.json \(\d+ KiB\)\.\n$", run.stderr)
    assert "nothing was created anywhere" in run.stderr
    assert "The stack comes up in order, a second run changes nothing" in run.stderr
    for tier in ("infrastructure", "core", "platform", "domain", "frontend"):
        assert f"│ {tier}" in run.stderr
    account = json.loads((project / "account.json").read_text(encoding="utf-8"))
    assert account["failure"] is None
    assert set(account["makespan"]) == {"up", "up-2", "destroy"}
    computed = json.loads(typed("schedule", "--format", "json").stdout)
    assert computed["makespan"] == pytest.approx(account["makespan"]["up"])
    assert computed["tiers"] == account["tiers"], "the engine does what was computed"
    created = {each["name"]: each for each in account["operations"] if each["phase"] == "up"}
    assert created["front"]["began"] > created["cart"]["ended"]
    assert created["front"]["start"] == created["cart"]["end"]
    assert account["operations"][0].keys() == {
        "phase",
        "urn",
        "type",
        "name",
        "op",
        "began",
        "ended",
        "start",
        "end",
        "result",
        "error",
    }
    after = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    assert {path for path in after if after[path] != before.get(path)} == {project / "account.json"}


def test_rehearsal_of_a_failure(project: Path, typed: Callable[..., Result]) -> None:
    """Whoever asks what a failing service holds back needs the names."""
    options = ["--format", "json", "--output", "account.json"]
    run = typed("rehearse", "--fail", "cart", "--ordering", "edges", *options)
    assert run.exit_code == 0, run.stderr
    assert "Failed: cart.\nHeld back: front.\nCame up all the same: 1 service." in run.stderr
    assert "cart failed; it holds back front." in run.stderr
    account = json.loads((project / "account.json").read_text(encoding="utf-8"))
    assert account["failure"] == {"failed": ["cart"], "held_back": ["front"], "unharmed": ["stock"]}
    assert "The failure held back what depends on it, and the next run mended it." in run.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["rehearse", "--fail", "stok"], "There is no workload 'stok' that could fail; did you "),
        (["rehearse", "--stack", "qa"], "Pulumi.qa.yaml: there is no stack 'qa' (stacks here: dev"),
        (["rehearse", "--ordering", "no"], "Usage: nexus rehearse [OPTIONS]"),
        (["plan", "--stack", "qa"], "Pulumi.qa.yaml: there is no stack 'qa' (stacks here: dev"),
        (["plan", "--stack", "dev", "--output", "no/where.json"], "Cannot write 'no/where.json'"),
    ],
)
def test_wrong_option(typed: Callable[..., Result], arguments: list[str], sentence: str) -> None:
    """A traceback does not tell what to write instead."""
    run = typed(*arguments)
    assert run.exit_code == 2
    assert run.stderr.startswith(sentence)
    assert isinstance(run.exception, SystemExit), "no traceback"


def test_no_pulumi_and_no_go(project: Path, tmp_path: Path) -> None:
    """On a bare machine the command must say what to install."""
    run = nexus(project, "rehearse", PATH="/nonexistent", XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert run.returncode == 2
    assert "https://www.pulumi.com/docs/install/" in run.stderr
    assert "Traceback" not in run.stderr


def test_plan_as_text_and_as_json(project: Path, typed: Callable[..., Result]) -> None:
    """The summary is for people, the document for scripts."""
    text = nexus(project, "plan", "--stack", "dev")
    assert text.returncode == 0
    assert "  3  kubernetes:apps/v1:Deployment" in text.stdout
    json_ = ("plan", "--stack", "dev", "--format", "json")
    written = typed(*json_, "--output", "plan.json")
    assert (written.exit_code, written.stdout) == (0, "")
    shown = typed(*json_)
    assert shown.stdout == (project / "plan.json").read_text(encoding="utf-8")


def test_settings_page_is_current() -> None:
    """A page that lags behind makes people set what is no longer read."""
    run = nexus(ROOT, "settings")
    assert (run.returncode, run.stderr) == (0, "")


def test_settings_page_is_written(project: Path, typed: Callable[..., Result]) -> None:
    """A generated page that cannot be generated is edited by hand."""
    stale = typed("settings")
    assert stale.exit_code == 2
    assert "run 'nexus settings --write'" in stale.stderr
    (project / "docs").mkdir()
    assert typed("settings", "--write").exit_code == 0
    assert typed("settings").exit_code == 0


def test_encrypted_settings_are_placeholders_in_a_rehearsal(
    project: Path, typed: Callable[..., Result]
) -> None:
    """A rehearsal must not ask for the passphrase of a real stack."""
    login = {"username": "shop", "password": {"secure": "v1:never:decrypted"}}
    set_config(project, "dev", registry="registry.example.com/shop", registryLogin=login)
    run = typed("rehearse")
    assert run.exit_code == 0, run.stderr + run.stdout
