"""What a reviewer is told of realistic edits, pinned in small files.

`NEXUS_WRITE_GOLDEN=1 pytest tests/nexus/diff -k test_edits -m "engine_diff or not engine_diff"`
writes them anew; read what changed before you commit.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nexus.diff.render import as_json, as_markdown
from nexus.diff.report import Report, make_report
from nexus.diff.snapshot import Snapshot
from nexus.pulumi.urn import short_type
from tests.projects import set_config

from .conftest import SideOf
from .copies import copy_whole
from .edits import CLOUD_EDITS, DANGEROUS, EDITS
from .own_code import side_of

GOLDEN = Path(__file__).parent / "golden"
LONG = frozenset(
    {
        "add-stateless-service",
        "remove-stateless-service",
        "rename-stateless-service",
        "add-runtime-edge",
        "server-image",
        "move-window",
        "prod",
    }
)
"""Edits close to another one; they are left to the long run."""

WHOLE = frozenset(
    {
        "prefix-setting",
        "rename-resource-without-alias",
        "replicas",
        "startup-to-runtime",
        "without-policies",
    }
)
"""Edits that reach far, told of the whole platform: what is said of more than fits on a line, and
which dangers come first. Ten services are enough for the others."""

HASH = re.compile(r"-[0-9a-f]{8}(?=[\"`])")
"""Ends of auto-names, which change with any content."""

LINES = 24
"""Lines of the comment that a golden file keeps: the table, the dangers, the catalog."""


@pytest.mark.parametrize(
    "name",
    [
        # On two processes: they take most of this folder's time.
        pytest.param(
            name,
            marks=[
                pytest.mark.xdist_group(f"edits-{number % 2}"),
                *([pytest.mark.engine_diff] if name in LONG else []),
            ],
        )
        for number, name in enumerate(EDITS)
    ],
)
def test_an_edit_is_told_as_pinned(name: str, request: pytest.FixtureRequest) -> None:
    """A reviewer who is told too little approves the deletion of a database."""
    platform = "" if name in WHOLE else "_of_ten"
    base: Snapshot = request.getfixturevalue(f"base{platform}")
    edited: SideOf = request.getfixturevalue(f"edited{platform}")
    report = make_report(base, edited(name))
    assert report.exit_code == EDITS[name][0]
    assert_pinned(name, report, LINES)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.engine_diff] if name in LONG else [])
        for name in CLOUD_EDITS
    ],
)
def test_edits_in_the_clouds_are_told_as_pinned(name: str, tmp_path: Path) -> None:
    """What is an update in dev is another server in AWS, with nothing in it."""
    stack, edit = CLOUD_EDITS[name]
    sides: list[Snapshot] = []
    for label in ("base", "head"):
        project = copy_whole(tmp_path / label, stack)
        set_config(project, stack, nodes="managed")
        if label == "head":
            edit(project)
        sides.append(side_of(project, label, stack))
    report = make_report(*sides)
    assert report.exit_code == DANGEROUS
    assert_pinned(f"{name}-clouds", report)


def assert_pinned(name: str, report: Report, most: int | None = None) -> None:
    """The report says what the golden file does, in its first `most` lines."""
    lines = as_markdown(report).splitlines()[:most]
    told = "\n".join([*_summary(json.loads(as_json(report))), "", *lines, ""])
    told = HASH.sub("-#", told)
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("NEXUS_WRITE_GOLDEN"):
        file.write_text(told, encoding="utf-8")
    assert told == file.read_text(encoding="utf-8")


def _summary(document: dict[str, Any]) -> Iterator[str]:
    """The JSON report in a few lines."""
    yield f"exit code {document['exit_code']}, {document['verdict']}"
    for stack in document["stacks"]:
        for key in ("added", "removed", "changed", "replaced"):
            counts = Counter(short_type(each["type"]) for each in stack[key])
            if counts:
                listed = ", ".join(f"{number} {type_}" for type_, number in sorted(counts.items()))
                yield f"{stack['stack']} {key}: {listed}"
        for key in ("renamed", "reordered"):
            if stack[key]:
                yield f"{stack['stack']} {key}: {len(stack[key])}"
        for danger in stack["dangers"]:
            yield f"{stack['stack']} danger: {danger['kind']} {danger['urn'].split('::')[-1]}"


@pytest.mark.xdist_group("edits-0")
def test_adding_the_policies_recreates_nothing(base: Snapshot, edited: SideOf) -> None:
    """Isolation that restarts services or makes databases anew is not switched on in production."""
    (stack,) = json.loads(as_json(make_report(edited("without-policies"), base)))["stacks"]
    added = {short_type(each["type"]) for each in stack["added"]}
    assert added == {"NetworkPolicy", "Limits", "ResourceQuota", "LimitRange"}
    # That a Deployment now comes after its policy is told with the policy.
    for key in ("removed", "renamed", "replaced", "changed", "reordered", "dangers"):
        assert stack[key] == [], key


def test_every_golden_file_has_its_edit() -> None:
    """A file that no test reads would promise what nobody holds."""
    clouds = {f"{name}-clouds" for name in CLOUD_EDITS}
    assert {file.stem for file in GOLDEN.glob("*.txt")} == {*EDITS} | clouds
    assert len(EDITS) >= 25
