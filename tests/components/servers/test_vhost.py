"""A service's virtual host, made alone."""

from __future__ import annotations

from typing import Any

import pytest

from components.servers.bootstrap_job import Bootstrap
from components.servers.vhosts import MAX_QUEUES, Vhost, VhostArgs
from tests.components.recording import (
    CONTEXT,
    Recording,
    assert_makes_what_it_says,
    given,
    record,
)


class Server:
    """A `QueueServer`, with TLS or without."""

    host = "queue.example"
    port = 5673
    management_url = "https://queue.example:15671"
    master = "queue-master-1"

    def __init__(self, *, tls: bool) -> None:
        self.handle = given("server")
        self.tls = tls


def made(*, rotation: int = 0, tls: bool = True) -> Recording:
    def build() -> dict[str, Any]:
        vhost = Vhost(
            "cart-vhost",
            VhostArgs(
                bootstrap=Bootstrap(
                    context=CONTEXT, namespace="nexus-data", script_map="scripts-1"
                ),
                service="cart",
                server=Server(tls=tls),
                rotation=rotation,
                connections=30,
            ),
        )
        password = vhost.grant.credentials["password"]
        return {"handle": vhost.handle, "grant": vhost.grant, "password": password}

    return record(build)


def job(vhost: Recording) -> dict[str, Any]:
    return vhost.one("Job").inputs["spec"]["template"]


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(Vhost, made())


def test_handle_waits_for_the_broker() -> None:
    """A service that starts before its vhost exists is refused by the broker."""
    vhost = made()
    assert vhost.outputs["handle"] == "Job cart-vhost"
    assert "ConfigMap given-server" in vhost.waits("Job")


@pytest.mark.parametrize(("tls", "said"), [(True, {"tls": "required"}), (False, {})])
def test_service_is_told_where_its_vhost_is(tls: bool, said: dict[str, str]) -> None:
    """A client that is not told of TLS speaks AMQP in the open, and is cut off."""
    grant = made(tls=tls).outputs["grant"]
    assert grant["resource"] == "queue"
    assert grant["handle"] == "Job cart-vhost"
    assert grant["endpoint"] == {
        "host": "queue.example",
        "port": "5673",
        "vhost": "cart",
        **said,
    }
    assert grant["credentials"]["username"] == "cart"


def test_job_and_service_have_the_same_secret_password() -> None:
    """Two passwords are a service that cannot sign in."""
    vhost = made()
    assert vhost.secrets["cart-vhost-credentials"] == vhost.outputs["grant"]["credentials"]
    assert "password" in vhost.hidden
    assert vhost.after["password"] == {"RandomPassword cart-vhost-password"}


def test_job_makes_what_belongs_to_the_service_alone() -> None:
    """A vhost that is named after another service would be shared with it."""
    [container] = job(made())["spec"]["containers"]
    env = {each["name"]: each["value"] for each in container["env"]}
    wanted = {
        "MANAGEMENT_URL": Server.management_url,
        "VHOST": "cart",
        "USERNAME": "cart",
        "VHOST_QUEUE_TYPE": "quorum",
        "VHOST_MAX_CONNECTIONS": "30",
        "VHOST_MAX_QUEUES": str(MAX_QUEUES),
    }
    assert {key: env[key] for key in wanted} == wanted
    assert container["command"][0] == "python3"
    assert container["command"][-1].endswith("/rabbitmq.py")
    [master] = [each for each in job(made())["spec"]["volumes"] if each["name"] == "master"]
    assert master["secret"]["secretName"] == Server.master


@pytest.mark.parametrize("rotation", [1, 7])
def test_rotation_makes_a_password_and_runs_the_job(rotation: int) -> None:
    """A new password that the broker is not told of locks the service out."""
    before, after = made(), made(rotation=rotation)
    assert after.one("RandomPassword").inputs["keepers"] == {"rotation": str(rotation)}
    key = "nexus-cos/inputs"
    assert job(before)["metadata"]["annotations"][key] != job(after)["metadata"]["annotations"][key]
