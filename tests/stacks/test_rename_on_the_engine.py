"""A service under another name, on the real engine: what it keeps is the same as before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from nexus.diff.report import ExitCode, make_report
from nexus.diff.risks import STATEFUL
from nexus.diff.snapshot import Snapshot
from nexus.plan.snapshot import make_snapshot
from nexus.rehearsal.outcome import Outcome
from nexus.rehearsal.run import Rehearsal, rehearse
from stacks.program import build
from stacks.stack_file import read_stack_file
from tests.nexus.diff.plans import read
from tests.projects import small_project

SHOP = """
domain: shop
services:
  NAME:
    summary: Holds what a customer wants
    tier: domain
    FORMER
    needs:
      - postgres
      - {target: redis, dedicated: true}
      - queue
      - storage
      - hsm
  stock: {summary: Counts what is there, tier: core, needs: [postgres, redis]}
  front: {summary: Shows the cart, tier: frontend, needs: [NAME]}
"""


def call(project: Path, name: str, former: str | None = None) -> Path:
    """Names the service that has a part of everything, in the catalog and wherever else it stands.

    Args:
        project: the project.
        name: its name.
        former: what the catalog says that it was called.
    """
    text = SHOP.replace("NAME", name)
    text = text.replace("FORMER", "" if former is None else f"renamed_from: {former}")
    (project / "catalog/services/shop.yaml").write_text(text, encoding="utf-8")
    path = project / "catalog/platform.yaml"
    platform = yaml.safe_load(path.read_text(encoding="utf-8"))
    platform["flows"] = {"buying": ["front", name]}
    platform["buckets"] = {"pictures": {"owner": name}}
    path.write_text(yaml.safe_dump(platform), encoding="utf-8")
    versions = {"services": dict.fromkeys((name, "stock", "front"), "1.0.0")}
    (project / "releases/staging.yaml").write_text(yaml.safe_dump(versions), encoding="utf-8")
    return project


def side(project: Path, stack: str) -> Snapshot:
    return read(make_snapshot(project, (stack,), str))


def is_kept(urn: str) -> bool:
    """Whether something is lost when it goes or is made anew."""
    types = urn.split("::")[2].split("$")
    kept = any(each.startswith("nexus:data:") or each in STATEFUL for each in types)
    return kept or types[-1].startswith("aws:ecr/")


def assert_kept(outcome: Outcome) -> None:
    assert outcome.succeeded, outcome.error
    # The program looks at kube-system in every run, to know its cluster again.
    touched = {each.urn for each in outcome.operations if each.op not in {"same", "read"}}
    assert not {urn for urn in touched if is_kept(urn)}
    assert touched


def configuration(rehearsal: Rehearsal, name: str) -> Mapping[str, Any]:
    """What the service called `name` is told about what it needs."""
    [config] = [
        each["inputs"]["data"]["dependencies.json"]
        for each in rehearsal.export()["resources"]
        if each["urn"].endswith(f"$kubernetes:core/v1:ConfigMap::{name}-config")
    ]
    return json.loads(config)["dependencies"]


@pytest.mark.parametrize(
    "stack",
    ["dev", pytest.param("staging", marks=pytest.mark.clouds)],
)
def test_a_renamed_service_keeps_all_it_has(stack: str, tmp_path: Path) -> None:
    """A new name for a service would be a new, empty database, and nobody's old one."""
    project = call(small_project(tmp_path / "project"), "cart")
    file = read_stack_file(project, stack)
    with rehearse(
        lambda: build(project), file.project, stack, file.plain, file.secret
    ) as rehearsal:
        first = rehearsal.up()
        assert first.succeeded, first.error
        kept = {each.urn for each in first.operations if is_kept(each.urn)}
        told = configuration(rehearsal, "cart")
        before = side(project, stack)

        # The diff calls it no danger, and the engine agrees.
        call(project, "basket", former="cart")
        report = make_report(before, side(project, stack))
        assert report.exit_code is ExitCode.CHANGES
        assert_kept(rehearsal.up())
        assert configuration(rehearsal, "basket") == told
        again = rehearsal.up()
        assert again.counts.keys() == {"same"}

        # Another name once more: the data is called what it was called first.
        call(project, "trolley", former="cart")
        assert_kept(rehearsal.up())
        assert configuration(rehearsal, "trolley") == told
        assert kept <= {each["urn"] for each in rehearsal.export()["resources"]}
        assert [
            each.name
            for each in rehearsal.cluster.contents()
            if each.kind == "Deployment" and each.namespace.endswith("-shop")
        ] == ["front", "stock", "trolley"]
