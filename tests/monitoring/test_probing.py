"""What a real blackbox exporter and Prometheus see of a small platform, from outside and inside."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml

from catalog import Catalog, load_catalog
from monitoring.rules import rules
from monitoring.timing import Timing
from nexus.plan.plan import Plan
from stacks.probed import PORTS
from tests.monitoring.servers import configured
from tests.monitoring.test_rules import promtool
from tests.nexus.cli.typed import nexus
from tests.patience import PATIENCE_SECONDS, waited
from tests.projects import project_of, set_config
from tests.servers.found import found
from tests.servers.running import free_port, running, scratch_folder

TIMING = Timing(scale=30)

PLATFORM = """
domain: shop
services:
  stock:
    summary: Counts what is there
    tier: core
    needs: [postgres]
    run:
      ports: {rtmp: {port: 1935, protocol: tcp}}
  cart:
    summary: Holds what a customer wants
    tier: domain
    needs: [stock]
    run:
      ports: {grpc: {port: 9000, protocol: grpc}, metrics: 9090}
      health: {grpc: grpc, service: shop.Cart}
  front:
    summary: Shows the cart
    tier: frontend
    needs:
      - cart
      - target: load-balancer
        order: runtime
        reason: Open to the world.
    run:
      health: {http: /ready}
  office:
    summary: Is in no flow
    tier: frontend
    needs: [cart]
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three hops and a database, of HTTP, gRPC and plain TCP."""
    folder = tmp_path_factory.mktemp("probed") / "project"
    project = project_of(folder, PLATFORM, {"buying": ["front", "cart", "stock", "postgres"]})
    set_config(project, "dev", host="shop.example.com")
    return project


@pytest.fixture(scope="module")
def job(project: Path) -> Any:
    """Prometheus' job, as it is typed for."""
    document = yaml.safe_load(nexus("monitoring", "--format", "prometheus", project=project).stdout)
    (found_job,) = (each for each in document["scrape_configs"] if each["job_name"] == "probes")
    return found_job


def asked(job: Any) -> dict[str, tuple[str, str]]:
    """Address and module of each probe, by the node, or by where it is asked from."""
    return {
        labels.get("nexus_node", labels.get("nexus_probe")): (address, labels["__param_module"])
        for each in job["static_configs"]
        for address in each["targets"]
        for labels in [each["labels"]]
    }


def test_each_flow_is_probed_from_outside_and_each_hop_inside(job: Any) -> None:
    """A hop that nobody tries is found broken by visitors."""
    assert asked(job) == {
        "outside": ("http://shop.example.com/ready", "visitor"),
        "front": ("http://front.nexus-shop.svc:8080/ready", "http"),
        "cart": ("cart.nexus-shop.svc:9000", "grpc-shop.Cart"),
        "stock": ("stock.nexus-shop.svc:1935", "tcp"),
        "postgres": ("postgres.nexus-data.svc:5432", "tcp"),
    }


def test_where_visitors_come_in_is_what_the_settings_say(project: Path) -> None:
    """A probe of another address than that of visitors is well while they see nothing."""

    def entrance(stack: str) -> str | None:
        written = nexus("monitoring", "--format", "prometheus", "--stack", stack, project=project)
        jobs = yaml.safe_load(written.stdout)["scrape_configs"]
        (probes,) = (each for each in jobs if each["job_name"] == "probes")
        return asked(probes).get("outside", (None, ""))[0]

    set_config(project, "dev", certificates="letsEncrypt")
    assert entrance("dev") == "https://shop.example.com/ready"
    # From inside of a pod that is the pod.
    set_config(project, "dev", certificates=None, host="nexus.localhost")
    assert entrance("dev") is None
    set_config(project, "dev", host="shop.example.com")
    assert entrance("staging") == "https://staging.nexus.example.com/ready"


