"""A fact stands in one place: who changes it there has changed it for every command."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from lint_manifests import manifests

from components.servers.bootstrap import PYTHON_IMAGE
from nexus.diff.plan_diff import diff_plans
from nexus.plan.plan import make_plan
from nexus.pulumi import replacement
from nexus.pulumi.replacement import cloud_paths
from nexus.pulumi.resource import Resource
from nexus.rehearsal.providers.base import Requested
from nexus.rehearsal.providers.cloud import CloudProvider
from nexus.rehearsal.record import Recorder
from nexus.rehearsal.timing import Clock
from tests.nexus.diff.copies import SIX, copy_whole, cut
from tests.nexus.diff.own_code import side_of
from tests.nexus.diff.plans import resource, side
from tests.projects import ROOT, small_project

CLUSTER = "aws:rds/cluster:Cluster"
PIN = re.compile(r'"(docker\.io/[^":]+):[^"]+"')


def test_an_immutable_property(monkeypatch: pytest.MonkeyPatch) -> None:
    """A comment that calls an update what a rehearsal replaces is right by chance."""
    old: dict[str, Any] = {"engine": "aurora-postgresql", "storageEncrypted": True}
    new = {**old, "storageEncrypted": False}

    def replaced() -> tuple[bool, bool]:
        plans = [
            side(resource(type_=CLUSTER, inputs=each)).stacks["dev"].resources
            for each in (old, new)
        ]
        urn = f"urn:pulumi:dev::nexus-cos::{CLUSTER}::app"
        asked = Requested(urn=urn, type=CLUSTER, name="app", inputs=new)
        provider = CloudProvider("aws", Clock(), Recorder())
        told = diff_plans(plans[0], plans[1]).replaced
        return bool(told), bool(provider.diff(asked, {}, old).replaces)

    assert replaced() == (True, True)
    known = {
        type_: tuple(path for path in paths if path != "storageEncrypted")
        for type_, paths in cloud_paths().items()
    }
    monkeypatch.setattr(replacement, "cloud_paths", lambda: known)
    assert replaced() == (False, False)


def test_a_value_of_the_circuit_breaker(tmp_path: Path) -> None:
    """A service that opens later than the others takes them along."""
    old = make_plan(small_project(tmp_path / "old"), "dev")
    project = small_project(tmp_path / "new")
    path = project / "catalog" / "platform.yaml"
    platform = yaml.safe_load(path.read_text(encoding="utf-8"))
    platform["circuit_breaker"]["open_after_failures"] += 2
    path.write_text(yaml.safe_dump(platform), encoding="utf-8")
    new = make_plan(project, "dev")
    wanted = platform["circuit_breaker"]["open_after_failures"]

    planned = [each.inputs for each in new.resources if each.type.endswith(":ConfigMap")]
    assert set(breakers(planned)) == {wanted}
    assert set(breakers(yaml.safe_load_all(manifests(new)))) == {wanted}
    told = [
        (each.old, each.new)
        for change in diff_plans(old.resources, new.resources).replaced
        for each in change.properties
        if each.leaf[-1] == "open_after_failures"
    ]
    assert set(told) == {(wanted - 2, wanted)}
    assert len(told) == len(list(breakers(planned)))


def breakers(objects: Any) -> Iterator[int]:
    """The value in every configuration of every service."""
    for each in objects:
        text = (each.get("data") or {}).get("dependencies.json")
        for entry in json.loads(text)["dependencies"].values() if text else ():
            yield entry["circuit_breaker"]["open_after_failures"]


def test_the_pin_of_an_image(tmp_path: Path) -> None:
    """An image with a hole that is mended in one of two places still runs in the other."""
    changed = PYTHON_IMAGE.replace(":3.13.6", ":3.13.7")
    plans: list[tuple[Resource, ...]] = []
    for label in ("base", "head"):
        project = copy_whole(tmp_path / label)
        cut(project, SIX)
        path = project / "components" / "servers" / "bootstrap" / "__init__.py"
        if label == "head":
            path.write_text(path.read_text("utf-8").replace(PYTHON_IMAGE, changed), "utf-8")
        plans.append(side_of(project, label).stacks["dev"].resources)
    base, head = (json.dumps([each.document() for each in plan]) for plan in plans)
    assert base.count(PYTHON_IMAGE) == head.count(changed)
    assert PYTHON_IMAGE not in head
    found = diff_plans(plans[0], plans[1])
    told = {change.after.urn for change in (*found.changed, *found.replaced)}
    using = {each.urn for each in plans[1] if changed in json.dumps(each.document())}
    assert using <= told
    assert {urn.split("::")[2].rpartition(":")[2] for urn in using} == {"Deployment", "Job"}


def test_every_tool_knows_the_same_rooms() -> None:
    """A room that the contracts of imports do not list may import whatever it likes."""
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert set(tool["importlinter"]["root_packages"]) == rooms
    assert set(tool["hatch"]["build"]["targets"]["wheel"]["packages"]) == rooms
    assert set(tool["coverage"]["run"]["source"]) == rooms


def test_every_image_is_pinned_once() -> None:
    """Two pins of one image drift apart with the first that is moved."""
    names = [
        name
        for room in ("components", "stacks", "nexus")
        for path in (ROOT / room).rglob("*.py")
        for name in PIN.findall(path.read_text(encoding="utf-8"))
    ]
    assert {name: number for name, number in Counter(names).items() if number > 1} == {}
    assert len(names) >= 7
