"""`nexus up` and `nexus preview`, as a user types them, on the real engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from nexus.cli.main import app
from nexus.rehearsal.keys import KEY
from nexus.rehearsal.providers.base import SimulatedProvider
from tests.nexus.cli.terminal import Terminal, terminal
from tests.nexus.diff.copies import SIX, cut, edit_yaml, set_need
from tests.projects import copy_project


@pytest.fixture(scope="module")
def calls() -> Iterator[Counter[str]]:
    """What the engine asks the simulated providers for."""
    counts: Counter[str] = Counter()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("Check", "Diff", "Create", "Update", "Read", "Delete"):
            method = _counting(counts, getattr(SimulatedProvider, name))
            patch.setattr(SimulatedProvider, name, method)
        yield counts


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory, calls: Counter[str]) -> Iterator[Terminal]:
    """A terminal with an empty stack; its providers are counted."""
    assert not calls
    folder = tmp_path_factory.mktemp("update")
    project = copy_project(folder / "project")
    cut(project, SIX)
    with terminal(project, folder / "home") as opened:
        opened.must(f'pulumi login "$STATE" && pulumi stack init dev --secrets-provider {KEY}')
        yield opened


def test_a_service_is_updated_alone(reader: Terminal, calls: Counter[str]) -> None:
    """From a first start, which leaves in the state what only a first start waits for."""
    refused = reader.type("nexus up --service user-auth")
    assert refused.returncode == 2
    assert "'dev' has no service yet; bring up the whole: pulumi up." in refused.stdout
    reader.must("pulumi up --stack dev --skip-preview")
    whole = calls.total()
    images = {"user-auth": "docker.io/a/b:2", "token-mgr": "docker.io/a/c:2"}
    edit_yaml(reader.project / "releases" / "dev.yaml", lambda file: file.update(services=images))

    said = reader.must("nexus preview --service user-auth")
    assert "- update Deployment user-auth" in said
    assert "'nexus up' or a whole update writes first" in said

    said = reader.must("nexus up --service user-auth --yes")
    assert "which stay: token-mgr (1)" in said
    assert "~ 1 updated" in said
    assert "Nothing else moved" in said

    calls.clear()
    command = next(line for line in said.splitlines() if line.startswith("$ pulumi up"))
    images["user-auth"] = "docker.io/a/b:3"
    edit_yaml(reader.project / "releases" / "dev.yaml", lambda file: file.update(services=images))
    assert "~ 1 updated" in reader.must(command.removeprefix("$ "))
    assert 0 < calls.total() <= whole / 10

    set_need(reader.project, "user-auth", "redis")
    refused = reader.type("nexus up --service user-auth --yes")
    assert refused.returncode == 1
    assert "replace Secret redis-acl, on which key-service" in refused.stdout

    said = reader.must("nexus up --service user-auth --with-dependencies --yes")
    assert "Nothing else moved" in said
    left = reader.must("pulumi preview")
    assert "1 to update" in left
    assert "Deployment token-mgr update" in left


def _counting(calls: Counter[str], method: Callable[..., Any]) -> Callable[..., Any]:
    def counted(*arguments: Any) -> Any:
        calls[method.__name__] += 1
        return method(*arguments)

    return counted


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("", "Say what to update: '--service NAME'"),
        ("--service user-aut", "There is no service 'user-aut'; did you mean 'user-auth'?"),
        ("--domain core", "There is no domain 'core';"),
        ("--affected nowhere", "'nowhere' is neither a file, a folder nor a git revision"),
    ],
)
def test_what_is_no_part_is_refused(
    reader: Terminal, options: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(reader.project)
    done = CliRunner().invoke(app, ["up", *options.split()], env=reader.environment)
    assert done.exit_code == 2
    assert sentence in done.output
