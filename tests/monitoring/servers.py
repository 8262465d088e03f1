"""A real Prometheus and Alertmanager, and the webhook that they tell."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Callable, Generator, Sequence
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
def alerting(routes: Callable[[str], str], port: int, folder: Path) -> Generator[str]:
    """The address of an Alertmanager that tells `port`, and whose files lie in `folder`.

    Args:
        routes: its configuration, for a folder of receivers.
        port: of a `Loopback`.
        folder: an empty one.
    """
    configuration = routes(str(folder))
    for receiver in yaml.safe_load(configuration)["receivers"]:
        name = receiver["name"]
        (folder / name).write_text(f"http://127.0.0.1:{port}/{name}")
    (folder / "alertmanager.yml").write_text(configuration)
    listening = f"127.0.0.1:{free_port()}"
    command = [
        str(alertmanager() / "alertmanager"),
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'alerts'}",
        f"--web.listen-address={listening}",
        "--cluster.listen-address=",
    ]
    url = f"http://{listening}"
    with running(command, log=folder / "log", ready=lambda: _ready(url)):
        yield url


@contextmanager
def reading(
    program: Path, rules: str, port: int, look: str, folder: Path, alertmanager: str = ""
) -> Generator[str]:
    """The address of a Prometheus with rules, whose files lie in `folder`.

    Args:
        program: Prometheus.
        rules: its file of rules.
        port: of the metrics that it reads.
        look: a duration, how often it reads and evaluates.
        folder: an empty one, or an Alertmanager's.
        alertmanager: whom it tells, if anybody.
    """
    job = {
        "job_name": "platforms",
        "honor_labels": True,
        "scrape_timeout": look,
        "static_configs": [{"targets": [f"127.0.0.1:{port}"]}],
    }
    with configured(program, rules, [job], look, folder, alertmanager) as url:
        yield url


@contextmanager
def configured(
    program: Path,
    rules: str,
    jobs: Sequence[dict[str, Any]],
    look: str,
    folder: Path,
    alertmanager: str = "",
) -> Generator[str]:
    """The same with scrape jobs of one's own."""
    (folder / "rules.yml").write_text(rules)
    document: dict[str, Any] = {
        "global": {"scrape_interval": look, "evaluation_interval": look},
        "rule_files": ["rules.yml"],
        "scrape_configs": list(jobs),
    }
    if alertmanager:
        target = alertmanager.removeprefix("http://")
        document["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [target]}]}]}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(document))
    listening = f"127.0.0.1:{free_port()}"
    command = [
        str(program),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={listening}",
    ]
    url = f"http://{listening}"
    with running(command, log=folder / "log", ready=lambda: _ready(url)):
        yield url


@contextmanager
def watching(rules: str, routes: Callable[[str], str], port: int, look: str) -> Generator[str]:
    """The newest Prometheus and Alertmanager, which read `port` every `look` and tell it.

    Args:
        rules: Prometheus' rules.
        routes: Alertmanager's configuration, for a folder of receivers.
        port: of a `Loopback`.
        look: a duration.

    Yields:
        Prometheus' address.
    """
    with (
        scratch_folder("monitoring") as folder,
        alerting(routes, port, folder) as told,
        reading(prometheus() / "prometheus", rules, port, look, folder, told) as url,
    ):
        yield url


def _ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/-/ready", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False
