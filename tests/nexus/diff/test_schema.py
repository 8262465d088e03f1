"""The published schema accepts what is read and refuses what is not."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from nexus.diff.snapshot import SnapshotDocument
from tests.projects import ROOT

from .own_code import document_of
from .plans import read, resource

SCHEMA_FILE = ROOT / "nexus" / "diff" / "schema" / "snapshot.schema.json"
NODE = {"name": "a", "kind": "service", "tier": "core", "domain": "x"}
GRAPH: dict[str, Any] = {"nodes": [NODE], "edges": [], "flows": []}
STACK: dict[str, Any] = {"resources": [resource()]}


def snapshot(graph: Any = None, stacks: Any = None) -> dict[str, Any]:
    return {"graph": graph, "stacks": {} if stacks is None else stacks}


def accepts(document: Any) -> bool:
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator(schema).is_valid(document)


def reads(document: Any) -> bool:
    found = read(document)
    return not any((found.fault, found.graph_fault, *(s.fault for s in found.stacks.values())))


@pytest.mark.generated
def test_the_schema_is_current() -> None:
    """A schema that lags behind refuses good documents in somebody's pipeline."""
    current = json.dumps(SnapshotDocument.model_json_schema(), indent=2) + "\n"
    if os.environ.get("NEXUS_WRITE_GOLDEN"):
        SCHEMA_FILE.write_text(current, encoding="utf-8")
    assert SCHEMA_FILE.read_text(encoding="utf-8") == current


@pytest.mark.parametrize(
    ("document", "good"),
    [
        (snapshot(), True),
        (snapshot(stacks={"dev": STACK}), True),
        ({**snapshot(stacks={"dev": {**STACK, "further": 1}}), "further": 1}, True),
        (snapshot(stacks={"dev": {"error": "no"}}), True),
        (snapshot(stacks={"dev": {}}), False),
        (snapshot(stacks={"dev": []}), False),
        (snapshot(stacks={"de/v": STACK}), False),
        (snapshot(stacks={f"s{n}": STACK for n in range(21)}), False),
        (snapshot(stacks={"dev": {"error": 1}}), False),
        (snapshot(stacks={"dev": {"resources": [resource(urn=1)]}}), False),
        (snapshot(stacks={"dev": {"resources": [resource(inputs=[])]}}), False),
        (snapshot(stacks={"dev": {"resources": [resource(aliases=[1])]}}), False),
        (snapshot(stacks={"dev": {"resources": [resource(name="")]}}), False),
        (snapshot(stacks=[]), False),
        ({"graph": None}, False),
        ({"stacks": {}}, False),
        ([], False),
        (snapshot(graph=GRAPH), True),
        (snapshot(graph={**GRAPH, "nodes": [{**NODE, "name": "A"}]}), False),
        (snapshot(graph={**GRAPH, "nodes": [{**NODE, "tier": "Top"}]}), False),
        (snapshot(graph={**GRAPH, "nodes": [{**NODE, "kind": "thing"}]}), False),
        (snapshot(graph={"nodes": [NODE], "edges": []}), False),
    ],
)
def test_schema_and_reader_agree(document: Any, good: bool) -> None:
    """Whoever checks a document with the schema must get the answer that the report gives."""
    assert accepts(document) is good
    assert reads(document) is good


def test_a_real_snapshot_fits(six: Path) -> None:
    """The schema is of what `nexus snapshot` writes."""
    document = document_of(six)
    assert accepts(document)
    assert set(document["graph"]) == {"tiers", "nodes", "edges", "flows"}
