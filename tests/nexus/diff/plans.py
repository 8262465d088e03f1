"""Small plans made up by tests."""

from __future__ import annotations

import json
from typing import Any

from nexus.diff.side import Side

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


def side(*resources: dict[str, Any], graph: Any = None, stack: str = "dev") -> Side:
    """A side with one plan."""
    document = {"stack": stack, "resources": list(resources)}
    return Side(
        label="side",
        plans={stack: json.dumps(document).encode()},
        graph=None if graph is None else json.dumps(graph).encode(),
    )
