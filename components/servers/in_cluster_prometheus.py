"""Prometheus in the cluster, with what it learns of the cluster's objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1 import ContainerArgsDict, ProbeArgsDict
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict
from pulumi_kubernetes.rbac.v1 import (
    ClusterRole,
    ClusterRoleBinding,
    PolicyRuleArgsDict,
    Role,
    RoleBinding,
    RoleRefArgsDict,
    SubjectArgsDict,
)

from components.context import DATA
from components.kubernetes.pod import (
    TOKEN_FOLDER,
    config_volume,
    mount,
    secret_volume,
    token_volume,
)
from components.kubernetes.quantity import thousandths
from components.kubernetes.size import Size
from components.servers.exporter import Exporter, login_files, page_container
from components.servers.stateful_server import (
    InClusterServer,
    ServerArgs,
    StatefulServer,
    StatefulServerArgs,
    probe,
)

IMAGE = "docker.io/prom/prometheus:v3.16.0"
PORT = 9090
OBJECTS_IMAGE = "registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.18.0"
OBJECTS_PORT = 8080
PROBER_IMAGE = "docker.io/prom/blackbox-exporter:v0.28.0"
PROBER_PORT = 9115
PROBES = "/etc/probes"
PROBES_FILE = "blackbox.yml"
CONFIG = "/etc/nexus"
CONFIG_FILE = "prometheus.yml"
RULES = "/etc/prometheus/rules"
DATA_PATH = "/prometheus"

OBJECTS_SIZE = Size(cpu="10m", cpu_limit="250m", memory="128Mi")
"""Of kube-state-metrics, which holds every object that it reads."""

PROBER_SIZE = Size(cpu="10m", cpu_limit="250m", memory="64Mi")
"""Of the blackbox exporter."""

READY: ProbeArgsDict = {"http_get": {"path": "/-/ready", "port": PORT}}

KINDS: Mapping[str, tuple[str, ...]] = {
    "": ("pods",),
    "apps": ("deployments", "statefulsets"),
    "autoscaling": ("horizontalpodautoscalers",),
    "batch": ("cronjobs", "jobs"),
}
"""Objects that are read in the namespaces of the stack, by API group: those of the rules."""

NODES: tuple[PolicyRuleArgsDict, ...] = (
    {"api_groups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch"]},
    # Not nodes/proxy, with which one also runs commands in every pod. Source:
    # https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/
    {"api_groups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]},
)
"""What is read of nodes, which belong to no namespace."""


@dataclass(frozen=True, kw_only=True)
class InClusterPrometheusArgs(ServerArgs):
    """What the server is made from.

    Args:
        config: Prometheus' file of configuration, which reads `RULES`.
        rules: files of rules, by name.
        probes: the blackbox exporter's file of configuration.
        exporters: of servers, in the same pod.
        days: how long series are kept.
        namespaces: namespaces whose objects are read, by name without prefix.
    """

    config: str
    rules: Mapping[str, str]
    probes: str
    exporters: tuple[Exporter, ...]
    days: int
    namespaces: Mapping[str, pulumi.Input[str]]


class InClusterPrometheus(InClusterServer[InClusterPrometheusArgs]):
    """One Prometheus, with kube-state-metrics, a prober and exporters in its pod, for it alone.

    The first two have the pod's token, which reads objects of the stack's namespaces, and what
    kubelets measure. Changed rules make another pod.

    Stateful: renaming it deletes what was measured.

    Makes:
        `{name}-{namespace}`: Role and RoleBinding that read objects, in each namespace.
        `{name}-nodes`: ClusterRole and ClusterRoleBinding that read nodes and their metrics.
        `{name}-config`, `{name}-rules`, `{name}-probes`: ConfigMaps.
        `{name}-logins`: Secret with the exporters' passwords, if there are any.
        `{name}`: StatefulServer.
    """

    TOKEN = "nexus:monitoring:InClusterPrometheus"

    def _make(self, name: str, args: InClusterPrometheusArgs) -> None:
        self._reads(name, args)
        config = self._config(name, args, "config", {CONFIG_FILE: args.config})
        rules = self._config(name, args, "rules", args.rules)
        probes = self._config(name, args, "probes", {PROBES_FILE: args.probes})
        logins = [
            secret_volume("logins", self._secret(name, args, "logins", login_files(args.exporters)))
            for _ in args.exporters[:1]
        ]
        self.handle = StatefulServer(
            name,
            StatefulServerArgs(
                server=args,
                image=IMAGE,
                command=(
                    "/bin/prometheus",
                    f"--config.file={CONFIG}/{CONFIG_FILE}",
                    f"--storage.tsdb.path={DATA_PATH}",
                    f"--storage.tsdb.retention.time={args.days}d",
                    f"--storage.tsdb.retention.size={_most(args.storage)}",
                ),
                ports={"http": PORT},
                data_path=DATA_PATH,
                volumes=(
                    config_volume("config", config),
                    config_volume("rules", rules),
                    config_volume("probes", probes),
                    token_volume("token"),
                    *logins,
                ),
                mounts=(
                    mount("config", CONFIG),
                    mount("rules", RULES),
                    mount("token", TOKEN_FOLDER),
                ),
                # It reads its log of the last hours first.
                startup=probe(READY, period=2, failures=150),
                readiness=probe(READY, period=5, failures=3),
                alive=PORT,
                beside=(
                    _objects(sorted(args.namespaces), args),
                    _prober(),
                    *(each.container() for each in args.exporters),
                ),
            ),
            self.child,
        ).handle
        self.url = f"http://{args.context.host(name, DATA)}:{PORT}"

    def _reads(self, name: str, args: InClusterPrometheusArgs) -> None:
        subject: SubjectArgsDict = {
            "kind": "ServiceAccount",
            "name": name,
            "namespace": args.namespace,
        }
        labels = args.context.labels(name, "server")
        rules: list[PolicyRuleArgsDict] = [
            {"api_groups": [group], "resources": list(kinds), "verbs": ["get", "list", "watch"]}
            for group, kinds in KINDS.items()
        ]
        for short, namespace in sorted(args.namespaces.items()):
            metadata: ObjectMetaArgsDict = {"name": name, "namespace": namespace, "labels": labels}
            role = Role(f"{name}-{short}", metadata=metadata, rules=rules, opts=self.child)
            RoleBinding(
                f"{name}-{short}",
                metadata=metadata,
                role_ref=_reference("Role", name),
                subjects=[subject],
                opts=pulumi.ResourceOptions(parent=self, depends_on=[role]),
            )
        shared = args.context.shared(name)
        cluster_wide: ObjectMetaArgsDict = {"name": shared, "labels": labels}
        nodes = ClusterRole(
            f"{name}-nodes", metadata=cluster_wide, rules=list(NODES), opts=self.child
        )
        ClusterRoleBinding(
            f"{name}-nodes",
            metadata=cluster_wide,
            role_ref=_reference("ClusterRole", shared),
            subjects=[subject],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[nodes]),
        )


def _most(storage: str) -> str:
    """Four fifths of a volume, in Prometheus' words: blocks that are made anew lie there twice."""
    return f"{thousandths(storage) // 1000 * 4 // 5 // 2**20}MB"


