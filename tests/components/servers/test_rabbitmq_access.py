"""Who publishes to an event bus and who consumes, against a real broker: with these keys alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module

import pytest

from tests.components.servers.vhost_jobs import bootstrap, password_of
from tests.servers.amqp import Amqp, RefusedError, amqp
from tests.servers.rabbitmq import ADMIN, RabbitServer
from tests.servers.script import SCRIPTS, Outcome

pytestmark = pytest.mark.xdist_group("rabbitmq")

OWNER, PUBLISHER, CONSUMER = "shop", "shop-front", "billing"
AsUser = Callable[[str, Callable[[Amqp], None]], None]
EVENTS, KEYS = "events", "order.* stock.# pay.now"


def give(server: RabbitServer, user: str, access: str, **settings: str) -> Outcome:
    """Run the Job of one user."""
    more = {
        "VHOST": OWNER,
        "EXCHANGE": EVENTS,
        "ACCESS": access,
        "ROUTING_KEYS": KEYS,
        "QUEUE_PREFIX": f"{user}.",
        "USER_MAX_CONNECTIONS": "20",
    }
    return bootstrap(server, user, settings=more | settings, script="rabbitmq_access.py")


@pytest.fixture(scope="module")
def bus(rabbitmq: RabbitServer) -> RabbitServer:
    """The broker after the owner's Job ran, and then those of its users."""
    assert bootstrap(rabbitmq, OWNER).code == 0
    changes = "exchange, user, max-connections, routing keys, permissions"
    for user, access in ((PUBLISHER, "publish"), (CONSUMER, "consume")):
        outcome = give(rabbitmq, user, access)
        line = (
            f'rabbitmq access: "{user}" may {access} at exchange "events" of "shop": {changes}.\n'
        )
        assert (outcome.code, outcome.output) == (0, line)
        changes = changes.removeprefix("exchange, ")
    return rabbitmq


@pytest.fixture
def as_user(bus: RabbitServer) -> AsUser:
    def run(user: str, step: Callable[[Amqp], None]) -> None:
        with amqp(bus.amqp_port, user, password_of(user), OWNER) as client:
            step(client)
            # What was refused in the meantime has closed the channel.
            client.declare_exchange(EVENTS, passive=True)

    return run


def refused(as_user: AsUser, user: str, step: Callable[[Amqp], None]) -> None:
    with pytest.raises(RefusedError) as refusal:
        as_user(user, step)
    assert refusal.value.code == 403, refusal.value


def test_what_is_published_is_consumed(as_user: AsUser, bus: RabbitServer) -> None:
    """An event bus that nothing gets through."""

    def listen(client: Amqp) -> None:
        client.declare("billing.paid")
        client.bind("billing.paid", EVENTS, "order.paid")
        client.bind("billing.paid", EVENTS, "stock.#")

    as_user(CONSUMER, listen)
    for key in ("order.paid", "stock.shoes.red", "order.new"):
        as_user(PUBLISHER, lambda client, key=key: client.publish(key, key.encode(), EVENTS))
    with amqp(bus.amqp_port, CONSUMER, password_of(CONSUMER), OWNER) as client:
        assert [client.get("billing.paid") for _ in range(2)] == [b"order.paid", b"stock.shoes.red"]
        with pytest.raises(AssertionError):
            client.get("billing.paid")


@pytest.mark.parametrize(
    "key", ["order.paid.late", "order", "user.new", "", "xorder.a", "pay.now\n"]
)
def test_a_publisher_has_the_granted_keys_alone(as_user: AsUser, key: str) -> None:
    """Whoever may tell of carts could tell of payments."""
    refused(as_user, PUBLISHER, lambda client: client.publish(key, b"forged", EVENTS))


@pytest.mark.parametrize("key", ["#", "order.#", "*.paid", "user.new", "order.paid.#"])
def test_a_consumer_has_the_granted_keys_alone(as_user: AsUser, key: str) -> None:
    """Whoever may hear of payments could hear of everything, by a binding that is wider."""

    def listen(client: Amqp) -> None:
        client.declare("billing.more")
        client.bind("billing.more", EVENTS, key)

    refused(as_user, CONSUMER, listen)

    def listen_in_between(client: Amqp) -> None:
        client.declare_exchange("billing.between")
        client.bind_exchange("billing.between", EVENTS, key)

    refused(as_user, CONSUMER, listen_in_between)


def test_who_publishes_may_not_consume(as_user: AsUser) -> None:
    """A service that only tells others could read what they are told, or take it away."""
    for step in (
        lambda client: client.declare("shop-front.ears"),
        lambda client: client.bind("billing.paid", EVENTS, "order.paid"),
        lambda client: client.get("billing.paid"),
        lambda client: client.publish("billing.paid", b"straight into a queue"),
        lambda client: client.declare_exchange("more"),
    ):
        refused(as_user, PUBLISHER, step)


