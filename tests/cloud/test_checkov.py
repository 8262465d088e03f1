"""The clouds' resources, read by checkov: rules for AWS that were not written here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from isolated import interpreter

from nexus.plan.plan import make_plan
from nexus.plan.terraform import configuration
from tests.cloud.skips import SKIPS
from tests.projects import AT_WORK

pytestmark = [pytest.mark.checkov, pytest.mark.xdist_group("checkov")]

PLANTED: Mapping[str, str] = {
    "aws_security_group.open": "CKV_AWS_24",
    "aws_vpc_security_group_ingress_rule.open": "CKV_AWS_25",
    "aws_subnet.public": "CKV_AWS_130",
    "aws_kms_key.fixed": "CKV_AWS_7",
    "aws_s3_bucket.bare": "CKV2_AWS_6",
    "aws_rds_cluster.plain": "CKV_AWS_96",
    "aws_rds_cluster_instance.public": "CKV_AWS_17",
    "aws_elasticache_replication_group.plain": "CKV_AWS_30",
    "aws_mq_broker.public": "CKV_AWS_69",
    "aws_eks_cluster.open": "CKV_AWS_38",
    "aws_ecr_repository.mutable": "CKV_AWS_51",
    "aws_iam_role_policy.everything": "CKV_AWS_63",
    "aws_lb_listener.plain": "CKV_AWS_2",
    "aws_cloudfront_distribution.plain": "CKV_AWS_34",
    "aws_cloudwatch_log_group.endless": "CKV_AWS_66",
}
"""Bad resource and the check that must find it."""


@pytest.fixture(scope="module")
def checkov() -> str:
    return str(interpreter("checkov").with_name("checkov"))


def results(checkov: str, folder: Path) -> Mapping[str, Any]:
    run = subprocess.run(
        [checkov, "--directory", folder, "--framework", "terraform", "--output", "json"],
        capture_output=True,
        text=True,
        check=False,
        # Without it checkov asks its maker's server for descriptions, and waits.
        env={**os.environ, "BC_SKIP_MAPPING": "TRUE"},
    )
    assert run.stdout, run.stderr
    return json.loads(run.stdout)


def failures(report: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {(each["check_id"], each["resource"]) for each in report["results"]["failed_checks"]}


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_every_rule_holds_or_is_skipped_with_a_reason(
    checkov: str, stack: str, tmp_path: Path
) -> None:
    """An open port or a missing key is found here, not by whoever scans the internet."""
    text = configuration(make_plan(AT_WORK, stack))
    (tmp_path / "main.tf").write_text(text, encoding="utf-8")
    report = results(checkov, tmp_path)
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["resource_count"] == text.count('\nresource "') + 1
    assert report["summary"]["passed"] > 450
    found = failures(report)
    skips = SKIPS[stack]
    unexplained = {
        (check, resource)
        for check, resource in found
        if not any(check == c and fnmatch(resource, r) for c, r in skips)
    }
    assert unexplained == set()
    unused = {
        (check, pattern)
        for check, pattern in skips
        if not any(check == c and fnmatch(r, pattern) for c, r in found)
    }
    assert unused == set(), "these skips are no longer needed"


def test_checkov_looks(checkov: str, tmp_path: Path) -> None:
    """A tool that reads nothing finds nothing, and says that all is well."""
    shutil.copy(Path(__file__).parent / "planted.tf", tmp_path / "main.tf")
    found = failures(results(checkov, tmp_path))
    assert {(check, resource) for resource, check in PLANTED.items()} <= found