def _reference(kind: str, name: str) -> RoleRefArgsDict:
    return {"api_group": "rbac.authorization.k8s.io", "kind": kind, "name": name}


def _objects(namespaces: list[str], args: InClusterPrometheusArgs) -> ContainerArgsDict:
    """kube-state-metrics, which Prometheus reads on the pod's own address."""
    read = ",".join(args.context.namespace(each) for each in namespaces)
    kinds = ",".join(sorted(kind for each in KINDS.values() for kind in each))
    command = (
        "/kube-state-metrics",
        f"--namespaces={read}",
        f"--resources={kinds}",
        f"--port={OBJECTS_PORT}",
        # What it says of itself, which nobody reads.
        "--telemetry-host=127.0.0.1",
    )
    container = page_container("objects", command, OBJECTS_PORT, mount("token", TOKEN_FOLDER))
    return {**container, "image": OBJECTS_IMAGE, "resources": OBJECTS_SIZE.requirements()}


def _prober() -> ContainerArgsDict:
    """The blackbox exporter, which Prometheus asks to probe."""
    command = ("/bin/blackbox_exporter", f"--config.file={PROBES}/{PROBES_FILE}")
    container = page_container("probes", command, PROBER_PORT, mount("probes", PROBES))
    return {**container, "image": PROBER_IMAGE, "resources": PROBER_SIZE.requirements()}
