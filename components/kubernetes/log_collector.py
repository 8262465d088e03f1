"""What reads the logs of every pod, on every node."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.apps.v1 import DaemonSet
from pulumi_kubernetes.core.v1 import (
    ConfigMap,
    ContainerArgsDict,
    PodSpecArgsDict,
    ProbeArgsDict,
    ServiceAccount,
    VolumeArgsDict,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_kubernetes.rbac.v1 import ClusterRole, ClusterRoleBinding, PolicyRuleArgsDict

from components.component import Component
from components.context import Context, selector
from components.kubernetes.pod import (
    TOKEN_FOLDER,
    config_volume,
    container_security,
    mount,
    physical_name,
    pod_security,
    pod_spec,
    scratch_volume,
    token_volume,
)
from components.kubernetes.size import Size
from components.kubernetes.traffic import Traffic, pod_selector, policy_spec
from components.servers.stateful_server import probe, tcp

IMAGE = "docker.io/otel/opentelemetry-collector-contrib:0.149.0"
COMPONENT = "log-collector"
"""Role of its pods, by their labels."""

CONFIG = "/etc/nexus"
CONFIG_FILE = "collector.yaml"
STATE_SIZE = "256Mi"
"""Of the folder with what nobody has taken yet."""

ROOT_GROUP = 0
"""Group that may read what a kubelet and containerd write: their files have mode 0640. Source:
internal/cri/server/helpers_linux.go of https://github.com/containerd/containerd"""

PODS: tuple[PolicyRuleArgsDict, ...] = (
    {"api_groups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]},
)
"""What is read of the API: labels and images of pods. It asks for those of its node in all
namespaces, which no Role of a namespace allows."""


@dataclass(frozen=True, kw_only=True)
class LogCollectorArgs:
    """What the collector is made from.

    Args:
        namespace: one whose pods may mount folders of their node.
        config: its file of configuration.
        logs: folder of the node that it reads.
        state: folder where it keeps how far it has read.
        node_variable: variable that has the node's name.
        health_port: TCP port that answers whether it works.
        size: of its pods.
        egress: where it sends logs, and where the API server is.
        after: what its pods wait for.
    """

    context: Context
    namespace: pulumi.Input[str]
    config: str
    logs: str
    state: str
    node_variable: str
    health_port: int
    size: Size
    egress: tuple[Traffic, ...]
    after: tuple[pulumi.Resource, ...] = ()


class LogCollector(Component[LogCollectorArgs]):
    """An OpenTelemetry Collector on each node, those with a GPU too.

    It sees the node's folder of logs and nothing else of it, as a user that is not root. Its
    token ends within the hour and reads pods.

    Makes:
        `{name}-account`: ServiceAccount without a mounted token.
        `{name}-pods`: ClusterRole and ClusterRoleBinding that read pods.
        `{name}-config`: ConfigMap; a changed one makes other pods.
        `{name}-network`: NetworkPolicy: nothing comes in, logs go out.
        `{name}`: DaemonSet.

    Outputs:
        handle: the DaemonSet.
    """

    TOKEN = "nexus:monitoring:LogCollector"

    handle: DaemonSet

    def _make(self, name: str, args: LogCollectorArgs) -> None:
        labels = args.context.labels(name, COMPONENT)
        common: ObjectMetaArgsDict = {"namespace": args.namespace, "labels": labels}
        its: ObjectMetaArgsDict = {**common, "name": name}
        account = ServiceAccount(
            f"{name}-account",
            metadata=its,
            automount_service_account_token=False,
            opts=self.child,
        )
        reading = self._reading(name, args, labels)
        config = ConfigMap(
            f"{name}-config",
            metadata=common,
            data={CONFIG_FILE: args.config},
            opts=self.child,
        )
        network = NetworkPolicy(
            f"{name}-network",
            metadata=its,
            spec=policy_spec(pod_selector(COMPONENT, (name,)), egress=args.egress),
            opts=self.child,
        )
        pod = _pod(name, args, physical_name(account), physical_name(config))
        self.handle = DaemonSet(
            name,
            metadata=its,
            spec={
                "selector": {"match_labels": selector(name, COMPONENT)},
                "update_strategy": {
                    "type": "RollingUpdate",
                    "rolling_update": {"max_unavailable": 1},
                },
                "template": {"metadata": {"labels": labels}, "spec": pod},
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[network, reading, *args.after]),
        )

    def _reading(
        self, name: str, args: LogCollectorArgs, labels: dict[str, str]
    ) -> ClusterRoleBinding:
        shared = args.context.shared(name)
        cluster_wide: ObjectMetaArgsDict = {"name": shared, "labels": labels}
        role = ClusterRole(f"{name}-pods", metadata=cluster_wide, rules=list(PODS), opts=self.child)
        return ClusterRoleBinding(
            f"{name}-pods",
            metadata=cluster_wide,
            role_ref={
                "api_group": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": shared,
            },
            subjects=[{"kind": "ServiceAccount", "name": name, "namespace": args.namespace}],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role]),
        )


def _pod(
    name: str, args: LogCollectorArgs, account: pulumi.Input[str], config: pulumi.Input[str]
) -> PodSpecArgsDict:
    logs: VolumeArgsDict = {"name": "logs", "host_path": {"path": args.logs, "type": "Directory"}}
    volumes = [
        logs,
        config_volume("config", config),
        scratch_volume("state", STATE_SIZE),
        token_volume("token"),
    ]
    return {
        **pod_spec([_container(name, args)], volumes, service_account=account),
        "security_context": {**pod_security(), "supplemental_groups": [ROOT_GROUP]},
        # Every node has pods, those that are kept free for something too.
        "tolerations": [{"operator": "Exists", "effect": "NoSchedule"}],
        "priority_class_name": args.context.shared(args.context.first_tier),
    }


def _container(name: str, args: LogCollectorArgs) -> ContainerArgsDict:
    health: ProbeArgsDict = {"http_get": {"path": "/", "port": args.health_port}}
    return {
        "name": name,
        "image": IMAGE,
        "image_pull_policy": "IfNotPresent",
        "command": ["/otelcol-contrib", f"--config={CONFIG}/{CONFIG_FILE}"],
        "env": [
            {
                "name": args.node_variable,
                "value_from": {"field_ref": {"field_path": "spec.nodeName"}},
            }
        ],
        "ports": [
            {
                "name": f"health-{args.health_port}",
                "container_port": args.health_port,
                "protocol": "TCP",
            }
        ],
        "readiness_probe": probe(health, period=10, failures=3),
        "liveness_probe": probe(tcp(args.health_port), period=10, failures=6),
        "resources": args.size.requirements(),
        "security_context": container_security(),
        "volume_mounts": [
            mount("logs", args.logs),
            mount("config", CONFIG),
            mount("state", args.state, writable=True),
            mount("token", TOKEN_FOLDER),
        ],
    }
