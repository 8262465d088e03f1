"""`nexus check --plan`: rules on what a stack would register."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from nexus.cli.main import app
from nexus.policy import rules
from nexus.policy.rule import Rule
from tests.projects import DOCUMENTED


def test_says_that_the_plan_keeps_the_rules() -> None:
    """'OK' alone does not say that a plan was looked at."""
    result = CliRunner().invoke(app, ["--project", str(DOCUMENTED), "check", "--plan"])
    assert (result.exit_code, result.stderr) == (0, "")
    last = result.stdout.splitlines()[-1]
    assert last.startswith("The plan of stack dev: ")
    assert last.endswith(f" resources keep all {len(rules.RULES)} rules.")


def test_tells_every_broken_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that is broken silently is no rule."""
    strict = Rule(
        name="no-providers",
        description="There are no providers",
        check=lambda resources: (
            (each, "it is a provider; remove it.")
            for each in resources
            if each.type.startswith("pulumi:providers:")
        ),
    )
    monkeypatch.setattr(rules, "RULES", (strict,))
    result = CliRunner().invoke(app, ["--project", str(DOCUMENTED), "check", "--quiet", "--plan"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines() == [
        f"urn:pulumi:dev::nexus-cos::pulumi:providers:{name}: it is a provider; "
        "remove it. [no-providers]"
        for name in ("kubernetes::cluster", "kubernetes::kubernetes", "random::random")
    ]
