"""The simulated cluster refuses and waits for what a real one would."""

from __future__ import annotations

import pytest

from nexus.pulumi.wire import Properties
from nexus.rehearsal.cluster import AlreadyExistsError, Cluster, NotFoundError, key_of
from nexus.rehearsal.providers.readiness import is_awaited, obstacle


def _object(kind: str, name: str, *, api: str = "v1", **more: Properties) -> Properties:
    return {
        "apiVersion": api,
        "kind": kind,
        "metadata": {"name": name, "namespace": "default"},
        **more,
    }


def _deployment(pod: Properties, *, labels: Properties | None = None) -> Properties:
    labels = labels or {"app": "app"}
    template: Properties = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "app", "image": "app:1"}], **pod},
    }
    spec: Properties = {"selector": {"matchLabels": labels}, "template": template}
    return _object("Deployment", "app", api="apps/v1", spec=spec)


def test_names_are_unique_by_kind_group_and_namespace() -> None:
    """Objects that collide in a real cluster must collide here, and no others."""
    cluster = Cluster()
    cluster.create(_object("Namespace", "other"))
    cluster.create(_object("Service", "a"))
    cluster.create(_object("Secret", "a"))
    cluster.create({**_object("Service", "a"), "metadata": {"name": "a", "namespace": "other"}})
    cluster.create(_object("Service", "a", api="serving.knative.dev/v1"))
    with pytest.raises(AlreadyExistsError, match='services "a" already exists'):
        cluster.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}})


@pytest.mark.parametrize(
    ("api", "kind", "words"),
    [
        ("v1", "Endpoints", 'endpoints "a"'),
        ("networking.k8s.io/v1", "Ingress", 'ingresses.networking.k8s.io "a"'),
        ("networking.k8s.io/v1", "NetworkPolicy", 'networkpolicies.networking.k8s.io "a"'),
        ("gateway.networking.k8s.io/v1", "Gateway", 'gateways.gateway.networking.k8s.io "a"'),
    ],
)
def test_errors_name_the_resource_as_the_server_does(api: str, kind: str, words: str) -> None:
    """People search the web for the words of the real error."""
    cluster = Cluster()
    cluster.create(_object(kind, "a", api=api))
    with pytest.raises(AlreadyExistsError) as error:
        cluster.create(_object(kind, "a", api=api))
    assert str(error.value) == f"{words} already exists"


def test_namespace_takes_its_content_along() -> None:
    """A destroy that fails on what is gone already never ends."""
    cluster = Cluster()
    inside: Properties = {"name": "a", "namespace": "apps"}
    with pytest.raises(NotFoundError, match='namespaces "apps" not found'):
        cluster.create({"apiVersion": "v1", "kind": "Secret", "metadata": inside})
    namespace: Properties = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "apps"}}
    cluster.create(namespace)
    cluster.create({"apiVersion": "v1", "kind": "Secret", "metadata": inside})
    assert [key.id for key in cluster.contents()] == ["apps", "apps/a"]
    cluster.delete(key_of(namespace))
    assert cluster.contents() == ()


def test_update_and_report_need_the_object() -> None:
    """An update of what somebody deleted must fail, not bring half of it back."""
    cluster = Cluster()
    with pytest.raises(NotFoundError, match='secrets "a" not found'):
        cluster.update(_object("Secret", "a"))
    live = cluster.create(_object("Secret", "a"))
    changed = cluster.update(_object("Secret", "a", data={"b": "c"}))
    before, after = live["metadata"], changed["metadata"]
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert before["uid"] == after["uid"]
    assert (before["generation"], after["generation"]) == (1, 2)


