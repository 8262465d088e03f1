"""A bucket of the object storage and the services that use it."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.component import Component
from components.context import Context
from components.servers.bootstrap import AWS_CLI_IMAGE, script
from components.servers.bootstrap_job import BootstrapJob, BootstrapJobArgs
from components.servers.servers import Grant, ObjectStore


@dataclass(frozen=True, kw_only=True)
class BucketArgs:
    """What a bucket is made from.

    Args:
        context: source of names and labels.
        namespace: the data namespace, from the resource that makes it.
        bucket: name of the bucket in the store.
        services: services that may use it, the owner among them.
        store: store it is in; what each service may do is the store's to enforce.
        script_map: ConfigMap with the bootstrap scripts.
    """

    context: Context
    namespace: pulumi.Input[str]
    bucket: str
    services: tuple[str, ...]
    store: ObjectStore
    script_map: pulumi.Input[str]


class Bucket(Component[BucketArgs]):
    """A bucket.

    Makes:
        `{name}`: BootstrapJob. Deleting it leaves the bucket and its objects.

    Outputs:
        handle: the Job; done means that the bucket is there.
    """

    TOKEN = "nexus:data:Bucket"

    handle: pulumi.Resource

    def _make(self, name: str, args: BucketArgs) -> None:
        store = args.store
        job = BootstrapJob(
            name,
            BootstrapJobArgs(
                context=args.context,
                namespace=args.namespace,
                image=AWS_CLI_IMAGE,
                interpreter="/bin/sh",
                script=("bucket.sh", script("bucket.sh")),
                script_map=args.script_map,
                env={
                    "AWS_ENDPOINT_URL_S3": store.url,
                    "AWS_DEFAULT_REGION": store.region,
                    "BUCKET": args.bucket,
                },
                master=store.master,
                username="",
                password=None,
                rotation=0,
                server=store.handle,
            ),
            self.child,
        )
        self.handle = job.handle
        self.grants = tuple(
            Grant(
                resource="storage",
                service=service,
                handle=job.handle,
                endpoint={"url": store.url, "region": store.region, "bucket": args.bucket},
                credentials={"username": service, "password": store.password(service)},
            )
            for service in args.services
        )
