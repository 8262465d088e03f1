"""A bucket in the cluster's object storage, made alone."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.servers.bootstrap_job import Bootstrap
from components.servers.parts import Bucket, BucketArgs
from tests.components.recording import (
    CONTEXT,
    Recording,
    assert_makes_what_it_says,
    given,
    record,
)


class Store:
    """Object storage with users `cart` and `stock`."""

    url = "http://storage.nexus-data.svc:8333"
    region = "us-east-1"
    master = "storage-master-1"

    def __init__(self) -> None:
        self.handle = given("store")
        self.passwords = {
            service: pulumi.Output.secret(service[0]) for service in ("cart", "stock")
        }


def bucket_for(*services: str) -> Bucket:
    store: Any = Store()
    bootstrap = Bootstrap(context=CONTEXT, namespace="nexus-data", script_map="scripts-1")
    return Bucket(
        "media",
        BucketArgs(bootstrap=bootstrap, bucket="nexus-media", services=services, store=store),
    )


def made(*services: str) -> Recording:
    def build() -> dict[str, Any]:
        bucket = bucket_for(*services)
        passwords = {
            f"password of {grant.service}": grant.credentials["password"] for grant in bucket.grants
        }
        return {"handle": bucket.handle, "grants": bucket.grants, **passwords}

    return record(build)


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(Bucket, made("cart"))


def test_job_makes_the_bucket_in_the_store() -> None:
    """A bucket that is made elsewhere is missing at the first upload."""
    bucket = made("cart")
    assert bucket.outputs["handle"] == "Job media"
    assert bucket.waits("Job") == {"ConfigMap given-store"}
    pod = bucket.one("Job").inputs["spec"]["template"]["spec"]
    [container] = pod["containers"]
    env = {each["name"]: each["value"] for each in container["env"]}
    assert env["AWS_ENDPOINT_URL_S3"] == Store.url
    assert env["AWS_DEFAULT_REGION"] == Store.region
    assert env["BUCKET"] == "nexus-media"
    assert container["command"][-1].endswith("/bucket.sh")
    [master] = [each for each in pod["volumes"] if each["name"] == "master"]
    assert master["secret"]["secretName"] == Store.master


def test_job_gives_nobody_a_password() -> None:
    """The store's users are in its own file; a second place for them goes out of step."""
    assert made("cart", "stock").labels() == {"Job media"}


@pytest.mark.parametrize("services", [(), ("cart",), ("cart", "stock")])
def test_every_service_gets_its_own_login(services: tuple[str, ...]) -> None:
    """A service with another's login reaches another's buckets."""
    bucket = made(*services)
    grants = bucket.outputs["grants"]
    for service, grant in zip(services, grants, strict=True):
        assert grant == {
            "resource": "storage",
            "service": service,
            "handle": "Job media",
            "endpoint": {"url": Store.url, "region": Store.region, "bucket": "nexus-media"},
            "credentials": {"username": service, "password": service[0]},
            "folder": "storage",
            "part": "nexus-media",
            "others": [],
        }
        assert f"password of {service}" in bucket.hidden


def test_user_that_the_store_does_not_know_is_an_error() -> None:
    """A grant for nobody is found by a service that does not start."""

    def build() -> dict[str, Any]:
        with pytest.raises(KeyError, match="front"):
            bucket_for("cart", "front")
        return {}

    record(build)
