"""The RabbitMQ bootstrap script against bad input, bad servers and curious readers of logs."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar

import pytest

from tests.components.servers.vhost_jobs import bootstrap
from tests.servers.rabbitmq import ADMIN, ADMIN_PASSWORD, RabbitServer

pytestmark = pytest.mark.xdist_group("rabbitmq")


class Impostor(BaseHTTPRequestHandler):
    """Answers everything in one way and notes who sent which credentials."""

    status = 200
    headers_sent: ClassVar[dict[str, str]]
    seen: ClassVar[list[str]]

    def do_GET(self) -> None:
        self.seen.append(self.headers.get("Authorization", ""))
        self.send_response(self.status)
        for name, value in self.headers_sent.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"<html>")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass


@contextmanager
def impostor(status: int, **headers: str) -> Generator[tuple[str, list[str]]]:
    """A web server that is no RabbitMQ; gives its URL and the credentials it was sent."""
    seen: list[str] = []
    members = {"status": status, "headers_sent": headers, "seen": seen}
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Impostor,), members)) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", seen
        finally:
            server.shutdown()
            thread.join()


def test_no_password_reaches_output_or_log(rabbitmq: RabbitServer) -> None:
    """Outage: passwords stand in the broker's log, and everybody who reads logs has them."""
    for secret in ("Sesame-one", "Sesame-two"):
        outcome = bootstrap(rabbitmq, "quiet", secret)
        assert outcome.code == 0, outcome
        assert secret not in outcome.output
    assert bootstrap(rabbitmq, "quiet", "Sesame-3", master=(ADMIN, "Sesame-no")).code == 1
    log = rabbitmq.log.read_text()
    assert "quiet" in log
    assert "Sesame" not in log


def test_a_wrong_master_password_is_said_at_once(rabbitmq: RabbitServer) -> None:
    """Outage: a Job waits two minutes, four times, before it says what it knew at once."""
    outcome = bootstrap(rabbitmq, "scheduler", master=(ADMIN, "Wrong-one"))
    assert outcome.code == 1
    start = f'rabbitmq bootstrap: RabbitMQ at {rabbitmq.url} refuses the master user "{ADMIN}": '
    assert outcome.output.startswith(start)
    assert outcome.output.endswith("correct its Secret.\n")
    assert outcome.output.count("\n") == 1
    assert "Wrong-one" not in outcome.output


def test_a_master_without_rights_is_named(rabbitmq: RabbitServer) -> None:
    """Outage: half of a service's part is made before the first refusal."""
    rabbitmq.put("users/watcher", {"password": "watching", "tags": "monitoring"})
    outcome = bootstrap(rabbitmq, "never", master=("watcher", "watching"))
    assert outcome.code == 1
    assert 'its user "watcher" lacks the tag administrator' in outcome.output
    assert "never" not in {vhost["name"] for vhost in rabbitmq.get("vhosts")}


def test_a_broker_that_is_not_there_ends_the_wait(rabbitmq: RabbitServer) -> None:
    """Outage: a Job hangs for ever, and so does the deployment behind it."""
    started = time.monotonic()
    settings = {"WAIT_SECONDS": "1", "MANAGEMENT_URL": "http://127.0.0.1:1"}
    outcome = bootstrap(rabbitmq, "scheduler", settings=settings)
    assert time.monotonic() - started >= 1
    assert outcome.code == 1
    assert "http://127.0.0.1:1 did not answer within 1 s: " in outcome.output
    assert "Connection refused" in outcome.output
    assert outcome.output.count("\n") == 1


def test_a_broker_in_trouble_is_waited_for(rabbitmq: RabbitServer) -> None:
    """Outage: a Job gives up while the broker is still starting."""
    with impostor(503) as (url, seen):
        settings = {"WAIT_SECONDS": "1", "MANAGEMENT_URL": url}
        outcome = bootstrap(rabbitmq, "scheduler", settings=settings)
    assert outcome.code == 1
    assert "did not answer within 1 s" in outcome.output
    assert len(seen) > 1


def test_a_redirect_is_not_followed(rabbitmq: RabbitServer) -> None:
    """Outage: whoever can redirect the request gets the administrator's password."""
    with impostor(200) as (elsewhere, seen), impostor(302, Location=elsewhere) as (url, _):
        outcome = bootstrap(rabbitmq, "scheduler", settings={"MANAGEMENT_URL": url})
    assert outcome.code == 1
    assert "302" in outcome.output
    assert seen == []


def test_something_else_on_the_port_is_named(rabbitmq: RabbitServer) -> None:
    """Outage: a wrong port gives a traceback instead of a reason."""
    with impostor(200) as (url, _):
        outcome = bootstrap(rabbitmq, "scheduler", settings={"MANAGEMENT_URL": url})
    assert outcome.code == 1
    assert "does not answer as RabbitMQ's management API" in outcome.output
    assert outcome.output.count("\n") == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"VHOST": ""}, "VHOST is not set"),
        ({"USERNAME": ""}, "USERNAME is not set"),
        ({"VHOST": ".."}, "GET /api/vhosts/.. was refused"),
        ({"USERNAME": ADMIN}, f'USERNAME "{ADMIN}" is the master\'s own'),
        ({"MANAGEMENT_URL": ""}, "MANAGEMENT_URL is not set"),
        ({"MANAGEMENT_URL": "file:///etc/passwd"}, "MANAGEMENT_URL is no URL"),
        ({"MANAGEMENT_URL": f"http://x:{ADMIN_PASSWORD}@h"}, "MANAGEMENT_URL is no URL"),
        ({"VHOST_MAX_QUEUES": "many"}, 'VHOST_MAX_QUEUES is "many"'),
        ({"WAIT_SECONDS": "0"}, 'WAIT_SECONDS is "0"'),
        ({"SECRETS_DIR": "/nowhere"}, "cannot read /nowhere/master/username"),
    ],
)
def test_bad_settings_are_named(
    rabbitmq: RabbitServer, settings: dict[str, str], message: str
) -> None:
    """Outage: a typing mistake gives a traceback, or the administrator to a service."""
    outcome = bootstrap(rabbitmq, "scheduler", settings=settings)
    assert outcome.code == 1
    assert message in outcome.output
    assert outcome.output.count("\n") == 1
    assert ADMIN_PASSWORD not in outcome.output


@pytest.mark.parametrize("password", ["", "a\nb"])
def test_a_bad_password_file_is_named(rabbitmq: RabbitServer, password: str) -> None:
    """Outage: a service gets an empty password, and anybody can be it."""
    outcome = bootstrap(rabbitmq, "scheduler", password)
    assert outcome.code == 1
    assert "service/password has to hold exactly one line" in outcome.output
