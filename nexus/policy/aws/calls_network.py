"""The calls that make a network in AWS, by Pulumi's type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nexus.policy.aws.call import Call, Inputs
from nexus.pulumi.wire import NOT_KNOWN


def _rule(inputs: Inputs) -> Mapping[str, Any]:
    """The permission that a rule of a security group is."""
    names = {"ipProtocol": "IpProtocol", "fromPort": "FromPort", "toPort": "ToPort"}
    permission = {theirs: inputs[ours] for ours, theirs in names.items() if ours in inputs}
    described = {"Description": inputs.get("description", "")}
    if inputs.get("cidrIpv4") is not None:
        permission["IpRanges"] = [{"CidrIp": inputs["cidrIpv4"], **described}]
    else:
        group = {"GroupId": inputs.get("referencedSecurityGroupId", NOT_KNOWN)}
        permission["UserIdGroupPairs"] = [{**group, **described}]
    return {"IpPermissions": [permission]}


def _security_group_rule(operation: str) -> Call:
    return Call(
        service="ec2",
        operation=operation,
        renamed={"securityGroupId": "GroupId"},
        apart=frozenset(
            {
                "cidrIpv4",
                "description",
                "fromPort",
                "ipProtocol",
                "referencedSecurityGroupId",
                "toPort",
            }
        ),
        kind="security-group-rule",
        also=_rule,
    )


def _address(operation: str, kind: str, *apart: str, **renamed: str) -> Call:
    """A call of EC2 whose inputs have its own names."""
    return Call(
        service="ec2",
        operation=operation,
        kind=kind,
        apart=frozenset(apart),
        renamed=renamed,
    )


NETWORK: Mapping[str, Call] = {
    "aws:ec2/eip:Eip": _address("AllocateAddress", "elastic-ip"),
    "aws:ec2/flowLog:FlowLog": Call(
        service="ec2",
        operation="CreateFlowLogs",
        renamed={"iamRoleArn": "DeliverLogsPermissionArn", "vpcId": "ResourceIds"},
        kind="vpc-flow-log",
        also=lambda _: {"ResourceType": "VPC"},
    ),
    # The gateway's network is a second call.
    "aws:ec2/internetGateway:InternetGateway": _address(
        "CreateInternetGateway", "internet-gateway", "vpcId"
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": Call(
        service="ec2",
        operation="CreateLaunchTemplate",
        renamed={
            "name": "LaunchTemplateName",
            "blockDeviceMappings": "LaunchTemplateData.BlockDeviceMappings",
            "metadataOptions": "LaunchTemplateData.MetadataOptions",
            "tagSpecifications": "LaunchTemplateData.TagSpecifications",
        },
        apart=frozenset({"updateDefaultVersion"}),
        kind="launch-template",
    ),
    "aws:ec2/natGateway:NatGateway": _address("CreateNatGateway", "natgateway"),
    "aws:ec2/route:Route": Call(service="ec2", operation="CreateRoute"),
    "aws:ec2/routeTable:RouteTable": _address("CreateRouteTable", "route-table"),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Call(
        service="ec2", operation="AssociateRouteTable"
    ),
    "aws:ec2/securityGroup:SecurityGroup": _address(
        "CreateSecurityGroup", "security-group", name="GroupName"
    ),
    "aws:ec2/subnet:Subnet": _address("CreateSubnet", "subnet", "mapPublicIpOnLaunch"),
    "aws:ec2/vpc:Vpc": _address("CreateVpc", "vpc", "enableDnsHostnames", "enableDnsSupport"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _address("CreateVpcEndpoint", "vpc-endpoint"),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _security_group_rule(
        "AuthorizeSecurityGroupEgress"
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _security_group_rule(
        "AuthorizeSecurityGroupIngress"
    ),
}
"""The calls, by Pulumi's type."""
