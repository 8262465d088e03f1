"""Data layer in AWS: managed servers, buckets and keys, and a role for each service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.aws.cloud_hsm import CloudHsm, CloudHsmArgs
from components.aws.iam_policy import Statement
from components.aws.kms_key import KmsKey, KmsKeyArgs
from components.aws.pod_identity_role import PodIdentityRole, PodIdentityRoleArgs
from components.aws.s3_bucket import S3Bucket, S3BucketArgs
from components.servers.grant import Grant
from stacks.aws.access_logs import allow_access_logs, cdns
from stacks.aws.foundation import AwsFoundation
from stacks.aws.servers import server_parts
from stacks.data import Data, DataPlans, Part, collected
from stacks.environment import Managed

OBJECT_ACTIONS = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload")


@dataclass(frozen=True, kw_only=True)
class Access:
    """A service's part of a platform resource that it reaches with its AWS role.

    Args:
        resource: the platform resource.
        service: who gets it.
        endpoint: plain facts about it.
        statements: what the service's role may do.
    """

    resource: str
    service: str
    endpoint: Mapping[str, pulumi.Input[str]]
    statements: tuple[Statement, ...]


@dataclass(frozen=True, kw_only=True)
class AwsData(Data):
    """What the servers give, and the buckets that the edge needs.

    Args:
        served: the bucket that the CDN serves, if the catalog names one; whoever makes the
            CDN makes its policy.
        logs: the bucket of access logs.
        logs_allowed: what lets AWS write there.
    """

    served: S3Bucket | None
    logs: S3Bucket
    logs_allowed: pulumi.Resource


def build_data(plans: DataPlans, foundation: AwsFoundation, platform: Managed) -> AwsData:
    """Makes servers, databases, users, vhosts, buckets, keys and roles."""
    options = foundation.options()
    key = KmsKey(
        "data-key",
        KmsKeyArgs(aws=foundation.aws, layer="data", purpose="databases, caches and queues"),
        options,
    ).arn
    logs = S3Bucket(
        "logs-bucket",
        S3BucketArgs(
            aws=foundation.aws, layer="data", key=None, logs=None, log_days=platform.log_days
        ),
        options,
    )
    storage_key = KmsKey(
        "storage-key",
        KmsKeyArgs(
            aws=foundation.aws,
            layer="data",
            purpose="objects in S3",
            distributions=True,
        ),
        options,
    ).arn
    logs_allowed = allow_access_logs(logs, foundation.aws, cdns(plans.settings.edge))
    buckets = {
        name: _bucket(f"{name}-bucket", foundation, storage_key, logs, logs_allowed)
        for name in (*plans.catalog.buckets, *_models_bucket(plans))
    }
    served = plans.catalog.served
    for name, bucket in buckets.items():
        if name != served:
            bucket.allow()
    accesses = [
        *_storage(plans, foundation, buckets, storage_key),
        *_models(plans, foundation, buckets, storage_key),
    ]
    parts = server_parts(plans, foundation, platform, key)
    hsm_accesses, hsm_parts = _hsm(plans, foundation)
    parts += [*hsm_parts, *_with_roles(plans, foundation, [*accesses, *hsm_accesses])]
    if foundation.gpu is not None:
        parts.append(Part(resource="gpu", handle=foundation.gpu, grants={}))
    made = collected(plans.catalog, *parts)
    return AwsData(
        servers=made.servers,
        grants=made.grants,
        served=None if served is None else buckets[served],
        logs=logs,
        logs_allowed=logs_allowed,
    )


def _bucket(
    name: str,
    foundation: AwsFoundation,
    key: pulumi.Output[str],
    logs: S3Bucket,
    logs_allowed: pulumi.Resource,
) -> S3Bucket:
    return S3Bucket(
        name,
        S3BucketArgs(
            aws=foundation.aws,
            layer="data",
            key=key,
            logs=logs.bucket,
            logs_allowed=logs_allowed,
        ),
        foundation.options(),
    )


def _storage(
    plans: DataPlans,
    foundation: AwsFoundation,
    buckets: Mapping[str, S3Bucket],
    key: pulumi.Output[str],
) -> list[Access]:
    """The catalog's buckets: the owner and the granted services read and write them."""
    return [
        _bucket_access(
            foundation, "storage", service, buckets[bucket.name], key=key, actions=OBJECT_ACTIONS
        )
        for bucket in plans.catalog.buckets.values()
        for service in (bucket.owner, *bucket.granted)
    ]


