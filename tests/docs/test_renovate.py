"""Renovate sees every version that is pinned in the program: what it does not see gets old."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.projects import ROOT

MANAGERS: dict[str, dict[str, Any]] = {
    each["datasourceTemplate"]: each
    for each in json.loads((ROOT / "renovate.json").read_text(encoding="utf-8"))["customManagers"]
}


def found(datasource: str) -> dict[str, str]:
    """Versions by name, as a custom manager reads them."""
    manager = MANAGERS[datasource]
    [text], [files] = manager["matchStrings"], manager["managerFilePatterns"]
    # JavaScript's words for what Python writes otherwise.
    pattern = re.compile(text.replace("(?<", "(?P<"))
    seen: dict[str, str] = {}
    for path in sorted(ROOT.glob("[!.]*/**/*.py")) + sorted(ROOT.glob(".github/**/*.yml")):
        if re.search(files.strip("/"), str(path.relative_to(ROOT))):
            for match in pattern.finditer(path.read_text(encoding="utf-8")):
                groups = match.groupdict()
                seen[groups.get("depName") or manager["depNameTemplate"]] = groups["currentValue"]
    return seen


def written() -> Iterator[ast.Constant]:
    """Every text in the program that makes up infrastructure."""
    for room in ("components", "stacks", "monitoring"):
        for path in Path(ROOT, room).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            yield from (node for node in ast.walk(tree) if isinstance(node, ast.Constant))


def test_every_image_is_seen() -> None:
    images = {
        str(each.value)
        for each in written()
        if isinstance(each.value, str)
        and re.fullmatch(r"[a-z0-9.]+\.[a-z]+/[\w./-]+:[\w.-]+", each.value)
    }
    assert len(images) > 5
    assert images == {f"{name}:{version}" for name, version in found("docker").items()}


def test_every_chart_is_seen() -> None:
    count = sum(
        path.read_text(encoding="utf-8").count(" = Chart(")
        for path in Path(ROOT, "components").rglob("*.py")
    )
    assert len(found("helm")) == count > 0
    assert "cert-manager" in found("helm")


@pytest.mark.parametrize("file", ["tools/go.mod", "pyproject.toml"])
def test_the_workflows_have_the_engine_that_is_tested(file: str) -> None:
    version = found("github-releases")["pulumi/pulumi"]
    assert re.search(rf"pulumi.*\bv?{re.escape(version)}\b", (ROOT / file).read_text("utf-8"))
