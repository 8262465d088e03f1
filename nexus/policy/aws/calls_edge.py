"""The calls that make networks and the way in: balancers, certificates, names, CDNs, firewalls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nexus.policy.aws.call import Call, Inputs, inside, shaped
from nexus.policy.aws.model import input_shape
from nexus.pulumi.resource import mapping, sequence
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
        "ec2",
        operation,
        renamed={"securityGroupId": "GroupId"},
        apart={
            "cidrIpv4",
            "description",
            "fromPort",
            "ipProtocol",
            "referencedSecurityGroupId",
            "toPort",
        },
        kind="security-group-rule",
        also=_rule,
    )


def _address(operation: str, kind: str, *apart: str, **renamed: str) -> Call:
    """A call of EC2 whose inputs have its own names."""
    return Call("ec2", operation, kind=kind, apart=frozenset(apart), renamed=renamed)


def _distribution(inputs: Inputs) -> Mapping[str, Any]:
    config = input_shape("cloudfront", "CreateDistribution").members["DistributionConfig"]
    given = {
        **{name: inputs[name] for name in _DISTRIBUTION if inputs.get(name) is not None},
        "callerReference": inputs.get("comment", ""),
        "origins": _each(inputs.get("origins"), _origin),
        "originGroups": _each(inputs.get("originGroups", []), _with_id),
    }
    behavior = inputs.get("defaultCacheBehavior")
    cached = mapping(behavior).get("cachedMethods")
    if cached is not None:
        rest = {key: each for key, each in mapping(behavior).items() if key != "cachedMethods"}
        given["defaultCacheBehavior"] = rest
    made: dict[str, Any] = shaped(given, config)
    if cached is not None:
        # A list in a list, of which Pulumi makes two.
        methods = made["DefaultCacheBehavior"].get("AllowedMethods")
        if isinstance(methods, dict):
            methods["CachedMethods"] = {"Quantity": len(cached), "Items": cached}
    geography: dict[str, Any] = mapping(made.get("Restrictions")).get("GeoRestriction", {})
    geography.setdefault("Quantity", 0)
    return {"DistributionConfig": made}


def _each(value: Any, make: Callable[[Any], Any]) -> Any:
    """What is made of each part of a list; a value that is not known yet stays."""
    return [make(each) for each in sequence(value)] if isinstance(value, list) else value


def _with_id(value: Any) -> dict[str, Any]:
    rest = {key: each for key, each in mapping(value).items() if key != "originId"}
    return {**rest, "id": mapping(value).get("originId")}


def _origin(origin: Any) -> dict[str, Any]:
    made = _with_id(origin)
    if "customOriginConfig" not in made:
        # A bucket's, without an identity of the old kind.
        made["s3OriginConfig"] = {"originAccessIdentity": ""}
    made["customHeaders"] = [
        {"headerName": each.get("name"), "headerValue": each.get("value")}
        for each in map(mapping, sequence(made.get("customHeaders")))
    ]
    return made


def _record(inputs: Inputs) -> Mapping[str, Any]:
    names = {
        "name": "Name",
        "type": "Type",
        "ttl": "TTL",
        "setIdentifier": "SetIdentifier",
        "healthCheckId": "HealthCheckId",
    }
    made: dict[str, Any] = {
        theirs: inputs[ours] for ours, theirs in names.items() if inputs.get(ours) is not None
    }
    for alias in map(mapping, sequence(inputs.get("aliases"))):
        made["AliasTarget"] = {
            "DNSName": alias.get("name"),
            "HostedZoneId": alias.get("zoneId"),
            "EvaluateTargetHealth": alias.get("evaluateTargetHealth"),
        }
    if inputs.get("records") is not None:
        made["ResourceRecords"] = _each(inputs["records"], lambda value: {"Value": value})
    for each in map(mapping, sequence(inputs.get("failoverRoutingPolicies"))):
        made["Failover"] = each.get("type")
    change = {"Action": "CREATE", "ResourceRecordSet": made}
    return {"ChangeBatch": {"Changes": [change]}}


def _health(check: Mapping[str, Any]) -> Mapping[str, Any]:
    names = {
        "path": "HealthCheckPath",
        "interval": "HealthCheckIntervalSeconds",
        "timeout": "HealthCheckTimeoutSeconds",
        "healthyThreshold": "HealthyThresholdCount",
        "unhealthyThreshold": "UnhealthyThresholdCount",
        "port": "HealthCheckPort",
        "protocol": "HealthCheckProtocol",
    }
    made = {theirs: check[ours] for ours, theirs in names.items() if check.get(ours) is not None}
    matcher = check.get("matcher")
    return made if matcher is None else {**made, "Matcher": {"HttpCode": matcher}}


_DISTRIBUTION = {
    "aliases",
    "comment",
    "defaultCacheBehavior",
    "enabled",
    "httpVersion",
    "isIpv6Enabled",
    "originGroups",
    "origins",
    "priceClass",
    "restrictions",
    "viewerCertificate",
    "webAclId",
}
"""Inputs of a distribution that are in its one configuration."""

EDGE: Mapping[str, Call] = {
    "aws:ec2/eip:Eip": _address("AllocateAddress", "elastic-ip"),
    "aws:ec2/flowLog:FlowLog": Call(
        "ec2",
        "CreateFlowLogs",
        renamed={"iamRoleArn": "DeliverLogsPermissionArn", "vpcId": "ResourceIds"},
        kind="vpc-flow-log",
        also=lambda _: {"ResourceType": "VPC"},
    ),
    # The gateway's network is a second call.
    "aws:ec2/internetGateway:InternetGateway": _address(
        "CreateInternetGateway", "internet-gateway", "vpcId"
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": Call(
        "ec2",
        "CreateLaunchTemplate",
        renamed={
            "name": "LaunchTemplateName",
            "blockDeviceMappings": "LaunchTemplateData.BlockDeviceMappings",
            "metadataOptions": "LaunchTemplateData.MetadataOptions",
            "tagSpecifications": "LaunchTemplateData.TagSpecifications",
        },
        apart={"updateDefaultVersion"},
        kind="launch-template",
    ),
    "aws:ec2/natGateway:NatGateway": _address("CreateNatGateway", "natgateway"),
    "aws:ec2/route:Route": Call("ec2", "CreateRoute"),
    "aws:ec2/routeTable:RouteTable": _address("CreateRouteTable", "route-table"),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Call("ec2", "AssociateRouteTable"),
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
    "aws:acm/certificate:Certificate": Call("acm", "RequestCertificate"),
    "aws:cloudfront/distribution:Distribution": Call(
        "cloudfront", "CreateDistribution", apart=_DISTRIBUTION | {"tags"}, also=_distribution
    ),
    "aws:cloudfront/originAccessControl:OriginAccessControl": Call(
        "cloudfront",
        "CreateOriginAccessControl",
        renamed=inside(
            "OriginAccessControlConfig",
            "name",
            "description",
            "originAccessControlOriginType",
            "signingBehavior",
            "signingProtocol",
        ),
    ),
    "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy": Call(
        "cloudfront",
        "CreateResponseHeadersPolicy",
        renamed=inside("ResponseHeadersPolicyConfig", "name", "comment", "securityHeadersConfig"),
    ),
    "aws:lb/listener:Listener": Call(
        "elbv2",
        "CreateListener",
        apart={"certificateArn"},
        also=lambda inputs: {"Certificates": [{"CertificateArn": inputs.get("certificateArn")}]},
    ),
    "aws:lb/loadBalancer:LoadBalancer": Call(
        "elbv2",
        "CreateLoadBalancer",
        renamed={"loadBalancerType": "Type"},
        apart={
            "accessLogs",
            "desyncMitigationMode",
            "dropInvalidHeaderFields",
            "enableDeletionProtection",
            "internal",
        },
        also=lambda inputs: {"Scheme": "internal" if inputs.get("internal") else "internet-facing"},
    ),
    "aws:lb/targetGroup:TargetGroup": Call(
        "elbv2",
        "CreateTargetGroup",
        apart={"deregistrationDelay", "healthCheck"},
        also=lambda inputs: _health(mapping(inputs.get("healthCheck"))),
    ),
    "aws:route53/healthCheck:HealthCheck": Call(
        "route53",
        "CreateHealthCheck",
        renamed={
            "failureThreshold": "HealthCheckConfig.FailureThreshold",
            "fqdn": "HealthCheckConfig.FullyQualifiedDomainName",
            "port": "HealthCheckConfig.Port",
            "requestInterval": "HealthCheckConfig.RequestInterval",
            "resourcePath": "HealthCheckConfig.ResourcePath",
            "type": "HealthCheckConfig.Type",
        },
        apart={"tags"},
        also=lambda inputs: {"CallerReference": inputs.get("fqdn", "")},
    ),
    "aws:route53/record:Record": Call(
        "route53",
        "ChangeResourceRecordSets",
        renamed={"zoneId": "HostedZoneId"},
        apart={
            "aliases",
            "failoverRoutingPolicies",
            "healthCheckId",
            "name",
            "records",
            "setIdentifier",
            "ttl",
            "type",
        },
        also=_record,
    ),
    "aws:wafv2/webAcl:WebAcl": Call("wafv2", "CreateWebACL"),
    "aws:wafv2/webAclAssociation:WebAclAssociation": Call("wafv2", "AssociateWebACL"),
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": Call(
        "wafv2",
        "PutLoggingConfiguration",
        renamed=inside(
            "LoggingConfiguration", "logDestinationConfigs", "redactedFields", "resourceArn"
        ),
    ),
}
"""The calls, by Pulumi's type."""
