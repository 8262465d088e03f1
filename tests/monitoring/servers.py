"""A real Prometheus and Alertmanager, and the webhook that they tell."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml
from go_build import built

from tests.projects import ROOT
from tests.servers.running import free_port, running, scratch_folder

_PROMETHEUS = "github.com/prometheus/prometheus/cmd"
_ALERTMANAGER = "github.com/prometheus/alertmanager/cmd"


def prometheus() -> Path:
    """The folder of `prometheus` and `promtool`, built once."""
    return built(
        "prometheus",
        ROOT / "tools" / "prometheus",
        {name: f"{_PROMETHEUS}/{name}" for name in ("prometheus", "promtool")},
        takes="ten minutes",
        flags=["-tags", "remove_all_sd"],
    )


def alertmanager() -> Path:
    """The folder of `alertmanager` and `amtool`, built once."""
    return built(
        "alertmanager",
        ROOT / "tools" / "alertmanager",
        {name: f"{_ALERTMANAGER}/{name}" for name in ("alertmanager", "amtool")},
        takes="three minutes",
    )


@dataclass(kw_only=True)
class Loopback:
    """A server of metrics and of a webhook; `told` holds what each receiver was sent."""

    text: Callable[[], str]
    told: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])

    @contextmanager
    def serving(self) -> Generator[int]:
        """The port that it answers on."""
        loopback = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(loopback.text().encode())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                loopback.told.append((self.path.strip("/"), json.loads(body)))
                self._answer(b"")

            def _answer(self, body: bytes) -> None:
                self.send_response(200)
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
def watching(rules: str, routes: Callable[[str], str], port: int, look: str) -> Generator[str]:
    """Prometheus and Alertmanager that read `port` every `look` and tell it what they have to.

    Args:
        rules: Prometheus' rules.
        routes: Alertmanager's configuration, for a folder of receivers.
        port: of a `Loopback`.
        look: a duration.

    Yields:
        Prometheus' address.
    """
    with scratch_folder("monitoring") as folder:
        configuration = routes(str(folder))
        for receiver in yaml.safe_load(configuration)["receivers"]:
            name = receiver["name"]
            (folder / name).write_text(f"http://127.0.0.1:{port}/{name}")
        (folder / "alertmanager.yml").write_text(configuration)
        (folder / "rules.yml").write_text(rules)
        ports = [free_port(), free_port()]
        document = {
            "global": {"scrape_interval": look, "evaluation_interval": look},
            "rule_files": ["rules.yml"],
            "scrape_configs": [
                {
                    "job_name": "platforms",
                    "honor_labels": True,
                    "scrape_timeout": look,
                    "static_configs": [{"targets": [f"127.0.0.1:{port}"]}],
                }
            ],
            "alerting": {
                "alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{ports[1]}"]}]}]
            },
        }
        (folder / "prometheus.yml").write_text(yaml.safe_dump(document))
        urls = [f"http://127.0.0.1:{each}" for each in ports]
        manager = [
            str(alertmanager() / "alertmanager"),
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'alerts'}",
            f"--web.listen-address=127.0.0.1:{ports[1]}",
            "--cluster.listen-address=",
        ]
        server = [
            str(prometheus() / "prometheus"),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{ports[0]}",
        ]
        log = folder / "log"
        with (
            running(manager, log=log, ready=lambda: _ready(urls[1])),
            running(server, log=log, ready=lambda: _ready(urls[0])),
        ):
            yield urls[0]


def _ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/-/ready", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False
