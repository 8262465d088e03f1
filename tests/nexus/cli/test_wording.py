"""What commands print of one thing, of two and of none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from catalog.errors import counted
from nexus.cli.main import app
from nexus.rehearsal.report import spread_text
from nexus.rehearsal.tiers import Spread
from tests.projects import small_project

ONE = """
domain: shop
services:
  cart:
    summary: Holds what a customer wants
    tier: domain
    needs: [{target: maps, order: runtime, reason: Runs elsewhere.}]
"""
COMMANDS = (
    ["check"],
    ["graph"],
    ["graph", "--service", "cart"],
    ["graph", "--format", "svg"],
    ["impact"],
    ["impact", "cart"],
    ["impact", "cart", "--format", "svg"],
)


@pytest.fixture
def one(tmp_path: Path) -> Path:
    """A project with one service, which needs one thing."""
    project = small_project(tmp_path / "project")
    (project / "catalog/services/shop.yaml").write_text(ONE, encoding="utf-8")
    path = project / "catalog/platform.yaml"
    platform = yaml.safe_load(path.read_text(encoding="utf-8"))
    platform |= {"resources": {}, "external": {"maps": {"summary": "Maps"}}, "flows": {}}
    path.write_text(yaml.safe_dump(platform), encoding="utf-8")
    return project


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_one_thing_is_not_several(command: list[str], one: Path) -> None:
    """'1 services' makes a reader doubt the number."""
    result = CliRunner().invoke(app, ["--project", str(one), *command])
    assert result.exit_code == 0, result.output
    assert re.findall(r"(?<![\w.-])1 [a-z]+(?: [a-z]+)?s\b(?! that)", result.output) == []


def test_an_outage_without_flows_has_no_empty_heading(one: Path) -> None:
    """A heading with nothing below looks like a list that was lost."""
    result = CliRunner().invoke(app, ["--project", str(one), "impact", "cart"])
    assert "There are no critical flows.\n" in result.output
    assert "Critical flows:" not in result.output


def test_counts_agree_with_their_nouns() -> None:
    """One place says it for every message."""
    assert [counted(number, "wave") for number in range(3)] == ["0 waves", "1 wave", "2 waves"]


def test_a_failed_rehearsal_counts_what_came_up() -> None:
    """The one service that stayed up is not 'services'."""
    said = spread_text(Spread(failed=("a",), held_back=(), unharmed=("b",))).plain
    assert said.endswith("Came up all the same: 1 service.")
