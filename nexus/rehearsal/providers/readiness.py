"""What keeps a Kubernetes object from getting ready, and its status when it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from nexus.pulumi.wire import Properties, Property, table, text
from nexus.rehearsal.cluster import Cluster, key_of
from nexus.rehearsal.providers.manifest import is_annotated

SKIP_AWAIT = "pulumi.com/skipAwait"
"""Annotation of an object that the provider does not wait for."""

_GIVEN = frozenset(
    {
        ("ConfigMap", "kube-root-ca.crt"),
        ("PriorityClass", "system-cluster-critical"),
        ("PriorityClass", "system-node-critical"),
        ("ServiceAccount", "default"),
    }
)
"""Objects that every cluster or namespace has without being told."""


def ready_status(manifest: Properties) -> Properties:
    """Return the status of the object when it is ready; empty for kinds without one."""
    make = _STATUS.get(text(manifest.get("kind")))
    return make(table(manifest.get("spec"))) if make else {}


def obstacle(cluster: Cluster, manifest: Properties) -> str | None:
    """Return why the object cannot get ready now, or None.

    A Service waits for the pods that its selector matches, if there are any; a workload
    needs what its pods mount, read and run as. The manifest is that in the cluster.
    """
    find = _OBSTACLES.get(text(manifest.get("kind")))
    return find(cluster, manifest) if find else None


def is_awaited(manifest: Properties) -> bool:
    """Return whether the provider waits until the object is ready.

    Not if it is told so, nor for a Service without a selector, a headless one and one that stands
    for another host: these have no endpoints of their own, and are ready at once.
    """
    return _settles(manifest) and not is_annotated(manifest, SKIP_AWAIT)


def _settles(manifest: Properties) -> bool:
    if manifest.get("kind") != "Service":
        return True
    spec = table(manifest.get("spec"))
    others = spec.get("clusterIP") == "None" or spec.get("type") == "ExternalName"
    return bool(table(spec.get("selector"))) and not others


def _pods_not_ready(cluster: Cluster, service: Properties) -> str | None:
    """A Service without any pods is ready: only those that are there have to be."""
    if not _settles(service):
        return None
    selector = table(table(service.get("spec")).get("selector"))
    namespace = key_of(service).namespace
    for key in cluster.contents():
        if key.namespace != namespace or key.kind not in _OBSTACLES:
            continue
        workload = cluster.get(key)
        labels = table(table(_template(workload).get("metadata")).get("labels"))
        if selector.items() <= labels.items() and not workload.get("status"):
            return (
                "Service does not target any Pods. Selected Pods may not be ready, or field "
                "'.spec.selector' may not match labels on any Pods"
            )
    return None


def _pods_cannot_run(cluster: Cluster, workload: Properties) -> str | None:
    return _missing_references(cluster, workload) or _unknown_port(workload)


def _unknown_port(workload: Properties) -> str | None:
    """A probe that names a port no container has, which only the kubelet notices."""
    containers = table(_template(workload).get("spec")).get("containers")
    for container in map(table, containers if isinstance(containers, list) else []):
        ports = container.get("ports")
        names = {
            text(table(port).get("name")) for port in (ports if isinstance(ports, list) else [])
        }
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            for handler in ("httpGet", "tcpSocket"):
                port = table(table(container.get(probe)).get(handler)).get("port")
                if isinstance(port, str) and port not in names:
                    return (
                        f"the Pods of '{key_of(workload).name}' do not get ready: "
                        f"couldn't find port: {port}"
                    )
    return None


def _missing_references(cluster: Cluster, workload: Properties) -> str | None:
    namespace = key_of(workload).namespace
    there = {(key.kind, key.name) for key in cluster.contents() if key.namespace in ("", namespace)}
    wanted = sorted(set(_references(_template(workload).get("spec"))) - there - _GIVEN)
    if not wanted:
        return None
    missing = ", ".join(f'{kind.lower()} "{name}" not found' for kind, name in wanted)
    return f"the Pods of '{key_of(workload).name}' cannot start: {missing}"


def _template(workload: Properties) -> Properties:
    """The pods that a workload makes; a Pod is its own template."""
    if workload.get("kind") == "Pod":
        return workload
    return table(table(workload.get("spec")).get("template"))


def _references(value: Property) -> Iterator[tuple[str, str]]:
    """Kind and name of each object that some part of a pod refers to and cannot do without."""
    if isinstance(value, list):
        for item in value:
            yield from _references(item)
    if isinstance(value, dict):
        for field, part in value.items():
            kind = _REFERENCES.get(field)
            if kind and table(part).get("optional") is not True:
                names = [part, *(table(part).get(name) for name in _NAME_FIELDS)]
                yield from ((kind, text(name)) for name in names if text(name))
            yield from _references(part)


_REFERENCES: Mapping[str, str] = {
    "configMap": "ConfigMap",
    "configMapKeyRef": "ConfigMap",
    "configMapRef": "ConfigMap",
    "persistentVolumeClaim": "PersistentVolumeClaim",
    "priorityClassName": "PriorityClass",
    "secret": "Secret",
    "secretKeyRef": "Secret",
    "secretRef": "Secret",
    "serviceAccountName": "ServiceAccount",
}
"""By field of a pod: the kind it refers to."""

_NAME_FIELDS = ("name", "secretName", "claimName")
"""Where such a field keeps the name, if it is not itself the name."""

_OBSTACLES: Mapping[str, Callable[[Cluster, Properties], str | None]] = {
    "DaemonSet": _pods_cannot_run,
    "Deployment": _pods_cannot_run,
    "Job": _pods_cannot_run,
    "Pod": _pods_cannot_run,
    "Service": _pods_not_ready,
    "StatefulSet": _pods_cannot_run,
}


def _replicas(spec: Properties) -> Properties:
    count = spec.get("replicas", 1)
    return {
        "replicas": count,
        "readyReplicas": count,
        "availableReplicas": count,
        "updatedReplicas": count,
        "observedGeneration": 1,
    }


def failure_of(live: Properties) -> str:
    """What the real provider says of an object that never gets ready.

    Of a Job also why its pods ended, where their status has the end of their log.
    """
    if live.get("kind") != "Job":
        return f"'{key_of(live).name}' timed out waiting to be Ready"
    said = "[BackoffLimitExceeded] Job has reached the specified backoff limit"
    containers = table(_template(live).get("spec")).get("containers")
    logged = any(
        table(container).get("terminationMessagePolicy") == "FallbackToLogsOnError"
        for container in (containers if isinstance(containers, list) else [])
    )
    return f"{said}; [Error] the last lines of its log" if logged else said


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
