"""The JSON Schemas: what editors say about a catalog file is what `nexus check` says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from catalog.files import schema_files
from tests.catalog.examples import EXAMPLES
from tests.projects import AT_WORK, ROOT

SCHEMAS: dict[str, dict[str, Any]] = {
    Path(name).name: json.loads(text) for name, text in schema_files().items()
}

FILES = [*sorted((AT_WORK / "catalog").rglob("*.yaml"))]

GRAPH_RULES = (
    *("unknown-target", "undeclared-", "startup-cycle", "two-startup-cycles", "many-cycles"),
    *("later-tier", "windows-that", "two-behind"),
    *("rule-", "runtime-without-reason", "external-at-startup", "fallback-", "need-of-itself"),
    *("storage-without", "need-twice", "service-named-as", "named-as", "window-that"),
    *("resource-and-external", "flow-", "bucket-", "tier-", "priority-", "unknown-tier"),
    *("dedicated-name", "dedicated-of", "renamed-from", "renamed-in", "renamed-to"),
    *("run-", "migrate-without", "migrate-long", "tasks", "image-of-", "part-", "grant-"),
    "unknown-resource",
    *("size-that-is", "replicas-crossed", "queue-of-nobody", "environment-missing", "usual-"),
)
"""Starts of the names of examples whose mistake no schema can see: they are about the graph."""

YAML_ONLY = (
    *(
        "service-twice",
        "task-twice",
        "key-twice",
        "not-yaml",
        "date-that-is-none",
        "tag",
        "anchor",
        "alias",
    ),
    *("merge-key", "two-documents", "deep"),
    # The reader refuses them for how they are written.
    *("key-that-is-a-word", "number-written-otherwise", "truth-value-in-words"),
)
"""Starts of the names of examples whose mistake is gone once the YAML is parsed."""


def validator(path: Path) -> Draft202012Validator:
    kind = path.stem if path.parent.name == "catalog" else path.parent.name
    return Draft202012Validator(SCHEMAS[f"{kind}.schema.json"])


@pytest.mark.generated
@pytest.mark.parametrize("name", schema_files())
def test_schema_file_is_current(name: str) -> None:
    """Editors would complain about what is allowed; run `nexus schema --write`."""
    assert (ROOT / name).read_text(encoding="utf-8") == schema_files()[name]


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema_is_valid_and_described(name: str) -> None:
    """An editor ignores a schema it cannot read, and shows nothing where there is no text."""
    schema = SCHEMAS[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert list(undescribed(schema)) == []


def undescribed(node: Any, at: str = "") -> list[str]:
    """Places of properties without a title or description."""
    if isinstance(node, list):
        return [place for item in node for place in undescribed(item, at)]
    if not isinstance(node, dict):
        return []
    found = [
        f"{at}.{name}"
        for name, value in node.get("properties", {}).items()
        if "description" not in value
    ]
    found += [
        f"$defs.{name}" for name, value in node.get("$defs", {}).items() if not value["title"]
    ]
    return [
        *found,
        *(it for key, value in node.items() for it in undescribed(value, f"{at}.{key}")),
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_catalog_file_fits_its_schema(path: Path) -> None:
    """An editor would underline the platform's own catalog."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert [error.message for error in validator(path).iter_errors(data)] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_catalog_file_names_its_schema(path: Path) -> None:
    """Without the header an editor does not know which schema to use."""
    header = path.read_text(encoding="utf-8").splitlines()[0]
    schema = path.parent / header.removeprefix("# yaml-language-server: $schema=")
    assert schema.resolve() in {(ROOT / name).resolve() for name in schema_files()}


@pytest.mark.parametrize(
    "example",
    [
        path
        for path in sorted(EXAMPLES.glob("*/*.yaml"))
        if not path.name.startswith((*GRAPH_RULES, *YAML_ONLY)) or path.name.endswith(".ok.yaml")
    ],
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)
def test_schema_agrees_with_the_reader(example: Path) -> None:
    """A mistake that only `nexus check` knows is found minutes later than it could be."""
    data = json.loads(json.dumps(yaml.safe_load(example.read_text("utf-8")), default=object_of))
    assert validator(example).is_valid(data) == (".error." not in example.name)


def object_of(value: object) -> object:
    """What a YAML date is to a JSON Schema: no text."""
    del value
    return {}
