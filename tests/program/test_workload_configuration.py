"""What each service is told, held against the transcribed document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from plan.plan import Plan
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
