"""What a Kubernetes control plane adds to an object once it works."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Mapping

from nexus.pulumi.wire import Properties, Property, table, text


def ready_status(manifest: Properties) -> Properties:
    """Return the status of the object when it is ready; empty for kinds without one."""
    make = _STATUS.get(text(manifest.get("kind")))
    return make(table(manifest.get("spec"))) if make else {}


def is_complete(manifest: Properties) -> bool:
    """Return whether a Job has succeeded."""
    return table(manifest.get("status")).get("succeeded") is not None


def with_defaults(manifest: Properties) -> Properties:
    """Return the object with the fields that the API server fills in."""
    make = _DEFAULTS.get((text(manifest.get("apiVersion")), text(manifest.get("kind"))))
    return make(manifest) if make else manifest


def _replicas(spec: Properties) -> Properties:
    count = spec.get("replicas", 1)
    return {
        "replicas": count,
        "readyReplicas": count,
        "availableReplicas": count,
        "updatedReplicas": count,
        "observedGeneration": 1,
    }


def _completed(spec: Properties) -> Properties:
    return {
        "succeeded": spec.get("completions", 1),
        "conditions": [{"type": "Complete", "status": "True"}],
    }


def _endpoint(spec: Properties) -> Properties:
    if spec.get("type") != "LoadBalancer":
        return {"loadBalancer": {}}
    return {"loadBalancer": {"ingress": [{"hostname": "load-balancer.rehearsal.invalid"}]}}


_STATUS: Mapping[str, Callable[[Properties], Properties]] = {
    "DaemonSet": lambda _: {"numberReady": 1, "desiredNumberScheduled": 1},
    "Deployment": _replicas,
    "Ingress": lambda _: {"loadBalancer": {}},
    "Job": _completed,
    "Namespace": lambda _: {"phase": "Active"},
    "PersistentVolumeClaim": lambda _: {"phase": "Bound"},
    "Pod": lambda _: {"phase": "Running"},
    "Service": _endpoint,
    "StatefulSet": _replicas,
}


def _service(manifest: Properties) -> Properties:
    spec = table(manifest.get("spec"))
    if "clusterIP" in spec or spec.get("type") == "ExternalName":
        return manifest
    metadata = table(manifest.get("metadata"))
    number = zlib.crc32(f"{metadata.get('namespace')}/{metadata.get('name')}".encode())
    address = f"10.96.{number >> 8 & 255}.{number & 255}"
    return {**manifest, "spec": {**spec, "clusterIP": address}}


def _secret(manifest: Properties) -> Properties:
    """The server keeps only `data`; `stringData` is write-only."""
    merged = {key: value for key, value in manifest.items() if key != "stringData"}
    data: Properties = {**table(manifest.get("data")), **encoded(manifest.get("stringData"))}
    return {**merged, "type": manifest.get("type") or "Opaque", "data": data}


def encoded(string_data: Property) -> Properties:
    """Return `stringData` as `data` has it, in base64."""
    return {
        key: base64.b64encode(text(value).encode()).decode()
        for key, value in table(string_data).items()
    }


_DEFAULTS: Mapping[tuple[str, str], Callable[[Properties], Properties]] = {
    ("v1", "Service"): _service,
    ("v1", "Secret"): _secret,
}
