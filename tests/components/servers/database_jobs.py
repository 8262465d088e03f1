"""Database Jobs of the services, run as scripts against one server."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from tests.patience import PATIENCE_SECONDS
from tests.servers.postgres import MASTER, MASTER_PASSWORD, Connection, PostgresServer
from tests.servers.script import Outcome, run_script

SERVICES = (
    "billing-service",
    "content-management",
    "glitch",
    "invoice-gen",
    "kei-ai",
    "key-service",
    "ledger-mgr",
    "metatwin",
    "puabo-blac-loan-processor",
    "puabo-dsp-metadata-mgr",
    "puabo-nexus",
    "puabo-nexus-driver-app-backend",
    "puabo-nexus-fleet-manager",
    "puabo-nuki-inventory-mgr",
    "puabo-nuki-product-catalog",
    "scheduler",
    "streamcore",
    "user-auth",
    "v-caster-pro",
    "v-prompter-pro",
)


def password_of(service: str) -> str:
    return f'{service}\'s \\ "pass" $word'


def bootstrap(
    server: PostgresServer,
    service: str,
    password: str | None = None,
    master: tuple[str, str] = (MASTER, MASTER_PASSWORD),
    path: str = "",
    settings: Mapping[str, str] | None = None,
) -> Outcome:
    """Run the script with the settings that its Job has, changed by `settings`."""
    return run_script(
        "postgres.sh",
        {
            "PGHOST": "127.0.0.1",
            "PGPORT": str(server.port),
            "PGSSLMODE": "disable",
            "DATABASE": service,
            "OWNER_ROLE": f"{service}_owner",
            "LOGIN_ROLE": service,
            "WAIT_SECONDS": str(PATIENCE_SECONDS),
            **(settings or {}),
        },
        master=master,
        password=password_of(service) if password is None else password,
        path=path or str(server.binaries),
    )


def bootstrap_all(server: PostgresServer) -> Mapping[str, Outcome]:
    """Run every service's script at the same time, as a first deployment does."""
    with ThreadPoolExecutor(len(SERVICES)) as pool:
        outcomes = pool.map(lambda service: bootstrap(server, service), SERVICES)
    return dict(zip(SERVICES, outcomes, strict=True))


def connect(
    server: PostgresServer, service: str, database: str | None = None, password: str | None = None
) -> Connection:
    return server.connect(service, password or password_of(service), database or service)
