"""A workload whose container is what the catalog says it is."""

from __future__ import annotations

from dataclasses import replace

from components.kubernetes.shape import (
    OWN_USER,
)
from tests.components.kubernetes.workloads import (
    SHAPE,
    SHAPED,
    container,
    made,
    pod,
    scheduled,
)


def test_container_is_asked_what_its_shape_says() -> None:
    """A probe of another path or pace restarts what works."""
    only = container(made())
    for kind, path in (("startup", "/started"), ("readiness", "/ready"), ("liveness", "/live")):
        assert only[f"{kind}Probe"]["httpGet"] == {"path": path, "port": "http-3000"}
    assert only["startupProbe"]["failureThreshold"] == 31


def test_every_port_is_in_the_service_by_name_and_protocol() -> None:
    """A caller of the gRPC port would be refused, or spoken to in HTTP/1.1."""
    service = made(shape=SHAPED)
    entries = service.one("Service").inputs["spec"]["ports"]
    assert [(each["name"], each["port"], each.get("appProtocol")) for each in entries] == [
        ("http-3000", 3000, None),
        ("grpc-9000", 9000, "kubernetes.io/h2c"),
        ("smtp-25", 25, None),
    ]
    listed = container(service)["ports"]
    assert [each["name"] for each in listed] == [each["targetPort"] for each in entries]
    env = {each["name"]: each["value"] for each in container(service)["env"]}
    assert env["PORT"] == "3000"


def test_container_is_what_its_shape_says() -> None:
    """An image that cannot write, find its files or be its user ends at once."""
    service = made(shape=SHAPED, plain={"MODE": "x", "LOG": "$HOME"})
    only, spec = container(service), pod(service)
    assert (only["command"], only["args"]) == (["/app/cart"], ["--verbose"])
    volumes = {each["name"]: each for each in spec["volumes"]}
    at = {each["mountPath"]: each for each in only["volumeMounts"]}
    assert volumes[at["/tmp"]["name"]]["emptyDir"] == {"sizeLimit": "1Gi"}
    assert volumes[at["/cache"]["name"]]["emptyDir"] == {"medium": "Memory", "sizeLimit": "64Mi"}
    assert (at["/cache"]["readOnly"], at["/etc/app/app.conf"]["readOnly"]) == (False, True)
    [files] = [each for each in service.resources if each.name == "cart-files"]
    for path, text in SHAPED.files.items():
        assert files.inputs["data"][at[path]["subPath"]] == text
    env = [(each["name"], each["value"]) for each in only["env"]]
    assert {("MODE", "x"), ("LOG", "$$HOME")} <= set(env)
    assert only["lifecycle"]["preStop"]["sleep"]["seconds"] == 10
    assert spec["terminationGracePeriodSeconds"] == 60


def test_a_user_or_port_of_the_image_stays_within_restricted() -> None:
    """The namespace refuses the pod, or linters fail for what was said on purpose."""
    service = made(shape=SHAPED)
    security = pod(service)["securityContext"]
    assert {security[key] for key in ("runAsUser", "runAsGroup", "fsGroup")} == {1000}
    assert security["runAsNonRoot"] is True
    assert security["sysctls"] == [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "25"}]
    deployment = service.one("Deployment").inputs
    assert "CKV_K8S_40" in deployment["metadata"]["annotations"]["checkov.io/skip1"]
    assert deployment["spec"]["template"]["metadata"]["annotations"][OWN_USER] == "1000"
    usual = made().one("Deployment").inputs
    assert "annotations" not in usual["metadata"]
    assert "sysctls" not in usual["spec"]["template"]["spec"]["securityContext"]


def test_what_nobody_calls_has_no_service_and_nothing_to_drain() -> None:
    """An awaited Service without callers, or a stop that waits for nobody, only takes time."""
    service = made(shape=replace(SHAPE, ports=(), called=False, drain_seconds=0))
    assert not [each for each in service.resources if each.type.endswith(":Service")]
    assert service.outputs.get("url") is None
    only = container(service)
    assert not {"ports", "lifecycle"} & set(only)
    assert "PORT" not in {each["name"] for each in only["env"]}
    assert service.one("HorizontalPodAutoscaler")


def test_what_has_a_schedule_is_a_cron_job_that_waits_as_all_do() -> None:
    """A run that begins before its database is there fails every night."""
    service = scheduled()
    spec = service.one("CronJob").inputs["spec"]
    assert (spec["schedule"], spec["timeZone"]) == ("15 3 * * *", "Europe/Berlin")
    assert spec["concurrencyPolicy"] == "Forbid"
    assert spec["startingDeadlineSeconds"] > 0
    job = spec["jobTemplate"]["spec"]
    assert job["activeDeadlineSeconds"] == 600
    template = job["template"]
    assert template["spec"]["restartPolicy"] == "Never"
    assert [each["name"] for each in template["spec"]["initContainers"]] == ["startup-check"]
    [only] = template["spec"]["containers"]
    assert not {"startupProbe", "readinessProbe", "livenessProbe", "lifecycle"} & set(only)
    policy = service.one("NetworkPolicy").inputs["spec"]["podSelector"]["matchLabels"]
    assert policy.items() <= template["metadata"]["labels"].items()
    assert "ConfigMap given-database" in service.waits("CronJob")
    kinds = {each.type.rpartition(":")[2] for each in service.resources}
    assert not {"Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget"} & kinds


def test_pod_is_known_by_its_own_account_class_and_arguments() -> None:
    """A pod without its account has no rights in AWS; without its class it is evicted first."""
    service = made(shape=replace(SHAPE, arguments=("--quiet",)), variables={"REGION": "eu"})
    spec = pod(service)
    assert spec["serviceAccountName"] == "cart"
    assert service.one("ServiceAccount").inputs["automountServiceAccountToken"] is False
    assert spec["automountServiceAccountToken"] is False
    assert spec["priorityClassName"] == "nexus-domain"
    assert container(service)["args"] == ["--quiet"]
    env = {each["name"]: each["value"] for each in container(service)["env"]}
    assert env["REGION"] == "eu"
    assert env["NEXUS_SERVICE"] == "cart"
    for each in service.resources:
        assert each.inputs["metadata"]["namespace"] == "nexus-shop"
