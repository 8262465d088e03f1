"""A real collector on a folder of pods' logs, and the VictoriaLogs that it sends them to."""

from __future__ import annotations

import json
import os
import threading
import time
import urllib.parse
import urllib.request
import uuid
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from go_build import built

from monitoring.collecting import HEALTH_PORT, NODE_VARIABLE
from tests.patience import PATIENCE_SECONDS
from tests.projects import ROOT
from tests.servers.running import free_port, running, scratch_folder

MOMENT = "2026-01-31T09:00:00.123456789Z"
"""When every line was printed."""

HEALTH = f"0.0.0.0:{HEALTH_PORT}"

OF_PLACE = ("-storageDataPath", "-httpListenAddr")
"""Options of VictoriaLogs that say where it is."""


def collector() -> Path:
    """The collector, built once."""
    folder = built(
        "collector", ROOT / "tools" / "collector", {"otelcol": "."}, takes="five minutes"
    )
    return folder / "otelcol"


def victoria_logs() -> Path:
    """VictoriaLogs, built once."""
    package = "github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs"
    module = ROOT / "tools" / "victoria-logs"
    folder = built("victoria-logs", module, {"victoria-logs": package}, takes="half a minute")
    return folder / "victoria-logs"


def printed(folder: Path, container: str, lines: Iterable[str], *, size: int = 16384) -> None:
    """Writes what a container prints, as containerd does: cut into parts of `size` characters.

    Args:
        folder: of all pods' logs.
        container: `namespace/service`.
    """
    namespace, service = container.split("/")
    pod = folder / f"{namespace}_{service}-5d8f-x2k4q_{uid(service)}" / service
    pod.mkdir(parents=True, exist_ok=True)
    with (pod / "0.log").open("a", encoding="utf-8") as file:
        for line in lines:
            parts = [line[at : at + size] for at in range(0, len(line), size)] or [""]
            for part in parts[:-1]:
                file.write(f"{MOMENT} stdout P {part}\n")
            file.write(f"{MOMENT} stdout F {parts[-1]}\n")


def uid(service: str) -> str:
    """Of the pod of a service."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, service))


@contextmanager
def api_server(
    pods: Iterable[Mapping[str, Any]], folder: Path, *, silent_seconds: float = 0
) -> Generator[Path]:
    """An API server that shows these pods and nothing else, and the kubeconfig that leads there.

    Args:
        pods: as it shows them.
        folder: for the kubeconfig.
        silent_seconds: for how long each answer lets wait for itself.
    """
    listed = {"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}}
    answer = json.dumps({**listed, "items": [*pods]}).encode()
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            if path != "/api/v1/pods":
                self.send_error(403)
                return
            asked = urllib.parse.parse_qs(query)
            # Streaming lists are new; who is refused one asks as ever.
            refused = "sendInitialEvents" in asked
            ended.wait(silent_seconds)
            self.send_response(400 if refused else 200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            if "watch" not in asked:
                self.wfile.write(answer)
            elif not refused:
                self.wfile.flush()
                ended.wait()

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    cluster = {"server": f"http://127.0.0.1:{server.server_address[1]}"}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "one",
        "contexts": [{"name": "one", "context": {"cluster": "one", "user": "one"}}],
        "clusters": [{"name": "one", "cluster": cluster}],
        "users": [{"name": "one", "user": {}}],
    }
    (folder / "kubeconfig").write_text(json.dumps(config))
    try:
        yield folder / "kubeconfig"
    finally:
        ended.set()
        server.shutdown()
        server.server_close()


@dataclass(frozen=True, kw_only=True)
class Store:
    """A VictoriaLogs at an address."""

    url: str

    def found(self, tenant: int, query: str = "*", least: int = 1) -> list[dict[str, Any]]:
        """What a tenant finds, once that is `least` records."""
        request = urllib.request.Request(
            f"{self.url}/select/logsql/query",
            data=urllib.parse.urlencode({"query": query, "start": "2020-01-01Z"}).encode(),
            headers={"AccountID": str(tenant)},
        )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
                records = [json.loads(line) for line in answer.read().splitlines()]
            if len(records) >= least or time.monotonic() > deadline:
                return records
            time.sleep(0.2)


@contextmanager
def storing(options: Iterable[str] = ("-retentionPeriod=100y",)) -> Generator[Store]:
    """A VictoriaLogs with some options, whose data is gone at the end."""
    with scratch_folder("logs") as folder:
        listening = f"127.0.0.1:{free_port()}"
        command = [
            str(victoria_logs()),
            *(each for each in options if not each.startswith(OF_PLACE)),
            f"-storageDataPath={folder / 'data'}",
            f"-httpListenAddr={listening}",
        ]
        url = f"http://{listening}"
        with running(command, log=folder / "log", ready=lambda: answers(f"{url}/health")):
            yield Store(url=url)


@contextmanager
def reading(configuration: str, kubeconfig: Path) -> Generator[int]:
    """A collector with a configuration, outside of the cluster that it asks for labels.

    Yields:
        The id of its process.
    """
    with scratch_folder("collector") as folder:
        health = f"127.0.0.1:{free_port()}"
        text = configuration.replace(HEALTH, health)
        text = text.replace("auth_type: serviceAccount", "auth_type: kubeConfig")
        (folder / "collector.yml").write_text(text, encoding="utf-8")
        command = [str(collector()), f"--config={folder / 'collector.yml'}"]
        log = folder / "log"
        env = {**os.environ, "KUBECONFIG": str(kubeconfig), NODE_VARIABLE: "node"}
        with running(
            command, log=log, ready=lambda: answers(f"http://{health}/"), env=env
        ) as process:
            yield process.pid


def answers(url: str) -> bool:
    """Whether somebody answers there with success."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False
