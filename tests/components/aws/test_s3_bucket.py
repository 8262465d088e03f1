"""A bucket of S3, made alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.aws.iam import Statement
from components.aws.s3_bucket import (
    ARCHIVE_DAYS,
    OLD_VERSION_DAYS,
    UNFINISHED_DAYS,
    S3Bucket,
    S3BucketArgs,
)
from tests.components.recording import (
    AWS,
    FREE,
    Recording,
    assert_makes_what_it_says,
    record,
    statements,
)

ARGS = S3BucketArgs(aws=AWS, layer="data", key="arn:key", logs="logs-bucket", service="library")
LOGS = replace(ARGS, layer="edge", key=None, logs=None, service=None, log_days=90)


def made(args: S3BucketArgs = ARGS) -> Recording:
    return record(lambda: S3Bucket("media", args))


def allowed(*extra: Statement) -> Recording:
    def build() -> dict[str, Any]:
        bucket = S3Bucket("media", ARGS)
        return {"bucket": bucket.bucket, "policy": bucket.allow(*extra)}

    return record(build)


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(S3Bucket, made(), allowed())


@pytest.mark.parametrize("args", [ARGS, LOGS])
def test_bucket_is_private_whatever_it_is_for(args: S3BucketArgs) -> None:
    """A bucket without its own settings is readable by mistake."""
    bucket = made(args)
    private = bucket.one("BucketPublicAccessBlock").inputs
    for each in (
        "blockPublicAcls",
        "blockPublicPolicy",
        "ignorePublicAcls",
        "restrictPublicBuckets",
    ):
        assert private[each] is True
    ownership = bucket.one("BucketOwnershipControls").inputs
    assert ownership["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    versions = bucket.one("BucketVersioning").inputs
    assert versions["versioningConfiguration"] == {"status": "Enabled"}
    name = bucket.one("Bucket").made["bucket"]
    settings = [each for each in bucket.resources if each.name != "media"]
    assert {each.inputs["bucket"] for each in settings} == {name}
    assert bucket.one("Bucket").inputs["forceDestroy"] is False


@pytest.mark.parametrize(
    ("args", "default", "bucket_key"),
    [
        (ARGS, {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "arn:key"}, True),
        (LOGS, {"sseAlgorithm": "AES256"}, False),
    ],
)
def test_objects_are_encrypted(
    args: S3BucketArgs, default: dict[str, str], bucket_key: bool
) -> None:
    """A log delivery into a bucket with our key is refused; an object without it is readable."""
    [rule] = made(args).one("BucketServerSideEncryptionConfiguration").inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == default
    assert rule["bucketKeyEnabled"] is bucket_key


def test_name_is_known_when_the_bucket_is_private_and_encrypted() -> None:
    """An object that is written before stays readable, and unencrypted."""
    bucket = made()
    assert bucket.after["bucket"] == {
        "Bucket media",
        "BucketOwnershipControls media-ownership",
        "BucketPublicAccessBlock media-private",
        "BucketServerSideEncryptionConfiguration media-encryption",
    }
    assert bucket.outputs["bucket"] == bucket.one("Bucket").made["bucket"]
    assert bucket.outputs["arn"] == f"arn:aws:s3:::{bucket.outputs['bucket']}"
    assert bucket.outputs["domain"].startswith(f"{bucket.outputs['bucket']}.s3.")


@pytest.mark.parametrize(
    ("args", "rules"),
    [(ARGS, {"old-versions", "seldom-read"}), (LOGS, {"old-versions", "old-logs"})],
)
def test_what_is_old_goes(args: S3BucketArgs, rules: set[str]) -> None:
    """Media that expire are a library that is empty after three months; logs must."""
    bucket = made(args)
    found = {
        each["id"]: each for each in bucket.one("BucketLifecycleConfiguration").inputs["rules"]
    }
    assert set(found) == rules
    expiring = {key: each["expiration"] for key, each in found.items() if "expiration" in each}
    assert expiring == ({} if args.log_days is None else {"old-logs": {"days": 90}})
    old = found["old-versions"]["noncurrentVersionExpiration"]
    assert old == {"noncurrentDays": OLD_VERSION_DAYS}
    for each in found.values():
        assert each["status"] == "Enabled"
        # AWS refuses a rule that does not say what it is about.
        assert each["filter"] == {"prefix": ""}
        assert each["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": UNFINISHED_DAYS}
    moved = [each["transitions"] for each in found.values() if "transitions" in each]
    assert moved == (
        [[{"days": ARCHIVE_DAYS, "storageClass": "INTELLIGENT_TIERING"}]]
        if args.log_days is None
        else []
    )
    # AWS refuses rules on old versions before there are versions.
    assert "BucketVersioning media-versions" in bucket.waits("BucketLifecycleConfiguration")


def test_access_is_logged_unless_it_is_the_log() -> None:
    """A log of the log bucket in itself grows for ever."""
    logging = made().one("BucketLogging").inputs
    assert (logging["targetBucket"], logging["targetPrefix"]) == ("logs-bucket", "s3/media/")
    assert made(LOGS).all("BucketLogging") == []


def test_objects_outlive_a_destroy_where_data_is_retained() -> None:
    """A bucket that is kept and public again is worse than one that is gone."""
    assert made().kept() == made().labels()
    assert "BucketPolicy media-policy" in allowed().kept()
    assert made(replace(ARGS, aws=FREE)).kept() == set()


def test_tls_is_needed_by_everybody() -> None:
    """An object that is fetched in plain HTTP is read by whoever is in between."""
    own = Statement(sid="Own", actions=("s3:PutObject",), resources=("arn:x",))
    bucket = allowed(own)
    rules = statements(bucket.one("BucketPolicy").inputs["policy"])
    tls = rules["TlsOnly"]
    assert (tls["Effect"], tls["Action"], tls["Principal"]) == ("Deny", ["s3:*"], "*")
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    arn = f"arn:aws:s3:::{bucket.outputs['bucket']}"
    assert tls["Resource"] == [arn, f"{arn}/*"]
    assert rules["Own"] == own.document()
    assert set(rules) == {"TlsOnly", "Own"}
    # A policy that comes before the block on public ones is checked against nothing.
    assert "BucketPublicAccessBlock media-private" in bucket.waits("BucketPolicy")
