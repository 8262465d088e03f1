"""Log groups of domains, made alone."""

from __future__ import annotations

import pytest

from components.aws.domain_logs import STREAM, DomainLogs, DomainLogsArgs
from tests.components.recording import (
    AWS,
    Recording,
    assert_makes_what_it_says,
    record,
    statements,
)

READER = "arn:aws:iam::123456789012:role/content-team"
GROUP = f"arn:aws:logs:{AWS.region}:{AWS.account}:log-group:/nexus-cos-staging/services"


@pytest.fixture(scope="module")
def made() -> Recording:
    days = {"finance": 731, "content": 30}
    readers = {"content": (READER,)}
    args = DomainLogsArgs(aws=AWS, days=days, key="arn:key", readers=readers)
    return record(lambda: DomainLogs("logs", args))


def test_makes_what_it_says(made: Recording) -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(DomainLogs, made)


def test_each_domain_has_its_own_time_under_the_key(made: Recording) -> None:
    """Bookings are kept for years by law, and what a visitor did must not be."""
    groups = {each.name: each.inputs for each in made.all("LogGroup")}
    assert groups["logs-finance"]["retentionInDays"] == 731
    assert groups["logs-content"]["retentionInDays"] == 30
    assert {each["kmsKeyId"] for each in groups.values()} == {"arn:key"}
    stream = made.one("LogStream", "logs-finance-stream").inputs
    assert stream == {"name": STREAM, "logGroupName": "/nexus-cos-staging/services/finance"}


def test_a_reader_reads_one_group(made: Recording) -> None:
    """Who may look into one domain's logs has no business in another one's."""
    rights = statements(made.one("RolePolicy", "logs-content-reader-policy").inputs["policy"])
    assert rights["ReadLogs"]["Resource"] == [f"{GROUP}/content", f"{GROUP}/content:*"]
    assert all(
        action.startswith(("logs:Describe", "logs:Filter", "logs:Get", "logs:Start", "logs:Stop"))
        for each in rights.values()
        for action in each["Action"]
    )
    # What a query found, whoever asked it, is the group's too.
    assert "logs:GetQueryResults" in rights["ReadLogs"]["Action"]
    assert rights["LookForLogs"]["Action"] == ["logs:DescribeLogGroups", "logs:StopQuery"]
    trusted = statements(made.one("Role", "logs-content-reader").inputs["assumeRolePolicy"])
    assert trusted["Assume"]["Principal"] == {"AWS": [READER]}
    # Whom nobody may read has no role that somebody might take on.
    assert [each.name for each in made.all("Role")] == ["logs-content-reader"]


def test_logs_outlive_the_stack_where_data_does(made: Recording) -> None:
    """After a `destroy` by mistake the logs say who it was."""
    assert {each for each in made.kept() if "LogGroup" in each} == {
        *("LogGroup logs-content", "LogGroup logs-finance")
    }
    assert set(made.outputs["handles"]) == {
        *("LogStream logs-content-stream", "LogStream logs-finance-stream")
    }