_VOLUMES: list[tuple[Properties, str]] = [
    ({"volumes": [{"name": "v", "secret": {"secretName": "s"}}]}, 'secret "s" not found'),
    ({"volumes": [{"name": "v", "configMap": {"name": "c"}}]}, 'configmap "c" not found'),
    (
        {"volumes": [{"projected": {"sources": [{"secret": {"name": "s"}}]}}]},
        'secret "s" not found',
    ),
    (
        {"volumes": [{"persistentVolumeClaim": {"claimName": "p"}}]},
        'persistentvolumeclaim "p" not found',
    ),
    ({"containers": [{"envFrom": [{"configMapRef": {"name": "c"}}]}]}, 'configmap "c" not found'),
    (
        {"initContainers": [{"env": [{"valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}]},
        'secret "s" not found',
    ),
    ({"serviceAccountName": "a"}, 'serviceaccount "a" not found'),
    ({"priorityClassName": "high"}, 'priorityclass "high" not found'),
]


@pytest.mark.parametrize(("pod", "words"), _VOLUMES)
def test_pods_need_what_they_refer_to(pod: Properties, words: str) -> None:
    """A misspelt Secret keeps the pods of a real cluster in ContainerCreating for ever."""
    cluster = Cluster()
    problem = obstacle(cluster, _deployment(pod))
    assert problem is not None
    assert words in problem
    for kind, name in (("Secret", "s"), ("ConfigMap", "c"), ("ServiceAccount", "a")):
        cluster.create(_object(kind, name))
    cluster.create(_object("PersistentVolumeClaim", "p"))
    cluster.create(_object("PriorityClass", "high", api="scheduling.k8s.io/v1"))
    assert obstacle(cluster, _deployment(pod)) is None


@pytest.mark.parametrize("handler", ["httpGet", "tcpSocket"])
@pytest.mark.parametrize("kind", ["startupProbe", "readinessProbe", "livenessProbe"])
def test_a_probe_asks_at_a_port_that_its_container_has(kind: str, handler: str) -> None:
    """The API server takes the pod, and the kubelet never finds the port."""
    container: Properties = {"name": "app", "image": "app:1", kind: {handler: {"port": "http"}}}
    problem = obstacle(Cluster(), _deployment({"containers": [container]}))
    assert problem is not None
    assert "couldn't find port: http" in problem
    container["ports"] = [{"name": "http", "containerPort": 8080}]
    assert obstacle(Cluster(), _deployment({"containers": [container]})) is None


def test_pods_do_without_what_is_optional_or_given() -> None:
    """A false alarm makes people ignore the true one."""
    cluster = Cluster()
    pod: Properties = {
        "serviceAccountName": "default",
        "priorityClassName": "system-node-critical",
        "volumes": [
            {"secret": {"secretName": "s", "optional": True}},
            {"projected": {"sources": [{"configMap": {"name": "kube-root-ca.crt"}}]}},
        ],
    }
    assert obstacle(cluster, _deployment(pod)) is None


def test_awaited_service_needs_the_pods_that_are_there_to_be_ready() -> None:
    """A Service and its Deployment that wait for each other cost ten minutes and then fail."""
    cluster = Cluster()
    service = cluster.create(_object("Service", "app", spec={"selector": {"app": "a"}}))
    assert obstacle(cluster, service) is None, "without pods there is nothing to wait for"
    workload = cluster.create(_deployment({}, labels={"app": "a", "more": "b"}))
    assert "does not target any Pods" in (obstacle(cluster, service) or "")
    cluster.report(key_of(workload), {"readyReplicas": 1})
    assert obstacle(cluster, service) is None


@pytest.mark.parametrize(
    ("spec", "waits"),
    [
        ({"selector": {"app": "a"}}, True),
        ({"selector": {"app": "a"}, "type": "LoadBalancer"}, True),
        ({"selector": {"app": "a"}, "clusterIP": "None"}, False),
        ({"selector": {"app": "a"}, "type": "ExternalName"}, False),
        ({"selector": {}}, False),
        ({}, False),
    ],
)
def test_services_without_endpoints_of_their_own_are_ready_at_once(
    spec: Properties, *, waits: bool
) -> None:
    """A headless Service that a rehearsal waits for is one that the real provider does not."""
    cluster = Cluster()
    cluster.create(_deployment({}, labels={"app": "a"}))
    service = cluster.create(_object("Service", "app", spec=spec))
    assert is_awaited(service) is waits
    assert (obstacle(cluster, service) is not None) is waits
