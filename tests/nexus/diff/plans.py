"""Small plans and snapshots made up by tests."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

from catalog import Catalog
from nexus.diff.snapshot import Snapshot, read_snapshot

DEPLOYMENT = "kubernetes:apps/v1:Deployment"


def urn(type_: str, name: str) -> str:
    return f"urn:pulumi:dev::nexus-cos::{type_}::{name}"


def resource(name: str = "app", type_: str = DEPLOYMENT, **fields: Any) -> dict[str, Any]:
    """One resource of a plan document."""
    return {
        "urn": urn(type_, name),
        "type": type_,
        "name": name,
        "parent": None,
        "provider": None,
        "inputs": {},
        "dependencies": [],
        "aliases": [],
        "options": {},
        "secrets": [],
        **fields,
    }


def document(*resources: dict[str, Any], graph: Any = None, stack: str = "dev") -> dict[str, Any]:
    """A snapshot's document with one stack."""
    return {"graph": graph, "stacks": {stack: {"resources": list(resources)}}}


def side(*resources: dict[str, Any], graph: Any = None, stack: str = "dev") -> Snapshot:
    """A snapshot with one stack."""
    return read(document(*resources, graph=graph, stack=stack))


def read(written: Any, label: str = "side") -> Snapshot:
    """What is read of a document: bytes as they are, anything else as JSON."""
    content = written if isinstance(written, bytes) else json.dumps(written).encode()
    return read_snapshot(BytesIO(content), label, "the side")


def graph(written: Any) -> Catalog:
    """The catalog that is read of a graph's document."""
    found = read({"graph": written, "stacks": {}})
    assert found.graph is not None, found
    return found.graph