def test_the_addresses_are_those_of_the_plan(plan: Plan, catalog: Catalog) -> None:
    """A probe of an address that is nobody's calls a server down that works."""
    listening = {
        f"{each.inputs['metadata']['name']}.{each.inputs['metadata']['namespace']}.svc:"
        f"{port['port']}"
        for each in plan.resources
        if each.type == "kubernetes:core/v1:Service"
        for port in each.inputs["spec"]["ports"]
    }
    document = yaml.safe_load(nexus("monitoring", "--format", "prometheus").stdout)
    *_, probes = document["scrape_configs"]
    found_out = {
        name: address.removeprefix("http://").split("/")[0]
        for name, (address, _) in asked(probes).items()
    }
    assert set(found_out.values()) <= listening
    # Nothing in this stack is a CDN.
    assert set(found_out) == {step for flow in catalog.flows for step in flow.steps} - {"cdn"}
    assert {f"{name}.nexus-data.svc:{port}" for name, port in PORTS.items()} <= listening
    media = nexus("monitoring", "--format", "prometheus", "--stack", "prod").stdout
    assert "- media.nexus.example.com:443" in media


@dataclass(kw_only=True)
class Shop:
    """The platform, as far as probes see it, and what is said of its Deployments.

    Args:
        broken: what fails, of `outside`, `front` and `cart`.
    """

    broken: set[str] = field(default_factory=set[str])

    def metrics(self) -> str:
        """What kube-state-metrics would say."""
        labels = 'namespace="nexus-shop"'
        lines = [f"kube_deployment_spec_replicas{{{labels}}} 1"]
        for name in ("front", "cart", "stock", "office"):
            its = f'{labels},deployment="{name}"'
            lines.append(f"kube_deployment_status_replicas_available{{{its}}} 1")
        return "\n".join(lines) + "\n"

    @contextmanager
    def serving(self) -> Generator[dict[str, str]]:
        """Where each target of the probes really is, by what is asked for it."""
        with ExitStack() as stack:
            outside = stack.enter_context(_http(lambda: "outside" not in self.broken, "/ready"))
            front = stack.enter_context(_http(lambda: "front" not in self.broken, "/ready"))
            cart = stack.enter_context(_grpc(lambda: "cart" not in self.broken, "shop.Cart"))
            postgres = stack.enter_context(_http(lambda: True, "/"))
            yield {
                "outside": f"http://127.0.0.1:{outside}/ready",
                "front": f"http://127.0.0.1:{front}/ready",
                "cart": f"127.0.0.1:{cart}",
                "postgres": f"127.0.0.1:{postgres}",
                "metrics": f"127.0.0.1:{stack.enter_context(_http(self.metrics, '/metrics'))}",
            }


@contextmanager
def _http(answer: Callable[[], bool | str], path: str) -> Generator[int]:
    """The port of a server that answers at one path."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answer() if self.path == path else False
            body = (found if isinstance(found, str) else "").encode()
            self.send_response(200 if found else 503)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def _grpc(healthy: Callable[[], bool], service: str) -> Generator[int]:
    """The port of a server that speaks gRPC's health protocol of one service."""

    def check(request: bytes, context: grpc.ServicerContext) -> bytes:
        # Both messages have one field, whose first byte is its number and kind.
        name = service.encode()
        if request != b"\x0a" + bytes([len(name)]) + name:
            context.abort(grpc.StatusCode.NOT_FOUND, "no such service")
        return b"\x08\x01" if healthy() else b"\x08\x02"

    method = grpc.unary_unary_rpc_method_handler(check)
    handler = grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": method})
    server = grpc.server(ThreadPoolExecutor(max_workers=2))
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(None).wait()


