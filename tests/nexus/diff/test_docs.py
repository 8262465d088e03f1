"""The page about pull requests shows what is really written."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from nexus.diff.render import MARKER, as_json, as_markdown
from nexus.diff.report import ExitCode, make_report
from nexus.diff.snapshot import Snapshot
from tests.projects import ROOT

from .conftest import SideOf
from .markdown_view import faults

PAGE = ROOT / "docs" / "pull-requests.md"
EXAMPLE = re.compile(r"(<!-- example: [^>]* -->\n).*(<!-- /example -->)", re.DOTALL)


@pytest.mark.generated
def test_the_example_is_current(base: Snapshot, edited: SideOf) -> None:
    """A page that shows another comment than people get teaches them to skip it."""
    comment = as_markdown(make_report(base, edited("take-database")))
    # One level down, into the page's own headings; without the marker of a real comment.
    shown = re.sub(r"^(##+) ", r"#\1 ", comment.removeprefix(f"{MARKER}\n"), flags=re.MULTILINE)
    page = PAGE.read_text(encoding="utf-8")
    current = EXAMPLE.sub(lambda found: f"{found[1]}\n{shown}\n{found[2]}", page)
    if os.environ.get("NEXUS_WRITE_GOLDEN"):
        PAGE.write_text(current, encoding="utf-8")
    assert page == current, "Write it anew: NEXUS_WRITE_GOLDEN=1 pytest tests/nexus/diff"
    assert faults(comment) == []


def test_every_exit_code_and_key_is_on_the_page(base: Snapshot) -> None:
    """Who scripts against an undocumented key is broken by the next release."""
    page = PAGE.read_text(encoding="utf-8")
    for code in ExitCode:
        assert f"| {int(code)} |" in page
    document = json.loads(as_json(make_report(base, base)))
    keys = {*document, *document["catalog"], *document["stacks"][0]}
    assert {key for key in keys if f"`{key}" not in page and f"{key}[]`" not in page} == set()


def test_every_workflow_is_on_the_page() -> None:
    """A workflow that nobody knows of is one that nobody repairs."""
    page = PAGE.read_text(encoding="utf-8")
    names = {path.stem for path in Path(ROOT, ".github", "workflows").glob("*.yml")} - {"up"}
    assert {name for name in names if f"| `{name}` |" not in page} == set()