def _models_bucket(plans: DataPlans) -> tuple[str, ...]:
    """Name of the bucket of trained models, where a service reads any."""
    return ("models",) if plans.users("ml-models") else ()


def _models(
    plans: DataPlans,
    foundation: AwsFoundation,
    buckets: Mapping[str, S3Bucket],
    key: pulumi.Output[str],
) -> list[Access]:
    """Trained models, which services read and people write."""
    return [
        _bucket_access(
            foundation, "ml-models", service, buckets[name], key=key, actions=OBJECT_ACTIONS[:1]
        )
        for name in _models_bucket(plans)
        for service in plans.users("ml-models")
    ]


def _bucket_access(
    foundation: AwsFoundation,
    resource: str,
    service: str,
    bucket: S3Bucket,
    *,
    key: pulumi.Output[str],
    actions: tuple[str, ...],
) -> Access:
    region = foundation.aws.region
    writes = len(actions) > 1
    name = resource.replace("-", " ").title().replace(" ", "")
    return Access(
        resource=resource,
        service=service,
        endpoint={
            "url": f"https://s3.{region}.amazonaws.com",
            "region": region,
            "bucket": bucket.bucket,
        },
        statements=(
            Statement(
                sid=f"{name}Objects",
                actions=actions,
                resources=(bucket.arn.apply(lambda arn: f"{arn}/*"),),
            ),
            Statement(sid=f"{name}List", actions=("s3:ListBucket",), resources=(bucket.arn,)),
            Statement(
                sid=f"{name}Key",
                actions=("kms:Decrypt", "kms:GenerateDataKey") if writes else ("kms:Decrypt",),
                resources=(key,),
                conditions={"StringEquals": {"kms:ViaService": f"s3.{region}.amazonaws.com"}},
            ),
        ),
    )


def _hsm(plans: DataPlans, foundation: AwsFoundation) -> tuple[list[Access], list[Part]]:
    """A key for each service that needs an HSM, in KMS or in modules of its own."""
    aws = foundation.aws
    accesses: list[Access] = []
    parts: list[Part] = []
    for own, service in plans.owners("hsm").items():
        if plans.settings.cloud_hsm:
            hsm = CloudHsm(
                f"{own}-hsm",
                CloudHsmArgs(
                    aws=aws,
                    subnets=foundation.cluster.data,
                    cluster_group=foundation.cluster.security_group,
                    modules=plans.settings.cloud_hsm_modules,
                    service=own,
                ),
                foundation.options(),
            )
            endpoint = {"kind": "cloudhsm", "cluster": hsm.id, "region": aws.region}
            grant = Grant(resource="hsm", handle=hsm.handle, endpoint=endpoint)
            parts.append(Part(resource="hsm", handle=hsm.handle, grants={service: grant}))
            continue
        key = KmsKey(
            f"{own}-key",
            KmsKeyArgs(aws=aws, layer="data", purpose=f"keys of {own}", service=own),
            foundation.options(),
        )
        actions = ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey")
        accesses.append(
            Access(
                resource="hsm",
                service=service,
                endpoint={"kind": "kms", "key": key.arn, "region": aws.region},
                statements=(Statement(sid="HsmKey", actions=actions, resources=(key.arn,)),),
            )
        )
    return accesses, parts


def _with_roles(plans: DataPlans, foundation: AwsFoundation, accesses: list[Access]) -> list[Part]:
    """One role per service, with everything it may do; its binding is the handle of it all."""
    roles: dict[str, pulumi.Resource] = {}
    for service in sorted({access.service for access in accesses}):
        own = [access for access in accesses if access.service == service]
        former = plans.catalog.services[service].renamed_from
        roles[service] = PodIdentityRole(
            f"{service}-identity",
            PodIdentityRoleArgs(
                aws=foundation.aws,
                layer="data",
                cluster=foundation.cluster.name,
                namespace=foundation.namespaces[plans.catalog.services[service].domain],
                service_account=service,
                service=service,
                statements=tuple(rule for access in own for rule in access.statements),
            ),
            foundation.options(former=None if former is None else f"{former}-identity"),
        ).handle
    parts: list[Part] = []
    for resource in sorted({access.resource for access in accesses}):
        grants = {
            access.service: Grant(
                resource=resource, handle=roles[access.service], endpoint=access.endpoint
            )
            for access in accesses
            if access.resource == resource
        }
        first = next(iter(grants.values()))
        handle = first.handle
        if handle is not None:
            parts.append(Part(resource=resource, handle=handle, grants=grants))
    return parts
