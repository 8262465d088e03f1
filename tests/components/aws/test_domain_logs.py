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

GROUP = f"arn:aws:logs:{AWS.region}:{AWS.account}:log-group:/nexus-cos-staging/services"


@pytest.fixture(scope="module")
def made() -> Recording:
    days = {"finance": 731, "content": 30}
    return record(lambda: DomainLogs("logs", DomainLogsArgs(aws=AWS, days=days, key="arn:key")))


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
    assert rights["Read"]["Resource"] == [f"{GROUP}/content", f"{GROUP}/content:*"]
    assert all(
        action.startswith(("logs:Describe", "logs:Filter", "logs:Get", "logs:Start", "logs:Stop"))
        for each in rights.values()
        for action in each["Action"]
    )
    # Nothing that is said there has a line of a log in it without `StartQuery`.
    assert rights["Answers"]["Action"] == [
        *("logs:DescribeLogGroups", "logs:GetQueryResults", "logs:StopQuery")
    ]
    trusted = statements(made.one("Role", "logs-content-reader").inputs["assumeRolePolicy"])
    assert trusted["Assume"]["Principal"] == {"AWS": f"arn:aws:iam::{AWS.account}:root"}


def test_logs_outlive_the_stack_where_data_does(made: Recording) -> None:
    """After a `destroy` by mistake the logs say who it was."""
    assert {each for each in made.kept() if "LogGroup" in each} == {
        *("LogGroup logs-content", "LogGroup logs-finance")
    }
    assert set(made.outputs["handles"]) == {
        *("LogStream logs-content-stream", "LogStream logs-finance-stream")
    }
