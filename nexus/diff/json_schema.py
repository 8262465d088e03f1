"""JSON Schemas of the two documents that are compared, for whoever writes or checks them.

Reading a document checks it against the same models (`untrusted.shaped`), so a schema here
never says something else than the code does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel

from nexus.diff.graph_document import GraphDocument
from nexus.diff.plan_document import PlanDocument

FOLDER = Path(__file__).parent / "schema"

MODELS: Mapping[str, type[BaseModel]] = {
    "plan.schema.json": PlanDocument,
    "graph.schema.json": GraphDocument,
}
"""By file name."""


def schema_text(name: str) -> str:
    """Content of the schema file called `name`."""
    return json.dumps(MODELS[name].model_json_schema(), indent=2) + "\n"