def test_who_consumes_may_not_publish(as_user: AsUser) -> None:
    """A service that only listens could send orders."""
    for step in (
        lambda client: client.publish("order.paid", b"forged", EVENTS),
        lambda client: client.publish("jobs", b"straight into the owner's queue"),
        lambda client: client.declare("jobs"),
        lambda client: client.get("jobs"),
    ):
        refused(as_user, CONSUMER, step)


@pytest.mark.parametrize("user", [PUBLISHER, CONSUMER])
@pytest.mark.parametrize("vhost", ["/", "elsewhere"])
def test_nobody_gets_into_another_vhost(bus: RabbitServer, user: str, vhost: str) -> None:
    """The part of one service would be the door to all."""
    assert bootstrap(bus, "elsewhere").code == 0
    with (
        pytest.raises(RefusedError, match="refused for user"),
        amqp(bus.amqp_port, user, password_of(user), vhost),
    ):
        pass


def test_a_second_run_changes_nothing_and_another_grant_what_differs(bus: RabbitServer) -> None:
    """Every deployment would close the connections, or a grant that is taken back stays."""
    before = bus.get("definitions")
    for user, access in ((PUBLISHER, "publish"), (CONSUMER, "consume")):
        assert give(bus, user, access).output.endswith(": no change.\n")
    assert bus.get("definitions") == before
    assert bootstrap(bus, "once").code == 0  # had a vhost of its own until now
    outcome = give(bus, "once", "publish")
    assert "permissions on once taken away, permissions" in outcome.output
    outcome = give(bus, "once", "consume", ROUTING_KEYS="a")
    assert outcome.output.endswith(": routing keys, permissions.\n")
    held = bus.get("users/once/permissions")
    assert [(each["vhost"], each["write"]) for each in held] == [(OWNER, r"^once\.")]


def test_the_connections_of_a_user_are_limited(bus: RabbitServer) -> None:
    """A user that leaks connections takes those of the vhost's owner."""
    held = bus.get(f"user-limits/{CONSUMER}")
    assert [each["value"] for each in held] == [{"max-connections": 20}]


def test_an_exchange_that_looks_at_no_keys_is_refused(bus: RabbitServer) -> None:
    """Routing keys would be granted and not be looked at."""
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    bus.put(f"permissions/{OWNER}/{ADMIN}", everything)
    bus.put(f"exchanges/{OWNER}/loud", {"type": "fanout"})
    outcome = give(bus, "loudest", "publish", EXCHANGE="loud")
    assert outcome.code == 1
    assert 'has an exchange "loud" of type fanout in vhost "shop"' in outcome.output


def test_the_master_is_let_in_where_the_broker_did_not(bus: RabbitServer) -> None:
    """An exchange can only be made by who is let into the vhost."""
    bus.delete(f"permissions/{OWNER}/{ADMIN}")
    outcome = give(bus, "late", "publish", EXCHANGE="late")
    assert outcome.code == 0, outcome
    assert ": permissions of the master, exchange, user, " in outcome.output


def test_bad_settings_are_named(bus: RabbitServer) -> None:
    """A typing mistake gives a traceback, or more than was granted."""
    for settings, said in (
        ({"ROUTING_KEYS": " "}, "ROUTING_KEYS"),
        ({"EXCHANGE": ""}, "EXCHANGE is not set"),
        ({"USER_MAX_CONNECTIONS": "0"}, "USER_MAX_CONNECTIONS"),
        ({"USERNAME": ADMIN}, "is the master's own"),
    ):
        outcome = give(bus, "wrong", "publish", **settings)
        assert outcome.code == 1
        assert said in outcome.output
        assert outcome.output.count("\n") == 1
    assert 'ACCESS is "both"' in give(bus, "wrong", "both").output


@pytest.mark.parametrize(
    ("key", "fits", "fits_not"),
    [
        ("a.b", ["a.b"], ["a", "a.b.c", "axb", "a.b\n"]),
        ("a.*", ["a.b", "a.*x"], ["a", "a.", "a.b.c"]),
        ("a.#", ["a", "a.b", "a.b.c"], ["ab", "b"]),
        ("#", ["", "a", "a.b"], []),
        ("#.z", ["z", "a.z", "a.b.z"], ["az", "z.a"]),
        ("a.#.z", ["a.z", "a.b.z", "a.b.c.z"], ["az", "a.bz", "ab.z"]),
    ],
)
def test_a_pattern_is_the_keys_that_a_binding_stands_for(
    monkeypatch: pytest.MonkeyPatch, key: str, fits: list[str], fits_not: list[str]
) -> None:
    """Another reading than the broker's lets through what was not granted."""
    monkeypatch.syspath_prepend(SCRIPTS)  # where the script finds the one that it uses
    topic_pattern = import_module("rabbitmq_access").topic_pattern
    pattern = re.compile(topic_pattern([key], binding=False).replace(r"\z", r"\Z"))
    assert [each for each in (*fits, *fits_not) if pattern.match(each)] == fits
