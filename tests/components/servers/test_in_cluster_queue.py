"""RabbitMQ in the cluster, made alone."""

from __future__ import annotations

from typing import Any

from components.kubernetes.size import Size
from components.servers.in_cluster_queue import (
    CONFIG_FILE,
    MANAGEMENT_PORT,
    MASTER,
    PORT,
    InClusterQueue,
    InClusterQueueArgs,
)
from tests.components.recording import CONTEXT, Recording, assert_makes_what_it_says, record

ARGS = InClusterQueueArgs(
    context=CONTEXT,
    namespace="nexus-data",
    storage="1Gi",
    size=Size(cpu="100m", cpu_limit="1", memory="512Mi"),
)


def made() -> Recording:
    return record(lambda: InClusterQueue("queue", ARGS))


def container(server: Recording) -> dict[str, Any]:
    [only] = server.one("StatefulSet").inputs["spec"]["template"]["spec"]["containers"]
    return only


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(InClusterQueue, made())


def test_outputs_are_the_servers() -> None:
    """A Job that asks another address than the broker's waits until its deadline."""
    server = made()
    assert server.outputs["handle"] == "StatefulSet queue"
    assert server.outputs["host"] == "queue.nexus-data.svc"
    assert server.outputs["management_url"] == f"http://queue.nexus-data.svc:{MANAGEMENT_PORT}"
    assert server.outputs["master"].startswith("queue-master-")
    assert server.after["master"] == {"Secret queue-master"}
    ports = {
        each["name"]: each["port"]
        for each in server.one("Service", "queue-service").inputs["spec"]["ports"]
    }
    assert ports == {f"amqp-{PORT}": PORT, f"http-{MANAGEMENT_PORT}": MANAGEMENT_PORT}
    assert (InClusterQueue.port, InClusterQueue.tls) == (PORT, False)


def test_broker_and_jobs_have_the_same_secret_password() -> None:
    """Two passwords are Jobs that cannot log in, and no vhost for any service."""
    server = made()
    master = server.secrets["queue-master"]
    assert master["username"] == MASTER
    lines = server.secrets["queue-config"][CONFIG_FILE].splitlines()
    assert f"default_user = {MASTER}" in lines
    assert f"default_pass = {master['password']}" in lines
    assert "default_user_tags.administrator = true" in lines
    # What Amazon MQ refuses in prod is refused in dev.
    assert {"max_message_size = 524288", "consumer_max_per_channel = 10"} <= {*lines}
    assert server.one("Secret", "queue-config").secrets == ('stringData["90-nexus.conf"]',)
    assert "stringData.password" in server.one("Secret", "queue-master").secrets


def test_configuration_is_one_file_beside_the_images_own() -> None:
    """Mounted as a folder it hides the image's defaults, and the broker listens nowhere."""
    server = made()
    [mount] = [each for each in container(server)["volumeMounts"] if each["name"] == "config"]
    assert mount["subPath"] == CONFIG_FILE
    assert mount["mountPath"] == f"/etc/rabbitmq/conf.d/{CONFIG_FILE}"
    assert "Secret queue-config" in server.waits("StatefulSet")
    volumes = server.one("StatefulSet").inputs["spec"]["template"]["spec"]["volumes"]
    [config] = [each for each in volumes if each["name"] == "config"]
    assert config["secret"]["secretName"].startswith("queue-config-")


def test_messages_are_on_the_volume_and_the_cookie_is_not() -> None:
    """Erlang refuses a cookie that a volume's group may read."""
    mounts = {each["name"]: each for each in container(made())["volumeMounts"]}
    assert mounts["data"]["mountPath"] == "/var/lib/rabbitmq/mnesia"
    assert mounts["home"]["mountPath"] == "/var/lib/rabbitmq"
    # The root is read-only, so a broker that cannot write here does not start.
    writable = {name for name, each in mounts.items() if not each["readOnly"]}
    assert writable == {"data", "home", "log", "tmp"}


def test_liveness_does_not_ask_where_clients_are_refused() -> None:
    """A broker short of memory refuses clients; a restart would lose what it holds."""
    only = container(made())
    assert only["livenessProbe"]["tcpSocket"] == {"port": MANAGEMENT_PORT}
    assert only["readinessProbe"]["tcpSocket"] == {"port": PORT}
    assert only["startupProbe"]["tcpSocket"] == {"port": MANAGEMENT_PORT}


def test_everything_is_in_the_data_namespace() -> None:
    """A pod mounts what is in its own namespace, and waits for ever for anything else."""
    objects = [each for each in made().resources if each.type.startswith("kubernetes:")]
    assert {each.inputs["metadata"]["namespace"] for each in objects} == {"nexus-data"}
