"""What reads the logs of every pod, made alone."""

from __future__ import annotations

from typing import Any

import pytest

from components.kubernetes.log_collector import COMPONENT, LogCollector, LogCollectorArgs
from components.kubernetes.size import Size
from components.kubernetes.traffic import Addresses, Pods, Traffic
from nexus.policy.rules import violations
from nexus.pulumi.resource import Resource
from tests.components.recording import (
    CONTEXT,
    Recording,
    assert_makes_what_it_says,
    given,
    record,
)

STORE = Traffic(
    peers=(Pods(namespace="nexus-data", component="server", names=("logging",)),), port=9428
)
API = Traffic(peers=(Addresses(blocks=(("10.0.0.0/8", ()),)),), port=6443)


def made() -> Recording:
    return record(
        lambda: LogCollector(
            "log-collector",
            LogCollectorArgs(
                context=CONTEXT,
                namespace="nexus-logging",
                config="receivers: {}",
                logs="/var/log/pods",
                state="/var/lib/otelcol",
                node_variable="NODE_NAME",
                health_port=13133,
                size=Size(cpu="50m", cpu_limit="500m", memory="256Mi", ephemeral="512Mi"),
                egress=(STORE, API),
                after=(given("store"),),
            ),
        )
    )


@pytest.fixture(scope="module")
def collector() -> Recording:
    return made()


def pod(collector: Recording) -> dict[str, Any]:
    return collector.one("DaemonSet").inputs["spec"]["template"]["spec"]


def test_makes_what_it_says(collector: Recording) -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(LogCollector, collector)


def test_it_sees_one_folder_of_its_node_and_writes_none(collector: Recording) -> None:
    """Who may write to a node's folders runs what he likes as root."""
    spec = pod(collector)
    (folder,) = (each for each in spec["volumes"] if "hostPath" in each)
    assert folder["hostPath"]["path"] == "/var/log/pods"
    mounts = {each["name"]: each for each in spec["containers"][0]["volumeMounts"]}
    assert mounts[folder["name"]]["readOnly"] is True
    assert [name for name, each in mounts.items() if not each["readOnly"]] == ["state"]


def test_it_is_not_root_and_reads_what_root_wrote(collector: Recording) -> None:
    """The files have mode 0640: without root's group it reads nothing, and nobody notices."""
    security = pod(collector)["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["runAsUser"] > 10_000
    assert security["supplementalGroups"] == [0]


def test_it_runs_on_every_node(collector: Recording) -> None:
    """Logs of a GPU's pods are read by who is not kept off its node."""
    assert {"operator": "Exists", "effect": "NoSchedule"} in pod(collector)["tolerations"]


def test_its_token_reads_pods_alone(collector: Recording) -> None:
    """Who reads Secrets needs no logs."""
    (rule,) = collector.one("ClusterRole").inputs["rules"]
    assert rule == {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}
    (subject,) = collector.one("ClusterRoleBinding").inputs["subjects"]
    assert (subject["name"], subject["namespace"]) == ("log-collector", "nexus-logging")


def test_nobody_calls_it_and_it_calls_two(collector: Recording) -> None:
    """What has read every log must not send it anywhere else."""
    spec = collector.one("NetworkPolicy").inputs["spec"]
    assert spec["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == COMPONENT
    assert "ingress" not in spec
    assert [each["ports"][0]["port"] for each in spec["egress"]] == [9428, 6443]


def test_it_starts_when_it_may_talk_and_somebody_listens(collector: Recording) -> None:
    """A collector before its store fills its queue; one before its policy is cut off."""
    assert {
        "ConfigMap given-store",
        "NetworkPolicy log-collector-network",
        "ClusterRoleBinding log-collector-pods",
    } <= collector.waits("DaemonSet")


def broken(resource: Resource, namespace: str) -> set[str]:
    """Rules about nodes that a plan with this object and its namespace breaks."""
    about = {"pods-stay-off-their-host", "namespaces-are-restricted"}
    labels = {"pod-security.kubernetes.io/enforce": "privileged"}
    inputs = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": namespace, "labels": labels},
    }
    urn = "urn:pulumi:test::nexus-cos::kubernetes:core/v1:Namespace::logging"
    place = Resource(urn=urn, name="logging", type="kubernetes:core/v1:Namespace", inputs=inputs)
    return {each.rule for each in violations([resource, place])} & about


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        (lambda spec: None, set()),
        (
            lambda spec: spec["volumes"][0]["hostPath"].update(path="/var/log"),
            {"pods-stay-off-their-host", "namespaces-are-restricted"},
        ),
        (
            lambda spec: spec["containers"][0]["volumeMounts"][0].update(readOnly=False),
            {"pods-stay-off-their-host", "namespaces-are-restricted"},
        ),
        (lambda spec: spec["volumes"].pop(0), {"namespaces-are-restricted"}),
    ],
)
def test_rules_let_it_read_logs_and_no_more(change: Any, rules: set[str]) -> None:
    """An exception that is wider than its reason is the way in."""
    daemon_set = made().one("DaemonSet")
    change(daemon_set.inputs["spec"]["template"]["spec"])
    assert broken(daemon_set, "nexus-logging") == rules
