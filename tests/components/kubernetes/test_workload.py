"""A service, made alone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from components.kubernetes.rollout import ExternalMetric, Scaling
from components.kubernetes.shape import (
    GRACE_SECONDS,
    ContainerPort,
)
from components.kubernetes.size import GPU, Size
from components.kubernetes.startup_check import WAIT_SECONDS
from components.kubernetes.traffic import Pods, Traffic
from components.kubernetes.workload import (
    CREDENTIALS,
    PULL_SECONDS,
    Workload,
    workload_url,
)
from components.kubernetes.workload_container import CONFIG, CONFIG_FILE
from components.servers.servers import Grant
from tests.components.kubernetes.workloads import (
    POSTGRES,
    SHAPE,
    SHAPED,
    STOCK,
    USUAL,
    container,
    granted,
    made,
    pod,
    scheduled,
)
from tests.components.recording import (
    CONTEXT,
    assert_makes_what_it_says,
)


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(Workload, granted(), made(shape=SHAPED), scheduled())


def test_only_the_deployment_waits_for_what_the_service_starts_after() -> None:
    """What waits without need makes every deployment longer; what does not starts too early."""
    service = granted()
    order = {"ConfigMap given-database", "ConfigMap given-auth"}
    assert service.waits("Deployment") == {
        *order,
        "Service cart-service",
        "NetworkPolicy cart-network",
        "ServiceAccount cart-account",
        "ConfigMap cart-config",
        "Secret cart-credentials",
    }
    for each in service.resources:
        if not each.type.endswith(":Deployment"):
            assert not service.waits(each.type.rpartition(":")[2], each.name) & order
    assert service.outputs["handle"] == "Deployment cart"


@pytest.mark.parametrize("port", [3000, 8080])
def test_service_is_called_where_its_url_says(port: int) -> None:
    """A Service on another port than the URL's refuses every caller."""
    service = made(shape=replace(SHAPE, ports=(ContainerPort(use="http", number=port),)))
    assert service.outputs["url"] == f"http://cart.nexus-shop.svc:{port}"
    assert service.outputs["url"] == workload_url(CONTEXT, "cart", "shop", port)
    inputs = service.one("Service").inputs
    [entry] = inputs["spec"]["ports"]
    name = f"http-{port}"
    assert entry == {"name": name, "port": port, "targetPort": name, "protocol": "TCP"}
    # Awaited, it would wait for the pods that wait for it.
    assert inputs["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}
    [own] = container(service)["ports"]
    assert (own["name"], own["containerPort"]) == (name, port)
    env = {each["name"]: each["value"] for each in container(service)["env"]}
    assert env["PORT"] == str(port)
    labels = service.one("Deployment").inputs["spec"]["template"]["metadata"]["labels"]
    assert inputs["spec"]["selector"].items() <= labels.items()


def test_credentials_are_secret_files_one_for_each() -> None:
    """A password in the environment is in every dump of the process."""
    service = granted()
    assert service.secrets == {
        "cart-credentials": {"postgres.username": "cart", "postgres.password": "hush"}
    }
    assert 'stringData["postgres.password"]' in service.one("Secret").secrets
    [volume] = [each for each in pod(service)["volumes"] if each["name"] == "credentials"]
    paths = {each["key"]: each["path"] for each in volume["secret"]["items"]}
    assert paths == {
        "postgres.username": "postgres/username",
        "postgres.password": "postgres/password",
    }
    assert volume["secret"]["secretName"].startswith("cart-credentials-")
    mounts = {each["name"]: each["mountPath"] for each in container(service)["volumeMounts"]}
    assert mounts["credentials"] == CREDENTIALS
    assert "hush" not in str(pod(service))


def test_without_credentials_there_is_no_secret() -> None:
    """A mount of what is not there keeps a pod from starting."""
    service = made(grants=(Grant(resource="cdn", service="cart", handle=None, endpoint={}),))
    assert service.all("Secret") == []
    assert {each["name"] for each in pod(service)["volumes"]} == {"tmp", "config"}


def test_configuration_is_where_the_service_looks() -> None:
    """A service that finds no list calls nobody."""
    service = granted()
    text = service.one("ConfigMap").inputs["data"][CONFIG_FILE]
    config = json.loads(text)
    assert config["service"] == "cart"
    assert set(config["dependencies"]) == {"postgres", "stock"}
    assert config["dependencies"]["stock"]["fallback"] == "rules"
    assert config["dependencies"]["postgres"]["credentials"] == f"{CREDENTIALS}/postgres"
    assert json.loads(made().one("ConfigMap").inputs["data"][CONFIG_FILE])["dependencies"] == {}
    env = {each["name"]: each["value"] for each in container(service)["env"]}
    mounts = {each["name"]: each["mountPath"] for each in container(service)["volumeMounts"]}
    assert env["NEXUS_CONFIG"] == f"{mounts['config']}/{CONFIG_FILE}" == f"{CONFIG}/{CONFIG_FILE}"


@pytest.mark.parametrize(
    ("changes", "checked"),
    [
        ({}, False),
        # Waiting for a peer would deadlock on runtime cycles.
        ({"dependencies": (STOCK,)}, False),
        ({"dependencies": (POSTGRES,)}, True),
        ({"variables": {"REGION": "eu"}}, True),
    ],
)
def test_startup_is_checked_where_there_is_something_to_check(
    changes: dict[str, Any], checked: bool
) -> None:
    """A rollout that is given up while the check still waits reports the wrong reason."""
    service = made(**changes)
    assert ("initContainers" in pod(service)) is checked
    volumes = {each["name"]: each for each in pod(service)["volumes"]}
    assert ("startup" in volumes) is checked
    if checked:
        assert volumes["startup"]["configMap"]["name"] == "shop-startup-1"
        [check] = pod(service)["initContainers"]
        env = {each["name"]: each["value"] for each in check["env"]}
        assert env["NEXUS_REQUIRED"] == " ".join(changes.get("variables", {}))
    deployment = service.one("Deployment")
    deadline = deployment.inputs["spec"]["progressDeadlineSeconds"]
    assert deadline == 61 + PULL_SECONDS + (WAIT_SECONDS if checked else 0)
    timeouts = deployment.options["customTimeouts"]
    assert timeouts["create"] == timeouts["update"] == f"{deadline + 30}s"


def test_autoscaler_follows_what_the_service_says() -> None:
    """A worker that waits for its queue uses no CPU, however long the queue is."""
    jobs = ExternalMetric(
        name="rabbitmq_queue_messages_ready", value=100, labels={"queue": "jobs", "vhost": "cart"}
    )
    several = Scaling(
        least=1,
        most=4,
        cpu=80,
        memory=75,
        metrics=(jobs, ExternalMetric(name="orders_waiting", value=5)),
    )

    def resource(name: str, percent: int) -> dict[str, Any]:
        target = {"type": "Utilization", "averageUtilization": percent}
        return {"type": "Resource", "resource": {"name": name, "target": target}}

    def external(metric: dict[str, Any], value: str) -> dict[str, Any]:
        target = {"type": "AverageValue", "averageValue": value}
        return {"type": "External", "external": {"metric": metric, "target": target}}

    def metrics(scaling: Scaling) -> list[dict[str, Any]]:
        return made(scaling=scaling).one("HorizontalPodAutoscaler").inputs["spec"]["metrics"]

    queue = external({"name": jobs.name, "selector": {"matchLabels": jobs.labels}}, "100")
    assert metrics(several) == [
        resource("cpu", 80),
        resource("memory", 75),
        queue,
        external({"name": "orders_waiting"}, "5"),
    ]
    alone = Scaling(least=1, most=4, cpu=None, metrics=(jobs,))
    assert metrics(alone) == [queue]


def test_memory_may_have_a_limit_of_its_own() -> None:
    """A limit that is only written down is one that nobody keeps."""
    size = Size(cpu="50m", cpu_limit="1", memory="128Mi", memory_limit="256Mi")
    for each in (*pod(made(size=size))["containers"],):
        assert each["resources"]["requests"]["memory"] == "128Mi"
        assert each["resources"]["limits"]["memory"] == "256Mi"


def test_who_answers_stands_on_the_deployment_and_not_on_its_pods() -> None:
    """Another runbook would roll out every service of a domain."""
    said = {"nexus-cos/owner": "shop-team", "nexus-cos/runbook": "https://example.com"}
    found = made(annotations=said).one("Deployment").inputs
    assert found["metadata"]["annotations"] == said
    assert "annotations" not in found["spec"]["template"]["metadata"]


def test_autoscaler_alone_sets_the_number_of_pods() -> None:
    """Stated replicas undo, at every deployment, what the autoscaler did."""
    service = made(scaling=Scaling(least=3, most=7, cpu=70))
    spec = service.one("Deployment").inputs["spec"]
    assert "replicas" not in spec
    scaler = service.one("HorizontalPodAutoscaler").inputs["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (3, 7)
    assert scaler["scaleTargetRef"]["name"] == "cart"
    budget = service.one("PodDisruptionBudget").inputs["spec"]
    assert budget["maxUnavailable"] == 1
    assert budget["selector"]["matchLabels"] == spec["selector"]["matchLabels"]
    # No pod goes before another is ready.
    assert spec["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1},
    }
    # A GPU is free only once the pod before has gone.
    gpus = made(size=replace(USUAL["size"], gpus=1)).one("Deployment").inputs["spec"]
    assert gpus["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0},
    }
    # All pods of a service on one host go down with it.
    constraints = pod(service)["topologySpreadConstraints"]
    assert {each["topologyKey"] for each in constraints} == {
        "topology.kubernetes.io/zone",
        "kubernetes.io/hostname",
    }
    assert pod(service)["terminationGracePeriodSeconds"] == GRACE_SECONDS


def test_service_may_talk_to_these_and_to_nobody_else() -> None:
    """Without a rule the policy denies everything, and with an empty one nothing."""
    silent = made().one("NetworkPolicy").inputs["spec"]
    assert not {"ingress", "egress"} & set(silent)
    assert sorted(silent["policyTypes"]) == ["Egress", "Ingress"]
    front = Pods(namespace="nexus-web", component="workload", names=("front",))
    stock = Pods(namespace="nexus-shop", component="workload", names=("stock",))
    spec = (
        made(
            ingress=(Traffic(peers=(front,), port=3000),),
            egress=(Traffic(peers=(stock,), port=8080),),
        )
        .one("NetworkPolicy")
        .inputs["spec"]
    )
    assert spec["podSelector"]["matchLabels"]["app.kubernetes.io/name"] == "cart"
    [into], [out_of] = spec["ingress"], spec["egress"]
    assert into["from"][0]["podSelector"]["matchLabels"]["app.kubernetes.io/name"] == "front"
    assert out_of["to"][0]["podSelector"]["matchLabels"]["app.kubernetes.io/name"] == "stock"
    assert (into["ports"][0]["port"], out_of["ports"][0]["port"]) == (3000, 8080)


@pytest.mark.parametrize("gpus", [0, 2])
def test_gpus_are_for_the_service_and_not_for_its_check(gpus: int) -> None:
    """A check that asks for a GPU as well counts twice on a node that has one."""
    size = Size(cpu="1", cpu_limit="2", memory="1Gi", gpus=gpus)
    service = made(size=size, dependencies=(POSTGRES,))
    assert container(service)["resources"]["limits"].get(GPU) == (str(gpus) if gpus else None)
    [check] = pod(service)["initContainers"]
    assert GPU not in check["resources"]["limits"]
    tolerated = [each["key"] for each in pod(service).get("tolerations", [])]
    assert tolerated == ([GPU] if gpus else [])


@pytest.mark.parametrize("secret", [None, "shop-pull-1"])
def test_image_is_pulled_with_the_login_if_there_is_one(secret: str | None) -> None:
    """An image that is pulled as nobody is not found, or comes from somebody else."""
    service = made(pull_secret=secret)
    wanted = None if secret is None else [{"name": secret}]
    assert pod(service).get("imagePullSecrets") == wanted
    assert container(service)["image"] == "cart:1"
