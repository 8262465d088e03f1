"""JSON Schemas of the catalog's files, for editors; generated from `catalog.files`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from pydantic import BaseModel

from catalog.files import PlatformFile, ServicesFile

SCHEMA_FOLDER = "catalog/schema"


def schema_files() -> Mapping[str, str]:
    """Path of each schema file, relative to the project, and its text."""
    return {
        f"{SCHEMA_FOLDER}/services.schema.json": _schema_text(ServicesFile),
        f"{SCHEMA_FOLDER}/platform.schema.json": _schema_text(PlatformFile),
    }


def _schema_text(model: type[BaseModel]) -> str:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_closed(model.model_json_schema()),
    }
    return json.dumps(schema, indent=2) + "\n"


def _closed(node: Any) -> Any:
    """The schema with every mapping of names closed.

    pydantic leaves names that do not match open, so that an editor would
    accept them.
    """
    if isinstance(node, list):
        return [_closed(item) for item in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    closed = {key: _closed(value) for key, value in cast("dict[str, Any]", node).items()}
    return closed | {"additionalProperties": False} if "patternProperties" in closed else closed
