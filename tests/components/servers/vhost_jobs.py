"""Vhost Jobs of the services, run as scripts against one broker."""

from __future__ import annotations

from collections.abc import Mapping

from tests.patience import PATIENCE_SECONDS
from tests.servers.rabbitmq import ADMIN, ADMIN_PASSWORD, RabbitServer
from tests.servers.script import Outcome, run_script

SERVICES = ("scheduler", "streamcore")
"""The one service that has a vhost, and one that might, to be kept apart from it."""


def password_of(service: str) -> str:
    """The password that a service has in these tests."""
    return f'{service} "pass" wörd'


def bootstrap(
    server: RabbitServer,
    service: str,
    password: str | None = None,
    master: tuple[str, str] = (ADMIN, ADMIN_PASSWORD),
    settings: Mapping[str, str] | None = None,
    script: str = "rabbitmq.py",
) -> Outcome:
    """Run the script with the settings that its Job has, changed by `settings`."""
    return run_script(
        script,
        {
            "MANAGEMENT_URL": server.url,
            "VHOST": service,
            "USERNAME": service,
            "WAIT_SECONDS": str(PATIENCE_SECONDS),
            **(settings or {}),
        },
        master=master,
        password=password_of(service) if password is None else password,
    )
