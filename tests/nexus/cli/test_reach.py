"""`nexus reach`: who may open connections to whom, on real plans, and what says so."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from nexus.cli.main import app
from nexus.plan import reach
from nexus.plan.plan import make_plan
from tests.projects import DOCUMENTED, copy_project

PLAN = cache(make_plan)


def nexus_reach(*arguments: str, project: Path = DOCUMENTED) -> Result:
    return CliRunner().invoke(app, ["--project", str(project), "reach", *arguments])


ALLOWED = {
    ("dev", "user-auth", "postgres"): (
        ["nexus-authentication/user-auth"],
        ["nexus-data/postgres-isolation"],
        ["postgres"],
    ),
    ("dev", "user-auth", "session-mgr"): (
        ["nexus-authentication/user-auth"],
        ["nexus-authentication/session-mgr"],
        ["session-mgr"],
    ),
    ("dev", "billing-service", "payments"): (["nexus-business/billing-service"], [], ["payments"]),
    # One internet for all APIs: a policy cannot tell them apart, and the answer says so.
    ("dev", "billing-service", "maps"): (["nexus-business/billing-service"], [], ["payments"]),
    ("staging", "user-auth", "postgres"): (["nexus-authentication/user-auth"], [], ["postgres"]),
    ("staging", "streamcore", "cdn"): (["nexus-content/streamcore"], [], ["cdn"]),
}
DENIED = {
    ("dev", "user-auth", "redis"): "redis",
    ("dev", "user-auth", "payments"): "{target: payments, order: runtime, reason: …}",
    # user-auth starts after session-mgr, so that must not wait for it.
    ("dev", "session-mgr", "user-auth"): "{target: user-auth, order: runtime, reason: …}",
    # A later tier.
    ("dev", "user-auth", "glitch"): "{target: glitch, order: runtime, reason: …}",
    ("dev", "glitch", "user-auth"): "user-auth",
    # Nobody may write down that these call.
    ("dev", "postgres", "user-auth"): None,
    ("dev", "payments", "user-auth"): None,
    # The same addresses as the database's, at another port.
    ("staging", "user-auth", "redis"): "redis",
}


@pytest.fixture
def planned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every stack is planned once for all cases."""
    monkeypatch.setattr(reach, "make_plan", PLAN)


@pytest.mark.usefixtures("planned_once")
@pytest.mark.parametrize("case", ALLOWED, ids=" ".join)
def test_names_what_allows(case: tuple[str, str, str]) -> None:
    """Whoever closes a way must find every policy and edge that keeps it open."""
    stack, source, target = case
    result = nexus_reach(source, target, "--stack", stack, "--format", "json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    egress, ingress, targets = ALLOWED[case]
    assert (found["allowed"], found["to_allow"]) == (True, None)
    assert found["egress_policies"] == egress
    assert found["ingress_policies"] == ingress
    assert [edge["target"] for edge in found["edges"]] == targets
    assert all(edge["source"] == source and edge["line"] > 1 for edge in found["edges"])


@pytest.mark.usefixtures("planned_once")
@pytest.mark.parametrize("case", DENIED, ids=" ".join)
def test_names_the_line_that_would_allow(case: tuple[str, str, str]) -> None:
    """'No' alone sends people to write a policy by hand."""
    stack, source, target = case
    result = nexus_reach(source, target, "--stack", stack, "--format", "json")
    assert result.exit_code == 1, result.output
    found = json.loads(result.stdout)
    assert (found["allowed"], found["egress_policies"], found["edges"]) == (False, [], [])
    line = found["to_allow"]
    assert (line and line["need"]) == DENIED[case]


def test_the_named_line_allows(tmp_path: Path) -> None:
    """Advice that does not help, or breaks the catalog, costs more than none."""
    project = copy_project(tmp_path / "project")
    text = nexus_reach("session-mgr", "user-auth", project=project)
    line = "- {target: user-auth, order: runtime, reason: …}"
    assert text.stdout.splitlines() == [
        "No: in stack 'dev' no policy lets 'session-mgr' call 'user-auth'.",
        "To allow it, add to the needs of 'session-mgr' in catalog/services/authentication.yaml: "
        f"{line}",
    ]
    path = project / "catalog/services/authentication.yaml"
    before, after = "[redis, token-mgr]", "[redis, token-mgr, {}]"
    services = path.read_text(encoding="utf-8")
    assert before in services
    need = line.removeprefix("- ").replace("…", "Asked.")
    path.write_text(services.replace(before, after.format(need)), encoding="utf-8")
    assert CliRunner().invoke(app, ["--project", str(project), "check"]).exit_code == 0
    assert nexus_reach("session-mgr", "user-auth", project=project).exit_code == 0


def test_says_it_in_words() -> None:
    """The answer is read in a hurry."""
    result = nexus_reach("billing-service", "maps")
    assert result.exit_code == 0
    first, *_, last = result.stdout.splitlines()
    assert first == "Yes: in stack 'dev' 'billing-service' reaches 'maps' at TCP port 443."
    assert last == "  no edge leads there: a policy knows addresses and ports alone"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("user-auht", "redis"), "There is no service, platform resource or API 'user-auht'; did"),
        (("streamcore", "cdn"), "Stack 'dev' has nothing called 'cdn' that policies are made for"),
        (("user-auth", "redis", "--stack", "qa"), "Pulumi.qa.yaml: there is no stack 'qa'"),
    ],
)
def test_refuses_what_it_does_not_know(arguments: tuple[str, ...], sentence: str) -> None:
    """A 'no' for a mistyped name would be believed."""
    result = nexus_reach(*arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr
