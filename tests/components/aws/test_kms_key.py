"""A key, made alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.aws.kms_key import DELETION_DAYS, KmsKey, KmsKeyArgs
from tests.components.recording import (
    AWS,
    FREE,
    Recording,
    assert_makes_what_it_says,
    record,
    statements,
)

ARGS = KmsKeyArgs(aws=AWS, layer="data", purpose="databases")


def made(**changes: Any) -> Recording:
    return record(lambda: KmsKey("data-key", replace(ARGS, **changes)))


def rules(**changes: Any) -> dict[str, Any]:
    return statements(made(**changes).one("Key").inputs["policy"])


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(KmsKey, made())


def test_key_is_rotated_and_can_be_brought_back() -> None:
    """What a deleted key encrypted is lost, backups included."""
    key = made()
    inputs = key.one("Key").inputs
    assert inputs["enableKeyRotation"] is True
    assert inputs["deletionWindowInDays"] == DELETION_DAYS == 30
    assert key.outputs["arn"].partition(":key/")[2] == key.one("Alias").inputs["targetKeyId"]
    assert key.one("Alias").inputs["name"] == "alias/nexus-cos-staging-data-key"


def test_key_outlives_a_destroy_where_data_is_retained() -> None:
    """Retained data whose key is gone are noise."""
    assert made().kept() == {"Key data-key", "Alias data-key-alias"}
    assert made(aws=FREE).kept() == set()


def test_access_is_given_by_iam_alone() -> None:
    """Without the account's own statement nobody may ever change the key again."""
    only = rules()
    assert set(only) == {"AccountDelegatesToIam"}
    assert only["AccountDelegatesToIam"]["Action"] == ["kms:*"]
    # In a key's own policy: this key.
    assert only["AccountDelegatesToIam"]["Resource"] == ["*"]
    assert only["AccountDelegatesToIam"]["Principal"] == {"AWS": f"arn:aws:iam::{AWS.account}:root"}


@pytest.mark.parametrize("distributions", [True, False])
def test_log_key_is_for_these_log_groups_alone(distributions: bool) -> None:
    """CloudWatch acts for every account: without the condition others could use our key."""
    found = rules(log_groups="/nexus", distributions=distributions)
    assert ("Distributions" in found) is distributions
    logs = found["CloudWatchLogs"]
    assert logs["Resource"] == ["*"]
    assert logs["Principal"] == {"Service": "logs.eu-central-1.amazonaws.com"}
    assert {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"} <= set(logs["Action"])
    assert logs["Condition"] == {
        "ArnLike": {
            "kms:EncryptionContext:aws:logs:arn": AWS.arn("logs", "log-group:/nexus*"),
        }
    }


def test_cloudfront_reads_for_this_accounts_distributions_alone() -> None:
    """Without the condition, a distribution of anybody could read what the key encrypts."""
    found = rules(distributions=True, service="media")
    assert set(found) == {"AccountDelegatesToIam", "Distributions"}
    assert found["Distributions"]["Action"] == ["kms:Decrypt"]
    assert found["Distributions"]["Resource"] == ["*"]
    assert found["Distributions"]["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert found["Distributions"]["Condition"] == {
        "ArnLike": {"aws:SourceArn": f"arn:aws:cloudfront::{AWS.account}:distribution/*"}
    }


@pytest.mark.parametrize("service", [None, "pv-keys"])
def test_key_of_a_service_says_whose_it_is(service: str | None) -> None:
    """A key that nobody owns is deleted by nobody, or by anybody."""
    assert made(service=service).one("Key").inputs["tags"].get("service") == service
