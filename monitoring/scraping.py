"""Prometheus' configuration: what it reads, and how it names what it finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog import Catalog
from monitoring.alertmanager import as_yaml
from monitoring.timing import Timing

Job = dict[str, Any]

RULES = "/etc/prometheus/rules/*.yml"
"""Where the rules lie."""

ALERTMANAGER = "alertmanager:9093"

_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
_POD = "__meta_kubernetes_pod"
_NAME = f"{_POD}_label_app_kubernetes_io_name"


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What is at a fixed address for a Prometheus that the stack has for itself.

    Args:
        objects: host and port of kube-state-metrics.
        alertmanager: host and port of Alertmanager.
        itself: host and port of this Prometheus' own metrics.
        servers: host and port of each server's exporter, by platform resource.
    """

    objects: str
    alertmanager: str
    itself: str
    servers: Mapping[str, str]


def scraping(
    catalog: Catalog,
    *,
    prefix: str,
    stack: str,
    probes: Sequence[Job] = (),
    beside: Beside | None = None,
) -> str:
    """Prometheus' file of configuration, for one that runs in the cluster.

    Its service account lists pods and nodes, without `beside` endpoints too, and reads
    `nodes/metrics`.

    Args:
        catalog: a checked one.
        prefix: start of the stack's namespaces.
        stack: its name, which all series get as a label.
        probes: jobs of a blackbox exporter.
        beside: what belongs to the stack; None for what is found in the cluster.
    """
    timing = Timing()
    jobs = (
        _services(catalog, prefix),
        *((_objects(prefix),) if beside is None else _own(beside, prefix)),
        _kubelets("kubelets", "/metrics", prefix),
        _kubelets("containers", "/metrics/cadvisor", prefix),
        *probes,
    )
    alertmanager = ALERTMANAGER if beside is None else beside.alertmanager
    named = {"target_label": "stack", "replacement": stack}
    document = {
        "global": {
            "scrape_interval": timing(timing.look),
            "evaluation_interval": timing(timing.look),
        },
        "rule_files": [RULES],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
        "scrape_configs": [
            {**job, "relabel_configs": [*job.get("relabel_configs", ()), named]} for job in jobs
        ],
    }
    return as_yaml(document)


def _services(catalog: Catalog, prefix: str) -> Job:
    """The port of each service that network policies open to monitoring, in every pod."""
    ports = {
        name: port.number
        for name, service in catalog.services.items()
        if (port := service.run.watched) is not None
    }
    domains = sorted({catalog.services[name].domain for name in ports})
    wanted = "|".join(f"{name};{number}" for name, number in ports.items())
    return {
        "job_name": "services",
        "kubernetes_sd_configs": [
            {"role": "pod", "namespaces": {"names": [f"{prefix}-{each}" for each in domains]}}
        ],
        "relabel_configs": [
            _keep([_NAME, f"{_POD}_container_port_number"], wanted),
            _copy(_NAME, "nexus_node"),
            _copy("__meta_kubernetes_namespace", "namespace"),
            _copy(f"{_POD}_name", "pod"),
        ],
    }


def _objects(prefix: str) -> Job:
    """What kube-state-metrics, as its chart installs it, says of the stack's objects."""
    label = "__meta_kubernetes_service_label_app_kubernetes_io_name"
    return {
        "job_name": "objects",
        "honor_labels": True,
        "kubernetes_sd_configs": [{"role": "endpoints"}],
        "relabel_configs": [
            _keep([label, "__meta_kubernetes_endpoint_port_name"], "kube-state-metrics;http")
        ],
        "metric_relabel_configs": [_keep(["namespace"], f"{prefix}-.+")],
    }


def _own(beside: Beside, prefix: str) -> tuple[Job, ...]:
    """kube-state-metrics at its address, and each server as a node of the graph."""
    ours = {"monitoring": beside.itself, "alerting": beside.alertmanager, **beside.servers}
    return (
        {
            "job_name": "objects",
            "honor_labels": True,
            "static_configs": [{"targets": [beside.objects]}],
            "metric_relabel_configs": [_keep(["namespace"], f"{prefix}-.+")],
        },
        {
            "job_name": "servers",
            "static_configs": [
                {"targets": [target], "labels": {"nexus_node": node}}
                for node, target in ours.items()
            ],
        },
    )


def _kubelets(name: str, path: str, prefix: str) -> Job:
    """Volumes or containers, from the kubelets themselves.

    Not through the API server: that asks for `nodes/proxy`, with which one also runs commands in
    every pod. Their certificates are signed by nobody that a cluster tells its pods of. Source:
    https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/
    """
    return {
        "job_name": name,
        "scheme": "https",
        "authorization": {"credentials_file": f"{_ACCOUNT}/token"},
        "tls_config": {"insecure_skip_verify": True},
        "kubernetes_sd_configs": [{"role": "node"}],
        "metrics_path": path,
        "metric_relabel_configs": [_keep(["namespace"], f"{prefix}-.+")],
    }


def _keep(labels: Sequence[str], values: str) -> dict[str, Any]:
    return {"source_labels": list(labels), "regex": values, "action": "keep"}


def _copy(source: str, target: str) -> dict[str, Any]:
    return {"source_labels": [source], "target_label": target}
