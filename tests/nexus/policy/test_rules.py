"""Every rule holds for the plan, and sees the mistake it is there for."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from isolated import interpreter

from components.kubernetes.shape import OWN_USER
from components.kubernetes.versions import WORKS_WITH
from nexus.plan.plan import Plan
from nexus.policy.rules import RULES, violations
from nexus.pulumi.resource import Resource
from nexus.pulumi.wire import UNKNOWN_TEXT
from tests.nexus.policy.policy_host import analyze, policy_pack

Spoil = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def resources(plan: Plan) -> list[Resource]:
    return list(plan.named())


def test_the_plan_keeps_every_rule(resources: list[Resource]) -> None:
    """What is not held by a rule is held until somebody forgets it."""
    assert [str(violation) for violation in violations(resources)] == []
    names = [rule.name for rule in RULES]
    assert len(names) == len(set(names)) > 15


def template(inputs: dict[str, Any]) -> dict[str, Any]:
    return inputs["spec"]["template"]["spec"]


def container(inputs: dict[str, Any]) -> dict[str, Any]:
    return template(inputs)["containers"][0]


def security(inputs: dict[str, Any]) -> dict[str, Any]:
    return container(inputs)["securityContext"]


def run_as(inputs: dict[str, Any], uid: int) -> None:
    """The pods run as `uid`, and say that they have to."""
    template(inputs)["securityContext"]["runAsUser"] = uid
    inputs["spec"]["template"]["metadata"]["annotations"] = {OWN_USER: str(uid)}


DEPLOYMENT = ("kubernetes:apps/v1:Deployment", "glitch")
SERVER = ("kubernetes:apps/v1:StatefulSet", "postgres")
JOB = ("kubernetes:batch/v1:Job", "glitch-database")
NAMESPACE = ("kubernetes:core/v1:Namespace", "business")
POLICY = ("kubernetes:networking.k8s.io/v1:NetworkPolicy", "billing-service-network")

MISTAKES: list[tuple[str, tuple[str, str], Spoil]] = [
    ("pods-are-unprivileged", DEPLOYMENT, lambda i: security(i).update(privileged=True)),
    (
        "pods-are-unprivileged",
        DEPLOYMENT,
        lambda i: security(i).pop("allowPrivilegeEscalation"),
    ),
    ("pods-are-unprivileged", JOB, lambda i: security(i).update(readOnlyRootFilesystem=False)),
    ("pods-are-unprivileged", SERVER, lambda i: security(i)["capabilities"].update(add=["KILL"])),
    ("pods-are-unprivileged", SERVER, lambda i: security(i).pop("capabilities")),
    ("pods-are-unprivileged", DEPLOYMENT, lambda i: security(i).update(runAsNonRoot=False)),
    ("pods-are-unprivileged", DEPLOYMENT, lambda i: security(i).update(runAsUser=1000)),
    ("pods-are-unprivileged", DEPLOYMENT, lambda i: run_as(i, 0)),
    (
        "pods-are-unprivileged",
        DEPLOYMENT,
        lambda i: template(i)["initContainers"][0].pop("securityContext"),
    ),
    (
        "pods-are-unprivileged",
        JOB,
        lambda i: template(i)["securityContext"].pop("seccompProfile"),
    ),
    ("pods-stay-off-their-host", DEPLOYMENT, lambda i: template(i).update(hostNetwork=True)),
    (
        "pods-stay-off-their-host",
        JOB,
        lambda i: template(i)["volumes"].append({"name": "x", "hostPath": {"path": "/"}}),
    ),
    (
        "pods-stay-off-their-host",
        DEPLOYMENT,
        lambda i: container(i)["ports"][0].update(hostPort=80),
    ),
    ("pods-have-no-token", SERVER, lambda i: template(i).pop("automountServiceAccountToken")),
    ("containers-are-sized", JOB, lambda i: container(i)["resources"]["limits"].pop("memory")),
    (
        "containers-are-sized",
        DEPLOYMENT,
        lambda i: container(i)["resources"]["requests"].pop("ephemeral-storage"),
    ),
    (
        "pods-fit-their-namespace",
        DEPLOYMENT,
        lambda i: template(i)["initContainers"][0]["resources"]["limits"].update(memory="4Gi"),
    ),
    (
        "pods-fit-their-namespace",
        JOB,
        lambda i: container(i)["resources"]["limits"].update({"ephemeral-storage": "1Ti"}),
    ),
    (
        "quotas-hold-rollouts",
        ("kubernetes:core/v1:ResourceQuota", "limits-platform-quota"),
        lambda i: i["spec"]["hard"].update({"requests.memory": "64Mi"}),
    ),
    (
        "quotas-hold-rollouts",
        ("kubernetes:autoscaling/v2:HorizontalPodAutoscaler", "glitch-autoscaler"),
        lambda i: i["spec"].update(maxReplicas=9),
    ),
    (
        "versions-fit",
        DEPLOYMENT,
        lambda i: (
            i["metadata"].update(annotations={WORKS_WITH: '{"glitch": "<2"}'}),
            container(i).update(image="docker.io/a/b:2"),
        ),
    ),
    ("images-are-pinned", DEPLOYMENT, lambda i: container(i).update(image="docker.io/a/b")),
    ("images-are-pinned", DEPLOYMENT, lambda i: container(i).update(image="host:5000/a/b:latest")),
    (
        "no-secret-in-the-environment",
        DEPLOYMENT,
        lambda i: container(i).update(envFrom=[{"secretRef": {"name": "a"}}]),
    ),
    (
        "no-secret-in-the-environment",
        DEPLOYMENT,
        lambda i: container(i)["env"].append(
            {"name": "A", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}
        ),
    ),
    (
        "no-secret-in-the-environment",
        JOB,
        lambda i: container(i)["env"].append({"name": "DB_PASSWORD", "value": "x"}),
    ),
    (
        "no-secret-in-the-environment",
        JOB,
        lambda i: container(i)["env"].append({"name": "URL", "value": "amqp://me:pw@queue"}),
    ),
    ("namespaces-are-restricted", NAMESPACE, lambda i: i["metadata"].pop("labels")),
    ("namespaces-are-limited", NAMESPACE, lambda i: i["metadata"].update(name="other")),
    ("namespaces-deny-by-default", NAMESPACE, lambda i: i["metadata"].update(name="other")),
    ("pods-are-isolated", DEPLOYMENT, lambda i: i["metadata"].update(namespace="other")),
    (
        "network-rules-name-peers-and-ports",
        POLICY,
        lambda i: i["spec"]["ingress"][0].pop("from"),
    ),
    (
        "network-rules-name-peers-and-ports",
        POLICY,
        lambda i: i["spec"]["ingress"][0]["ports"][0].pop("port"),
    ),
    (
        "network-rules-name-peers-and-ports",
        POLICY,
        lambda i: i["spec"]["ingress"][0]["from"][0].update(namespaceSelector={}),
    ),
    (
        "network-rules-name-peers-and-ports",
        POLICY,
        lambda i: i["spec"]["egress"][0]["to"][0]["ipBlock"].pop("except"),
    ),
    (
        "network-rules-name-peers-and-ports",
        POLICY,
        lambda i: i["spec"]["egress"][0]["to"][0]["ipBlock"].update({"except": ["203.0.113.0/24"]}),
    ),
    (
        "network-rules-name-peers-and-ports",
        POLICY,
        lambda i: i["spec"]["egress"][0]["to"].append({"ipBlock": {"cidr": "0.0.0.0/1"}}),
    ),
    (
        "one-way-in",
        ("kubernetes:core/v1:Service", "glitch-service"),
        lambda i: i["spec"].update(type="NodePort"),
    ),
    ("workloads-are-probed", SERVER, lambda i: container(i).pop("startupProbe")),
    (
        "workloads-are-probed",
        DEPLOYMENT,
        lambda i: container(i).update(livenessProbe=container(i)["readinessProbe"]),
    ),
    ("workloads-are-scaled", DEPLOYMENT, lambda i: i["spec"].update(replicas=2)),
    ("workloads-are-scaled", DEPLOYMENT, lambda i: i["metadata"].update(name="other")),
    (
        "workloads-are-budgeted",
        ("kubernetes:policy/v1:PodDisruptionBudget", "glitch-budget"),
        lambda i: i["spec"]["selector"]["matchLabels"].update({"app.kubernetes.io/name": "x"}),
    ),
    (
        "workloads-are-spread",
        DEPLOYMENT,
        lambda i: template(i)["topologySpreadConstraints"].pop(),
    ),
    ("workloads-are-ranked", SERVER, lambda i: template(i).pop("priorityClassName")),
    ("workloads-are-drained", DEPLOYMENT, lambda i: container(i).pop("lifecycle")),
    (
        "workloads-are-drained",
        DEPLOYMENT,
        lambda i: template(i).update(terminationGracePeriodSeconds=5),
    ),
]


def spoilt(resources: list[Resource], which: tuple[str, str], spoil: Spoil) -> list[Resource]:
    changed: list[Resource] = []
    found = 0
    for each in resources:
        if (each.type, each.name) == which:
            inputs = copy.deepcopy(dict(each.inputs))
            spoil(inputs)
            assert inputs != each.inputs
            changed.append(replace(each, inputs=inputs))
            found += 1
        else:
            changed.append(each)
    assert found == 1
    return changed


@pytest.mark.parametrize(("rule", "which", "spoil"), MISTAKES)
def test_a_planted_mistake_is_found(
    resources: list[Resource], rule: str, which: tuple[str, str], spoil: Spoil
) -> None:
    """A rule that finds nothing finds nothing."""
    changed = spoilt(resources, which, spoil)
    found = violations(changed)
    assert rule in {violation.rule for violation in found}
    for violation in found:
        assert violation.urn in str(violation)
        assert violation.message.endswith(".")


def test_a_secret_outside_of_a_secret_is_found(resources: list[Resource]) -> None:
    """A password in a ConfigMap is read by whoever may look."""
    changed = [
        replace(each, secrets=('data["dependencies.json"]',))
        if each.name == "glitch-config"
        else each
        for each in resources
    ]
    (violation,) = violations(changed)
    assert violation.rule == "secrets-only-in-secrets"
    assert 'data["dependencies.json"]' in violation.message


def test_every_rule_has_a_mistake() -> None:
    """A rule without a planted mistake may have stopped to look."""
    elsewhere = {"secrets-only-in-secrets", "aws-takes-it"}  # above, and in test_aws.py
    planted = {rule for rule, _, _ in MISTAKES} | elsewhere
    assert planted == {rule.name for rule in RULES}


def test_rules_see_other_kinds_of_pods() -> None:
    """A CronJob or a bare pod must not slip through."""
    pod: Mapping[str, Any] = {"containers": [{"name": "a", "image": "a"}]}
    bare = Resource(
        urn="a", type="kubernetes:core/v1:Pod", name="a", inputs={"metadata": {}, "spec": pod}
    )
    cron = Resource(
        urn="b",
        type="kubernetes:batch/v1:CronJob",
        name="b",
        inputs={"spec": {"jobTemplate": {"spec": {"template": {"spec": pod}}}}},
    )
    found = violations([bare, cron])
    assert {v.urn for v in found if v.rule == "images-are-pinned"} == {"a", "b"}


# --- The policy pack --------------------------------------------------------------------------


def test_the_policy_pack_reports_what_the_rules_find(
    resources: list[Resource], tmp_path: Path
) -> None:
    """`pulumi preview --policy-pack policy` has to agree with `nexus check --plan`."""
    changed = spoilt(resources, DEPLOYMENT, lambda i: i["spec"].update(replicas=2))
    changed = spoilt(changed, SERVER, lambda i: container(i).pop("startupProbe"))
    with policy_pack(interpreter("policy-pack"), tmp_path) as analyzer:
        assert analyze(analyzer, resources) == []
        found = analyze(analyzer, changed)
        expected = [(v.rule, v.urn, v.message) for v in violations(changed)]
        assert [(rule, urn) for rule, urn, _ in found] == sorted((r, u) for r, u, _ in expected)
        for (_, _, message), (_, _, sentence) in zip(found, sorted(expected), strict=True):
            assert sentence in message


def test_the_policy_pack_judges_around_what_a_preview_does_not_know(
    resources: list[Resource], tmp_path: Path
) -> None:
    """In a first preview most names are unknown; a pack that gives up then never speaks."""
    unknown = UNKNOWN_TEXT
    changed = spoilt(
        resources,
        DEPLOYMENT,
        lambda i: (
            template(i).update(serviceAccountName=unknown, priorityClassName=unknown),
            i["spec"].update(replicas=2),
        ),
    )
    with policy_pack(interpreter("policy-pack"), tmp_path) as analyzer:
        found = analyze(analyzer, changed)
    assert [rule for rule, _, _ in found] == ["workloads-are-scaled"]


def test_an_image_may_need_a_user_of_the_nodes_range(resources: list[Resource]) -> None:
    """The only way to run such an image would be to switch the rule off for all."""
    [deployment] = [each for each in resources if (each.type, each.name) == DEPLOYMENT]
    inputs = copy.deepcopy(dict(deployment.inputs))
    run_as(inputs, 1000)
    assert [str(each) for each in violations([replace(deployment, inputs=inputs)])] == [
        str(each) for each in violations([deployment])
    ]
