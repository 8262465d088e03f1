"""The RabbitMQ bootstrap script beside other runs of itself."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests.components.servers.vhost_jobs import bootstrap, password_of
from tests.servers.amqp import amqp
from tests.servers.rabbitmq import RabbitServer

pytestmark = pytest.mark.xdist_group("rabbitmq")


@contextmanager
def slower_than_another(broker: RabbitServer, losses: int) -> Generator[str]:
    """A relay to the broker through which another run is always first to make the user.

    Args:
        broker: what it stands in front of.
        losses: how many PUTs of users are answered as RabbitMQ 3.10 answers the second of two
            at once; the user is there afterwards.
    """
    left = [losses]

    class Relay(BaseHTTPRequestHandler):
        def relay(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
            headers = {name: self.headers[name] for name in ("Authorization", "Content-Type")}
            request = urllib.request.Request(
                broker.url + self.path, data=body, method=self.command, headers=headers
            )
            try:
                with urllib.request.urlopen(request) as response:
                    status, answer = response.status, response.read()
            except urllib.error.HTTPError as error:
                with error:
                    status, answer = error.code, error.read()
            if self.command == "PUT" and self.path.startswith("/api/users/") and left[0]:
                left[0] -= 1
                reason = ["user_already_exists", self.path.rpartition("/")[2]]
                status, answer = (
                    400,
                    json.dumps({"error": "bad_request", "reason": reason}).encode(),
                )
            self.send_response(status)
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_PUT = do_DELETE = relay  # noqa: N815 - the names are the base's

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Relay) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_runs_at_the_same_time_agree(rabbitmq: RabbitServer) -> None:
    """Outage: a Job that is retried while its first pod still runs fails both."""
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda _: bootstrap(rabbitmq, "together"), range(4)))
    assert [outcome.code for outcome in outcomes] == [0] * 4, outcomes
    with amqp(rabbitmq.amqp_port, "together", password_of("together"), "together"):
        pass


def test_a_run_that_is_second_carries_on(rabbitmq: RabbitServer) -> None:
    """Outage: as above, seen once in twenty times only."""
    with slower_than_another(rabbitmq, losses=1) as url:
        outcome = bootstrap(rabbitmq, "second", settings={"MANAGEMENT_URL": url})
    assert outcome.code == 0, outcome
    with amqp(rabbitmq.amqp_port, "second", password_of("second"), "second"):
        pass


def test_a_run_that_always_loses_says_so(rabbitmq: RabbitServer) -> None:
    """Outage: a Job repeats one request for ever and holds the deployment."""
    with slower_than_another(rabbitmq, losses=1_000) as url:
        outcome = bootstrap(rabbitmq, "loser", settings={"MANAGEMENT_URL": url})
    assert outcome.code == 1
    assert "PUT /api/users/loser was refused: 400" in outcome.output
