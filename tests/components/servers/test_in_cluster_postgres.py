"""PostgreSQL in the cluster, made alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.kubernetes.size import Size
from components.servers.in_cluster_postgres import (
    DATA_PATH,
    MASTER,
    PORT,
    SECRETS,
    InClusterPostgres,
    InClusterPostgresArgs,
)
from tests.components.recording import CONTEXT, Recording, assert_makes_what_it_says, record

ARGS = InClusterPostgresArgs(
    context=CONTEXT,
    namespace="nexus-data",
    storage="2Gi",
    size=Size(cpu="100m", cpu_limit="1", memory="512Mi"),
    max_connections=500,
)


def made(**changes: Any) -> Recording:
    return record(lambda: InClusterPostgres("postgres", replace(ARGS, **changes)))


def container(server: Recording) -> dict[str, Any]:
    [only] = server.one("StatefulSet").inputs["spec"]["template"]["spec"]["containers"]
    return only


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(InClusterPostgres, made())


def test_outputs_are_the_servers() -> None:
    """A Job that asks another address than the server's waits until its deadline."""
    server = made()
    assert server.outputs["handle"] == "StatefulSet postgres"
    assert server.outputs["host"] == "postgres.nexus-data.svc"
    assert server.outputs["master"].startswith("postgres-master-")
    assert server.after["master"] == {"Secret postgres-master"}
    [port] = server.one("Service", "postgres-service").inputs["spec"]["ports"]
    assert port["port"] == InClusterPostgres.port == PORT


def test_superuser_and_master_have_passwords_of_their_own() -> None:
    """Jobs that run as superuser would do what Aurora refuses, and prod finds out."""
    secrets = made().secrets
    superuser, master = secrets["postgres-superuser"], secrets["postgres-master"]
    assert (superuser["username"], master["username"]) == ("postgres", MASTER)
    assert superuser["password"].endswith("::postgres-superuser-password")
    assert master["password"].endswith("::postgres-master-password")
    for each in made().all("Secret"):
        assert "stringData.password" in each.secrets
        assert each.inputs["metadata"]["namespace"] == "nexus-data"


def test_credentials_are_files_and_never_variables() -> None:
    """A password in the environment is in every dump of the process."""
    server = made()
    only = container(server)
    env = {each["name"]: each["value"] for each in only["env"]}
    assert env["POSTGRES_PASSWORD_FILE"] == f"{SECRETS}/superuser/password"
    assert "POSTGRES_PASSWORD" not in env
    mounts = {each["name"]: each["mountPath"] for each in only["volumeMounts"]}
    assert mounts["superuser"] == f"{SECRETS}/superuser"
    assert mounts["master"] == f"{SECRETS}/master"
    volumes = {
        each["name"]: each
        for each in server.one("StatefulSet").inputs["spec"]["template"]["spec"]["volumes"]
    }
    assert volumes["superuser"]["secret"]["secretName"].startswith("postgres-superuser-")
    assert volumes["master"]["secret"]["secretName"].startswith("postgres-master-")


def test_data_are_in_a_folder_of_the_volume() -> None:
    """In its root there may be lost+found, and the image refuses to set up a server."""
    only = container(made())
    env = {each["name"]: each["value"] for each in only["env"]}
    mounts = {each["name"]: each["mountPath"] for each in only["volumeMounts"]}
    # The root is read-only: without its socket's folder the server does not start.
    writable = {each["name"] for each in only["volumeMounts"] if not each["readOnly"]}
    assert writable == {"data", "run", "tmp"}
    assert mounts["data"] == DATA_PATH
    assert env["PGDATA"].startswith(f"{DATA_PATH}/")
    assert "scram-sha-256" in env["POSTGRES_INITDB_ARGS"]
    assert mounts["run"] == "/var/run/postgresql"


def test_first_start_makes_the_master() -> None:
    """Without its SQL the server is ready, and every Job fails to log in."""
    server = made()
    init = server.one("ConfigMap")
    [(name, sql)] = init.inputs["data"].items()
    assert name.endswith(".sql")
    # It reads who that is from the mounted Secret.
    assert f"{SECRETS}/master/username" in sql
    assert f"{SECRETS}/master/password" in sql
    mounts = {each["name"]: each["mountPath"] for each in container(server)["volumeMounts"]}
    assert mounts["init"] == "/docker-entrypoint-initdb.d"
    assert "ConfigMap postgres-init" in server.waits("StatefulSet")


@pytest.mark.parametrize("connections", [50, 900])
def test_server_takes_as_many_connections_as_it_is_told(connections: int) -> None:
    """A limit below the services' own sum refuses the last ones."""
    assert (
        f"max_connections={connections}" in container(made(max_connections=connections))["command"]
    )


def test_readiness_asks_over_the_network() -> None:
    """While the image sets the server up, it listens on its socket alone: too early for Jobs."""
    only = container(made())
    for probe in ("startupProbe", "readinessProbe"):
        command = only[probe]["exec"]["command"]
        assert command[:4] == ["pg_isready", "-q", "-h", "127.0.0.1"]
    assert only["livenessProbe"]["tcpSocket"] == {"port": PORT}
    assert InClusterPostgres.tls_mode == "disable"


def test_everything_is_in_the_data_namespace() -> None:
    """A pod mounts what is in its own namespace, and waits for ever for anything else."""
    objects = [each for each in made().resources if each.type.startswith("kubernetes:")]
    assert {each.inputs["metadata"]["namespace"] for each in objects} == {"nexus-data"}
