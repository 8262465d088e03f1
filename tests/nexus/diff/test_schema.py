"""The published schemas accept what is read and refuse what is not."""

from __future__ import annotations

import json
import os
from typing import Any

import jsonschema
import pytest

from nexus.diff.errors import UnreadableError
from nexus.diff.graph_document import read_graph
from nexus.diff.json_schema import FOLDER, MODELS, schema_text
from nexus.diff.plan_document import read_plan
from nexus.diff.side import Side

from .plans import resource

PLAN, GRAPH = "plan.schema.json", "graph.schema.json"
NODE = {"name": "a", "kind": "service", "tier": "core", "domain": "x"}


def accepts(name: str, document: Any) -> bool:
    schema = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator(schema).is_valid(document)


def reads(name: str, document: Any) -> bool:
    content = json.dumps(document).encode()
    try:
        read_plan(content, "it") if name == PLAN else read_graph(content, "it")
    except UnreadableError:
        return False
    return True


@pytest.mark.generated
@pytest.mark.parametrize("name", MODELS)
def test_the_schema_is_current(name: str) -> None:
    """A schema that lags behind refuses good documents in somebody's pipeline."""
    if os.environ.get("NEXUS_WRITE_GOLDEN"):
        (FOLDER / name).write_text(schema_text(name), encoding="utf-8")
    assert (FOLDER / name).read_text(encoding="utf-8") == schema_text(name)


@pytest.mark.parametrize(
    ("name", "document", "good"),
    [
        (PLAN, {"stack": "dev", "resources": []}, True),
        (PLAN, {"stack": "dev", "resources": [resource()], "further": 1}, True),
        (PLAN, {"stack": "de/v", "resources": []}, False),
        (PLAN, {"stack": "dev"}, False),
        (PLAN, {"stack": "dev", "resources": [resource(urn=1)]}, False),
        (PLAN, {"stack": "dev", "resources": [resource(inputs=[])]}, False),
        (PLAN, {"stack": "dev", "resources": [resource(aliases=[1])]}, False),
        (PLAN, {"stack": "dev", "resources": [resource(name="")]}, False),
        (PLAN, [], False),
        (GRAPH, {"nodes": [NODE], "edges": []}, True),
        (GRAPH, {"nodes": [{**NODE, "name": "A"}], "edges": []}, False),
        (GRAPH, {"nodes": [{**NODE, "tier": "top"}], "edges": []}, False),
        (GRAPH, {"nodes": [{**NODE, "kind": "thing"}], "edges": []}, False),
        (GRAPH, {"nodes": []}, False),
    ],
)
def test_schema_and_reader_agree(name: str, document: Any, good: bool) -> None:
    """Whoever checks a document with the schema must get the answer that the report gives."""
    assert accepts(name, document) is good
    assert reads(name, document) is good


def test_the_real_documents_fit(base: Side) -> None:
    """The schemas are of what `nexus plan` and `nexus graph` write."""
    assert accepts(PLAN, json.loads(base.plans["dev"]))
    assert accepts(GRAPH, json.loads(base.graph or b""))
