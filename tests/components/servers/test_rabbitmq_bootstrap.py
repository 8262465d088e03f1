"""The RabbitMQ bootstrap script against a real broker: who gets in where, and what stays."""

from __future__ import annotations

import urllib.error
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest

from components.servers.bootstrap.rabbitmq import QUEUE_TYPES, Broker, give_vhost
from tests.components.servers.vhost_jobs import SERVICES, bootstrap, password_of
from tests.servers.amqp import RefusedError, amqp
from tests.servers.rabbitmq import ADMIN, RabbitServer

pytestmark = pytest.mark.xdist_group("rabbitmq")

PAIRS = [(service, other) for service in SERVICES for other in (*SERVICES, "/") if service != other]


@pytest.fixture(scope="module")
def ready(rabbitmq: RabbitServer) -> RabbitServer:
    """The broker after every service's script ran, both at once."""
    with ThreadPoolExecutor(len(SERVICES)) as pool:
        for outcome in pool.map(lambda service: bootstrap(rabbitmq, service), SERVICES):
            assert outcome.code == 0, outcome
            assert outcome.output.endswith("is ready: vhost, user, permissions.\n")
    return rabbitmq


def test_a_second_run_changes_nothing(ready: RabbitServer) -> None:
    """Outage: every deployment closes the connections of running services."""
    before = ready.get("definitions")
    assert {user["name"] for user in before["users"]} >= set(SERVICES)
    for service in SERVICES:
        outcome = bootstrap(ready, service)
        line = f'rabbitmq bootstrap: vhost "{service}" is ready: no change.\n'
        assert (outcome.code, outcome.output) == (0, line)
    assert ready.get("definitions") == before


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_sends_and_receives_in_its_own(ready: RabbitServer, service: str) -> None:
    """Outage: jobs are neither queued nor fetched."""
    with amqp(ready.amqp_port, service, password_of(service), service) as client:
        client.declare("jobs")
        client.publish("jobs", b"work")
        assert client.get("jobs") == b"work"


@pytest.mark.parametrize(("service", "other"), PAIRS)
def test_a_service_is_refused_at_every_other_vhost(
    ready: RabbitServer, service: str, other: str
) -> None:
    """Outage: one leaked password reads and forges every service's jobs."""
    with (
        pytest.raises(RefusedError, match="refused for user") as refusal,
        amqp(ready.amqp_port, service, password_of(service), other),
    ):
        pass
    assert refusal.value.code == 530


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_no_say_in_the_management(ready: RabbitServer, service: str) -> None:
    """Outage: a service's password makes users and deletes vhosts."""
    with pytest.raises(urllib.error.HTTPError) as refusal:
        ready.get("vhosts", service, password_of(service))
    refusal.value.close()
    assert refusal.value.code == 401


def test_a_new_password_replaces_the_old_one(ready: RabbitServer) -> None:
    """Outage: after a rotation the old password still works, or the new one does not."""
    with amqp(ready.amqp_port, "scheduler", password_of("scheduler"), "scheduler") as client:
        client.declare("kept")
        client.publish("kept", b"before")
    outcome = bootstrap(ready, "scheduler", "fresh")
    line = 'rabbitmq bootstrap: vhost "scheduler" is ready: user.\n'
    assert (outcome.code, outcome.output) == (0, line)
    with amqp(ready.amqp_port, "scheduler", "fresh", "scheduler") as client:
        assert client.get("kept") == b"before"
    with (
        pytest.raises(RefusedError),
        amqp(ready.amqp_port, "scheduler", password_of("scheduler"), "scheduler"),
    ):
        pass
    assert bootstrap(ready, "scheduler").code == 0


