"""What Prometheus finds in the cluster that the dev stack makes, and how it names that."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog import Catalog
from components.servers.in_cluster_prometheus import KINDS
from monitoring.dashboards import dashboards
from monitoring.rules import rules
from nexus.plan.plan import Plan
from tests.monitoring.test_rules import promtool
from tests.nexus.cli.typed import nexus
from tests.projects import ROOT
from tests.servers.found import found

META = "__meta_kubernetes"


@pytest.fixture(scope="module")
def written() -> Any:
    """The configuration that is typed for."""
    return yaml.safe_load(nexus("monitoring", "--format", "prometheus", "--stack", "dev").stdout)


def discovered(document: Any, job: str, targets: list[dict[str, str]], folder: Path) -> list[Any]:
    """What Prometheus makes of targets with the labels that Kubernetes would give them."""
    (found_job,) = (each for each in document["scrape_configs"] if each["job_name"] == job)
    static = [
        {"targets": [f"10.0.0.1:{1000 + number}"], "labels": labels}
        for number, labels in enumerate(targets)
    ]
    told = {"job_name": job, "relabel_configs": found_job["relabel_configs"]}
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump({"scrape_configs": [{**told, "static_configs": static}]}))
    command = [found().promtool, "check", "service-discovery", "--timeout=3s", file, job]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [each["labels"] for each in json.loads(done.stdout) if each.get("labels")]


def pods(plan: Plan) -> list[dict[str, str]]:
    """A target per port of each container that the stack makes."""
    return [
        {
            f"{META}_namespace": each.inputs["metadata"]["namespace"],
            f"{META}_pod_name": f"{each.inputs['metadata']['name']}-5d8f-x2k4q",
            f"{META}_pod_label_app_kubernetes_io_name": template["metadata"]["labels"][
                "app.kubernetes.io/name"
            ],
            f"{META}_pod_container_port_number": str(port["containerPort"]),
        }
        for each in plan.resources
        if each.type == "kubernetes:apps/v1:Deployment"
        for template in [each.inputs["spec"]["template"]]
        for container in template["spec"]["containers"]
        for port in container["ports"]
    ]


def test_every_service_is_read_under_its_name(
    catalog: Catalog, plan: Plan, written: Any, tmp_path: Path
) -> None:
    """A service whose metrics have another name is down for ever, or never."""
    read = discovered(written, "services", pods(plan), tmp_path)
    assert {each["nexus_node"]: each["namespace"] for each in read} == {
        name: f"nexus-{service.domain}" for name, service in catalog.services.items()
    }
    assert len(read) == len(catalog.services)
    assert {each["stack"] for each in read} == {"dev"}
    named = next(each for each in written["scrape_configs"] if each["job_name"] == "services")
    (where,) = named["kubernetes_sd_configs"]
    assert set(where["namespaces"]["names"]) == {each["namespace"] for each in read}


def test_objects_and_containers_have_the_names_of_nodes(catalog: Catalog, plan: Plan) -> None:
    """Rules take a node's name from what kube-state-metrics and the kubelet say of an object."""
    nodes = {*catalog.services, *catalog.resources}
    watched = [
        each
        for each in plan.resources
        if each.type.split(":")[-1] in ("Deployment", "StatefulSet", "HorizontalPodAutoscaler")
    ]
    assert {each.inputs["metadata"]["name"] for each in watched} <= nodes
    pods = [
        each.inputs["spec"]["template"] for each in watched if "template" in each.inputs["spec"]
    ]
    assert len(pods) > len(catalog.services)
    for pod in pods:
        (container,) = pod["spec"]["containers"]
        assert container["name"] in nodes


def test_the_stacks_own_monitoring_reads_every_object_of_the_rules(catalog: Catalog) -> None:
    """A rule about objects that nobody reads is silent in the cluster, and in no other test."""
    written = [rules(catalog), *dashboards(catalog).values()]
    asked = {kind for text in written for kind in re.findall(r"kube_([a-z]+)_", text)}
    read = {kind.removesuffix("s") for kinds in KINDS.values() for kind in kinds}
    assert "statefulset" in asked
    assert asked <= read


def test_what_else_is_read(written: Any, tmp_path: Path) -> None:
    """Without kube-state-metrics no outage is seen at all."""
    service = f"{META}_service_label_app_kubernetes_io_name"
    port = f"{META}_endpoint_port_name"
    ours = {service: "kube-state-metrics", port: "http"}
    others = [{service: "kube-state-metrics", port: "metrics"}, {service: "shop", port: "http"}]
    (read,) = discovered(written, "objects", [ours, *others], tmp_path)
    assert read["stack"] == "dev"
    (node,) = discovered(written, "kubelets", [{f"{META}_node_name": "worker-1"}], tmp_path)
    assert node["stack"] == "dev"
    paths = {each["job_name"]: each.get("metrics_path") for each in written["scrape_configs"]}
    assert paths["kubelets"] == "/metrics"
    assert paths["containers"] == "/metrics/cadvisor"


def test_prometheus_takes_it(written: Any, tmp_path: Path) -> None:
    """A file that Prometheus refuses leaves it with the one of yesterday, or dead."""
    # Debian's Prometheus is built without the discovery of Kubernetes' objects.
    jobs = [
        {key: value for key, value in job.items() if key != "kubernetes_sd_configs"}
        for job in written["scrape_configs"]
    ]
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump({**written, "scrape_configs": jobs}))
    promtool("check", "config", "--syntax-only", "prometheus.yml", folder=tmp_path)


def test_a_port_for_metrics_is_what_is_read() -> None:
    """The port that callers get answers to metrics with 404, and nobody looks."""
    shapes = ROOT / "examples" / "shapes"
    document = yaml.safe_load(nexus("monitoring", "--format", "prometheus", project=shapes).stdout)
    keep = document["scrape_configs"][0]["relabel_configs"][0]["regex"].split("|")
    assert {"orders;9090", "mailer;9090"} <= set(keep)
    assert not any(each.startswith(("orders;8080", "sweeper;")) for each in keep)