@contextmanager
def prober(configuration: str, folder: Path) -> Generator[str]:
    """Host and port of a real blackbox exporter."""
    (folder / "blackbox.yml").write_text(configuration)
    listening = f"127.0.0.1:{free_port()}"

    def ready() -> bool:
        host, _, port = listening.partition(":")
        with socket.socket() as probe:
            return probe.connect_ex((host, int(port))) == 0

    told = f"--config.file={folder / 'blackbox.yml'}"
    command = [str(found().blackbox), told, f"--web.listen-address={listening}"]
    # Prometheus waits but a second here, of which half would be kept for the way.
    command.append("--timeout-offset=0")
    with running(command, log=folder / "blackbox.log", ready=ready):
        yield listening


def test_they_tell_where_it_breaks(project: Path, job: Any) -> None:
    """Visitors are shut out while every pod is ready, and all is green."""
    shop, look = Shop(), TIMING(TIMING.look)
    with (
        ExitStack() as listening,
        shop.serving() as places,
        scratch_folder("probes") as folder,
        prober(nexus("monitoring", "--format", "blackbox", project=project).stdout, folder) as port,
    ):
        places["stock"] = f"127.0.0.1:{listening.enter_context(_http(lambda: True, '/'))}"
        # The same job, with each name of the cluster in its place on loopback.
        statics = [
            {**each, "targets": [places[each["labels"].get("nexus_node", "outside")]]}
            for each in job["static_configs"]
        ]
        *relabelled, at, stack = job["relabel_configs"]
        assert at["target_label"] == "__address__"
        at = {**at, "replacement": port}
        jobs = [
            {**job, "static_configs": statics, "relabel_configs": [*relabelled, at, stack]},
            {
                "job_name": "objects",
                "static_configs": [{"targets": [places["metrics"]], "labels": {"stack": "dev"}}],
            },
        ]
        with configured(
            found().prometheus, rules(load_catalog(project), TIMING), jobs, look, folder
        ) as url:

            def series(query: str, label: str) -> dict[str, float]:
                query = urllib.parse.urlencode({"query": query})
                with urllib.request.urlopen(
                    f"{url}/api/v1/query?{query}", timeout=PATIENCE_SECONDS
                ) as answer:
                    result = json.load(answer)["data"]["result"]
                return {each["metric"].get(label, ""): float(each["value"][1]) for each in result}

            def down() -> set[str]:
                return set(series('nexus:node:down{stack="dev"}', "nexus_node"))

            def told() -> set[str]:
                return set(series('ALERTS{alertstate="firing",severity="page"}', "alertname"))

            inside = 'probe_success{nexus_node!=""}'
            hops = dict.fromkeys(("front", "cart", "stock", "postgres"), 1.0)
            waited(lambda: series(inside, "nexus_node") == hops)
            budget = 'nexus:flow:failing:ratio{objective="availability"}'
            waited(lambda: series("nexus:outside:down", "stack") == {"dev": 0})
            waited(lambda: series(budget, "flow") == {"buying": 0} and not down())

            shop.broken = {"outside"}
            waited(lambda: "NexusOutside" in told())
            assert not down()
            waited(lambda: series(budget, "flow") == {"buying": 1})

            # Now the gateway is down as well: that is the one page.
            shop.broken = {"outside", "front"}
            waited(lambda: "front" in down() and "NexusOutside" not in told())

            shop.broken = {"cart"}
            waited(lambda: down() == {"cart"})
            waited(lambda: series("nexus:outside:down", "stack") == {"dev": 0})
            listening.close()
            waited(lambda: down() == {"cart", "stock"})


def test_prometheus_and_the_exporter_take_it(project: Path, job: Any, tmp_path: Path) -> None:
    """A file that is refused leaves the one of yesterday."""
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump({"scrape_configs": [job]}))
    promtool("check", "config", "--syntax-only", "prometheus.yml", folder=tmp_path)
    (tmp_path / "blackbox.yml").write_text(
        nexus("monitoring", "--format", "blackbox", project=project).stdout
    )
    check = [found().blackbox, "--config.check", f"--config.file={tmp_path / 'blackbox.yml'}"]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
