"""Objects and changes that a Kubernetes API server refuses or takes, with what it says.

For the simulated server and the real one alike. Seen on Kubernetes 1.36.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nexus.pulumi.wire import Properties

NAMESPACE = "default"


@dataclass(frozen=True, kw_only=True)
class Refused:
    """An object, and a part of what the server says of it; empty if it takes it."""

    name: str
    manifest: Properties
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class Change:
    """An object made by POST, and what is then applied in a dry run by another owner.

    Args:
        name: of the case.
        before, after: the object.
        words: a part of what the server says; None if it takes the change.
        lasts: whether a real update is refused too.
    """

    name: str
    before: Properties
    after: Properties
    words: str | None = None
    lasts: bool = False


def _object(api: str, kind: str, name: str = "it", **more: Any) -> Properties:
    metadata: Properties = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **more}


def service(*ports: Properties, name: str = "it") -> Properties:
    """A Service with these ports."""
    return _object("v1", "Service", name, spec={"selector": {"app": "it"}, "ports": list(ports)})


def deployment(container: Properties | None = None, **more: Any) -> Properties:
    """A Deployment of one container; `volumes` and `strategy` may be given."""
    pod = {
        "containers": [{"name": "app", "image": "app:1", **(container or {})}],
        "volumes": more.pop("volumes", []),
    }
    labels = {"app": "it"}
    template = {"metadata": {"labels": labels}, "spec": pod}
    spec = {"selector": {"matchLabels": labels}, "template": template, **more}
    return _object("apps/v1", "Deployment", spec=spec)


def budget(**spec: Any) -> Properties:
    """A PodDisruptionBudget."""
    return _object("policy/v1", "PodDisruptionBudget", spec={"selector": {}, **spec})


def _of_cluster(api: str, kind: str, **more: Any) -> Properties:
    """An object that lives outside of namespaces."""
    metadata: Properties = {"name": "it"}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **more}


def priority(value: int, preemption: str = "Never") -> Properties:
    """A PriorityClass."""
    api, kind = "scheduling.k8s.io/v1", "PriorityClass"
    return _of_cluster(api, kind, value=value, preemptionPolicy=preemption)


def storage(reclaim: str) -> Properties:
    """A StorageClass."""
    api, kind = "storage.k8s.io/v1", "StorageClass"
    return _of_cluster(api, kind, provisioner="a/b", reclaimPolicy=reclaim)


def ingress_class(controller: str) -> Properties:
    """An IngressClass."""
    api, kind = "networking.k8s.io/v1", "IngressClass"
    return _of_cluster(api, kind, spec={"controller": controller})


def job(name: str) -> Properties:
    """A Job of one container."""
    pod = {"restartPolicy": "Never", "containers": [{"name": "app", "image": "app:1"}]}
    return _object("batch/v1", "Job", name, spec={"template": {"spec": pod}})


def _port(number: int, name: str, **more: Any) -> Properties:
    return {"port": number, "name": name, **more}


def _http(number: int, name: str) -> dict[str, Any]:
    return {"ports": [{"containerPort": number, "name": name}]}


REFUSED = (
    Refused(
        name="service-name-too-long",
        manifest=service(_port(80, "http"), name="a" * 64),
        words=f'Service "{"a" * 64}" is invalid: metadata.name: Invalid value: "{"a" * 64}": '
        "must be no more than 63",
    ),
    Refused(
        name="service-name-with-an-underscore",
        manifest=service(_port(80, "http"), name="a_b"),
        words='Service "a_b" is invalid: metadata.name: Invalid value: "a_b": a lowercase RFC 1123 '
        "label must consist of",
    ),
    Refused(
        name="config-name-with-a-capital",
        manifest=_object("v1", "ConfigMap", "A"),
        words='ConfigMap "A" is invalid: metadata.name: Invalid value: "A": a lowercase RFC 1123 '
        "subdomain must consist of",
    ),
    Refused(
        name="label-too-long",
        manifest={
            **_object("v1", "ConfigMap"),
            "metadata": {"name": "it", "namespace": NAMESPACE, "labels": {"app": "b" * 64}},
        },
        words='ConfigMap "it" is invalid: metadata.labels: Invalid value: '
        f'"{"b" * 64}": must be no more than 63 bytes',
    ),
    Refused(
        name="job-name-too-long",
        manifest=job("a" * 64),
        words=f'Job.batch "{"a" * 64}" is invalid: spec.template.labels: Invalid value: '
        f'"{"a" * 64}": must be no more than 63 bytes',
    ),
    Refused(
        name="two-ports-of-one-name",
        manifest=service(_port(80, "http"), _port(81, "http")),
        words='Service "it" is invalid: spec.ports[1].name: Duplicate value: "http"',
    ),
    Refused(
        name="two-ports-and-one-name",
        manifest=service(_port(80, "http"), {"port": 81}),
        words='Service "it" is invalid: spec.ports[1].name: Required value',
    ),
    Refused(
        name="variable-with-two-values",
        manifest=deployment(
            {
                "env": [
                    {
                        "name": "A",
                        "value": "1",
                        "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}},
                    }
                ]
            }
        ),
        words='Deployment.apps "it" is invalid: spec.template.spec.containers[0].env[0].valueFrom: '
        'Invalid value: "": may not be specified when `value` is not empty',
    ),
)
"""Refused when they are made."""

TAKEN = (
    Refused(name="one-port-without-a-name", manifest=service({"port": 80})),
    Refused(name="two-ports", manifest=service(_port(80, "http"), _port(443, "https"))),
    Refused(name="config-name-with-a-dot", manifest=_object("v1", "ConfigMap", "a.b")),
    Refused(name="deployment", manifest=deployment(_http(8080, "http"))),
)

CHANGES = (
    Change(
        name="port",
        before=service(_port(80, "http")),
        after=service(_port(81, "http")),
        words='Service "it" is invalid: spec.ports[1].name: Duplicate value: "http"',
    ),
    Change(
        name="port-with-its-number",
        before=service(_port(80, "http-80")),
        after=service(_port(81, "http-81")),
    ),
    Change(
        name="port-name",
        before=service(_port(80, "http")),
        after=service(_port(80, "http-80")),
    ),
    Change(
        name="port-without-a-name",
        before=service({"port": 80}),
        after=service({"port": 81}),
        words="spec.ports[0].name: Required value",
    ),
    Change(
        name="target-port",
        before=service(_port(80, "http", targetPort="http")),
        after=service(_port(80, "http", targetPort="web")),
    ),
    Change(
        name="container-port",
        before=deployment(_http(8080, "http")),
        after=deployment(_http(9090, "http")),
        words='Deployment.apps "it" is invalid: spec.template.spec.containers[0].ports[1].name: '
        'Duplicate value: "http"',
    ),
    Change(
        name="container-port-with-its-number",
        before=deployment(_http(8080, "http-8080")),
        after=deployment(_http(9090, "http-9090")),
    ),
    Change(
        name="variable",
        before=deployment({"env": [{"name": "A", "value": "1"}]}),
        after=deployment({"env": [{"name": "A", "value": "2"}]}),
    ),
    Change(
        name="variable-from-elsewhere",
        before=deployment({"env": [{"name": "A", "value": "1"}]}),
        after=deployment(
            {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]}
        ),
        words='env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
    ),
    Change(
        name="volume-of-another-kind",
        before=deployment(volumes=[{"name": "tmp", "emptyDir": {}}]),
        after=deployment(volumes=[{"name": "tmp", "configMap": {"name": "c"}}]),
        words="may not specify more than 1 volume type",
    ),
    Change(
        name="volume-of-another-object",
        before=deployment(volumes=[{"name": "tmp", "configMap": {"name": "c"}}]),
        after=deployment(volumes=[{"name": "tmp", "configMap": {"name": "d"}}]),
    ),
    Change(
        name="probe-of-another-kind",
        before=deployment({"readinessProbe": {"exec": {"command": ["a"]}}}),
        after=deployment({"readinessProbe": {"tcpSocket": {"port": 80}}}),
        words="may not specify more than 1 handler type",
    ),
    Change(
        name="strategy",
        before=deployment(strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}),
        after=deployment(strategy={"type": "Recreate"}),
        words="spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` "
        "is 'Recreate'",
    ),
    Change(
        name="budget",
        before=budget(minAvailable=1),
        after=budget(maxUnavailable=1),
        words="minAvailable and maxUnavailable cannot be both set",
    ),
    Change(
        name="the-same-key-twice",
        before=deployment({"env": [{"name": "A", "value": "1"}]}),
        after=deployment({"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}),
        words='duplicate entries for key [name="A"]',
        lasts=True,
    ),
    Change(
        name="priority",
        before=priority(10),
        after=priority(20),
        words='PriorityClass.scheduling.k8s.io "it" is invalid: value: Forbidden: may not be '
        "changed in an update.",
        lasts=True,
    ),
    Change(
        name="preemption",
        before=priority(10),
        after=priority(10, "PreemptLowerPriority"),
        words='PriorityClass.scheduling.k8s.io "it" is invalid: preemptionPolicy: Invalid value: '
        '"PreemptLowerPriority": field is immutable',
        lasts=True,
    ),
    Change(
        name="reclaim",
        before=storage("Retain"),
        after=storage("Delete"),
        words='StorageClass.storage.k8s.io "it" is invalid: reclaimPolicy: Invalid value: '
        '"Delete": field is immutable',
        lasts=True,
    ),
    Change(
        name="ingress-controller",
        before=ingress_class("a/b"),
        after=ingress_class("c/d"),
        words='IngressClass.networking.k8s.io "it" is invalid: spec.controller: Invalid value: '
        '"c/d": field is immutable',
        lasts=True,
    ),
)
