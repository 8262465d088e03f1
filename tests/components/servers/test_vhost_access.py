"""A user of another service's event bus, made alone."""

from __future__ import annotations

from typing import Any

import pytest

from components.servers.bootstrap_job import Bootstrap
from components.servers.vhosts import BusAccess, VhostAccess, VhostAccessArgs
from tests.components.recording import (
    CONTEXT,
    Recording,
    assert_makes_what_it_says,
    given,
    record,
)
from tests.components.servers.test_vhost import Server


def made(access: BusAccess = "consume") -> Recording:
    def build() -> dict[str, Any]:
        made = VhostAccess(
            "billing-vhost",
            VhostAccessArgs(
                bootstrap=Bootstrap(
                    context=CONTEXT, namespace="nexus-data", script_map="scripts-1"
                ),
                service="billing",
                server=Server(tls=True),
                rotation=0,
                connections=20,
                vhost="orders",
                access=access,
                exchange="events",
                routing_keys=("order.*", "stock.#"),
                after=given("vhost"),
            ),
        )
        return {"handle": made.handle, "grant": made.grant}

    return record(build)


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(VhostAccess, made())


def test_handle_waits_for_the_vhost() -> None:
    """A user cannot be let into a vhost that is not there yet."""
    access = made()
    assert access.outputs["handle"] == "Job billing-vhost"
    assert "ConfigMap given-vhost" in access.waits("Job")


@pytest.mark.parametrize(
    ("access", "own"), [("consume", {"queue_prefix": "billing."}), ("publish", {})]
)
def test_user_is_its_own_and_the_vhost_is_the_other_s(
    access: BusAccess, own: dict[str, str]
) -> None:
    """A service that is told of its own vhost hears nothing, and names queues that are refused."""
    found = made(access)
    grant = found.outputs["grant"]
    assert grant["endpoint"] == {
        "host": "queue.example",
        "port": "5673",
        "vhost": "orders",
        "tls": "required",
        "exchange": "events",
        **own,
    }
    assert grant["credentials"]["username"] == "billing"
    [container] = found.one("Job").inputs["spec"]["template"]["spec"]["containers"]
    env = {each["name"]: each["value"] for each in container["env"]}
    wanted = {
        "VHOST": "orders",
        "USERNAME": "billing",
        "EXCHANGE": "events",
        "ACCESS": access,
        "ROUTING_KEYS": "order.* stock.#",
        "QUEUE_PREFIX": "billing.",
        "USER_MAX_CONNECTIONS": "20",
    }
    assert {key: env[key] for key in wanted} == wanted
    assert container["command"][-1].endswith("/rabbitmq_access.py")