def test_what_was_changed_by_hand_is_put_right(ready: RabbitServer) -> None:
    """Outage: rights that somebody gave in an incident stay for ever."""
    before = ready.get("definitions")
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    ready.put("permissions/streamcore/scheduler", everything)
    ready.put("permissions/scheduler/scheduler", everything | {"write": "^$"})
    ready.put("users/scheduler", {"password": "other", "tags": "administrator"})
    outcome = bootstrap(ready, "scheduler")
    changes = "user, permissions on streamcore taken away, permissions"
    assert outcome.output == f'rabbitmq bootstrap: vhost "scheduler" is ready: {changes}.\n'
    after = ready.get("definitions")
    for definitions in (before, after):
        for user in definitions["users"]:
            del user["password_hash"]  # salted anew
        definitions["permissions"].sort(key=str)
        definitions["users"].sort(key=str)
    assert after == before


def test_limits_are_set_and_changed(ready: RabbitServer) -> None:
    """Outage: one service's leak takes the broker's connections from all others."""
    limits = {"VHOST_MAX_CONNECTIONS": "1", "VHOST_MAX_QUEUES": "7"}
    outcome = bootstrap(ready, "limited", settings=limits)
    assert outcome.output.endswith("vhost, max-connections, max-queues, user, permissions.\n")
    assert bootstrap(ready, "limited", settings=limits).output.endswith("no change.\n")
    assert bootstrap(ready, "limited").output.endswith("no change.\n")
    with (
        amqp(ready.amqp_port, "limited", password_of("limited"), "limited"),
        pytest.raises(RefusedError, match="connection limit"),
        amqp(ready.amqp_port, "limited", password_of("limited"), "limited"),
    ):
        pass
    outcome = bootstrap(ready, "limited", settings=limits | {"VHOST_MAX_QUEUES": "8"})
    assert outcome.output.endswith("is ready: max-queues.\n")
    held = ready.get("vhost-limits/limited")
    assert held[0]["value"] == {"max-connections": 1, "max-queues": 8}


def test_the_queue_type_is_that_of_the_first_run(ready: RabbitServer) -> None:
    """Outage: after another type every client that declares its queues again is refused (406)."""
    knows = tuple(map(int, ready.get("overview")["rabbitmq_version"].split(".")[:2])) >= (3, 11)
    for given, made in (("quorum", "quorum"), ("classic", "quorum"), ("", "quorum")):
        assert bootstrap(ready, "typed", settings={"VHOST_QUEUE_TYPE": given}).code == 0
        # An older broker has classic queues alone, and overlooks the field.
        type_now = ready.get("vhosts/typed")["default_queue_type"]
        assert type_now == (made if knows else "undefined")


class Noted(Broker):
    """A broker that has nothing yet, and the bodies of what it was sent."""

    def call(self, method: str, *path: str, body: object = None, attempts: int = 3) -> Any:
        del attempts
        if method == "PUT":
            sent[path] = body
            return None
        return sent.get(path)


sent: dict[tuple[str, ...], object] = {}


@pytest.mark.parametrize("kind", QUEUE_TYPES)
def test_the_queue_type_is_sent_once(kind: str) -> None:
    """The broker of these tests may be too old to tell."""
    sent.clear()
    broker = Noted(url="", username="", password="")
    assert give_vhost(broker, "cart", {"default_queue_type": kind}, {}) == ["vhost"]
    assert sent == {("vhosts", "cart"): {"default_queue_type": kind}}
    assert give_vhost(broker, "cart", {"default_queue_type": "other"}, {}) == []
    assert sent == {("vhosts", "cart"): {"default_queue_type": kind}}


@pytest.mark.parametrize("hostile", ["a/b", "../x", "%2f", "a?b#c", 'qu"ote', "ü n", "x\\y"])
def test_hostile_names_stay_names(ready: RabbitServer, hostile: str) -> None:
    """Outage: a name with a slash in it changes another service's vhost."""
    before = {vhost["name"] for vhost in ready.get("vhosts")}
    outcome = bootstrap(ready, hostile)
    assert outcome.code == 0, outcome
    assert {vhost["name"] for vhost in ready.get("vhosts")} - before == {hostile}
    assert bootstrap(ready, hostile).output.endswith("no change.\n")
    permissions = ready.get(f"users/{quote(hostile, safe='')}/permissions")
    assert [permission["vhost"] for permission in permissions] == [hostile]
    assert ADMIN not in {permission["user"] for permission in permissions}
