"""A bucket of S3."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import s3

from components.aws.aws_context import AwsContext, Layer
from components.aws.iam import Statement, policy
from components.component import Component, known_with

OLD_VERSION_DAYS = 90
"""Days for which an overwritten or deleted object can be brought back."""

UNFINISHED_DAYS = 7
ARCHIVE_DAYS = 90


@dataclass(frozen=True, kw_only=True)
class S3BucketArgs:
    """What a bucket is made from.

    Args:
        key: ARN of the key that encrypts objects; None for S3's own, which log
            deliveries need.
        logs: name of the bucket that gets the access log; None for a log bucket.
        logs_allowed: what lets S3 write that log, and is there before it is switched on.
        log_days: days after which everything is deleted, for a bucket of logs.
    """

    aws: AwsContext
    layer: Layer
    key: pulumi.Input[str] | None
    logs: pulumi.Input[str] | None
    logs_allowed: pulumi.Resource | None = None
    service: str | None = None
    log_days: int | None = None


class S3Bucket(Component[S3BucketArgs]):
    """A private bucket: encrypted, versioned, TLS only, no access lists.

    Stateful: renaming it loses every object.

    Makes:
        `{name}`: the bucket, auto-named: names of buckets are shared with the whole world.
        `{name}-private`, `{name}-ownership`, `{name}-versions`, `{name}-encryption`,
            `{name}-lifecycle`, `{name}-logging`: its settings.
        `{name}-policy`, by `allow`: who may read it, and that TLS is needed.

    Outputs:
        bucket: its name, known when it is private and encrypted.
    """

    TOKEN = "nexus:data:S3Bucket"

    bucket: pulumi.Output[str]
    arn: pulumi.Output[str]
    domain: pulumi.Output[str]

    def _make(self, name: str, args: S3BucketArgs) -> None:
        self._name = name
        self._aws = args.aws
        durable = args.aws.durable(self)
        made = s3.Bucket(
            name,
            force_destroy=False,
            tags=args.aws.tags(name, args.layer, args.service),
            opts=durable,
        )
        private = s3.BucketPublicAccessBlock(
            f"{name}-private",
            bucket=made.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=durable,
        )
        ownership = s3.BucketOwnershipControls(
            f"{name}-ownership",
            bucket=made.bucket,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=durable,
        )
        versions = s3.BucketVersioning(
            f"{name}-versions",
            bucket=made.bucket,
            versioning_configuration={"status": "Enabled"},
            opts=durable,
        )
        encryption = s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=made.bucket,
            rules=[
                {
                    "apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}
                    if args.key is None
                    else {"sse_algorithm": "aws:kms", "kms_master_key_id": args.key},
                    "bucket_key_enabled": args.key is not None,
                }
            ],
            opts=durable,
        )
        s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=made.bucket,
            rules=_rules(args),
            # AWS refuses rules on old versions before there are versions.
            opts=args.aws.durable(self, pulumi.ResourceOptions(depends_on=[versions])),
        )
        if args.logs is not None:
            s3.BucketLogging(
                f"{name}-logging",
                bucket=made.bucket,
                target_bucket=args.logs,
                target_prefix=f"s3/{name}/",
                opts=args.aws.durable(
                    self,
                    pulumi.ResourceOptions(
                        depends_on=[] if args.logs_allowed is None else [args.logs_allowed]
                    ),
                ),
            )
        self.bucket = known_with(made.bucket, private, ownership, encryption)
        self.arn = made.arn
        self.domain = made.bucket_regional_domain_name

    def allow(self, *statements: Statement) -> s3.BucketPolicy:
        """Makes the bucket's policy, with further rules; call it once."""
        tls_only = Statement(
            sid="TlsOnly",
            allow=False,
            actions=("s3:*",),
            resources=(self.arn, self.objects),
            principals={"*": "*"},
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        )
        return s3.BucketPolicy(
            f"{self._name}-policy",
            bucket=self.bucket,
            policy=policy(tls_only, *statements),
            opts=self._aws.durable(self),
        )

    @property
    def objects(self) -> pulumi.Output[str]:
        """ARN of everything in it."""
        return self.arn.apply(lambda arn: f"{arn}/*")


def _rules(args: S3BucketArgs) -> list[s3.BucketLifecycleConfigurationRuleArgsDict]:
    rule: s3.BucketLifecycleConfigurationRuleArgsDict = {
        "id": "old-versions",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "abort_incomplete_multipart_upload": {"days_after_initiation": UNFINISHED_DAYS},
    }
    old: s3.BucketLifecycleConfigurationRuleArgsDict = {
        **rule,
        "noncurrent_version_expiration": {"noncurrent_days": OLD_VERSION_DAYS},
    }
    if args.log_days is not None:
        return [old, {**rule, "id": "old-logs", "expiration": {"days": args.log_days}}]
    archive: s3.BucketLifecycleConfigurationRuleTransitionArgsDict = {
        "days": ARCHIVE_DAYS,
        "storage_class": "INTELLIGENT_TIERING",
    }
    return [old, {**rule, "id": "seldom-read", "transitions": [archive]}]
