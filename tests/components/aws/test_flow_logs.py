"""Flow logs, made alone."""

from __future__ import annotations

from components.aws.vpc import FlowLogs, FlowLogsArgs
from tests.components.recording import (
    AWS,
    Recording,
    assert_makes_what_it_says,
    record,
    statements,
)


def made() -> Recording:
    return record(lambda: FlowLogs("flows", FlowLogsArgs(aws=AWS, vpc="vpc-1", key="arn:key")))


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(FlowLogs, made())


def test_all_traffic_is_logged_encrypted() -> None:
    """After a break-in the log is all there is; rejected packets are where it began."""
    flows = made()
    log, group = flows.one("FlowLog"), flows.one("LogGroup").inputs
    assert (log.inputs["vpcId"], log.inputs["trafficType"]) == ("vpc-1", "ALL")
    assert log.inputs["logDestinationType"] == "cloud-watch-logs"
    assert log.inputs["logDestination"].endswith(f":log-group:{group['name']}")
    assert (group["kmsKeyId"], group["retentionInDays"]) == ("arn:key", 365)
    assert group["name"] == "/nexus-cos-staging/flows"


def test_log_starts_when_its_role_may_write() -> None:
    """A flow log without rights is there, and stays empty."""
    flows = made()
    assert flows.waits("FlowLog") >= {"LogGroup flows-group", "RolePolicy flows-role-policy"}
    rights = statements(flows.one("RolePolicy").inputs["policy"])["Write"]
    [resource] = rights["Resource"]
    assert resource.endswith(":log-group:/nexus-cos-staging/flows:*")
    assert "logs:PutLogEvents" in rights["Action"]


def test_role_is_for_this_accounts_flow_logs_alone() -> None:
    """Another account's flow logs could write into ours, and hide what matters."""
    trusted = statements(made().one("Role").inputs["assumeRolePolicy"])["Assume"]
    assert trusted["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}
    assert trusted["Condition"] == {"StringEquals": {"aws:SourceAccount": AWS.account}}
