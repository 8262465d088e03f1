"""Data layer in AWS: managed servers, buckets and keys, and a role for each service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import pulumi

from components.aws.amazon_mq import AmazonMq, AmazonMqArgs
from components.aws.aurora_postgres import AuroraPostgres, AuroraPostgresArgs, RestoreArgs
from components.aws.aws_context import AwsContext
from components.aws.cloud_front import log_writer
from components.aws.cloud_hsm import CloudHsm, CloudHsmArgs
from components.aws.elasti_cache import ElastiCache, ElastiCacheArgs
from components.aws.iam import PodIdentityRole, PodIdentityRoleArgs, Statement
from components.aws.kms_key import KmsKey, KmsKeyArgs
from components.aws.load_balancer import LOG_PREFIX
from components.aws.s3_bucket import S3Bucket, S3BucketArgs
from components.servers.servers import Grant
from stacks.aws.foundation import AwsFoundation
from stacks.data import Data, Ground, every_server, lay_ground, together
from stacks.inputs import AwsProgram
from stacks.settings import AwsSettings, Settings

AwsGround: TypeAlias = Ground[AwsProgram, AwsFoundation]


SITE, MEDIA = "site-cdn", "media-cdn"
"""The distributions of CloudFront."""

OBJECT_ACTIONS = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload")


@dataclass(frozen=True, kw_only=True)
class Access:
    """A service's part of a platform resource that it reaches with its AWS role."""

    resource: str
    service: str
    endpoint: Mapping[str, pulumi.Input[str]]
    statements: tuple[Statement, ...]
    part: str | None = None


@dataclass(frozen=True, kw_only=True)
class AwsData:
    """What the servers give, and the buckets that the edge needs.

    Args:
        served: the bucket that the CDN serves, if the catalog names one; whoever makes the
            CDN makes its policy.
        logs_allowed: what lets AWS write there.
    """

    data: Data
    served: S3Bucket | None
    logs: S3Bucket
    logs_allowed: pulumi.Resource


