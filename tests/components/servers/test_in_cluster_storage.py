"""Object storage in the cluster, made alone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from components.kubernetes.size import Size
from components.servers.in_cluster_storage import (
    IDENTITIES,
    MASTER,
    PORT,
    InClusterStorage,
    InClusterStorageArgs,
)
from tests.components.recording import CONTEXT, Recording, assert_makes_what_it_says, record

ARGS = InClusterStorageArgs(
    context=CONTEXT,
    namespace="nexus-data",
    buckets={"upload": ("media",), "library": ("media", "models")},
    owned={"library": ("media",)},
    rotations={"upload": 2},
    storage="2Gi",
    size=Size(cpu="100m", cpu_limit="1", memory="512Mi"),
)


def made(**changes: Any) -> Recording:
    return record(lambda: InClusterStorage("storage", replace(ARGS, **changes)))


def container(store: Recording) -> dict[str, Any]:
    [only] = store.one("StatefulSet").inputs["spec"]["template"]["spec"]["containers"]
    return only


def identities(store: Recording) -> dict[str, dict[str, Any]]:
    content = json.loads(store.secrets["storage-identities"]["identities.json"])
    return {each["name"]: each for each in content["identities"]}


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(InClusterStorage, made())


def test_outputs_are_the_stores() -> None:
    """A Job that asks another address than the store's waits until its deadline."""
    store = made()
    assert store.outputs["handle"] == "StatefulSet storage"
    assert store.outputs["url"] == f"http://storage.nexus-data.svc:{PORT}"
    assert store.outputs["master"].startswith("storage-master-")
    [port] = store.one("Service", "storage-service").inputs["spec"]["ports"]
    assert port["port"] == PORT


def test_each_service_may_use_its_buckets_alone() -> None:
    """A service that may write another's bucket can replace what its visitors see."""
    users = identities(made())
    assert set(users) == {MASTER, "upload", "library"}
    assert users[MASTER]["actions"] == ["Admin"]
    assert set(users["upload"]["actions"]) == {
        "Read:media",
        "Write:media",
        "List:media",
        "Tagging:media",
    }
    assert {each.partition(":")[2] for each in users["library"]["actions"]} == {"media", "models"}
    assert [each for each in users["library"]["actions"] if each.startswith("Admin")] == [
        "Admin:media"
    ]


def test_a_reader_changes_nothing() -> None:
    """Whoever may show films could replace or delete them."""
    users = identities(made(readable={"upload": ("films",)}))
    assert {each for each in users["upload"]["actions"] if each.endswith(":films")} == {
        "Read:films",
        "List:films",
    }
    assert "films" not in str(users["library"])


def test_store_without_services_has_an_administrator() -> None:
    """Without any user SeaweedFS lets everybody do everything."""
    store = made(buckets={}, owned={}, rotations={})
    assert set(identities(store)) == {MASTER}


def test_logins_are_the_ones_that_services_get() -> None:
    """A service whose key is another than the store's is refused at every request."""

    def build() -> dict[str, Any]:
        store = InClusterStorage("storage", ARGS)
        return {"upload": store.passwords["upload"], "library": store.passwords["library"]}

    services = record(build)
    users = identities(services)
    for service in ("upload", "library"):
        assert users[service]["credentials"] == [
            {"accessKey": service, "secretKey": services.outputs[service]}
        ]
        assert service in services.hidden
    master = services.secrets["storage-master"]
    assert master["username"] == MASTER
    assert users[MASTER]["credentials"] == [{"accessKey": MASTER, "secretKey": master["password"]}]
    assert services.one("Secret", "storage-identities").secrets == (
        'stringData["identities.json"]',
    )


def test_user_that_was_not_made_is_an_error() -> None:
    """A grant for nobody is found by a service that does not start."""

    def build() -> dict[str, Any]:
        store = InClusterStorage("storage", ARGS)
        with pytest.raises(KeyError, match="front"):
            store.passwords["front"]
        return {}

    record(build)


def test_rotation_is_that_of_the_service() -> None:
    """A rotation that renews another service's key locks the wrong one out."""
    rotations = {
        each.name: each.inputs["keepers"]["rotation"] for each in made().all("RandomPassword")
    }
    assert rotations == {
        "storage-master-password": "0",
        "storage-library-password": "0",
        "storage-upload-password": "2",
    }


def test_only_the_s3_api_is_reached_from_outside() -> None:
    """The filer asks nobody for a password: whoever reaches it reads every object."""
    store = made()
    command = container(store)["command"]
    assert "-ip.bind=127.0.0.1" in command
    assert "-s3.ip.bind=0.0.0.0" in command
    assert f"-s3.port={PORT}" in command
    mounts = {each["name"]: each["mountPath"] for each in container(store)["volumeMounts"]}
    assert f"-s3.config={mounts['identities']}/identities.json" in command
    assert mounts["identities"] == IDENTITIES
    assert f"-dir={mounts['data']}" in command
    assert "Secret storage-identities" in store.waits("StatefulSet")


def test_readiness_asks_the_s3_api() -> None:
    """A store whose filer is up and whose S3 API is not makes every bucket Job fail."""
    only = container(made())
    for probe in ("startupProbe", "readinessProbe"):
        assert only[probe]["httpGet"] == {"path": "/status", "port": PORT}
    assert only["livenessProbe"]["tcpSocket"] == {"port": PORT}


def test_everything_is_in_the_data_namespace() -> None:
    """A pod mounts what is in its own namespace, and waits for ever for anything else."""
    objects = [each for each in made().resources if each.type.startswith("kubernetes:")]
    assert {each.inputs["metadata"]["namespace"] for each in objects} == {"nexus-data"}
