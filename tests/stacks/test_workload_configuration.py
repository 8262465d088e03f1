"""What each service is told, held against the transcribed document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from nexus.plan.plan import Plan, make_plan
from tests.projects import ROOT, copy_project
from tests.transcription import (
    EXTERNAL_EDGES,
    FALLBACKS,
    RESOURCE_EDGES,
    RUNTIME_EDGES,
    RUNTIME_RESOURCE_EDGES,
    SERVICES,
    STARTUP_EDGES,
)

CREDENTIALS = {"postgres", "redis", "queue", "storage"}


@pytest.fixture(scope="module")
def configurations(plan: Plan) -> Mapping[str, Mapping[str, Any]]:
    return {
        r.name.removesuffix("-config"): json.loads(r.inputs["data"]["dependencies.json"])
        for r in plan.resources
        if r.type == "kubernetes:core/v1:ConfigMap" and "dependencies.json" in r.inputs["data"]
    }


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_configuration_lists_exactly_what_the_service_needs(
    configurations: Mapping[str, Mapping[str, Any]], service: str
) -> None:
    """A service that is told of too little cannot work, of too much is not isolated."""
    configuration = configurations[service]
    edges = STARTUP_EDGES | RUNTIME_EDGES | RESOURCE_EDGES | EXTERNAL_EDGES
    told = configuration["dependencies"]
    assert configuration["version"] == 1
    assert configuration["service"] == service
    assert set(told) == {target for source, target in edges if source == service}
    for target, entry in told.items():
        pair = (service, target)
        runtime = pair in RUNTIME_EDGES | EXTERNAL_EDGES | RUNTIME_RESOURCE_EDGES
        assert entry["order"] == ("runtime" if runtime else "startup")
        assert entry["fallback"] == FALLBACKS.get(pair)
        assert entry["criticality"] == ("degradable" if pair in FALLBACKS else "hard")
        provided = target in SERVICES or target in CREDENTIALS
        assert (entry["endpoint"] is not None) == provided
        assert (entry["credentials"] is not None) == (target in CREDENTIALS)


BREAKER = {"open_after_failures": 5, "half_open_after_seconds": 30, "close_after_successes": 3}


def test_configuration_is_what_the_schema_promises(
    configurations: Mapping[str, Mapping[str, Any]],
) -> None:
    """Services in any language are written against the schema."""
    schema = json.loads((ROOT / "docs" / "dependencies.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for configuration in configurations.values():
        validator.validate(configuration)
        for entry in configuration["dependencies"].values():
            assert entry["circuit_breaker"] == BREAKER
            assert entry["timeout_ms"] > 0
    one = configurations["key-service"]
    for spoilt in (
        {**one, "version": 2},
        {**one, "dependencies": {"redis": {**one["dependencies"]["redis"], "fallback": None}}},
        {**one, "dependencies": {"redis": {"kind": "resource"}}},
    ):
        assert not validator.is_valid(spoilt)


def test_a_dependency_may_differ(tmp_path: Path) -> None:
    """A slow provider needs another timeout than a cache."""
    project = copy_project(tmp_path / "project")
    file = project / "catalog/services/business.yaml"
    text = file.read_text("utf-8").replace(
        "      - target: payments\n",
        "      - target: payments\n        calls: {timeout_ms: 9000}\n"
        "        circuit_breaker: {open_after_failures: 9}\n",
    )
    file.write_text(text, "utf-8")
    (config,) = (
        each.inputs["data"]["dependencies.json"]
        for each in make_plan(project, "dev").resources
        if each.name == "billing-service-config"
    )
    told = json.loads(config)["dependencies"]
    assert told["payments"]["timeout_ms"] == 9000
    assert told["payments"]["retry"] == told["postgres"]["retry"]
    assert told["payments"]["circuit_breaker"] == {**BREAKER, "open_after_failures": 9}
    assert told["postgres"]["circuit_breaker"] == BREAKER


def test_endpoints_name_services_that_exist(
    plan: Plan, configurations: Mapping[str, Mapping[str, Any]]
) -> None:
    """An endpoint without a Service behind it fails at the first request."""
    hosts = {
        f"{r.inputs['metadata']['name']}.{r.inputs['metadata']['namespace']}.svc": {
            port["port"] for port in r.inputs["spec"]["ports"]
        }
        for r in plan.resources
        if r.type == "kubernetes:core/v1:Service"
    }
    for configuration in configurations.values():
        for entry in configuration["dependencies"].values():
            endpoint = entry["endpoint"]
            if endpoint is None:
                continue
            if "url" in endpoint:
                host, _, port = endpoint["url"].removeprefix("http://").partition(":")
            else:
                host, port = endpoint["host"], endpoint["port"]
            assert int(port) in hosts[host]


def test_credentials_are_mounted_where_the_configuration_says(
    plan: Plan, configurations: Mapping[str, Mapping[str, Any]]
) -> None:
    """A service that looks for its password in the wrong folder does not start."""
    for resource in plan.resources:
        if resource.type != "kubernetes:apps/v1:Deployment":
            continue
        spec = resource.inputs["spec"]["template"]["spec"]
        told = configurations[resource.name]["dependencies"].values()
        folders = {entry["credentials"] for entry in told if entry["credentials"]}
        mounts = {m["name"]: m["mountPath"] for m in spec["containers"][0]["volumeMounts"]}
        volumes = {v["name"]: v for v in spec["volumes"]}
        files = {
            f"{mounts['credentials']}/{item['path']}"
            for item in volumes.get("credentials", {}).get("secret", {}).get("items", [])
        }
        assert files == {f"{f}/{key}" for f in folders for key in ("username", "password")}