def build_data(
    program: AwsProgram, foundation: AwsFoundation, more: Iterable[Access] = ()
) -> AwsData:
    """Makes servers, databases, users, vhosts, buckets, keys and roles, which may do `more`."""
    ground = lay_ground(program, foundation)
    options = foundation.options()
    key = KmsKey(
        "data-key",
        KmsKeyArgs(aws=foundation.aws, layer="data", purpose="databases, caches and queues"),
        options,
    ).arn
    logs = S3Bucket(
        "logs-bucket",
        S3BucketArgs(
            aws=foundation.aws,
            layer="data",
            key=None,
            logs=None,
            log_days=program.platform.log_days,
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
    logs_allowed = _allow_access_logs(program, foundation.aws, logs)
    buckets = {
        name: S3Bucket(
            f"{name}-bucket",
            S3BucketArgs(
                aws=foundation.aws,
                layer="data",
                key=storage_key,
                logs=logs.bucket,
                logs_allowed=logs_allowed,
            ),
            options,
        )
        for name in (*program.catalog.buckets, *_models_bucket(program))
    }
    served = program.catalog.served
    for name, bucket in buckets.items():
        if name != served:
            bucket.allow()
    servers = every_server(
        program.catalog,
        {
            "postgres": partial(_postgres, ground, key),
            "redis": partial(_redis, ground, key),
            "queue": partial(_queue, ground, key),
        },
    )
    hsm_accesses, modules = _hsm(ground)
    accesses = [*_storage(ground, buckets, storage_key), *hsm_accesses, *more]
    gpu = {} if foundation.gpu is None else {"gpu": foundation.gpu}
    return AwsData(
        data=together(servers, modules, _with_roles(ground, accesses), Data(servers=gpu)),
        served=None if served is None else buckets[served],
        logs=logs,
        logs_allowed=logs_allowed,
    )


def _postgres(ground: AwsGround, key: pulumi.Output[str], name: str) -> Data:
    program, foundation = ground.program, ground.foundation
    cluster = foundation.cluster
    server = AuroraPostgres(
        name,
        AuroraPostgresArgs(
            aws=foundation.aws,
            vpc=cluster.vpc,
            subnets=cluster.data,
            cluster=cluster.name,
            cluster_group=cluster.security_group,
            namespace=ground.bootstrap.namespace,
            key=key,
            logs_key=foundation.logs_key,
            size=program.platform.postgres,
            server=program.settings.database_servers.get(name),
            restore=_restore(program.settings, name),
        ),
        foundation.options(),
    )
    return ground.databases(name, server)


def _restore(settings: Settings, name: str) -> RestoreArgs | None:
    """What the server's data comes from, if it is this one that is made anew."""
    restore = settings.restore
    if restore is None or restore.server != name:
        return None
    return RestoreArgs(**restore.model_dump(exclude={"server"}))


def _redis(ground: AwsGround, key: pulumi.Output[str], name: str) -> Data:
    program, foundation = ground.program, ground.foundation
    cluster = foundation.cluster
    server = ElastiCache(
        name,
        ElastiCacheArgs(
            aws=foundation.aws,
            vpc=cluster.vpc,
            subnets=cluster.data,
            cluster_group=cluster.security_group,
            key=key,
            logs_key=foundation.logs_key,
            services=tuple(each.name for each in program.logins(name)),
            keys=ground.keys(name),
            rotations={each.name: program.rotation(each) for each in program.logins(name)},
            size=program.platform.redis,
        ),
        foundation.options(),
    )
    return Data(servers={name: server.handle}, grants=ground.granted(name, server.grants))


def _queue(ground: AwsGround, key: pulumi.Output[str], name: str) -> Data:
    program, foundation = ground.program, ground.foundation
    cluster = foundation.cluster
    server = AmazonMq(
        name,
        AmazonMqArgs(
            aws=foundation.aws,
            vpc=cluster.vpc,
            subnets=cluster.data,
            cluster_group=cluster.security_group,
            namespace=ground.bootstrap.namespace,
            key=key,
            size=program.platform.queue,
        ),
        foundation.options(),
    )
    return Data(servers={name: server.handle}, grants=ground.vhosts(name, server))


def _storage(
    ground: AwsGround, buckets: Mapping[str, S3Bucket], key: pulumi.Output[str]
) -> list[Access]:
    """Who may do what with objects.

    The owner and the granted services read and write the catalog's buckets, readers read them.
    Trained models are read by services and written by people.
    """
    program, aws = ground.program, ground.foundation.aws
    reading = OBJECT_ACTIONS[:1]
    rights = [
        *(
            ("storage", service, bucket.name, place, OBJECT_ACTIONS if writes else reading)
            for service in program.users("storage")
            for place, bucket in enumerate(program.catalog.buckets_of(service))
            for writes in [service in bucket.writers]
        ),
        *(
            ("ml-models", service, name, 0, reading)
            for name in _models_bucket(program)
            for service in program.users("ml-models")
        ),
    ]
    return [
        _bucket_access(
            aws, resource, service, name, buckets[name], place=place, key=key, actions=actions
        )
        for resource, service, name, place, actions in rights
    ]


def _models_bucket(program: AwsProgram) -> tuple[str, ...]:
    """Name of the bucket of trained models, where a service reads any."""
    return ("models",) if program.users("ml-models") else ()


def _bucket_access(
    aws: AwsContext,
    resource: str,
    service: str,
    part: str,
    bucket: S3Bucket,
    *,
    place: int,
    key: pulumi.Output[str],
    actions: tuple[str, ...],
) -> Access:
    """What `service` may do with `bucket`, which is at `place` among those that it uses."""
    region = aws.region
    writes = len(actions) > 1
    # Of a role's rules no two have one name.
    name = resource.replace("-", " ").title().replace(" ", "") + (f"{place + 1}" if place else "")
    return Access(
        resource=resource,
        service=service,
        part=part,
        endpoint={
            "url": f"https://s3.{region}.amazonaws.com",
            "region": region,
            "bucket": bucket.bucket,
        },
        statements=(
            Statement(
                sid=f"{name}Objects",
                actions=actions,
                resources=(bucket.objects,),
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


def _hsm(ground: AwsGround) -> tuple[list[Access], Data]:
    """A key for each service that needs an HSM, in KMS or in modules of its own."""
    program, foundation = ground.program, ground.foundation
    aws = foundation.aws
    accesses: list[Access] = []
    modules: list[Data] = []
    for own, service in program.owners("hsm").items():
        if program.settings.cloud_hsm:
            hsm = CloudHsm(
                f"{own}-hsm",
                CloudHsmArgs(
                    aws=aws,
                    subnets=foundation.cluster.data,
                    cluster_group=foundation.cluster.security_group,
                    modules=program.settings.cloud_hsm_modules,
                    service=own,
                ),
                foundation.options(),
            )
            endpoint = {"kind": "cloudhsm", "cluster": hsm.id, "region": aws.region}
            grant = Grant(resource="hsm", service=own, handle=hsm.handle, endpoint=endpoint)
            modules.append(Data(servers={"hsm": hsm.handle}, grants=(grant,)))
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
    return accesses, together(*modules)


def _with_roles(ground: AwsGround, accesses: list[Access]) -> Data:
    """One role per service, with everything it may do; its binding is the handle of it all."""
    services, foundation = ground.program.catalog.services, ground.foundation
    roles: dict[str, pulumi.Resource] = {}
    for service in sorted({access.service for access in accesses}):
        former = services[service].renamed_from
        roles[service] = PodIdentityRole(
            f"{service}-identity",
            PodIdentityRoleArgs(
                aws=foundation.aws,
                layer="data",
                cluster=foundation.cluster.name,
                namespace=foundation.namespaces[services[service].domain],
                service_account=service,
                service=service,
                statements=tuple(
                    rule
                    for access in accesses
                    if access.service == service
                    for rule in access.statements
                ),
            ),
            foundation.options(former=None if former is None else f"{former}-identity"),
        ).handle
    return Data(
        # Of a resource without a server of its own the first role is as good as any.
        servers={access.resource: roles[access.service] for access in reversed(accesses)},
        grants=tuple(
            Grant(
                resource=access.resource,
                service=services[access.service].data_name,
                handle=roles[access.service],
                endpoint=access.endpoint,
                part=access.part,
            )
            for access in accesses
        ),
    )


def distributions(settings: AwsSettings) -> tuple[str, ...]:
    """The distributions of CloudFront that the edge has."""
    return () if settings.edge == "cloudflare" else (SITE, MEDIA)


def _allow_access_logs(program: AwsProgram, aws: AwsContext, logs: S3Bucket) -> pulumi.Resource:
    """Makes the policy of the bucket: load balancers, S3 and CloudFront of this account write."""
    own = {"StringEquals": {"aws:SourceAccount": aws.account}}

    def writer(sid: str, service: str, path: str) -> Statement:
        return Statement(
            sid=sid,
            actions=("s3:PutObject",),
            resources=(logs.arn.apply(lambda arn: f"{arn}/{path}*"),),
            principals={"Service": service},
            conditions=own,
        )

    return logs.allow(
        writer(
            "LoadBalancers",
            "logdelivery.elasticloadbalancing.amazonaws.com",
            f"{LOG_PREFIX}/AWSLogs/{aws.account}/",
        ),
        writer("Buckets", "logging.s3.amazonaws.com", "s3/"),
        *(log_writer(name, aws, logs.arn) for name in distributions(program.settings)),
    )
